import time

import pytest

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.npm_lock.workspace import Members, members_of


@pytest.mark.parametrize(
    ("patterns", "folder"),
    [
        (["packages/*"], "packages/a"),
        (["./packages/*/"], "packages/a"),
        (["packages/a"], "packages/a"),
        (["packages/*-app"], "packages/my-app"),
        (["**"], "a/b/c"),
        (["apps/**"], "apps/x/y"),
        (["apps/**"], "apps"),
        (["apps/**/x"], "apps/x"),
        (["apps/**/x"], "apps/a/b/x"),
        (["*/**/x/**"], "a/x/y"),
        (["!packages/*", "packages/*"], "packages/a"),
        (["packages/*", "!packages/a", "packages/a"], "packages/a"),
    ],
)
def test_a_folder_that_fits_is_a_member(patterns: list[str], folder: str) -> None:
    assert folder in Members(patterns)


@pytest.mark.parametrize(
    ("patterns", "folder"),
    [
        ([], "packages/a"),
        (["packages/*"], "packages/a/b"),
        (["packages/*"], "packages"),
        (["packages/*"], "other/a"),
        (["packages/*", "!packages/a"], "packages/a"),
        (["apps/**/x"], "apps/x/y"),
        (["packages/a"], "packages/ab"),
        (["packages/.a"], "packages/xa"),
        (["["], "packages/a"),
        (["x"] * 300 + ["packages/a"], "packages/a"),
    ],
)
def test_another_folder_is_none(patterns: list[str], folder: str) -> None:
    assert folder not in Members(patterns)


@pytest.mark.parametrize(
    "pattern", ["**/" * 100 + "x", "*" * 5_000 + "x", ("*a" * 500) + "x", "**/a/" * 50]
)
def test_patterns_full_of_stars_take_no_time(pattern: str) -> None:
    start = time.process_time()
    assert "a/" * 200 + "a" * 2_000 not in Members([pattern] * 20)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("value", "is_member"),
    [(["a"], True), ({"packages": ["a"]}, True), ({}, False), ([], False)],
)
def test_a_manifest_names_them_in_two_ways(value: object, *, is_member: bool) -> None:
    members = members_of(Node(value={"workspaces": value}, source="x"))
    assert ("a" in members) is is_member


@pytest.mark.parametrize("value", [5, "a", [5], {"packages": "a"}])
def test_another_way_is_refused(value: object) -> None:
    with pytest.raises(MalformedError):
        members_of(Node(value={"workspaces": value}, source="x"))
