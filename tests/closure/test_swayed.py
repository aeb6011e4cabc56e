"""Where a launcher may choose otherwise, and for what it was chosen at all."""

import sys
from dataclasses import replace

import pytest
from packaging.markers import default_environment

from mcpchain.closure import close
from mcpchain.closure.project import Interpreter
from mcpchain.inventory import Inventory, State
from tests.closure.servers import closed, package, servers, told
from tests.world.world import World

NPM, PYPI = package("pkg:npm/files@1.0.0"), package("pkg:pypi/files@1.0")


@pytest.fixture(autouse=True)
def published(world: World) -> None:
    world.npm.publish("files", "1.0.0")
    world.pypi.release("files", "1.0")


def names(inventory: Inventory) -> list[str]:
    """Return what each doubt names."""
    return [each.reason.partition("another choice with ")[2] for each in inventory.gaps]


def test_what_sways_a_launcher_is_one_gap_of_its_server(world: World) -> None:
    found = closed(world, NPM, launcher="bunx", swayed_by=("--x", "bunx"))
    (gap,) = found.gaps
    server = next(e for e in found.components if e.name == "s0")
    assert (gap.stage, gap.state) == ("resolve", State.PARTIAL)
    assert (gap.ref, gap.location) == (server.ref, server.location)
    assert gap.reason == (
        "what this server pulls in was chosen as npm would by default; it may be "
        "another choice with `--x`, `bunx`"
    )


def test_two_servers_of_one_package_are_doubted_each_for_itself(world: World) -> None:
    plain = servers(NPM, launcher="npx")
    swayed = servers(NPM, NPM, swayed_by=("--before",))
    both = replace(
        plain,
        components=(*plain.components, swayed.components[-1]),
        relations=swayed.relations,
    )
    assert [each.name for each in both.components if not each.purl] == ["s0", "s1"]
    with world.fetcher() as fetcher:
        found = close(
            both, settings=world.settings(), trusted=frozenset(), fetcher=fetcher
        )
    (gap,) = found.gaps
    assert (gap.ref or "").endswith(":s1")


def test_without_anything_that_sways_there_is_no_doubt(world: World) -> None:
    assert closed(world, NPM, launcher="npx").gaps == ()
    assert closed(world, PYPI, launcher="uvx").gaps == ()


@pytest.mark.parametrize(
    ("launcher", "environ", "named"),
    [
        ("npx", {"npm_config_before": "2024-01-01"}, ["before"]),
        ("npx", {"npm_config_min_release_age": "3"}, ["min-release-age"]),
        ("uvx", {"UV_EXCLUDE_NEWER": "2024-01-01"}, ["UV_EXCLUDE_NEWER"]),
        ("uvx", {"PIP_PRE": "1", "npm_config_before": "2024-01-01"}, []),
        ("pipx", {"PIP_PRE": "1", "UV_PRERELEASE": "allow"}, ["pre"]),
        ("", {"PIP_PRE": "1", "UV_PRERELEASE": "allow"}, ["UV_PRERELEASE", "pre"]),
    ],
)
def test_the_settings_of_the_user_sway_the_launcher_that_reads_them(
    launcher: str, environ: dict[str, str], named: list[str], world: World
) -> None:
    root = NPM if launcher == "npx" else PYPI
    found = closed(world, root, environ=environ, launcher=launcher)
    shown = ", ".join(f"`{each}` in the settings of the user" for each in named)
    assert names(found) == ([shown] if named else [])


def test_of_what_was_not_chosen_no_choice_is_doubted(world: World) -> None:
    world.npm["files"].answer(404)
    (gap,) = closed(world, NPM, swayed_by=("--before",)).gaps
    assert gap.state is State.MISSING
    image = package("pkg:docker/acme/files@1")
    assert closed(world, image, swayed_by=("--before",)).gaps == ()


def test_a_doubt_names_no_more_than_can_be_read(world: World) -> None:
    (text,) = told(closed(world, NPM, swayed_by=("x" * 1000,) * 9))
    assert len(text) < 600
    assert text.endswith("`, …")


def test_for_what_it_was_chosen_is_told(world: World) -> None:
    markers = default_environment()
    version = markers["python_full_version"].removesuffix("+")
    kind, machine = (
        markers[key] for key in ("platform_python_implementation", "platform_machine")
    )
    python = f"{kind} {version} {sys.platform} {machine}"
    assert closed(world, PYPI).resolved_for == python
    assert closed(world, NPM).resolved_for == "any Node"
    assert closed(world, NPM, PYPI).resolved_for == f"{python}; any Node"
    assert closed(world, package("pkg:docker/x@1")).resolved_for == ""


def test_what_was_chosen_before_is_told_besides(world: World) -> None:
    before = replace(servers(NPM), resolved_for="CPython 3.9.1 linux x; any Node")
    with world.fetcher() as fetcher:
        found = close(
            before, settings=world.settings(), trusted=frozenset(), fetcher=fetcher
        )
    assert found.resolved_for == "CPython 3.9.1 linux x; any Node"


def test_an_interpreter_is_told_without_the_name_of_the_machine() -> None:
    markers = {
        **Interpreter.running().markers,
        "platform_python_implementation": "PyPy",
        "python_full_version": "3.11.9+",
        "sys_platform": "darwin",
        "platform_machine": "arm64",
    }
    assert Interpreter(markers=markers, tags={}).title == "PyPy 3.11.9 darwin arm64"
