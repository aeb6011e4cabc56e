"""Every line is a command as a client would start it, split like a shell does."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.component import Origin, Pin
from mcpchain.launch import Launch, Requested, read_launch

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
        ("npx -p ./a -p b@1.0.0 c", "None", "local"),
        # Options with values.
        ("npx --loglevel silent --prefix /x files@1.2.0", "pkg:npm/files@1.2.0",
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
        ("npx ./dir", "None", "local"),
        ("npx ../dir", "None", "local"),
        ("npx /opt/dir", "None", "local"),
        ("npx ~/dir", "None", "local"),
        ("npx file:dir", "None", "local"),
        ("npx files-1.2.0.tgz", "None", "local"),
        ("npx files@./dir", "None", "local"),
        ("npx files@files.tgz", "None", "local"),
        ("npx x@npm:real@1", "pkg:npm/real", "range"),
        ("npx x@npm:@acme/real@1.2.0", "pkg:npm/%40acme/real@1.2.0", "exact"),
        ("npx x@npm:real", "pkg:npm/real", "floating"),
        # The same shape elsewhere.
        ("bunx files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("bunx --bun -p evil files@1.2.0", "pkg:npm/evil", "floating"),
        ("bun x files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
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
        ("uvx -w evil -c F --env-file F -P y -C k=v -f https://h.example/l x==1.2",
         "pkg:pypi/x@1.2", "exact"),
        ("uvx --directory D -i https://h.example/simple x==1.2", "pkg:pypi/x@1.2",
         "exact"),
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
        ("uvx --from . run", "None", "local"),
        ("uvx --from ./x run", "None", "local"),
        ("uvx --from x.whl run", "None", "local"),
        ("uvx --from 'x @ file:///x.whl' run", "None", "local"),
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
        ("python -Im server", "None", "local"),
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
        ("docker run h:5000/a/b", "pkg:oci/b?repository_url=h:5000/a/b", "floating"),
        ("docker run localhost/b:2", "pkg:oci/b?repository_url=localhost/b&tag=2",
         "tag"),
        (f"docker run ghcr.example/o/i:1@{DIGEST} --port 1",
         f"pkg:oci/i@{DIGEST}?repository_url=ghcr.example/o/i&tag=1", "digest"),
        ("docker run -p 80:80 -eK -uroot:root img", "pkg:docker/library/img",
         "floating"),
        ("docker run -e -x img:1", "pkg:docker/library/img@1", "tag"),
        ("docker --context c container run img:1", "pkg:docker/library/img@1", "tag"),
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
        ("sudo env sh -c 'npx files@1.2.0'", ("sudo", "env", "sh")),
        ("wsl -d Ubuntu npx files@1.2.0", ("wsl",)),
        ("op run --env-file x -- npx files@1.2.0", ("op",)),
        ("dotenvx run -f x -- npx files@1.2.0", ("dotenvx",)),
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
        ("node --import ./x.mjs --env-file=.env server.js", "server.js"),
        ("tsx watch server.ts", "server.ts"),
        ("python srv.py --port 1", "srv.py"),
        ("python -m srv", "srv"),
        ("bash ./start.sh", "./start.sh"),
        ("./bin/server --key secret", "./bin/server"),
        ("'/opt/my server/run me' secret", "/opt/my server/run me"),
        (r"'C:\tools\server.exe'", r"C:\tools\server.exe"),
        ("npx ./dir", "./dir"),
        ("uv run x.py", "x.py"),
    ],
)
def test_names_the_local_file_that_is_run(line: str, entry: str) -> None:
    launch = read(line)
    assert (launch.pin, launch.entry, launch.main) == (Pin.LOCAL, entry, None)
    assert "secret" not in repr(launch)


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
        "npx -p files@1.2.0 deno run npm:evil",
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
        "powershell -Command 'npx files@1.2.0'",
        "deno run npm:files@1.2.0",
        "/opt/Deno.exe run npm:files@1.2.0",
        "go run h.example/x@v1.2.3",
        "my-server --key secret",
        "'npx -y --key secret @acme/files@1.2.0'",
        "'/usr/bin/npx -y secret'",
        "https://h.example/secret",
        "'./secret\u202e'",
        "''",
        "'${SECRET}'",
        " ".join(["env"] * 50) + " npx files@1.2.0",
        "npx @smithery/cli@1.0.0 run @o/s --key secret",
        "npx supergateway@1.0.0 --stdio 'npx secret'",
        "uvx mcp-proxy==1.0 npx secret",
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
        ("npx o/r", {"npm_config_registry": "https://h.example"}, None),
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
        ("npx files@1.2.0", "npm_config_package"),
        ("npx files@1.2.0", "NPM_CONFIG_CALL"),
        ("npx files@1.2.0", "npm_config_userconfig"),
        ("npx files@1.2.0", "npm_config_script-shell"),
        ("npx files@1.2.0", "npm_config_registry"),
        ("npx files@1.2.0", "npm_config_@acme:registry"),
        ("uvx x==1.2", "UV_CONFIG_FILE"),
        ("uvx x==1.2", "UV_OVERRIDE"),
        ("uvx x==1.2", "UV_INDEX_URL"),
        ("pipx run x==1.2", "PIP_CONFIG_FILE"),
    ],
)
def test_a_variable_that_chooses_something_unreadable_makes_it_undecidable(
    line: str, name: str
) -> None:
    launch = read(line, **{name: "${input:secret}"})
    assert said(launch) == ("None", "undecidable")
    assert "secret" not in repr(launch)


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
    ]
)


@given(st.lists(WORDS | st.text(max_size=6), min_size=1, max_size=8))
def test_any_command_is_decided_or_not_but_never_both(words: list[str]) -> None:
    launch = read_launch(words[0], words[1:], {})
    assert (launch.pin is None) == bool(launch.problem)
    assert launch.main is None or launch.main in launch.packages
    assert all(each.purl for each in launch.packages)


@given(st.lists(WORDS, max_size=5), st.sampled_from(["evil", "evil@latest"]))
def test_options_before_a_floating_package_never_make_it_exact(
    words: list[str], package: str
) -> None:
    launch = read_launch("npx", [*words, f"--package={package}", "--", "x"], {})
    names = {each.name for each in launch.packages}
    if "evil" in names and launch.main and launch.main.name == "evil":
        assert launch.pin is Pin.FLOATING
