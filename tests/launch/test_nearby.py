"""Files beside a configuration that change what its commands run.

Seen with npm 11.19: `npx files@1.2.0` runs a copy of that version in `node_modules`.
Seen with Deno 2.9: so does `deno run npm:files@1.2.0`, and a `deno.json`, `deno.lock`
or `package.json` puts something else in its place. Seen with Bun 1.4: a `bunfig.toml`
loads code first, for `bunx` too if the package asks for Bun. Seen with Yarn 4.18: its
`.yarnrc.yml` names the file that is run in the place of Yarn. Seen with pnpm 12: a
`pnpm-workspace.yaml` names the registry of `pnpm dlx`.
"""

import shlex

import pytest

from mcpchain.launch.command import read_launch


def nearby(line: str) -> set[str]:
    command, *args = shlex.split(line)
    found = read_launch(command, args, {}).nearby
    assert len(set(found)) == len(found)
    skipped = (".exe", ".bat", ".com")
    return {
        each for each in found if not each.endswith(skipped) and "/.bin/" not in each
    }


def test_a_command_of_that_name_in_the_project_comes_first() -> None:
    for package in ("files@1.2.0", "@acme/files"):
        found = read_launch("npx", [package], {}).nearby
        assert "node_modules/.bin/files" in found


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("npx files@1.2.0", {"npx.cmd", "node_modules/files/package.json"}),
        ("npx acme/files#v1", {"npx.cmd"}),
        ("npm exec @acme/files", {"npm.cmd", "node_modules/@acme/files/package.json"}),
        ("bunx files", {"bunx.cmd", "bunfig.toml", "node_modules/files/package.json"}),
        ("npx x@npm:files@1.2.0", {"npx.cmd", "node_modules/x/package.json"}),
        (
            "npx -p a -p b c",
            {"npx.cmd", "node_modules/a/package.json", "node_modules/b/package.json"},
        ),
        (
            "cmd /c npx supergateway --stdio 'npx files'",
            {
                *("cmd.cmd", "npx.cmd", "node_modules/files/package.json"),
                "node_modules/supergateway/package.json",
            },
        ),
        ("pnpm dlx files@1.2.0", {"pnpm.cmd", "pnpm-workspace.yaml"}),
        ("yarn dlx files@1.2.0", {"yarn.cmd", ".yarnrc.yml"}),
        ("bun --no-install x.ts", {"bun.cmd", "bunfig.toml"}),
        ("uvx files==1.2", {"uvx.cmd"}),
        (
            "deno run npm:files",
            {
                *("deno.cmd", "deno.json", "deno.jsonc", "deno.lock"),
                *("package.json", "node_modules/files/package.json"),
            },
        ),
        (
            "dnx Files@1.2.0",
            {
                *("dnx.cmd", "nuget.config", "NuGet.config", "NuGet.Config"),
                "global.json",
            },
        ),
        (
            "jbang a.b:c:1.2.0",
            {"jbang.cmd", "jbang.properties", ".jbang/jbang.properties"},
        ),
        ("node x.js", {"node.cmd"}),
        ("dotnet x.dll", {"dotnet.cmd"}),
        (
            "dotnet tool exec Files@1.2.0",
            {
                *("dotnet.cmd", "nuget.config", "NuGet.config", "NuGet.Config"),
                "global.json",
            },
        ),
        ("./server", set()),
        ("docker run node:20", {"docker.cmd"}),
        ("docker run node:20 npx files", {"docker.cmd"}),
        ("npx files | sh", {"npx.cmd", "node_modules/files/package.json"}),
        ("bash -c 'npx files | sh'", set()),
        ("npx --prefix x files", set()),
    ],
)
def test_names_what_a_launcher_would_rather_run(line: str, paths: set[str]) -> None:
    assert nearby(line) == paths
