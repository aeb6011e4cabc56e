import hashlib
import json
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.child import Child
from mcpchain.bom.merge import merge
from mcpchain.bom.read import read
from mcpchain.bom.together import united
from mcpchain.bom.validate import validate
from mcpchain.component import (
    Attester,
    Basis,
    BuildFacts,
    Component,
    DataFacts,
    Facts,
    FileFacts,
    Kind,
    LicenseText,
    Location,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
    Role,
    ServerFacts,
    Transport,
    UsedServiceFacts,
)
from mcpchain.inventory import Collector, Inventory, State
from tests.bom.inventories import inventories, written
from tests.making import component, gap

ONE, TWO = (Digest.of("sha256", letter * 64) for letter in "ab")
LONG = Digest.of("sha512", "c" * 128)


def package(purl: str = "pkg:npm/files@1.2.0", **fields: Any) -> Component:  # noqa: ANN401 - the fields of Component
    given: dict[str, Any] = {"pin": Pin.EXACT, "facts": PackageFacts()}
    return component(purl, **(given | fields))


def part(label: str, *components: Component, **fields: Any) -> Child:  # noqa: ANN401 - the fields of Inventory
    found = Collector(label)
    for each in components:
        found.add(each)
    return Child(label=label, inventory=replace(found.inventory(), **fields))


def listed(inventory: Inventory) -> tuple[Component, ...]:
    """Return what is there beside the applications that the BOMs describe."""
    return tuple(
        each
        for each in inventory.components
        if "/" in each.location.path or each.kind is not Kind.APPLICATION
    )


def both(one: Component, other: Component) -> Inventory:
    return merge([part("a", one), part("b", other)], name="both")


def test_the_same_package_is_one_with_all_that_is_said_of_it() -> None:
    one = package(
        artifacts=(Artifact(digests=(ONE,)),),
        licenses=("MIT",),
        license_texts=(LicenseText(name="LICENSE", text="..."),),
        graph=True,
    )
    other = package(
        basis=Basis.OBSERVED,
        artifacts=(Artifact(name="f.tgz", digests=(ONE, LONG), size=9),),
        licenses=("ISC", "MIT"),
        concluded=("MIT",),
    )
    (merged,) = listed(both(one, other))
    assert merged == replace(
        one,
        basis=Basis.OBSERVED,
        artifacts=(Artifact(name="f.tgz", digests=(ONE, LONG), size=9),),
        licenses=merged.licenses,
        concluded=("MIT",),
        locations=(
            Location(path="a/package-lock.json", pointer="/packages/x"),
            Location(path="b/package-lock.json", pointer="/packages/x"),
        ),
    )
    assert {*merged.licenses} == {"MIT", "ISC"}
    assert merged.ref == "pkg:npm/files@1.2.0"
    assert both(one, other).gaps == ()


APART = {
    "two versions": (package(), package("pkg:npm/files@1.3.0")),
    "two registries": (
        package(),
        package(facts=PackageFacts(registry="https://packages.example")),
    ),
    "with and without an extra of its own": (
        package(),
        package(facts=PackageFacts(with_extras=("cli",))),
    ),
    "an archive's own and a registry's": (
        package(),
        package(facts=PackageFacts(origin=Origin.BUNDLED)),
    ),
    "a package and a server's package": (package(), package(kind=Kind.APPLICATION)),
    "two models of one name": (
        Component(
            kind=Kind.MODEL, name="m", locations=(Location(path="m"),), purl=None
        ),
        component("pkg:huggingface/acme/m@1", Kind.MODEL, name="m", version=None),
    ),
    "two files of one name": tuple(
        Component(
            kind=Kind.MODEL,
            name="m.gguf",
            locations=(Location(path="m.gguf"),),
            artifacts=(Artifact(digests=(digest,)),),
        )
        for digest in (ONE, TWO)
    ),
    "a server, configured twice": tuple(
        Component(
            kind=Kind.MCP_SERVER,
            name="x",
            locations=(Location(path=".mcp.json"),),
            facts=ServerFacts(client="cursor", transport=Transport.STDIO),
        )
        for _ in range(2)
    ),
}


@pytest.mark.parametrize("name", APART)
def test_kept_apart_is(name: str) -> None:
    merged = both(*APART[name])
    assert len(listed(merged)) == 2
    assert len({each.ref for each in merged.components}) == 4


CONTRADICTIONS = {
    "one file with two digests": (
        (Artifact(name="f.tgz", digests=(ONE,)),),
        (Artifact(name="f.tgz", digests=(TWO,)),),
    ),
    "two lone digests": ((Artifact(digests=(ONE,)),), (Artifact(digests=(TWO,)),)),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_gap_and_both_digests_are_left_by(name: str) -> None:
    one, other = (package(artifacts=each) for each in CONTRADICTIONS[name])
    merged = both(one, other)
    (kept,) = listed(merged)
    assert {d for a in kept.artifacts for d in a.digests} == {ONE, TWO}
    (said,) = merged.gaps
    assert (said.state, said.ref) == (State.UNMATCHED, kept.ref)
    assert str(ONE) in said.reason
    assert str(TWO) in said.reason


def test_what_excuses_from_checks_counts_only_where_all_say_it() -> None:
    mild = PackageFacts(
        development=True, optional=True, peer=True, groups=("dev",), marker="a"
    )
    (merged,) = listed(both(package(facts=mild), package()))
    assert merged.facts == PackageFacts()
    (merged,) = listed(both(package(facts=mild), package(facts=mild)))
    assert merged.facts == mild


def test_the_weaker_pin_counts() -> None:
    loose = package(pin=Pin.TAG, requested="next")
    (merged,) = listed(both(package(), loose))
    assert (merged.pin, merged.requested) == (Pin.TAG, "next")


def test_what_other_tools_say_is_united_and_a_contradiction_told() -> None:
    one = package(carried='{"cpe": "a", "properties": [1, 2]}')
    other = package(carried='{"cpe": "b", "properties": [2, 3], "author": "x"}')
    merged = both(one, other)
    assert listed(merged)[0].carried == (
        '{"author":"x","cpe":"a","properties":[1,2,3]}'
    )
    assert [(each.state, "`cpe`" in each.reason) for each in merged.gaps] == [
        (State.PARTIAL, True)
    ]


@pytest.mark.parametrize(
    ("suppliers", "kept", "gaps"),
    [
        (("Acme", ""), "Acme", 0),
        (("Acme", "Acme"), "Acme", 0),
        (("Acme", "Bob"), "Acme", 1),
    ],
)
def test_of_two_suppliers_one_stays_and_the_contradiction_is_told(
    suppliers: tuple[str, str], kept: str, gaps: int
) -> None:
    merged = both(*(package(supplier=each) for each in suppliers))
    assert [each.supplier for each in listed(merged)] == [kept]
    assert ["`supplier`" in each.reason for each in merged.gaps] == [True] * gaps


def test_edges_and_gaps_follow_what_was_merged() -> None:
    found = Collector("a")
    source = found.add(package("pkg:npm/app@1"))
    target = found.add(package(requested="^1"))
    found.relate(source, target)
    found.gap(gap(ref=target))
    one = Child(label="a", inventory=found.inventory())
    merged = merge([one, part("b", package())], name="both")
    assert [(r.source, r.target) for r in merged.relations] == [
        ("pkg:npm/app@1", "pkg:npm/files@1.2.0"),
        ("urn:mcpchain:application:a", "pkg:npm/app@1"),
        ("urn:mcpchain:application:b", "pkg:npm/files@1.2.0"),
    ]
    assert [(str(g.location), g.ref) for g in merged.gaps] == [
        ("a/x.json", "pkg:npm/files@1.2.0")
    ]


def test_the_order_of_parts_makes_no_difference() -> None:
    parts = [
        part("a", package(licenses=("MIT",), carried='{"cpe": "1"}')),
        part("b", package(licenses=("ISC",), carried='{"cpe": "2"}')),
        part("c", package(artifacts=(Artifact(digests=(ONE,)),))),
    ]
    results = {merge(each, name="all") for each in permutations(parts)}
    assert len(results) == 1


FOREIGN = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {
        "authors": [{"name": "Ann"}],
        "component": {
            "bom-ref": "it",
            "type": "application",
            "name": "api",
            "description": "serves",
        },
    },
    "components": [
        {
            "bom-ref": "1",
            "type": "library",
            "name": "files",
            "version": "1.2.0",
            "purl": "pkg:npm/files@1.2.0",
        },
        {"bom-ref": "2", "type": "data", "name": "answers"},
    ],
    "dependencies": [{"ref": "it", "dependsOn": ["1"]}, {"ref": "1"}],
    "vulnerabilities": [
        {"bom-ref": "v", "id": "CVE-2030-1", "affects": [{"ref": "1"}, {"ref": "it"}]}
    ],
    "annotations": [
        {
            "subjects": ["v", "1"],
            "annotator": {"individual": {"name": "Ann"}},
            "timestamp": "2030-01-01T00:00:00Z",
            "text": "1",
        }
    ],
}


def test_what_a_bom_says_of_the_whole_speaks_of_what_was_merged() -> None:
    data = json.dumps(FOREIGN).encode()
    digest = Digest.of("sha256", hashlib.sha256(data).hexdigest())
    child = Child(
        label="api",
        inventory=read(data, source="api.json"),
        document="api.json",
        digest=digest,
    )
    merged = merge([child, part("b", package())], name="all")
    document = json.loads(written(merged))
    validate(written(merged))
    files = "pkg:npm/files@1.2.0"
    (about,) = (c for c in document["components"] if c["name"] == "api")
    assert about["description"] == "serves"
    assert about["externalReferences"] == [
        {
            "type": "bom",
            "url": "api.json",
            "hashes": [{"alg": "SHA-256", "content": digest.value}],
        }
    ]
    assert "Ann" in json.dumps(about["properties"])
    (known,) = document["vulnerabilities"]
    assert known == {
        "bom-ref": "api:v",
        "id": "CVE-2030-1",
        "affects": [{"ref": files}, {"ref": about["bom-ref"]}],
    }
    (note,) = document["annotations"]
    assert (note["subjects"], note["text"]) == (["api:v", files], "1")
    assert read(written(merged), source="x") == merged


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventories(), inventories())
def test_a_merged_bom_is_valid_and_loses_no_name(
    one: Inventory, other: Inventory
) -> None:
    parts = [Child(label="a", inventory=one), Child(label="b", inventory=other)]
    merged = merge(parts, name="both")
    data = written(merged)
    validate(data)
    assert read(data, source="x") == merged
    known = {(c.kind, c.purl or c.name) for p in (one, other) for c in p.components}
    assert known <= {(c.kind, c.purl or c.name) for c in merged.components}
    assert len(merged.gaps) >= len({*one.gaps}), "a gap was lost"


@pytest.mark.parametrize(
    ("texts", "united"),
    [
        (("", ""), ""),
        (("Node 20.1.0", ""), "Node 20.1.0"),
        (("CPython 3.11; Node 20.1.0", "Node 20.1.0"), "CPython 3.11; Node 20.1.0"),
        (("Node 20.1.0", "CPython 3.11; Node 22.0.0"),
         "CPython 3.11; Node 20.1.0; Node 22.0.0"),
    ],
)  # fmt: skip
def test_for_what_servers_were_resolved_is_united(
    texts: tuple[str, str], united: str
) -> None:
    children = [
        part(label, resolved_for=text) for label, text in zip("ab", texts, strict=True)
    ]
    for each in permutations(children):
        assert merge(each, name="both").resolved_for == united


def thing(kind: Kind, facts: Facts | None, **fields: Any) -> Component:  # noqa: ANN401 - the fields of Component
    given = {"name": "x", "locations": (Location(path="x"),)}
    return Component(kind=kind, facts=facts, **(given | fields))


HASHED = {"artifacts": (Artifact(digests=(ONE,)),)}
OPENAI = UsedServiceFacts(provider="OpenAI", category="model-api")
ACTION = "pkg:github/acme/do@v1"
NEVER_ONE = {
    "folders of models": [thing(Kind.MODEL, ModelFacts(format="hugging-face"))] * 2,
    "folders of data": [
        thing(Kind.DATA, DataFacts(format="csv", records=each)) for each in (1, 2)
    ],
    "files without bytes": [thing(Kind.FILE, FileFacts(role="prompt"))] * 2,
    "two addresses of a service": [
        thing(Kind.SERVICE, replace(OPENAI, endpoint=f"https://{each}.example"))
        for each in "ab"
    ],
    "two providers of a service": [
        thing(Kind.SERVICE, replace(OPENAI, provider=each)) for each in ("A", "B")
    ],
    "a step that builds and an image that ships": [
        component("pkg:docker/library/x@1", Kind.CONTAINER, facts=BuildFacts(role=role))
        for role in (Role.BUILD_IMAGE, Role.BASE_IMAGE)
    ],
    "a file and a data set": [
        thing(kind, None, **HASHED) for kind in (Kind.FILE, Kind.DATA)
    ],
}


@pytest.mark.parametrize("made", NEVER_ONE.values(), ids=NEVER_ONE)
def test_never_one_are(made: list[Component]) -> None:
    assert len(listed(both(*made))) == 2


ONCE = {
    "a prompt": thing(Kind.FILE, FileFacts(role="prompt"), **HASHED),
    "weights": thing(Kind.MODEL, ModelFacts(format="gguf"), **HASHED),
    "a model of a hub": component(
        "pkg:huggingface/o/m", Kind.MODEL, facts=ModelFacts(format="hugging-face")
    ),
    "a service": thing(Kind.SERVICE, OPENAI),
    "an action": component(ACTION, Kind.BUILD, facts=BuildFacts(role=Role.ACTION)),
}


@pytest.mark.parametrize("made", ONCE.values(), ids=ONCE)
def test_one_thing_in_two_boms_is(made: Component) -> None:
    merged = both(made, made)
    (only,) = listed(merged)
    assert (only.facts, merged.gaps) == (made.facts, ())


def test_what_each_bom_says_of_one_model_is_said() -> None:
    one = ModelFacts(
        format="gguf", tensors=3, imports=("os.system",), remote_code=("a.A",)
    )
    other = ModelFacts(format="gguf", family="llama", remote_code=("b.B",))
    merged = both(thing(Kind.MODEL, one, **HASHED), thing(Kind.MODEL, other, **HASHED))
    (only,) = listed(merged)
    assert only.facts == replace(one, family="llama", remote_code=("a.A", "b.B"))
    assert not merged.gaps


def test_what_boms_say_otherwise_of_one_model_is_a_gap() -> None:
    made = [
        thing(Kind.MODEL, ModelFacts(format=each), **HASHED)
        for each in ("pickle", "safetensors")
    ]
    merged = both(*made)
    (only,) = listed(merged)
    assert [(g.state, g.ref) for g in merged.gaps] == [(State.PARTIAL, only.ref)]
    assert "`format` is said to be one thing and another" in merged.gaps[0].reason


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (True, True, True),
        (True, None, None),
        (None, False, False),
        (True, False, False),
    ],
)
def test_a_service_is_authenticated_only_if_every_bom_says_so(
    *, one: bool | None, other: bool | None, said: bool | None
) -> None:
    (only,) = listed(
        both(
            thing(Kind.SERVICE, replace(OPENAI, authenticated=one, models=("a",))),
            thing(Kind.SERVICE, replace(OPENAI, authenticated=other, models=("b",))),
        )
    )
    assert only.facts == replace(OPENAI, authenticated=said, models=("a", "b"))


def test_a_package_with_no_facts_in_one_bom_is_excused_in_none() -> None:
    mild = PackageFacts(development=True, groups=("dev",), marker="a")
    assert united([mild, None]) == (PackageFacts(), [])


def test_columns_stay_in_their_order() -> None:
    some = [DataFacts(columns=("b", "a")), DataFacts(columns=("b", "a", "c"))]
    assert united(some) == (DataFacts(columns=("b", "a", "c")), [])


def test_steps_of_two_builds_stand_in_one_formula() -> None:
    made = component(ACTION, Kind.BUILD, facts=BuildFacts(role=Role.ACTION))
    other = replace(made, facts=BuildFacts(role=Role.WORKFLOW))
    data = written(both(made, other))
    validate(data)
    (formula,) = json.loads(data)["formulation"]
    assert len(formula["components"]) == 2


def _prompt(digest: Digest) -> Component:
    return component(
        None,
        Kind.FILE,
        name="a.md",
        locations=(Location(path="p/a.md"),),
        artifacts=(Artifact(name="p/a.md", digests=(digest,)),),
        facts=FileFacts(role="prompt"),
    )


def _api(endpoint: str) -> Component:
    return thing(Kind.SERVICE, replace(OPENAI, endpoint=endpoint))


DISAGREEING = {
    "a file of other bytes": (_prompt(ONE), _prompt(TWO), "`a.md` has other bytes"),
    "a server here with other code": (
        replace(_prompt(ONE), kind=Kind.APPLICATION, facts=None),
        replace(_prompt(TWO), kind=Kind.APPLICATION, facts=None),
        "`a.md` has other bytes",
    ),
    "a service elsewhere": (
        _api("https://a.example"),
        _api("https://b.example"),
        "has other addresses",
    ),
}


@pytest.mark.parametrize(
    ("one", "other", "reason"), DISAGREEING.values(), ids=DISAGREEING
)
def test_two_boms_of_one_project_that_disagree_leave_a_gap(
    one: Component, other: Component, reason: str
) -> None:
    merged = merge(
        [part("x", one, name="shop"), part("y", other, name="shop")], name="m"
    )
    (said,) = merged.gaps
    assert (said.state, reason in said.reason) == (State.CONFLICT, True)
    assert said.location.path.startswith("y/")
    # Two projects may have files of one name.
    assert merge([part("x", one), part("y", other)], name="m").gaps == ()


def test_what_one_format_alone_says_contradicts_nothing() -> None:
    one, other = (package(carried=f'{{"spdx":{{"a":{n}}}}}') for n in (1, 2))
    assert both(one, other).gaps == ()


@pytest.mark.parametrize(
    ("others", "kept", "unlike"),
    [
        ((), ("GitHub",), []),
        (("GitHub",), ("GitHub",), []),
        (("GitLab",), ("GitHub",), ["attested by"]),
        (("GitHub", "GitLab"), ("GitHub", "GitLab"), ["attested by"]),
    ],
    ids=["one names nobody", "both the same", "another", "one more"],
)
def test_who_has_to_attest_a_package_is_asked_where_one_bom_says_so(
    others: tuple[str, ...], kept: tuple[str, ...], unlike: list[str]
) -> None:
    one, other = (
        PackageFacts(attested_by=tuple(Attester(kind=kind) for kind in kinds))
        for kinds in (("GitHub",), others)
    )
    for facts in ([one, other], [other, one]):
        told, names = united(facts)
        assert isinstance(told, PackageFacts)
        assert tuple(each.kind for each in told.attested_by) == kept
        assert names == unlike
