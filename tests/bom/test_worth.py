import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.read import read
from mcpchain.bom.worth import declared
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import Collector, Inventory, RelationKind, State
from tests.bom.documents import HEX, OURS, SHA256, bom, found, library, prop
from tests.bom.inventories import COMMIT, inventories, written
from tests.making import component

HASHED = (Artifact(digests=(SHA256,)),)
WEAK = (Artifact(digests=(Digest.parse("sha1:" + "0" * 40),)),)
SERVER = ServerFacts(client="vscode", transport=Transport.STDIO, launcher="npx")
PLACE = (Location(path="a.json"),)


def package(purl: str | None = "pkg:npm/x@1.0.0", **members: Any) -> Component:  # noqa: ANN401 - any field
    made = component(purl, pin=Pin.EXACT, facts=PackageFacts())
    return replace(made, **members)


def nameless(**members: Any) -> Component:  # noqa: ANN401 - any field
    return package(**{"purl": None, "version": None, "name": "x"} | members)


def server(purl: str | None, **members: Any) -> Component:  # noqa: ANN401 - any field
    made = package(purl, kind=Kind.MCP_SERVER, name="s", facts=SERVER)
    return replace(made, **members)


def model(**members: Any) -> Component:  # noqa: ANN401 - any field
    made = Component(
        kind=Kind.MODEL,
        name="m.gguf",
        locations=PLACE,
        purl=component(f"pkg:generic/m.gguf?checksum=sha256:{HEX}").purl,
        basis=Basis.OBSERVED,
        artifacts=HASHED,
        facts=ModelFacts(format="gguf"),
    )
    return replace(made, **members)


def handed_on(*made: Component, edges: tuple[tuple[int, int], ...] = ()) -> Inventory:
    """Write *made* as a BOM of ours, and say what that is worth."""
    collector = Collector("demo")
    refs = [collector.add(each) for each in made]
    for source, target in edges:
        collector.relate(refs[source], refs[target])
    return declared(read(written(collector.inventory()), source="b.json"))


def by_name(inventory: Inventory) -> dict[str, Component]:
    return {each.name: each for each in inventory.components}


PATH = PackageFacts(origin=Origin.PATH)
VCS = PackageFacts(origin=Origin.VCS)
URL = PackageFacts(origin=Origin.URL)
GIT = f"pkg:npm/x@1.0.0?vcs_url=git%2Bhttps://h.example/r%40{COMMIT}"
FILE = "pkg:npm/x@1.0.0?download_url=https://h.example/x.tgz"
IMAGE = f"pkg:oci/i@sha256:{HEX}?repository_url=h.example/i"

BORNE_OUT = {
    "exact": package(),
    "hashed": package(artifacts=HASHED),
    "capitals": package("pkg:npm/JSONStream@1.0.0", name="JSONStream"),
    "any version": package("pkg:npm/x", pin=Pin.FLOATING),
    "bytes without version": package("pkg:pypi/x", pin=Pin.DIGEST, artifacts=HASHED),
    "commit": package(GIT, pin=Pin.COMMIT, facts=VCS),
    "branch": package(GIT, pin=Pin.TAG, facts=VCS),
    "commit of a repository": package(
        f"pkg:github/o/r@{COMMIT}", name="o/r", pin=Pin.COMMIT, facts=VCS
    ),
    "archive": package(FILE, pin=Pin.DIGEST, artifacts=HASHED, facts=URL),
    "archive without hash": package(FILE, pin=Pin.TAG, facts=URL),
    "commit at its address": package(
        GIT, pin=Pin.COMMIT, facts=replace(VCS, registry="https://h.example/r")
    ),
    "commit of a repository by SSH": package(
        f"pkg:github/o/r@{COMMIT}",
        name="o/r",
        pin=Pin.COMMIT,
        facts=replace(VCS, registry="ssh://github.com/o/r.git"),
    ),
    "archive at its address": package(
        FILE, pin=Pin.TAG, facts=replace(URL, registry="https://h.example/x.tgz")
    ),
    "folder": nameless(pin=Pin.LOCAL, facts=PATH),
    "wheel beside": package(pin=Pin.LOCAL, artifacts=HASHED, facts=PATH),
    "folder of wheels": package(pin=Pin.EXACT, artifacts=HASHED, facts=PATH),
    "project": nameless(kind=Kind.APPLICATION, pin=Pin.LOCAL, facts=PATH),
    "unknown": nameless(pin=None),
    "model": model(),
    "model without purl": model(purl=None),
    "remote server": server(
        None,
        version=None,
        pin=Pin.REMOTE,
        facts=replace(SERVER, endpoint="https://x.example"),
    ),
    "local server": server(None, version=None, pin=Pin.LOCAL),
    "opaque server": server(None, version=None, pin=None),
}


@pytest.mark.parametrize("made", BORNE_OUT.values(), ids=BORNE_OUT)
def test_what_is_borne_out_is_believed(made: Component) -> None:
    inventory = handed_on(made)
    assert not inventory.gaps
    basis = Basis.DECLARED if made.basis is Basis.OBSERVED else made.basis
    assert inventory.components == (replace(made, basis=basis),)


SMUGGLED = {
    "exact, but no version": package("pkg:npm/x"),
    "exact, but latest": package("pkg:npm/x", version="latest"),
    "exact, but a range": package("pkg:npm/x", version="^1.0"),
    "exact, but an image tag": package("pkg:oci/i@1.0", name="i"),
    "commit, but a version": package(pin=Pin.COMMIT),
    "commit, but no purl": nameless(pin=Pin.COMMIT, version="v1"),
    "commit, but a short one": package(
        GIT.removesuffix("7"), pin=Pin.COMMIT, facts=VCS
    ),
    "exact, but a branch": package(
        "pkg:npm/x@1.0.0?vcs_url=git%2Bhttps://h.example/r", facts=VCS
    ),
    "digest, but none": package(pin=Pin.DIGEST),
    "digest, but a word": package("pkg:npm/x@1.0.0?x=sha256:", pin=Pin.DIGEST),
    "digest, but a weak one": package(pin=Pin.DIGEST, artifacts=WEAK),
    "no pin": package(pin=None),
    "local, but of a registry": package(pin=Pin.LOCAL),
    "local, but of a repository": package(GIT, pin=Pin.LOCAL, facts=VCS),
    "local, but bundled": package(
        pin=Pin.LOCAL, facts=PackageFacts(origin=Origin.BUNDLED)
    ),
    "local, but no origin": package(pin=Pin.LOCAL, facts=None),
    "remote": package(pin=Pin.REMOTE),
    "from a path, but no digest": package(pin=Pin.LOCAL, facts=PATH),
    "from a path, but a weak digest": package(
        pin=Pin.LOCAL, facts=PATH, artifacts=WEAK
    ),
    "from a path, but no version": package(
        "pkg:npm/x", pin=Pin.LOCAL, facts=PATH, artifacts=HASHED
    ),
    "from a path, but not local": nameless(
        kind=Kind.APPLICATION, version="1.0.0", facts=PATH
    ),
    "from a repository, but by name": package(pin=Pin.COMMIT, facts=VCS),
    "from an address, but by name": package(facts=URL),
    "from a registry, but by address": package(FILE),
    "from a registry, but another": package("pkg:npm/x@1.0.0?repository_url=h.example"),
    "from another repository": package(
        GIT, pin=Pin.COMMIT, facts=replace(VCS, registry="https://h.example")
    ),
    "from another account": package(
        f"pkg:github/o/r@{COMMIT}",
        name="o/r",
        pin=Pin.COMMIT,
        facts=replace(VCS, registry="https://github.com/a/r"),
    ),
    "from another address": package(
        FILE, pin=Pin.TAG, facts=replace(URL, registry="https://good.example/x.tgz")
    ),
    "bundled, but in nothing": package(facts=PackageFacts(origin=Origin.BUNDLED)),
    "no facts": package(facts=None),
    "facts of a model": package(facts=ModelFacts(format="gguf")),
    "another name": package(name="y"),
    "another version": package(version="2.0.0"),
    "application that no server starts": package(kind=Kind.APPLICATION),
    "application without purl": nameless(kind=Kind.APPLICATION, version="1.0.0"),
}


@pytest.mark.parametrize("made", SMUGGLED.values(), ids=SMUGGLED)
def test_a_package_that_says_more_than_it_shows_is_held_to_what_any_is(
    made: Component,
) -> None:
    inventory = handed_on(made)
    (only,) = inventory.components
    assert (only.kind, only.basis) == (Kind.LIBRARY, Basis.DECLARED)
    assert isinstance(only.facts, PackageFacts)
    assert only.facts.origin not in {Origin.PATH, Origin.BUNDLED}
    assert only.pin not in {Pin.LOCAL, Pin.REMOTE}
    assert only.purl is None or only.name.endswith(only.purl.name)
    (gap,) = inventory.gaps
    assert (gap.state, gap.ref) == (State.UNMATCHED, only.ref)


def test_a_registry_that_a_doubted_package_names_is_still_judged() -> None:
    facts = PackageFacts(registry="https://evil.example")
    (only,) = handed_on(package(pin=Pin.REMOTE, facts=facts)).components
    assert only.facts == facts


def test_a_bundled_package_is_believed_inside_one_that_has_a_digest() -> None:
    bundled = PackageFacts(origin=Origin.BUNDLED)
    outer = package("pkg:npm/outer@1.0.0", artifacts=HASHED)
    inner = package("pkg:npm/inner@1.0.0", facts=bundled)
    innermost = package("pkg:npm/innermost@1.0.0", facts=bundled)
    made = (outer, inner, innermost)
    edges = ((0, 1), (1, 2), (2, 1))
    assert not handed_on(*made, edges=edges).gaps
    assert len(handed_on(*made, edges=edges[1:]).gaps) == 2
    unhashed = (replace(outer, artifacts=()), inner, innermost)
    assert len(handed_on(*unhashed, edges=edges).gaps) == 2


def test_the_package_of_a_server_is_its_application() -> None:
    starts = server("pkg:npm/x@1.0.0")
    made = package(kind=Kind.APPLICATION)
    inventory = handed_on(starts, made, edges=((0, 1),))
    assert not inventory.gaps
    assert by_name(inventory) == {"s": starts, "x": made}


def test_what_is_started_beside_the_package_of_a_server_is_a_library() -> None:
    main = package(kind=Kind.APPLICATION)
    beside = package("pkg:npm/beside@1.0.0", kind=Kind.APPLICATION)
    made = (server("pkg:npm/x@1.0.0"), main, beside)
    inventory = handed_on(*made, edges=((0, 1), (0, 2)))
    kinds = {each.name: each.kind for each in inventory.components}
    assert kinds["x"] is Kind.APPLICATION
    assert kinds["beside"] is Kind.LIBRARY
    assert not inventory.gaps


def test_what_a_server_without_package_installs_is_its_application() -> None:
    starts = server(None, version=None, pin=Pin.FLOATING)
    made = package("pkg:npm/x", kind=Kind.APPLICATION, pin=Pin.FLOATING)
    assert by_name(handed_on(starts, made, edges=((0, 1),)))["x"] == made


SERVERS = {
    "whose package is not listed": [server("pkg:npm/x@1.0.0")],
    "whose package is listed by another version": [
        server("pkg:npm/x@1.0.0"),
        package("pkg:npm/x@2.0.0", kind=Kind.APPLICATION),
    ],
    "whose package floats": [
        server("pkg:npm/x", version="1.0.0"),
        package("pkg:npm/x", kind=Kind.APPLICATION, pin=Pin.FLOATING),
    ],
    "whose package is a library": [server("pkg:npm/x@1.0.0"), package()],
    "that is local, but starts a package": [
        server("pkg:npm/x@1.0.0", pin=Pin.LOCAL),
        package(kind=Kind.APPLICATION),
    ],
    "that is remote without address": [server(None, version=None, pin=Pin.REMOTE)],
    "that is exact without package": [server(None, version="1.0.0")],
    "of which nothing is said": [server(None, version=None, facts=None)],
    "that is described as a package": [
        server(None, version=None, pin=Pin.LOCAL, facts=PATH)
    ],
}


@pytest.mark.parametrize("made", SERVERS.values(), ids=SERVERS)
def test_a_server_that_says_more_than_it_shows_is_opaque(
    made: list[Component],
) -> None:
    inventory = handed_on(*made, edges=((0, 1),) if made[1:] else ())
    opaque = by_name(inventory)["s"]
    assert opaque.pin is None
    assert isinstance(opaque.facts, ServerFacts)
    assert opaque.ref in {each.ref for each in inventory.gaps}


MODELS = {
    "without digest": model(artifacts=()),
    "with a weak digest": model(artifacts=WEAK),
    "of two files": model(artifacts=(*HASHED, Artifact(url="x", digests=(SHA256,)))),
    "of an unknown format": model(facts=ModelFacts(format="safe")),
    "of no format": model(facts=None),
    "with the facts of a package": model(facts=PATH),
    "with another purl": model(purl=component("pkg:generic/m.gguf").purl),
    "with the purl of a hub": model(purl=component("pkg:huggingface/o/m@main").purl),
}


@pytest.mark.parametrize("made", MODELS.values(), ids=MODELS)
def test_a_model_whose_format_is_said_of_no_bytes_has_no_format(
    made: Component,
) -> None:
    inventory = handed_on(made)
    (only,) = inventory.components
    assert only.kind is Kind.MODEL
    assert only.facts in {None, ModelFacts(format="")}
    (gap,) = inventory.gaps
    assert (gap.state, gap.ref) == (State.UNSUPPORTED, only.ref)


def test_a_package_that_is_called_a_model_is_a_package() -> None:
    (only,) = handed_on(model(purl=component("pkg:npm/evil@1.0.0").purl)).components
    assert (only.kind, only.name, only.pin) == (Kind.LIBRARY, "evil", Pin.EXACT)
    assert only.facts == PackageFacts()


def test_nothing_that_a_bom_says_was_observed() -> None:
    made = (
        package(basis=Basis.OBSERVED),
        package("pkg:npm/y@1.0.0", basis=Basis.RESOLVED),
    )
    bases = {each.basis for each in handed_on(*made).components}
    assert bases == {Basis.DECLARED, Basis.RESOLVED}


def test_an_edge_that_leads_nowhere_bears_nothing_out() -> None:
    relation = {"source": "gone", "target": "x", "kind": RelationKind.CONTAINS.value}
    marks = [*OURS["properties"], prop("mcpchain:relation", json.dumps(relation))]
    entry = library(
        "pkg:npm/x@1.0.0",
        **{"bom-ref": "x", "evidence": {"occurrences": [{"location": "a"}]}},
        properties=[
            prop("mcpchain:basis", "declared"),
            prop("mcpchain:pin", "exact"),
            prop("mcpchain:origin", "bundled"),
        ],
    )
    data = bom(components=[entry], metadata={"properties": marks})
    assert len(declared(read(data, source="b.json")).gaps) == 1


@pytest.mark.parametrize("kind", ["library", "machine-learning-model", "container"])
def test_what_another_tool_wrote_is_doubted_only_once(kind: str) -> None:
    inventory = found(library("pkg:npm/x@1.0.0", type=kind), library(type="library"))
    assert declared(inventory) == inventory


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventories())
def test_no_bom_excuses_a_package_from_what_packages_are_held_to(
    inventory: Inventory,
) -> None:
    believed = declared(read(written(inventory), source="b.json"))
    assert len(believed.components) == len(inventory.components)
    assert set(believed.gaps) >= set(inventory.gaps)
    for each in believed.components:
        assert each.basis is not Basis.OBSERVED
        if each.pin is Pin.LOCAL and each.kind in {Kind.APPLICATION, Kind.LIBRARY}:
            assert isinstance(each.facts, PackageFacts)
            assert each.facts.origin is Origin.PATH
    again = declared(read(written(believed), source="b.json"))
    assert [e.kind for e in again.components] == [e.kind for e in believed.components]
