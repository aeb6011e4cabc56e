import hashlib
from pathlib import Path
from typing import ClassVar

import pytest

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import Basis, Component, Kind, Location
from mcpchain.discover import survey
from mcpchain.inventory import Collector, Gap, Inventory, RelationKind, State
from mcpchain.purl import parse
from mcpchain.tree import File, Tree

DATA = b"a,b\n1,2\n"


def digest(algorithm: str, data: bytes = DATA) -> Digest:
    return Digest.of(algorithm, hashlib.new(algorithm, data).hexdigest())


def claim(*digests: Digest, size: int | None = None, path: str = "d.csv") -> Component:
    return Component(
        kind=Kind.DATA,
        name="d",
        locations=(Location(path="list.json", pointer="/files/0"),),
        artifacts=(Artifact(name=path, digests=digests, size=size),),
    )


def observed(path: str = "d.csv") -> Component:
    return Component(
        kind=Kind.DATA,
        name=path,
        basis=Basis.OBSERVED,
        locations=(Location(path=path),),
        artifacts=(Artifact(name=path, size=len(DATA)),),
    )


class Given:
    """Declares what a test says, whatever the file is."""

    id: ClassVar[str] = "given"

    def __init__(self, *components: Component) -> None:
        self.components = components

    def wants(self, file: File) -> bool:
        return file.name == "d.csv"

    def discover(self, file: File, found: Collector) -> None:
        refs = [found.add(each) for each in self.components]
        found.relate(refs[0], refs[-1], RelationKind.CONTAINS)
        place = Location(path=file.path)
        found.gap(
            Gap(
                stage="discover",
                location=place,
                reason="x",
                state=State.PARTIAL,
                ref=refs[-1],
            )
        )


def of(root: Path, *components: Component) -> Inventory:
    (root / "d.csv").write_bytes(DATA)
    whole = Component(kind=Kind.DATA, name="all", locations=(Location(path="."),))
    return survey(Tree(root), name="x", discoverers=[Given(whole, *components)])


@pytest.mark.parametrize(
    "said",
    [
        claim(digest("sha256")),
        claim(digest("md5")),
        claim(digest("sha512"), digest("sha1"), size=len(DATA)),
        claim(size=len(DATA)),
        claim(),
    ],
    ids=["sha256", "md5", "several", "size", "nothing"],
)
def test_a_claim_that_is_right_leaves_the_file_in_its_place(
    tmp_path: Path, said: Component
) -> None:
    found = of(tmp_path, observed(), said)
    file, whole = found.components
    assert (file.name, whole.name) == ("d.csv", "all")
    assert file.artifacts == (
        Artifact(name="d.csv", digests=(digest("sha256"),), size=len(DATA)),
    )
    (edge,) = found.relations
    assert (edge.source, edge.target) == (whole.ref, file.ref)
    assert [each.ref for each in found.gaps] == [file.ref]


OTHER = b"a,b\n1,3\n"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            claim(digest("sha256", OTHER)),
            f"{digest('sha256', OTHER)}, but it is {digest('sha256')}",
        ),
        (
            claim(digest("md5", OTHER)),
            f"{digest('md5', OTHER)}, but it is {digest('md5')}",
        ),
        (
            claim(digest("md5"), digest("sha256", OTHER)),
            f"{digest('sha256', OTHER)}, but it is {digest('sha256')}",
        ),
        (claim(digest("sha256"), size=9), "9 bytes long, but it is 8 bytes long"),
    ],
    ids=["sha256", "md5", "one-of-two", "size"],
)
def test_a_claim_that_is_wrong_is_a_conflict_about_the_file(
    tmp_path: Path, said: Component, reason: str
) -> None:
    found = of(tmp_path, observed(), said)
    assert [each.name for each in found.components] == ["d.csv", "all"]
    gap = next(each for each in found.gaps if each.state is State.CONFLICT)
    assert gap.reason == f"says that `d.csv` is {reason}"
    assert gap.location == Location(path="list.json", pointer="/files/0")
    assert gap.ref == found.components[0].ref


@pytest.mark.parametrize(
    "said",
    [
        claim(digest("sha256", OTHER), path="elsewhere.csv"),
        Component(
            kind=Kind.LIBRARY,
            name="d",
            purl=parse("pkg:pypi/d@1"),
            locations=(Location(path="uv.lock"),),
            artifacts=(Artifact(name="d.csv", digests=(digest("sha256", OTHER),)),),
        ),
        Component(
            kind=Kind.DATA,
            name="d",
            purl=parse("pkg:huggingface/acme/d?repo_type=dataset"),
            locations=(Location(path="list.json"),),
            artifacts=(Artifact(name="d.csv", digests=(digest("sha256", OTHER),)),),
        ),
        Component(
            kind=Kind.DATA,
            name="d",
            locations=(Location(path="list.json"),),
            artifacts=(
                Artifact(name="d.csv", digests=(digest("sha256", OTHER),)),
                Artifact(name="d.csv", digests=(digest("sha256"),)),
            ),
        ),
    ],
    ids=["another-file", "a-package", "of-the-hub", "any-of-two"],
)
def test_what_is_no_claim_about_that_file_stays_as_it_is(
    tmp_path: Path, said: Component
) -> None:
    found = of(tmp_path, observed(), said)
    assert sorted(each.name for each in found.components) == ["all", "d", "d.csv"]
    assert {each.state for each in found.gaps} == {State.PARTIAL}


def test_a_claim_about_a_file_that_could_not_be_hashed_stays(tmp_path: Path) -> None:
    found = of(tmp_path, observed("gone.csv"), claim(digest("md5"), path="gone.csv"))
    assert sorted(each.name for each in found.components) == ["all", "d", "gone.csv"]
    assert {each.state for each in found.gaps} == {State.PARTIAL, State.UNREADABLE}


def test_another_digest_than_the_usual_one_is_of_a_file_inside(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(DATA)
    tree = Tree(tmp_path)
    assert tree.digest("d.csv", Algorithm.MD5) == digest("md5")
    assert tree.digest("../d.csv", Algorithm.MD5) is None
    assert tree.digest("e.csv", Algorithm.MD5) is None
