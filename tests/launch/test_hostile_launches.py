"""What must never be taken for more than it says, for each launcher that is read."""

import shlex

import pytest

from mcpchain.component import Pin
from mcpchain.launch.command import read_launch
from mcpchain.launch.record import CodeKind, Launch

SHA = "0123456789abcdef0123456789abcdef01234567"


def read(line: str, **env: str) -> Launch:
    command, *args = shlex.split(line)
    return read_launch(command, args, env)


def listed(launch: Launch) -> list[tuple[str, str]]:
    return [(str(each.purl), each.pin.value) for each in launch.packages]


@pytest.mark.parametrize(
    ("line", "purl", "pin"),
    [
        # Deno.
        ("deno run npm:files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("deno run -A npm:/@acme/files@1.2.0/bin --port 1",
         "pkg:npm/%40acme/files@1.2.0", "exact"),
        ("deno run NPM:files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("deno run npm:files@^1.2.0", "pkg:npm/files", "range"),
        ("deno run npm:files@1", "pkg:npm/files", "range"),
        ("deno run npm:files@latest", "pkg:npm/files", "floating"),
        ("deno run npm:files", "pkg:npm/files", "floating"),
        ("deno run npm:files/evil@1.2.0", "pkg:npm/files", "floating"),
        ("deno run npm:evil npm:files@1.2.0", "pkg:npm/evil", "floating"),
        ("deno run --allow-read=npm:files@1.2.0 npm:evil", "pkg:npm/evil", "floating"),
        ("deno run --allow-read npm:evil", "pkg:npm/evil", "floating"),
        ("deno run -L info --seed 1 npm:evil", "pkg:npm/evil", "floating"),
        ("deno -A npm:files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("deno x -y npm:files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("deno serve npm:files@1.2.0", "pkg:npm/files@1.2.0", "exact"),
        ("deno run jsr:@acme/files@1.2.0/mod",
         "pkg:generic/jsr/%40acme/files@1.2.0",
         "exact"),
        ("deno run jsr:@acme/files@^1",
         "pkg:generic/jsr/%40acme/files", "range"),
        ("deno run jsr:@acme/files",
         "pkg:generic/jsr/%40acme/files", "floating"),
        ("deno run https://me:secret@h.example/x@1.2.0/mod.ts?t=secret",
         "pkg:generic/mod.ts?download_url=https://h.example/x%401.2.0/mod.ts", "tag"),
        # .NET.
        ("dnx Acme.Files@1.2.0", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dnx Acme.Files@1.2", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dnx Acme.Files@01.2.0.0+build", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dnx Acme.Files@[1.2.0]", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dnx 'Acme.Files@[1.2.0,)'", "pkg:nuget/Acme.Files", "range"),
        ("dnx 'Acme.Files@1.*'", "pkg:nuget/Acme.Files", "range"),
        ("dnx 'Acme.Files@*'", "pkg:nuget/Acme.Files", "range"),
        ("dnx Acme.Files --prerelease", "pkg:nuget/Acme.Files", "floating"),
        ("dnx Acme.Files --version 1.2.0", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dnx Acme.Files --version=1.2.0 -y", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dnx Acme.Files --version:1.2.0", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dnx Acme.Files --port 1 --version 1.2.0", "pkg:nuget/Acme.Files@1.2.0",
         "exact"),
        ("dnx Acme.Files -- --version 1.2.0", "pkg:nuget/Acme.Files", "floating"),
        ("dnx -v q Acme.Files@1.2.0", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        ("dotnet dnx Acme.Files@1.2.0", "pkg:nuget/Acme.Files@1.2.0", "exact"),
        # Go.
        ("go run h.example/x@v1.2.3", "pkg:golang/h.example/x@v1.2.3", "exact"),
        ("go run -tags x -v h.example/x@v1.2.3", "pkg:golang/h.example/x@v1.2.3",
         "exact"),
        ("go run h.example/a/b/c@v0.0.0-20260101000000-0123456789ab",
         "pkg:golang/h.example/a/b/c@v0.0.0-20260101000000-0123456789ab", "exact"),
        ("go run github.com/o/r/v2/cmd/x@v2.0.0+incompatible",
         "pkg:golang/github.com/o/r/v2@v2.0.0%2Bincompatible#cmd/x", "exact"),
        ("go run h.example/x@latest", "pkg:golang/h.example/x", "floating"),
        ("go run h.example/x@v1", "pkg:golang/h.example/x", "range"),
        ("go run h.example/x@v1.2", "pkg:golang/h.example/x", "range"),
        ("go run 'h.example/x@>=v1.2.3'", "pkg:golang/h.example/x", "range"),
        ("go run h.example/x@main", "pkg:golang/h.example/x", "tag"),
        ("go run h.example/x@1.2.3", "pkg:golang/h.example/x", "tag"),
        ("go run h.example/x@0123456", "pkg:golang/h.example/x", "tag"),
        (f"go run h.example/x@{SHA}", f"pkg:golang/h.example/x@{SHA}", "commit"),
        ("go run h.example/evil h.example/x@v1.2.3", "None", "undecidable"),
        # Java.
        ("jbang a.b:c:1.2.0", "pkg:maven/a.b/c@1.2.0", "exact"),
        ("jbang run --fresh a.b:c:1.2.0:all@jar",
         "pkg:maven/a.b/c@1.2.0?classifier=all&type=jar", "exact"),
        ("jbang a.b:c", "pkg:maven/a.b/c", "floating"),
        ("jbang a.b:c:LATEST", "pkg:maven/a.b/c", "floating"),
        ("jbang a.b:c:RELEASE", "pkg:maven/a.b/c", "floating"),
        ("jbang a.b:c:1.2-SNAPSHOT", "pkg:maven/a.b/c", "tag"),
        ("jbang 'a.b:c:[1,2)'", "pkg:maven/a.b/c", "range"),
        ("jbang a.b:c:1.+", "pkg:maven/a.b/c", "floating"),
        ("jbang -j 21 a.b:c:1.2.0 x:y:1.0", "pkg:maven/a.b/c@1.2.0", "exact"),
        ("jbang https://h.example/x.java",
         "pkg:generic/x.java?download_url=https://h.example/x.java", "tag"),
        # What `--with` brings is the command of that name.
        ("uv run --no-project --with files==1.2 files", "pkg:pypi/files@1.2",
         "exact"),
        ("uv run --no-project --with A.B_c==1.2 a-b-c", "pkg:pypi/a-b-c@1.2",
         "exact"),
        ("uv run --no-project --with files==1.2 --with evil files",
         "pkg:pypi/files@1.2", "floating"),
        # Seen with uv 0.13: what the project installs under that name runs.
        ("uv run --with files==1.2 files", "None", "undecidable"),
        ("uv run --with files==1.2 other", "None", "local"),
        ("uv run --with files==1.2 ./files", "None", "local"),
        ("uv run --directory d --with files==1.2 files", "None", "local"),
        ("uv run --with ./files files", "None", "undecidable"),
        ("uv run --no-project --with files==1.2 --with ./e files", "None",
         "undecidable"),
    ],
)  # fmt: skip
def test_reads_as_firm_as_it_is(line: str, purl: str, pin: str) -> None:
    launch = read(line)
    assert (launch.pin is None) == bool(launch.problem)
    assert str(launch.main.purl if launch.main else None) == purl
    assert (launch.pin.value if launch.pin else "undecidable") == pin
    if launch.main is not None and launch.main.purl is not None:
        exact = launch.main.pin is Pin.EXACT
        assert launch.version == (launch.main.purl.version if exact else None)
        assert not (exact and launch.requested)
    assert "secret" not in repr(launch)


@pytest.mark.parametrize(
    ("line", "requested"),
    [
        ("deno run npm:files@^1", "^1"),
        ("deno run jsr:@acme/files@next", "next"),
        ("dnx 'Files@1.*'", "1.*"),
        ("go run h.example/x@main", "main"),
        ("go run h.example/x@latest", "latest"),
        ("jbang a.b:c:1.2-SNAPSHOT", "1.2-SNAPSHOT"),
        ("jbang a.b:c", ""),
    ],
)
def test_what_is_asked_for_is_kept_where_it_is_no_version(
    line: str, requested: str
) -> None:
    assert read(line).requested == requested


@pytest.mark.parametrize(
    "line",
    [
        # What is not understood.
        "deno",
        "deno run",
        "deno eval secret",
        "deno task",
        "deno repl",
        "deno run --lock secret npm:files@1.2.0",
        "deno run --preload secret npm:files@1.2.0",
        "deno run --unknown npm:files@1.2.0",
        "deno run npm:",
        "deno run npm://files@1.2.0",
        "deno run npm:x@npm:files@1.2.0",
        "deno run npm:files@%31.2.0",
        "deno run npm:x@https://h.example/x.tgz",
        "deno run npm:./secret",
        "deno run npm:files.tgz",
        "deno run jsr:files@1.2.0",
        "deno run jsr:@acme/../x@1.2.0",
        "deno run data:text/javascript,secret",
        "deno run --cached-only data:text/x.js",
        "deno run --cached-only secret",
        "deno run --cached-only https:",
        "deno run file:///secret/x.ts",
        "deno run secret.ts",
        "deno run --config secret --cached-only x.ts",
        "deno run --no-remote secret.ts",
        "deno run 'npm:files@${VERSION}'",
        "deno run https://h.example",
        "dnx",
        "dnx --yes",
        "dnx --version 1.2.0",
        "dnx Acme.Files@1.2.0 --version 6.6.6",
        "dnx Acme.Files --version",
        "dnx Acme.Files --version --yes",
        "dnx Acme.Files@secret",
        "dnx Acme.Files@1.2.0.0.0",
        "dnx Acme.Files@[1.2.0",
        "dnx ../secret@1.2.0",
        "dnx Acme.Files@1.2.0 @secret.rsp",
        "dnx @secret.rsp",
        "dnx --unknown Acme.Files@1.2.0",
        "dnx Acme.Files@1.2.0 -yv q",
        "dnx Acme.Files@1.2.0 --source secret",
        "dotnet",
        "dotnet exec --depsfile secret x.dll",
        "dotnet build secret",
        "dotnet run secret.cs",
        "dotnet tool install secret",
        "go",
        "go run",
        "go build secret",
        "go install h.example/x@v1.2.3",
        "go run -exec secret h.example/x@v1.2.3",
        "go run -toolexec=secret h.example/x@v1.2.3",
        "go run -C secret .",
        "go run -modfile=secret .",
        "go run h.example/x",
        "go run h.example/x@",
        "go run cmd/secret@v1.2.3",
        "go run ./...",
        "go run /secret",
        "java",
        "java secret",
        "java -cp secret Main",
        "java -jar",
        "java -jar https://h.example/secret.jar",
        "java @secret -jar x.jar",
        "java -javaagent:secret -jar x.jar",
        "java -XX:OnError=secret -jar x.jar",
        "java -XX:Flags=secret -jar x.jar",
        "java -Xbootclasspath/a:secret -jar x.jar",
        "java -Djava.system.class.loader=secret -jar x.jar",
        "java -Dloader.path=secret -jar x.jar",
        "java -Djavax.net.ssl.trustStore=secret -jar x.jar",
        "java -Dlog4j2.configurationFile=secret -jar x.jar",
        "jbang",
        "jbang --unknown secret a.b:c:1.2.0",
        "jbang secret",
        "jbang secret@acme",
        "jbang ./secret.java",
        "jbang --javaagent=secret a.b:c:1.2.0",
        "bun",
        "bun run",
        "bun secret",
        "bun --no-install secret",
        "bun --no-install https://h.example/x.ts",
        "bun run --no-install https://h.example/x",
        "bun -e secret",
        "bun --preload secret --no-install x.ts",
        "bun run --cwd secret x.ts",
        "php -r secret",
        "php -d auto_prepend_file=secret x.php",
        "ruby -e secret",
        "python -X pycache_prefix=secret x.py",
        "python -Xpresite=secret x.py",
        "python -W error::secret.Warning x.py",
        "sh -c 'uvx files[cli]==1.2'",
        "sh -c 'npx files@1.2.0 $SECRET'",
        "sh -c 'npx $SECRET files@1.2.0'",
        "cmd /c npx files@1.2.0 %SECRET%",
        f"sh -c 'npx files@1.2.0 {'a' * 8_000}'",
        "podman run oci:secret",
        "podman run dir:secret",
        f"podman run docker-archive:x@sha256:{'a' * 64}",
        # PowerShell.
        "powershell",
        "pwsh npx files@1.2.0",
        "powershell -EncodedCommand secret",
        "powershell -WorkingDirectory secret -Command npx files@1.2.0",
        "powershell -Command -",
        "powershell -Command",
        "powershell -File",
        "powershell -File -",
        "powershell -c ''",
        "powershell -c 'npx files@1.2.0; secret'",
        "powershell -c 'npx files@1.2.0 | secret'",
        "powershell -c 'npx files@1.2.0\nsecret'",
        "powershell -c 'npx files@1.2.0 && secret'",
        "powershell -c 'npx $env:secret'",
        "powershell -c 'npx `secret'",
        "powershell -c 'npx (secret)'",
        "powershell -c 'npx @acme/files@1.2.0'",
        "powershell -c 'npx \"$secret\"'",
        "powershell -c 'npx \"files\"@1.2.0'",
        "powershell -c 'npx \u201cfiles\u201d'",
        "powershell -c 'npx --% files@1.2.0'",
        "powershell -c '. secret.ps1'",
        "powershell -c '& $secret'",
        "powershell -c 'iex secret'",
        # Bridges.
        "npx mcp-remote@1.0.0",
        "npx mcp-remote@1.0.0 --header https://h.example/x",
        "npx mcp-remote@1.0.0 --debug https://h.example/x",
        "npx mcp-remote@1.0.0 secret https://h.example/x",
        "npx supergateway@1.0.0",
        "npx supergateway@1.0.0 --stdio",
        "npx supergateway@1.0.0 -- --sse https://h.example/x",
        "npx supergateway@1.0.0 --sse https://h.example/x --stdio secret",
        "npx supergateway@1.0.0 --stdio 'npx files@1.2.0 | secret'",
        "npx supergateway@1.0.0 --stdio 'my-server secret'",
        "npx supergateway@1.0.0 --sse secret",
        "npx mcp-proxy@1.0.0 https://h.example/x",
        "uvx mcp-proxy==1.0",
        "uvx mcp-proxy==1.0 --named-server secret 'npx files@1.2.0'",
        "uvx mcp-proxy==1.0 --named-server-config secret",
        "uvx mcp-proxy==1.0 --unknown https://h.example/x",
        "uvx mcp-proxy==1.0 uvx -p 3.12 files==1.2",
        "uvx mcp-proxy==1.0 https://h.example/x secret",
        "uvx mcp-proxy==1.0 -H Authorization",
        "uvx mcp-proxy==1.0 -H=Authorization secret https://h.example/x",
        "uvx mcp-proxy==1.0 --debug=secret https://h.example/x",
        "uvx mcp-proxy==1.0 --cwd secret -- npx files@1.2.0",
        "uvx mcp-proxy==1.0 -e NODE_OPTIONS secret -- npx files@1.2.0",
        "uvx mcpo==1.0 --config secret",
        "uvx mcpo==1.0 npx files@1.2.0",
        "uvx mcpo==1.0 -- ",
        "deno run -A npm:mcp-remote@1.0.0",
        "uv run --no-project --with mcp-proxy==1 mcp-proxy --unknown https://h.example",
        "uvx fastmcp==1.0",
        "uvx fastmcp==1.0 run",
        "uvx fastmcp==1.0 inspect https://h.example/x",
        "uvx fastmcp==1.0 dev x.py",
        "uvx fastmcp==1.0 run --with secret x.py",
        "uvx fastmcp==1.0 run secret.json",
        "uvx fastmcp==1.0 run x.py y.py",
        "uv run --with fastmcp==1.0 fastmcp run secret.json",
        # Folders of this machine in a container.
        "docker run -v '${env:HOME}/x:/usr/bin' x:1",
        "docker run -v ./x://usr/bin x:1",
        "docker run -v vol:/usr/../bin/ x:1",
        "docker run --mount type=bind,src=x,'\"dst=/usr/bin\"' x:1",
        "docker run --mount type=bind,src=x,Target=/usr/bin x:1",
        "docker run --volumes-from x x:1",
        "docker run -v ./x:/app x:1 node /app/index.js",
        "docker run -v ./x:/app x:1 node index.js",
        "docker run -v ./x:/app -w /app x:1 python -m server",
        "docker run -v ./x:/app -w /app/y x:1 npm start",
        "docker run -v ./x:/app -w /srv x:1 node ../app/index.js",
        "docker run -v ./x:/app --entrypoint python x:1 /app/x.py",
        "docker run -v ./x:/app x:1 sh /app/secret.sh",
        # Wrappers.
        "cross-env A=secret",
        "cross-env --unknown npx files@1.2.0",
        "cross-env NODE_OPTIONS=-rsecret npx files@1.2.0",
        "doppler secrets",
        "doppler run --command secret",
        "dotenvx get secret",
        "mise run secret",
        "mise exec npx files@1.2.0",
        "fnm use secret",
        "volta install secret",
        # Launchers at places that may be anybody's.
        "/Users/Shared/.local/bin/npx files@1.2.0",
        r"'C:\Users\Public\.local\bin\npx.cmd' files@1.2.0",
        "/srv/home/me/.local/bin/npx files@1.2.0",
        "/home/me/x/.local/bin/npx files@1.2.0",
        "/home/me/.local/bin/../../x/npx files@1.2.0",
        "node_modules/.bin/tsx x.ts",
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_undecidable(line: str) -> None:
    launch = read(line)
    assert (launch.main, launch.pin, launch.endpoint) == (None, None, None)
    assert launch.problem
    assert "secret" not in launch.problem + launch.hint
    assert launch.problem.isprintable()


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        # An option in doubt takes its value with it, and hides nothing.
        ("uvx -c F x==1.2", [("pkg:pypi/x@1.2", "exact")]),
        ("uvx -b F x==1.2", [("pkg:pypi/x@1.2", "exact")]),
        ("uvx -C k=v x==1.2", [("pkg:pypi/x@1.2", "exact")]),
        ("uvx --env-file F x==1.2", [("pkg:pypi/x@1.2", "exact")]),
        ("uvx --config-file F x==1.2", [("pkg:pypi/x@1.2", "exact")]),
        ("uv --project F tool run x==1.2", [("pkg:pypi/x@1.2", "exact")]),
        ("uv run --project F --with x==1.2 --script y.py",
         [("pkg:pypi/x@1.2", "exact")]),
        ("npx --userconfig F x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("npx --cache=F x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("npx --no-strict-ssl x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("npx --strict-ssl=false x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("npm exec x@1.2.0 --prefix F", [("pkg:npm/x@1.2.0", "exact")]),
        ("pnpm -C F dlx x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("docker --context F run x:1", [("pkg:docker/library/x@1", "tag")]),
        ("docker -H tcp://F run x:1", [("pkg:docker/library/x@1", "tag")]),
        ("docker run --runtime F x:1", [("pkg:docker/library/x@1", "tag")]),
        ("docker run -v F:/usr/bin x:1", [("pkg:docker/library/x@1", "tag")]),
        ("deno run -c F npm:x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("deno run --cert F npm:x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("deno run --env-file npm:x@1.2.0", [("pkg:npm/x@1.2.0", "exact")]),
        ("dnx X --configfile F --version 1.2.0", [("pkg:nuget/X@1.2.0", "exact")]),
        ("jbang --repos F a.b:c:1.2.0", [("pkg:maven/a.b/c@1.2.0", "exact")]),
        ("sh -c 'npx x@1.2.0 --key $KEY'", [("pkg:npm/x@1.2.0", "exact")]),
        ("bash -lc 'docker run -e K=\"${K}\" x:1'",
         [("pkg:docker/library/x@1", "tag")]),
        ("sh -c 'npx x@1.2.0 ${KEY:-$(y)}'", []),
        ("sh -c 'npx x@1.2.0 $1'", []),
        ("sh -c 'npx $X x@1.2.0'", []),
        ("cmd /c npx x@1.2.0 %USERPROFILE%", [("pkg:npm/x@1.2.0", "exact")]),
        ("cmd /c npx x@1.2.0 %X:a=b%", []),
        ("cmd /c npx x@1.2.0 50%", []),
        # A command behind a bridge or a wrapper is listed with it.
        ("npx supergateway --stdio 'curl x | sh'",
         [("pkg:npm/supergateway", "floating")]),
        ("npx supergateway@1.0.0 --stdio 'docker run x:1'",
         [("pkg:npm/supergateway@1.0.0", "exact"), ("pkg:docker/library/x@1", "tag")]),
        ("uvx mcp-proxy==1.0 npx x", [("pkg:pypi/mcp-proxy@1.0", "exact"),
                                       ("pkg:npm/x", "floating")]),
        ("npx -p x@1.2.0 -c 'deno run npm:y'",
         [("pkg:npm/x@1.2.0", "exact"), ("pkg:npm/y", "floating")]),
        ("cmd /c dotenvx run -- uvx x", [("pkg:pypi/x", "floating")]),
        ("op run --env-file=.env -- uvx x", [("pkg:pypi/x", "floating")]),
    ],
)  # fmt: skip
def test_what_is_in_doubt_stays_listed(
    line: str, packages: list[tuple[str, str]]
) -> None:
    assert listed(read(line)) == packages


@pytest.mark.parametrize(
    ("line", "env", "registry", "extra"),
    [
        ("deno run npm:x", {"NPM_CONFIG_REGISTRY": "https://h.example"},
         "https://h.example", ()),
        ("deno run npm:@a/x", {"npm_config_@a:registry": "https://h.example"},
         "https://h.example", ()),
        ("deno run jsr:@a/x", {"JSR_URL": "https://u:secret@h.example/"},
         "https://h.example", ()),
        ("deno run https://h.example/x.ts", {}, "https://h.example/x.ts", ()),
        ("dnx X --source https://u:secret@h.example/v3", {}, "https://h.example/v3",
         ()),
        ("dnx X --source:https://h.example", {}, "https://h.example", ()),
        ("dnx X --add-source https://h.example", {}, None, ("https://h.example",)),
        ("dnx X --source https://a.example --source https://b.example", {},
         "https://a.example", ("https://b.example",)),
        ("dnx X -- --source https://h.example", {}, None, ()),
        ("go run h.example/x@v1.0.0", {"GOPROXY": "https://p.example"},
         "https://p.example", ()),
    ],
)  # fmt: skip
def test_names_the_registry_that_the_command_chooses(
    line: str, env: dict[str, str], registry: str | None, extra: tuple[str, ...]
) -> None:
    launch = read(line, **env)
    assert launch.main is not None
    assert (launch.main.registry, launch.main.extra_registries) == (registry, extra)
    assert "secret" not in repr(launch)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("deno run npm:x@1.2.0", "DENO_CERT", "secret"),
        ("deno run npm:x@1.2.0", "DENO_DIR", "secret"),
        ("deno run npm:x@1.2.0", "JSR_URL", ""),
        ("go run h.example/x@v1.2.3", "GOFLAGS", "-toolexec=secret"),
        ("go run h.example/x@v1.2.3", "GONOSUMDB", "secret"),
        ("go run h.example/x@v1.2.3", "CC", "secret"),
        ("go run .", "GOWORK", "secret"),
        ("go run h.example/x@v1.2.3", "GOPROXY", "https://h.example,secret"),
        ("dnx X@1.2.0", "NUGET_PACKAGES", "secret"),
        ("dnx X@1.2.0", "MSBuildSDKsPath", "secret"),
        ("dnx X@1.2.0", "DOTNET_ROOT", "secret"),
        ("dotnet x.dll", "DOTNET_STARTUP_HOOKS", "secret"),
        ("dotnet x.dll", "CORECLR_PROFILER_PATH", "secret"),
        ("java -jar x.jar", "JAVA_TOOL_OPTIONS", "secret"),
        ("jbang a.b:c:1.2.0", "JBANG_REPO", "secret"),
        ("powershell -c 'npx x@1.2.0'", "PSModulePath", "secret"),
        ("php x.php", "PHPRC", "secret"),
        ("ruby x.rb", "RUBYOPT", "secret"),
    ],
)
def test_a_variable_that_changes_what_runs_makes_it_undecidable(
    line: str, name: str, value: str
) -> None:
    launch = read(line, **{name: value})
    assert (launch.pin is None) == bool(value)
    assert (name in launch.problem) == bool(value)
    assert "secret" not in repr(launch)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOOGLE_API_KEY", "secret"),
        ("GOMAXPROCS", "4"),
        ("DENO_NO_UPDATE_CHECK", "1"),
        ("DOTNET_NOLOGO", "1"),
        ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
        ("COR_API_KEY", "secret"),
        ("JAVA_HOME", "/usr/lib/jvm/java-21"),
    ],
)
def test_ordinary_variables_change_nothing(name: str, value: str) -> None:
    for line in ("deno run npm:x@1.2.0", "go run .", "dnx X@1.2.0", "java -jar x.jar"):
        assert read(line, **{name: value}) == read(line)


@pytest.mark.parametrize(
    ("line", "paths", "kind"),
    [
        ("deno run --cached-only main.ts", ["main.ts"], CodeKind.FILE),
        ("deno run --no-remote --no-npm ./x", ["./x"], CodeKind.FILE),
        ("deno task serve", ["serve"], CodeKind.SCRIPT),
        ("bun run --no-install src/index.ts", ["src/index.ts"], CodeKind.FILE),
        ("bun --no-install x.mjs --port 1", ["x.mjs"], CodeKind.FILE),
        ("bun run serve", ["serve"], CodeKind.SCRIPT),
        ("go run main.go util.go --port 1", ["main.go", "util.go"], CodeKind.FILE),
        ("go run .", ["."], CodeKind.FILE),
        ("java -Xmx512m -ea -jar x.jar --key secret", ["x.jar"], CodeKind.FILE),
        ("dotnet ./bin/X.dll --key secret", ["./bin/X.dll"], CodeKind.FILE),
        ("dotnet exec X.dll", ["X.dll"], CodeKind.FILE),
        ("pwsh -NoProfile -File ./x.ps1 secret", ["./x.ps1"], CodeKind.FILE),
        ("pwsh ./x.ps1", ["./x.ps1"], CodeKind.FILE),
        ("php x.php", ["x.php"], CodeKind.FILE),
        ("uv run --with mcp==1.0 mcp run -t stdio x.py:app", ["x.py"], CodeKind.FILE),
        (r"uv run --with mcp==1.0 mcp run 'C:\x.py'", [r"C:\x.py"], CodeKind.FILE),
    ],
)
def test_names_the_code_of_this_machine(
    line: str, paths: list[str], kind: CodeKind
) -> None:
    launch = read(line)
    assert launch.pin is Pin.LOCAL
    assert [(each.path, each.kind) for each in launch.code] == [
        (path, kind) for path in paths
    ]
    assert "secret" not in repr(launch)


def test_a_folder_of_go_is_its_main_file() -> None:
    (code,) = read("go run ./cmd/x/").code
    assert (code.path, code.suffixes) == ("./cmd/x", ("/main.go",))


def test_code_that_is_in_doubt_is_named_too() -> None:
    for line in ("deno run main.ts", "bun run main.ts", ".venv/bin/python main.ts"):
        assert [each.path for each in read(line).code] == ["main.ts"]


def test_an_unknown_option_is_named_unless_it_may_be_a_secret() -> None:
    assert "`--unknown-option`" in read("npx --unknown-option files").problem
    for line in ("npx --S3cret files", "npx -ghp_s3cret files", "npx --x=s3cret files"):
        assert "3cret" not in read(line).problem


def test_a_hint_says_what_to_write_instead() -> None:
    for line in (
        "docker mcp gateway run",
        "bun run x.ts",
        "cmd /c jbang x@y",
        "poetry run x",
        "npx @smithery/cli run x",
    ):
        assert read(line).hint
