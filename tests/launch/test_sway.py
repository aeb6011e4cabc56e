"""What is asked for beside a package, and what sways the choice of all the rest."""

import shlex

import pytest

from mcpchain.launch.command import read_launch
from mcpchain.launch.record import Launch


def read(line: str, **env: str) -> Launch:
    command, *args = shlex.split(line)
    return read_launch(command, args, env)


def swayed(launch: Launch) -> set[str]:
    assert launch.packages
    return {name for each in launch.packages for name in each.swayed_by}


@pytest.mark.parametrize(
    ("line", "extras"),
    [
        ("uvx x", [()]),
        ("uvx 'x[cli]'", [("cli",)]),
        ("uvx 'x[Cli, a_b]@1.2'", [("a-b", "cli")]),
        ("uvx 'x[cli]@latest'", [("cli",)]),
        ("uvx 'x[]@1.2'", [()]),
        ("uvx 'x[cli]==1.2'", [("cli",)]),
        ("uvx --from 'x[cli]>=1' y", [("cli",)]),
        ("uvx --from 'x[cli] @ git+https://h.example/a/x@v1' y", [("cli",)]),
        ("uvx --from 'x[cli] @ https://h.example/x.whl' y", [("cli",)]),
        ("uv tool run 'x[cli]'", [("cli",)]),
        ("uvx --with 'y[z]' x", [(), ("z",)]),
        ("pipx run --spec 'x[cli]' y", [("cli",)]),
        ("pipx run 'x[cli]==1'", [("cli",)]),
        ("npx x@1.0.0", [()]),
    ],
)
def test_the_extras_of_a_package_are_kept(
    line: str, extras: list[tuple[str, ...]]
) -> None:
    assert [each.extras for each in read(line).packages] == extras


@pytest.mark.parametrize("extra", ["a b", "-", "a,.b"])
def test_an_extra_without_a_clear_name_is_undecidable(extra: str) -> None:
    assert read(f"uvx 'x[{extra}]@1.2'").problem


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("npx -y x@1.0.0 --before 2020-01-01", set()),
        ("npx --before 2020-01-01 x@1.0.0", {"--before"}),
        ("npx --before=2020-01-01 --yes x@1.0.0", {"--before"}),
        ("npx --omit=optional --legacy-peer-deps x", {"--omit", "--legacy-peer-deps"}),
        ("npx --include dev --min-release-age 7 x", {"--include", "--min-release-age"}),
        ("npx --offline -f x@1.0.0", {"--offline", "-f"}),
        ("npm exec -- x@1.0.0 --before 2020-01-01", set()),
        ("npm exec x@1.0.0 --before 2020-01-01", {"--before"}),
        ("npx --registry https://r.example x@1.0.0", set()),
        ("cmd /c npx --tag next x", {"--tag"}),
        ("pnpm dlx x@1.0.0", {"pnpm"}),
        ("pnpx x@1.0.0", {"pnpx"}),
        ("yarn dlx x@1.0.0", {"yarn"}),
        ("bunx x@1.0.0", {"bunx"}),
        ("bun x x@1.0.0", {"bun"}),
        ("deno run -A npm:x@1.0.0", {"deno"}),
        ("uvx x==1", set()),
        ("uvx --refresh --no-cache --isolated x==1", set()),
        ("uvx --default-index https://i.example/simple x==1", set()),
        ("uvx --exclude-newer 2020-01-01 x==1", {"--exclude-newer"}),
        ("uvx -p 3.11 x==1", {"-p"}),
        ("uvx --python=3.11 x==1", {"--python"}),
        ("uv --python 3.11 tool run x==1", {"--python"}),
        ("uvx --resolution lowest --pre x==1", {"--resolution", "--pre"}),
        ("uvx --prerelease allow x==1", {"--prerelease"}),
        ("uvx --index https://i.example/simple x==1", {"--index"}),
        ("uv run --no-project --python 3.11 --with x==1 x", {"--python"}),
        ("uvx --python 3.11 --with a python -m x", {"--python"}),
        ("uvx -p 3.11 --from git+https://h.example/a/x@v1 x", {"-p"}),
        ("pipx run x", set()),
        ("pipx run --python 3.11 x", {"--python"}),
        ("pipx run --pip-args='--pre' x", {"--pre"}),
        ("pipx run --index-url https://i.example/simple x", set()),
    ],
)
def test_what_sways_the_choice_is_named(line: str, names: set[str]) -> None:
    assert swayed(read(line)) == names


@pytest.mark.parametrize(
    ("line", "name", "sways"),
    [
        ("npx x@1.0.0", "npm_config_before", True),
        ("npx x@1.0.0", "NPM_CONFIG_MIN-RELEASE-AGE", True),
        ("npx x@1.0.0", "npm_config_loglevel", False),
        ("npx x@1.0.0", "UV_EXCLUDE_NEWER", False),
        ("uvx x==1", "UV_EXCLUDE_NEWER", True),
        ("uvx x==1", "UV_PYTHON", True),
        ("uvx x==1", "UV_NO_PROGRESS", False),
        ("uvx x==1", "PIP_PRE", False),
        ("pipx run x", "PIP_PRE", True),
        ("pipx run x", "npm_config_before", False),
    ],
)
def test_a_variable_sways_the_launcher_that_reads_it(
    line: str, name: str, *, sways: bool
) -> None:
    launch = read(line, **{name: "3"})
    assert swayed(launch) == ({name} if sways else set())
    assert launch.pin is read(line).pin


def test_no_value_is_kept_of_what_sways() -> None:
    launch = read("npx --tag secret x@1.0.0", npm_config_before="secret")
    assert swayed(launch) == {"--tag", "npm_config_before"}
    assert "secret" not in repr(launch)
