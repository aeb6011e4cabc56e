"""How well-known servers say in their manuals that they are to be started.

Hosts are changed to examples, keys to `secret`.
"""

import shlex

import pytest

from mcpchain.launch.command import read_launch

AT = "npx -y @modelcontextprotocol"
NPM = "pkg:npm/%40modelcontextprotocol"

ROWS = [
    # npm: line, launcher, packages, pin, address behind a bridge
    (f"{AT}/server-filesystem /Users/username/Desktop /other/dir", "npx",
     [f"{NPM}/server-filesystem"], "floating", None),
    (f"{AT}/server-filesystem@2026.8.31 .", "npx",
     [f"{NPM}/server-filesystem@2026.8.31"], "exact", None),
    (f"{AT}/server-memory", "npx", [f"{NPM}/server-memory"], "floating", None),
    (f"{AT}/server-puppeteer", "npx", [f"{NPM}/server-puppeteer"], "floating", None),
    (f"{AT}/server-slack", "npx", [f"{NPM}/server-slack"], "floating", None),
    (f"{AT}/server-postgres postgresql://me:secret@localhost/mydb", "npx",
     [f"{NPM}/server-postgres"], "floating", None),
    ("npx -y @brave/brave-search-mcp-server --transport stdio", "npx",
     ["pkg:npm/%40brave/brave-search-mcp-server"], "floating", None),
    ("npx -y @upstash/context7-mcp --api-key secret", "npx",
     ["pkg:npm/%40upstash/context7-mcp"], "floating", None),
    ("bunx -y @upstash/context7-mcp", "bunx",
     ["pkg:npm/%40upstash/context7-mcp"], "floating", None),
    (("deno run --allow-env=NO_DEPRECATION,TRACE_DEPRECATION --allow-net "
     "npm:@upstash/context7-mcp"), "deno",
     ["pkg:npm/%40upstash/context7-mcp"], "floating", None),
    ("npx @playwright/mcp@latest", "npx",
     ["pkg:npm/%40playwright/mcp"], "floating", None),
    ("npx -y @playwright/mcp@0.0.41 --browser chrome --headless", "npx",
     ["pkg:npm/%40playwright/mcp@0.0.41"], "exact", None),
    ("npx -y chrome-devtools-mcp@latest", "npx",
     ["pkg:npm/chrome-devtools-mcp"], "floating", None),
    ("npx -y @wonderwhy-er/desktop-commander@latest", "npx",
     ["pkg:npm/%40wonderwhy-er/desktop-commander"], "floating", None),
    ("npx -y @stripe/mcp --tools=all --api-key=secret", "npx",
     ["pkg:npm/%40stripe/mcp"], "floating", None),
    ("npx @sentry/mcp-server@latest --access-token=secret --host=sentry.example",
     "npx", ["pkg:npm/%40sentry/mcp-server"], "floating", None),
    ("npx -y @notionhq/notion-mcp-server", "npx",
     ["pkg:npm/%40notionhq/notion-mcp-server"], "floating", None),
    (("npx -y @supabase/mcp-server-supabase@latest --read-only --project-ref=ref "
     "--access-token secret"), "npx",
     ["pkg:npm/%40supabase/mcp-server-supabase"], "floating", None),
    ("npx -y figma-developer-mcp --figma-api-key=secret --stdio", "npx",
     ["pkg:npm/figma-developer-mcp"], "floating", None),
    ("npx -y @azure/mcp@latest server start", "npx",
     ["pkg:npm/%40azure/mcp"], "floating", None),
    ("npx -y @21st-dev/magic@latest API_KEY=secret", "npx",
     ["pkg:npm/%4021st-dev/magic"], "floating", None),
    ("npx -y --package=task-master-ai task-master-ai", "npx",
     ["pkg:npm/task-master-ai"], "floating", None),
    ("npx nx mcp", "npx", ["pkg:npm/nx"], "floating", None),
    ("npx -y tavily-mcp@0.1.4", "npx", ["pkg:npm/tavily-mcp@0.1.4"], "exact", None),
    ("npx -y @cloudflare/mcp-server-cloudflare run account", "npx",
     ["pkg:npm/%40cloudflare/mcp-server-cloudflare"], "floating", None),
    ("npx -y github:acme/mcp-server", "npx", ["pkg:github/acme/mcp-server"],
     "floating", None),
    ("pnpm dlx @acme/mcp@1.0.0", "pnpm", ["pkg:npm/%40acme/mcp@1.0.0"], "exact", None),
    # Bridges.
    ("npx mcp-remote https://mcp.example/sse", "npx", ["pkg:npm/mcp-remote"],
     "floating", "https://mcp.example/sse"),
    ("npx -y mcp-remote@0.1.16 https://mcp.example/mcp --transport http-only", "npx",
     ["pkg:npm/mcp-remote@0.1.16"], "exact", "https://mcp.example/mcp"),
    (("npx -y mcp-remote https://mcp.example/mcp 3334 --header "
     "'Authorization: Bearer secret' --allow-http"), "npx", ["pkg:npm/mcp-remote"],
     "floating", "https://mcp.example/mcp"),
    ("npx -y mcp-remote --header 'X-Key:secret' https://mcp.example/mcp?key=secret",
     "npx", ["pkg:npm/mcp-remote"], "floating", "https://mcp.example/mcp"),
    ("npx -y supergateway --stdio 'npx -y @modelcontextprotocol/server-memory@1.0.0'",
     "npx", ["pkg:npm/supergateway", f"{NPM}/server-memory@1.0.0"], "floating", None),
    (("npx -y supergateway@3.0.0 --sse https://mcp.example/sse --header "
     "'Authorization: Bearer secret' --oauth2Bearer secret"), "npx",
     ["pkg:npm/supergateway@3.0.0"], "exact", "https://mcp.example/sse"),
    ("npx -y supergateway@3.0.0 --streamableHttp=https://mcp.example/mcp", "npx",
     ["pkg:npm/supergateway@3.0.0"], "exact", "https://mcp.example/mcp"),
    ("uvx mcp-proxy http://localhost:8080/sse", "uvx", ["pkg:pypi/mcp-proxy"],
     "floating", "http://localhost:8080/sse"),
    (("uvx mcp-proxy==0.8.2 --transport streamablehttp -H Authorization "
     "'Bearer secret' https://mcp.example/mcp"), "uvx", ["pkg:pypi/mcp-proxy@0.8.2"],
     "exact", "https://mcp.example/mcp"),
    ("uvx mcp-proxy==0.8.2 --port=8080 -e TOKEN secret -- uvx mcp-server-fetch==1.0",
     "uvx", ["pkg:pypi/mcp-proxy@0.8.2", "pkg:pypi/mcp-server-fetch@1.0"], "exact",
     None),
    ("uvx mcpo --port 8000 --api-key secret -- uvx mcp-server-time", "uvx",
     ["pkg:pypi/mcpo", "pkg:pypi/mcp-server-time"], "floating", None),
    ("uvx mcp-proxy-for-aws@latest https://mcp.example/mcp --service x", "uvx",
     ["pkg:pypi/mcp-proxy-for-aws"], "floating", "https://mcp.example/mcp"),
    ("uvx mcpo==1.0 --server-type sse -- https://mcp.example/sse", "uvx",
     ["pkg:pypi/mcpo@1.0"], "exact", "https://mcp.example/sse"),
    ("deno run -A npm:mcp-remote@1.0.0 https://mcp.example/mcp", "deno",
     ["pkg:npm/mcp-remote@1.0.0"], "exact", "https://mcp.example/mcp"),
    ("uv run --no-project --with mcp-proxy==1.0 mcp-proxy https://h.example/x", "uv",
     ["pkg:pypi/mcp-proxy@1.0"], "exact", "https://h.example/x"),
    # Python.
    ("uvx mcp-server-git --repository path/to/repo", "uvx",
     ["pkg:pypi/mcp-server-git"], "floating", None),
    ("uvx mcp-server-fetch==2026.1.14", "uvx",
     ["pkg:pypi/mcp-server-fetch@2026.1.14"], "exact", None),
    ("uvx mcp-server-sqlite --db-path /path/to/test.db", "uvx",
     ["pkg:pypi/mcp-server-sqlite"], "floating", None),
    ("uvx awslabs.core-mcp-server@latest", "uvx",
     ["pkg:pypi/awslabs-core-mcp-server"], "floating", None),
    ("uv tool run --from awslabs.core-mcp-server@latest awslabs.core-mcp-server.exe",
     "uv", ["pkg:pypi/awslabs-core-mcp-server"], "floating", None),
    (("uvx --from git+https://github.com/oraios/serena serena start-mcp-server "
     "--context ide-assistant"), "uvx", ["pkg:github/oraios/serena"], "floating", None),
    ("uvx --from git+https://github.com/oraios/serena@v0.1.4 serena-mcp-server", "uvx",
     ["pkg:github/oraios/serena@v0.1.4"], "tag", None),
    ("uvx mcp-atlassian --confluence-url https://x.example --confluence-token secret",
     "uvx", ["pkg:pypi/mcp-atlassian"], "floating", None),
    ("uv run --no-project --with mcp-clickhouse --python 3.10 mcp-clickhouse", "uv",
     ["pkg:pypi/mcp-clickhouse"], "floating", None),
    ("python3 -X utf8 -W ignore::DeprecationWarning server.py", "python", [], "local",
     None),
    ("sh -c \"uvx 'files[cli]==1.2'\"", "uvx", ["pkg:pypi/files@1.2"], "exact", None),
    ("uv run --with mcp[cli]==1.2 mcp run server.py", "uv", ["pkg:pypi/mcp@1.2"],
     "local", None),
    ("uv run --with fastmcp fastmcp run server.py:app --no-banner", "uv",
     ["pkg:pypi/fastmcp"], "floating", None),
    ("uvx --from fastmcp==2.0 fastmcp run https://mcp.example/mcp", "uvx",
     ["pkg:pypi/fastmcp@2.0"], "exact", "https://mcp.example/mcp"),
    ("uv --directory servers/src/sqlite run mcp-server-sqlite --db-path ~/test.db",
     "uv", [], "local", None),
    ("uv --directory /ABSOLUTE/weather run weather.py", "uv", [], "local", None),
    ("pipx run mcp-server-time==1.0", "pipx", ["pkg:pypi/mcp-server-time@1.0"],
     "exact", None),
    ("pipx run --spec git+https://github.com/acme/mcp@main mcp", "pipx",
     ["pkg:github/acme/mcp@main"], "tag", None),
    ("python -m mcp_server_fetch", "python", [], "local", None),
    ("python3 server.py", "python", [], "local", None),
    # Containers.
    ("docker run -i --rm mcp/fetch", "docker", ["pkg:docker/mcp/fetch"], "floating",
     None),
    (("docker run -i --rm --mount type=bind,src=/Users/me/x,dst=/projects/x "
     "mcp/filesystem /projects"), "docker", ["pkg:docker/mcp/filesystem"], "floating",
     None),
    ("docker run -i -v claude-memory:/app/dist --rm mcp/memory:1.0", "docker",
     ["pkg:docker/mcp/memory@1.0"], "tag", None),
    ("docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.example/github/server",
     "docker", ["pkg:oci/server?repository_url=ghcr.example/github/server"],
     "floating", None),
    ("docker run -i --rm -e TOKEN=secret -e TOOLS ghcr.example/github/server:v0.13.0",
     "docker", ["pkg:oci/server?repository_url=ghcr.example/github/server&tag=v0.13.0"],
     "tag", None),
    ("docker run -i --rm --init --pull=always mcr.example/playwright/mcp", "docker",
     ["pkg:oci/mcp?repository_url=mcr.example/playwright/mcp"], "floating", None),
    ("podman run --rm -i registry.example:5000/mcp/fetch:1.0", "podman",
     ["pkg:oci/fetch?repository_url=registry.example:5000/mcp/fetch&tag=1.0"], "tag",
     None),
    ("docker run -v data:/data -w /srv acme/mcp:1 node index.js", "docker",
     ["pkg:docker/acme/mcp@1"], "tag", None),
    ("docker run -v data:/data --entrypoint node acme/mcp:1 /app/index.js", "docker",
     ["pkg:docker/acme/mcp@1"], "tag", None),
    # Other worlds.
    ("dnx Contoso.SampleMcp@0.0.1-beta --yes", "dnx",
     ["pkg:nuget/Contoso.SampleMcp@0.0.1-beta"], "exact", None),
    ("dnx NuGet.Mcp.Server --source https://packages.example/v3/index.json --yes",
     "dnx", ["pkg:nuget/NuGet.Mcp.Server"], "floating", None),
    ("dnx Contoso.SampleMcp --version 0.0.1-beta --yes -- mcp start", "dnx",
     ["pkg:nuget/Contoso.SampleMcp@0.0.1-beta"], "exact", None),
    ("dotnet tool exec Contoso.SampleMcp@1.2.3 --yes", "dotnet",
     ["pkg:nuget/Contoso.SampleMcp@1.2.3"], "exact", None),
    ("dotnet bin/Release/net10.0/Server.dll", "dotnet", [], "local", None),
    ("node build/index.js", "node", [], "local", None),
    ("deno run -A jsr:@acme/mcp@1.0.0", "deno",
     ["pkg:generic/jsr/%40acme/mcp@1.0.0"], "exact",
     None),
    ("go run github.com/acme/mcp/cmd/server@v1.2.3", "go",
     ["pkg:golang/github.com/acme/mcp@v1.2.3#cmd/server"], "exact", None),
    ("go run ./cmd/server", "go", [], "local", None),
    (("java -Dspring.ai.mcp.server.stdio=true -Dlogging.pattern.console= -jar "
     "target/weather-0.0.1-SNAPSHOT.jar"), "java", [], "local", None),
    ("jbang --quiet org.acme:weather:1.0.0:runner", "jbang",
     ["pkg:maven/org.acme/weather@1.0.0?classifier=runner"], "exact", None),
    ("php artisan boost:mcp", "php", [], "local", None),
    # Wrappers.
    ("cmd /c npx -y @modelcontextprotocol/server-memory", "npx",
     [f"{NPM}/server-memory"], "floating", None),
    ("cmd /c npx -y mcp-remote https://mcp.example/sse", "npx", ["pkg:npm/mcp-remote"],
     "floating", "https://mcp.example/sse"),
    ("wsl.exe bash -c 'TOKEN=secret npx -y @modelcontextprotocol/server-github'", "npx",
     [f"{NPM}/server-github"], "floating", None),
    ("/opt/homebrew/bin/uvx mcp-server-time", "uvx", ["pkg:pypi/mcp-server-time"],
     "floating", None),
    ("/Users/me/.local/bin/uv --directory weather run weather.py", "uv", [], "local",
     None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "launcher", "packages", "pin", "endpoint"), ROWS, ids=[r[0] for r in ROWS]
)
def test_a_line_out_of_a_manual_is_read(
    line: str, launcher: str, packages: list[str], pin: str, endpoint: str | None
) -> None:
    command, *args = shlex.split(line)
    launch = read_launch(command, args, {"API_KEY": "secret"})
    assert launch.problem == ""
    assert launch.launcher == launcher
    assert [str(each.purl) for each in launch.packages] == packages
    assert launch.pin is not None
    assert (launch.pin.value, launch.endpoint) == (pin, endpoint)
    assert "secret" not in repr(launch)


UNDECIDABLE = [
    ("docker mcp gateway run", [], "gateway"),
    ("docker run -i --rm --env-file .env mcp/x:1", ["pkg:docker/mcp/x@1"],
     "`--env-file`"),
    ("docker exec -i secret python x.py", [], "exists already"),
    ("docker compose run --rm secret", [], "compose file"),
    ("docker start -ai secret", [], "exists already"),
    ("npx -y @smithery/cli@1.0.0 run @o/s --key secret --profile p",
     ["pkg:npm/%40smithery/cli@1.0.0"], "catalogue"),
    ("npx @modelcontextprotocol/inspector node build/index.js",
     ["pkg:npm/%40modelcontextprotocol/inspector"], "arguments"),
    ("jbang jdbc@quarkiverse/quarkus-mcp-servers jdbc:secret", [], "alias"),
    ("jbang ./server.java", [], "comments"),
    ("dotnet run --project src/Server.csproj", [], "builds a project"),
    ("dotnet tool run server", [], "manifest"),
    ("bun run src/index.ts", [], "installs"),
    ("deno run -A main.ts", [], "downloads"),
    ("poetry run python server.py", [], "environment"),
    ("cargo run --release", [], "builds a project"),
    ("make serve", [], "task"),
    ("brew install secret", [], "package manager"),
    ("ssh secret npx files", [], "another machine"),
    ("thv run fetch", [], "catalogue"),
    ("uv run --with mcp-clickhouse --python 3.10 mcp-clickhouse",
     ["pkg:pypi/mcp-clickhouse"], "project"),
    ("dotenvx run -f .env -- npx files@1.2.0", ["pkg:npm/files@1.2.0"], "variables"),
    ("dotenv -e .env -- npx files@1.2.0", ["pkg:npm/files@1.2.0"], "variables"),
    ("doppler run --project secret -- uvx files==1.2", ["pkg:pypi/files@1.2"],
     "variables"),
    ("infisical run --env=prod -- npx files@1.2.0", ["pkg:npm/files@1.2.0"],
     "variables"),
    ("mise exec node@22 -- npx files@1.2.0", ["pkg:npm/files@1.2.0"], "project"),
    ("fnm exec --using=22 npx files@1.2.0", ["pkg:npm/files@1.2.0"], "project"),
    ("volta run --node 22 npx files@1.2.0", ["pkg:npm/files@1.2.0"], "project"),
    ("npx -y --prefix ./secret files@1.2.0", ["pkg:npm/files@1.2.0"], "`--prefix`"),
    ("uvx --env-file secret files==1.2", ["pkg:pypi/files@1.2"], "`--env-file`"),
    ("uvx --directory secret files==1.2", ["pkg:pypi/files@1.2"], "folder"),
    (".venv/bin/python server.py", [], "place"),
    ("./npx files@1.2.0", ["pkg:npm/files@1.2.0"], "place"),
    ("bash -c 'cd /secret && npm start'", [], "shell command"),
    ("cmd /c 'cd secret && npx files'", [], "shell command"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "packages", "why"), UNDECIDABLE, ids=[row[0] for row in UNDECIDABLE]
)
def test_what_cannot_be_told_is_said_and_its_packages_stay_listed(
    line: str, packages: list[str], why: str
) -> None:
    command, *args = shlex.split(line)
    launch = read_launch(command, args, {})
    assert (launch.main, launch.pin, launch.endpoint) == (None, None, None)
    assert why in launch.problem
    assert [str(each.purl) for each in launch.packages] == packages
    assert "secret" not in launch.problem + launch.hint
