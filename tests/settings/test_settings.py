"""Whom the user's own clients would ask, and that nobody else has a say."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.address import Credential
from mcpchain.settings import Settings, load
from mcpchain.settings.pip import default_index

A, B, C = "https://a.example", "https://b.example", "https://c.example"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="writes files where Linux has them"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


Configure = Callable[..., Settings]


@pytest.fixture
def configure(tmp_path: Path, home: Path) -> Configure:
    """Load what is configured under *home*, and nothing of the machine."""

    def configure(*, project: Path | None = None, **environ: str) -> Settings:
        site = {"XDG_CONFIG_DIRS": str(tmp_path / "site")}
        return load(site | environ, home=home, projects=(project,) if project else ())

    return configure


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_pip_reads_its_files_in_order_and_variables_last(
    configure: Configure, tmp_path: Path, home: Path
) -> None:
    steps = [
        tmp_path / "site/pip/pip.conf",
        home / ".pip/pip.conf",
        home / ".config/pip/pip.conf",
        tmp_path / "venv/pip.conf",
    ]
    for number, path in enumerate(steps):
        write(path, f"[global]\nindex-url = https://{number}.example/\n")
        got = configure(VIRTUAL_ENV=str(tmp_path / "venv"))
        assert got.addresses("pypi") == (f"https://{number}.example",)
    named = write(tmp_path / "own.conf", f"[global]\nindex-url = {A}")
    environ = {"VIRTUAL_ENV": str(tmp_path / "venv"), "PIP_CONFIG_FILE": str(named)}
    assert configure(**environ).addresses("pypi") == (A,)
    assert configure(**environ, PIP_INDEX_URL=B).addresses("pypi") == (B,)


def test_a_named_file_takes_the_place_of_the_users(
    configure: Configure, tmp_path: Path, home: Path
) -> None:
    write(home / ".config/pip/pip.conf", f"[global]\nextra-index-url = {B}")
    named = write(tmp_path / "own.conf", f"[global]\nindex-url = {A}")
    assert configure(PIP_CONFIG_FILE=str(named)).addresses("pypi") == (A,)
    gone = configure(PIP_CONFIG_FILE=str(tmp_path / "gone"), PIP_INDEX_URL=A)
    assert gone.addresses("pypi") == (A, B)


def test_the_null_device_means_no_file_at_all(configure: Configure, home: Path) -> None:
    write(home / ".pip/pip.conf", f"[global]\nindex-url = {A}")
    got = configure(PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL=B)
    assert got.addresses("pypi") == (B,)


def test_sections_for_commands_that_fetch_count_more(
    configure: Configure, home: Path
) -> None:
    text = f"[install]\nindex_url = {A}\n[global]\nindex-url = {B}\n"
    write(home / ".pip/pip.conf", f"{text}[freeze]\nindex-url = {C}\n")
    assert configure().addresses("pypi") == (A,)


def test_extra_indexes_come_one_a_line_or_word(
    configure: Configure, home: Path
) -> None:
    write(
        home / ".pip/pip.conf", f"[global]\nextra-index-url =\n  {B}/\n  {C}\n  {B}\n"
    )
    assert configure(PIP_INDEX_URL=A).addresses("pypi") == (A, B, C)
    got = configure(PIP_INDEX_URL=A, PIP_EXTRA_INDEX_URL=f"{C} {B}")
    assert got.addresses("pypi") == (A, C, B)


@pytest.mark.parametrize(
    ("value", "asked"), [("1", False), ("true", False), ("no", True), ("0", True)]
)
def test_pip_may_be_told_to_ask_nobody(
    configure: Configure, value: str, *, asked: bool
) -> None:
    got = configure(PIP_INDEX_URL=A, PIP_NO_INDEX=value)
    assert got.addresses("pypi") == ((A,) if asked else ())


def test_local_sources_are_kept_and_not_asked(configure: Configure) -> None:
    got = configure(
        PIP_INDEX_URL="file:///srv/index",
        PIP_FIND_LINKS="/srv/wheels https://x.example",
    )
    assert got.addresses("pypi") == ()
    assert got.local_sources == (
        "file:///srv/index",
        "/srv/wheels",
        "https://x.example",
    )


def test_without_configuration_pypi_is_what_its_client_says(
    configure: Configure,
) -> None:
    import pypi_simple

    (address,) = configure().addresses("pypi")
    assert f"{address}/" == pypi_simple.PYPI_SIMPLE_ENDPOINT
    assert configure(PIP_EXTRA_INDEX_URL=B).addresses("pypi") == (address, B)


def test_no_client_is_loaded_for_its_address() -> None:
    code = (
        "import sys, mcpchain.settings.pip as m; m.default_index(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert {"pypi_simple", "requests"}.isdisjoint(done.stdout.split())


def test_a_login_in_an_index_covers_its_files_and_is_not_shown(
    configure: Configure,
) -> None:
    got = configure(PIP_INDEX_URL="https://ada:secret@a.example/team/simple/")
    assert got.addresses("pypi") == (f"{A}/team/simple",)
    for path in ("/team/simple/x/", "/team/packages/x.whl"):
        assert got.credential(A + path) is not None
    for address in (f"{A}/", f"{A}/teams/x", "http://a.example/team/simple/", B):
        assert got.credential(address) is None
    assert "secret" not in repr(got)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"index-url = https://ada:secret@x.example", "not a pip configuration"),
        (b"[global\nsecret", "not a pip configuration"),
        (b"[global]\nsecret", "not a pip configuration"),
        (b"[global]\na=1\na=2", "not a pip configuration"),
        (b"\xff\xfe", "not UTF-8"),
        (b"#" * ((1 << 20) + 1), "larger than"),
    ],
)
def test_a_broken_file_is_a_problem_that_quotes_nothing(
    configure: Configure, home: Path, content: bytes, reason: str
) -> None:
    write(home / ".pip/pip.conf", "").write_bytes(content)
    got = configure(PIP_INDEX_URL=A)
    (problem,) = got.problems
    assert problem.where == "pip.conf"
    assert reason in problem.reason
    assert "secret" not in repr(got)
    assert got.addresses("pypi") == (A,)


def test_a_file_that_cannot_be_opened_is_a_problem(
    configure: Configure, home: Path
) -> None:
    (home / ".npmrc").mkdir()
    assert "cannot be read" in configure().problems[0].reason


def test_npm_reads_its_files_in_order_and_variables_last(
    configure: Configure, tmp_path: Path, home: Path
) -> None:
    named = write(tmp_path / "global", f"registry={A}/\n@acme:registry={C}")
    environ = {"npm_config_globalconfig": str(named)}
    assert configure(**environ).addresses("npm") == (A,)
    write(home / ".npmrc", f"registry = {B}")
    assert configure(**environ).addresses("npm", "files") == (B,)
    assert configure(**environ).addresses("npm", "@acme/files") == (C,)
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY", "Npm_Config_Registry"):
        assert configure(**environ, **{name: A}).addresses("npm") == (A,)
    other = write(tmp_path / "user", f"registry={C}")
    for name in ("npm_config_userconfig", "NPM_CONFIG_USERCONFIG"):
        assert configure(**{name: str(other)}).addresses("npm") == (C,)
    prefix = write(tmp_path / "prefix/etc/npmrc", f"@x:registry={C}").parents[1]
    assert configure(npm_config_prefix=str(prefix)).addresses("npm", "@x/y") == (C,)


def test_every_registry_of_the_user_is_trusted_and_only_for_its_kind(
    configure: Configure, home: Path
) -> None:
    write(home / ".npmrc", f"registry={B}/\n@acme:registry={C}/npm/")
    got = configure(PIP_INDEX_URL=f"{A}/simple/")
    assert got.trusted(frozenset({"npm"})) == {B, f"{C}/npm"}
    assert got.trusted(frozenset({"pypi"})) == {f"{A}/simple"}
    assert got.trusted(frozenset()) == frozenset()


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("registry=https://${HOST}/x", "https://a.example/x"),
        ("registry='https://${HOST}/x'", "https://a.example/x"),
        ('registry = "https://a.example/x" ', "https://a.example/x"),
        ("registry=https://a.example/x ; mine", "https://a.example/x"),
        ("registry=https://a.example/${GONE?}", "https://a.example"),
        ("registry=https://a.example/${GONE}", "https://a.example/${GONE}"),
        ("registry=https://a.example/\\${HOST}", None),
        ("registry=file:///srv", None),
        ("#registry=https://a.example", None),
        ("; registry=https://a.example", None),
        ("[registry=https://a.example", None),
        ("registry", None),
        ("registry=", None),
    ],
)
def test_npmrc_is_read_as_npm_does(
    configure: Configure, home: Path, line: str, address: str | None
) -> None:
    write(home / ".npmrc", f"\ufeff{line}\n")
    got = configure(HOST="a.example").addresses("npm")
    assert got == ((address,) if address else ())


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        ("//a.example/npm/:_authToken=t0ken", "Bearer t0ken"),
        ("//a.example/npm/:_authToken=${TOKEN}", "Bearer fr0m-env"),
        ("//a.example/npm/:_auth=YWRhOmI=", "Basic YWRhOmI="),
        (
            "//a.example/npm/:username=ada\n//a.example/npm/:_password=Yg==",
            "Basic YWRhOmI=",
        ),
        ("//a.example/npm/:username=ada", None),
        ("//a.example/npm/:username=ada\n//a.example/npm/:_password=%", None),
        ("//a.example/npm/:_password=Yg==", None),
        ("_authToken=t0ken", None),
        ("//a.example/npm/:email=x", None),
    ],
)
def test_a_login_of_npm_is_for_its_own_path(
    configure: Configure, home: Path, lines: str, header: str | None
) -> None:
    write(home / ".npmrc", lines)
    got = configure(TOKEN="fr0m-env")  # noqa: S106 - a made-up one
    found = got.credential(f"{A}/npm/files")
    assert (found.header if found else None) == header
    assert got.credential(f"{A}/files") is None
    assert got.credential(f"{B}/npm/files") is None
    assert "t0ken" not in repr(got)
    assert "fr0m-env" not in repr(got)


def test_an_npmrc_of_the_project_is_never_followed(
    configure: Configure, tmp_path: Path, home: Path
) -> None:
    project = tmp_path / "project"
    write(home / ".npmrc", f"registry={A}\n//a.example/:_authToken=t0ken")
    write(
        project / ".npmrc",
        f"registry={B}/${{TOKEN}}\n@acme:registry={C}\n//a.example/:_authToken=evil\n"
        f"//b.example/:_authToken=${{TOKEN}}\nproxy=http://evil.example\ncafile=/evil\n"
        "strict-ssl=false\n",
    )
    got = configure(project=project, TOKEN="t0ken")  # noqa: S106 - a made-up one
    assert got == configure()
    assert got.addresses("npm", "@acme/files") == (A,)
    assert got.trusted(frozenset({"npm"})) == {A}
    assert got.credential(f"{B}/x") is None
    assert got.credential(f"{A}/x") == Credential(scope=A, header="Bearer t0ken")


def npm(folder: Path, script: str, name: str = "npm") -> str:
    program = write(folder / name, f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(folder)


def test_without_configuration_npm_is_asked_itself(
    configure: Configure, tmp_path: Path, home: Path
) -> None:
    say = 'echo "$*|$PWD|$HOME|$SECRET" >&2; '
    say += '[ "$*|$PWD|$HOME|$SECRET" = "config get registry --global|/|'
    path = npm(tmp_path / "bin", f'{say}{home}|" ] && echo {A}/')
    got = configure(PATH=f"relative:{path}:/bin:/usr/bin", SECRET="x")  # noqa: S106
    assert got.addresses("npm") == (A,)
    assert got.trusted(frozenset({"npm"})) == {A}
    assert "secret" not in repr(got).lower()


@pytest.mark.parametrize(
    "script", ["exit 1", "echo undefined", "echo", "echo file:///x", "printf '\\377'"]
)
def test_an_npm_that_does_not_know_leaves_no_registry(
    configure: Configure, tmp_path: Path, script: str
) -> None:
    path = npm(tmp_path / "bin", script)
    assert configure(PATH=path).addresses("npm") == ()


def test_an_npm_of_the_project_is_not_run(configure: Configure, tmp_path: Path) -> None:
    project = tmp_path / "project"
    path = npm(project / "node_modules/.bin", f"touch {tmp_path}/ran; echo {B}")
    (tmp_path / "link").symlink_to(project / "node_modules/.bin")
    linked = tmp_path / "bin"
    linked.mkdir()
    (linked / "npm").symlink_to(project / "node_modules/.bin/npm")
    for each in (path, str(tmp_path / "link"), str(linked)):
        assert configure(project=project, PATH=each).addresses("npm") == ()
    assert not (tmp_path / "ran").exists()
    outside = npm(
        tmp_path / "outside", f'[ "$PATH" = "{tmp_path}/outside" ] && echo {A}'
    )
    both = configure(project=project, PATH=f"{path}:{outside}")
    assert both.addresses("npm") == (A,)


@pytest.mark.parametrize("mark", [".git", "package.json", "node_modules"])
def test_an_npm_of_a_project_around_the_target_is_not_run(
    configure: Configure, tmp_path: Path, mark: str
) -> None:
    repository = tmp_path / "repository"
    (repository / mark).mkdir(parents=True)
    inner = repository / "packages/a"
    inner.mkdir(parents=True)
    for folder in ("bin", "node_modules/.bin"):
        path = npm(repository / folder, f"touch {tmp_path}/ran; echo {B}")
        assert configure(project=inner, PATH=path).addresses("npm") == ()
    elsewhere = npm(tmp_path / "other/node_modules/.bin", f"touch {tmp_path}/ran")
    assert configure(project=inner, PATH=elsewhere).addresses("npm") == ()
    assert not (tmp_path / "ran").exists()


def test_node_tells_its_version_where_npm_would_run_it(
    configure: Configure, tmp_path: Path, home: Path
) -> None:
    assert configure().node_version() == ""
    path = npm(tmp_path / "bin", f"touch {tmp_path}/ran")
    assert configure(PATH=path).node_version() == ""
    say = f'[ "$*|$PWD|$HOME|$SECRET" = "--version|/|{home}|" ] && echo v22.1.0'
    npm(tmp_path / "bin", say, "node")
    got = configure(PATH=path, SECRET="x")  # noqa: S106 - made up
    assert got.node_version() == "v22.1.0"
    assert not (tmp_path / "ran").exists()


def test_a_node_of_the_project_is_not_run(configure: Configure, tmp_path: Path) -> None:
    project = tmp_path / "project"
    npm(project / "bin", f"touch {tmp_path}/ran; echo v99.0.0", "node")
    outside = tmp_path / "outside"
    path = npm(outside, "exit 1")
    (outside / "node").symlink_to(project / "bin/node")
    for each in (f"{project}/bin:{path}", path):
        assert configure(project=project, PATH=each).node_version() == ""
    assert not (tmp_path / "ran").exists()


def test_proxies_roots_and_exemptions_come_from_everywhere(
    configure: Configure, home: Path
) -> None:
    got = configure(
        HTTPS_PROXY="proxy.example:3128",
        http_proxy="http://other.example",
        HTTP_PROXY="http://wrong.example",
        NO_PROXY="inner.example, *.corp.example,",
        REQUESTS_CA_BUNDLE="/r.pem",
        SSL_CERT_FILE="/s.pem",
        PIP_CERT="/s.pem",
        NODE_EXTRA_CA_CERTS="/n.pem",
        npm_config_cafile="/c.pem",
        npm_config_strict_ssl="false",
        NODE_TLS_REJECT_UNAUTHORIZED="0",
    ).route
    assert got.proxy("https://a.example") == "http://proxy.example:3128"
    assert got.proxy("http://a.example") == "http://other.example"
    assert got.proxy("https://x.corp.example") is None
    assert [str(each) for each in got.roots] == ["/s.pem", "/c.pem", "/r.pem"]
    assert [str(each) for each in got.more_roots] == ["/n.pem"]
    write(home / ".npmrc", "proxy=http://p.example\nnoproxy=x.example")
    npm_only = configure().route
    assert npm_only.proxy("https://a.example") == "http://p.example"
    assert npm_only.proxy("https://x.example") is None
    assert configure(PIP_PROXY="http://pip.example").route.proxy(
        "http://a.example"
    ) == ("http://pip.example")
    everywhere = configure(all_proxy="http://all.example", npm_config_proxy="")
    assert everywhere.route.proxy("https://a.example") == "http://all.example"


def test_netrc_is_for_its_hosts_and_never_for_all(
    configure: Configure, home: Path
) -> None:
    text = "machine a.example login ada password secret\ndefault login x password y\n"
    write(home / ".netrc", text).chmod(0o600)
    got = configure()
    assert got.credential(f"{A}/x") == Credential.basic(A, "ada", "secret")
    assert got.credential(f"{B}/x") is None
    assert got.credential("http://a.example/x") is None
    assert got.credential("https://default/x") is None
    own = configure(PIP_INDEX_URL="https://bob:own@a.example/simple")
    found = own.credential(f"{A}/simple/x")
    assert found
    assert found.header == Credential.basic(A, "bob", "own").header
    other = write(home / "other", "machine b.example login ada password secret\n")
    other.chmod(0o600)
    assert configure(NETRC=str(other)).credential(f"{B}/x") is not None


def test_a_broken_netrc_is_a_problem_that_quotes_nothing(
    configure: Configure, home: Path
) -> None:
    write(home / ".netrc", "machine a.example secret").chmod(0o600)
    (problem,) = configure().problems
    assert (problem.where, problem.reason) == (".netrc", "not a netrc file")


@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(data=st.binary(max_size=200), prefix=st.sampled_from([b"", b"[global]\n"]))
def test_any_bytes_are_settings_or_a_problem(
    configure: Configure, home: Path, data: bytes, prefix: bytes
) -> None:
    write(home / ".pip/pip.conf", "").write_bytes(prefix + data)
    write(home / ".npmrc", "").write_bytes(data)
    write(home / ".netrc", "").write_bytes(data)
    assert configure(project=home, PIP_INDEX_URL=A).addresses("pypi")[0] == A


@pytest.mark.parametrize(
    ("npmrc", "environ", "names"),
    [
        ("", {}, ()),
        ("before=2024-01-01", {}, ("before",)),
        ("min-release-age=7", {}, ("min-release-age",)),
        ("min-release-age=0", {}, ()),
        ("before=null", {}, ()),
        ("omit[]=optional\nomit[]=dev", {}, ("omit",)),
        ("legacy-peer-deps=false", {}, ()),
        ("legacy-peer-deps", {}, ("legacy-peer-deps",)),
        ("optional=false", {}, ("optional",)),
        ("optional=true", {}, ()),
        ("fund=false", {"npm_config_before": "2024-01-01"}, ("before",)),
        ("", {"NPM_CONFIG_MIN_RELEASE_AGE": "7"}, ("min-release-age",)),
    ],
)
def test_settings_of_npm_that_change_what_is_chosen_are_named(
    npmrc: str,
    environ: dict[str, str],
    names: tuple[str, ...],
    configure: Configure,
    home: Path,
) -> None:
    write(home / ".npmrc", npmrc)
    assert configure(**environ).swayed_by("npm", "npx") == names


@pytest.mark.parametrize(
    ("conf", "environ", "names"),
    [
        ("", {}, ()),
        ("pre = true", {}, ("pre",)),
        ("pre = false", {}, ()),
        ("uploaded-prior-to = 2024-01-01", {}, ("uploaded-prior-to",)),
        ("constraint = /home/me/c.txt", {}, ("constraint",)),
        ("extra-index-url = https://a.example/simple", {}, ()),
        ("", {"PIP_ONLY_BINARY": ":all:"}, ("only-binary",)),
        ("", {"UV_EXCLUDE_NEWER": "2024-01-01"}, ()),
    ],
)
def test_settings_of_pip_that_change_what_pipx_chooses_are_named(
    conf: str,
    environ: dict[str, str],
    names: tuple[str, ...],
    configure: Configure,
    home: Path,
) -> None:
    write(home / ".config/pip/pip.conf", f"[global]\n{conf}")
    assert configure(**environ).swayed_by("pypi", "pipx") == names


@pytest.mark.parametrize(
    ("toml", "environ", "names"),
    [
        ("", {}, ()),
        ('exclude-newer = "2024-01-01"', {}, ("exclude-newer",)),
        ("offline = false", {}, ()),
        ('cache-dir = "x"', {}, ()),
        ("[[index]]\nurl = 'https://a.example/simple'", {}, ("index",)),
        ("[pip]\nprerelease = 'allow'", {}, ()),
        ('prerelease = "allow"', {"UV_NO_CONFIG": "1"}, ()),
        ("", {"UV_PRERELEASE": "allow"}, ("UV_PRERELEASE",)),
        ("", {"UV_OFFLINE": "0"}, ()),
        ("", {"UV_INDEX_URL": "https://a.example/simple"}, ("UV_INDEX_URL",)),
        (
            "",
            {
                "UV_INDEX_URL": "https://a.example/simple",
                "PIP_INDEX_URL": "https://a.example/simple/",
            },
            (),
        ),
        (
            "",
            {"PIP_EXTRA_INDEX_URL": "https://a.example/simple"},
            ("extra-index-url of pip",),
        ),
        ("", {"PIP_PRE": "1"}, ()),
        ("not toml", {}, ("uv.toml",)),
        pytest.param("\0", {}, ("uv.toml",), id="null"),
        pytest.param("x = " + "[" * 100_000, {}, ("uv.toml",), id="deep"),
    ],
)
def test_settings_that_change_what_uv_chooses_are_named(
    toml: str,
    environ: dict[str, str],
    names: tuple[str, ...],
    configure: Configure,
    home: Path,
) -> None:
    write(home / ".config/uv/uv.toml", toml)
    found = configure(**environ)
    assert found.swayed_by("pypi", "uvx") == names
    assert found.problems == ()


def test_the_default_index_by_its_name_changes_nothing(configure: Configure) -> None:
    found = configure(UV_DEFAULT_INDEX=f"{default_index()}/")
    assert found.swayed_by("pypi", "uvx") == ()


def test_where_the_launcher_is_unknown_both_kinds_of_settings_count(
    configure: Configure,
) -> None:
    found = configure(PIP_PRE="1", UV_PRERELEASE="allow")
    assert found.swayed_by("pypi", "") == ("UV_PRERELEASE", "pre")
    assert found.swayed_by("npm", "npx") == ()


def test_a_file_that_uv_is_told_to_read_replaces_the_others(
    configure: Configure, home: Path, tmp_path: Path
) -> None:
    write(home / ".config/uv/uv.toml", 'prerelease = "allow"')
    own = write(tmp_path / "own.toml", 'resolution = "lowest"')
    found = configure(UV_CONFIG_FILE=str(own))
    assert found.swayed_by("pypi", "uvx") == ("resolution",)
