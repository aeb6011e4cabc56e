"""What must not be believed of a BOM that calls things data, files or services."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mcpchain
from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.claims import FOLDERS, FORMATS
from mcpchain.bom.read import read
from mcpchain.bom.worth import declared
from mcpchain.component import (
    ANY_CODE,
    Basis,
    BuildFacts,
    Component,
    DataFacts,
    FileFacts,
    Kind,
    Location,
    ModelFacts,
    PackageFacts,
    Pin,
    Role,
    ServerFacts,
    Transport,
    UsedServiceFacts,
)
from mcpchain.inventory import Collector, Inventory, RelationKind, State
from mcpchain.rules.remote_model_code import RemoteModelCode
from mcpchain.rules.unpinned_build_step import UnpinnedBuildStep
from mcpchain.rules.unpinned_dependency import UnpinnedDependency
from tests.bom.documents import HEX, SHA256
from tests.bom.inventories import COMMIT, written
from tests.bom.test_worth import HASHED, WEAK, handed_on, model
from tests.making import case, component

PACKAGE = "pkg:npm/evil@1.0.0"
IMAGE = "pkg:docker/library/python"
BY_BYTES = f"pkg:generic/f.md?checksum=sha256:{HEX}"
SERVED = UsedServiceFacts(provider="OpenAI", category="model-api")
PROMPT = FileFacts(role="prompt")
ACTION = BuildFacts(role=Role.ACTION)
BASE = BuildFacts(role=Role.BASE_IMAGE)
HUB = ModelFacts(format="hugging-face")


def thing(kind: Kind, purl: str | None, facts: Any, **fields: Any) -> Component:  # noqa: ANN401 - Component's
    given = {"name": "f.md", "version": None, "facts": facts} if purl is None else {}
    return component(purl, kind, **({"facts": facts} | given | fields))


BORNE_OUT = {
    "prompt": thing(Kind.FILE, None, PROMPT, artifacts=HASHED),
    "prompt by its bytes": thing(
        Kind.FILE, BY_BYTES, PROMPT, artifacts=HASHED, basis=Basis.OBSERVED
    ),
    "data set": thing(Kind.DATA, None, DataFacts(format="csv"), artifacts=HASHED),
    "data set that a card names": thing(
        Kind.DATA,
        "pkg:huggingface/o/d?repo_type=dataset",
        DataFacts(format="hugging-face"),
        pin=Pin.FLOATING,
    ),
    "data set at a commit": thing(
        Kind.DATA,
        f"pkg:huggingface/o/d@{COMMIT}?repo_type=dataset",
        DataFacts(format="hugging-face"),
        pin=Pin.COMMIT,
    ),
    "service": thing(Kind.SERVICE, None, SERVED, basis=Basis.CONFIGURED),
    "image by tag": thing(
        Kind.CONTAINER,
        f"{IMAGE}@3.12",
        BASE,
        version=None,
        pin=Pin.TAG,
        requested="3.12",
    ),
    "image by digest": thing(
        Kind.CONTAINER,
        f"{IMAGE}@sha256:{HEX}",
        BASE,
        version=None,
        pin=Pin.DIGEST,
        artifacts=HASHED,
    ),
    "image that nobody can tell": thing(Kind.CONTAINER, None, BASE, pin=Pin.FLOATING),
    "action by tag": thing(
        Kind.BUILD, "pkg:github/o/r@v1#sub", ACTION, version=None, pin=Pin.TAG
    ),
    "action by commit": thing(
        Kind.BUILD, f"pkg:github/o/r@{COMMIT}", ACTION, pin=Pin.COMMIT, requested="v1"
    ),
    "task": thing(Kind.BUILD, None, ACTION, version="2.1.0", pin=Pin.EXACT),
    "action beside": thing(Kind.BUILD, None, ACTION, pin=Pin.LOCAL),
    "provider": thing(
        Kind.BUILD,
        "pkg:terraform/hashicorp/aws@5.0.0",
        BuildFacts(role=Role.PROVIDER),
        pin=Pin.EXACT,
        artifacts=HASHED,
    ),
    "file that a build fetches": thing(
        Kind.BUILD,
        f"pkg:generic/f?download_url=https://f.example/f&checksum=sha256:{HEX}",
        ACTION,
        pin=Pin.DIGEST,
        artifacts=(Artifact(name="f", digests=(SHA256,), url="https://f.example/f"),),
    ),
    "model of the hub": thing(Kind.MODEL, "pkg:huggingface/o/m", HUB, pin=Pin.FLOATING),
    "model of the hub at a commit": thing(
        Kind.MODEL, f"pkg:huggingface/o/m@{COMMIT}", HUB, pin=Pin.COMMIT
    ),
    "model of a repository": thing(
        Kind.MODEL,
        "pkg:github/o/r@main",
        ModelFacts(format="torch-hub", remote_code=("hubconf",)),
        version=None,
        pin=Pin.TAG,
    ),
    "model in Git LFS": model(
        purl=None,
        pin=Pin.DIGEST,
        basis=Basis.DECLARED,
        facts=ModelFacts(format="keras"),
    ),
}


@pytest.mark.parametrize("made", BORNE_OUT.values(), ids=BORNE_OUT)
def test_what_is_borne_out_is_believed(made: Component) -> None:
    inventory = handed_on(made)
    assert not inventory.gaps
    basis = Basis.DECLARED if made.basis is Basis.OBSERVED else made.basis
    assert inventory.components == (replace(made, basis=basis),)


SMUGGLED = {
    f"package called {kind.value}": thing(kind, purl, facts, pin=pin)
    for kind, facts in (
        (Kind.DATA, DataFacts()),
        (Kind.FILE, PROMPT),
        (Kind.SERVICE, SERVED),
        (Kind.CONTAINER, BASE),
        (Kind.BUILD, ACTION),
        (Kind.MODEL, HUB),
    )
    for purl in (PACKAGE,)
    for pin in (Pin.DIGEST,)
} | {
    "package of PyPI called data": thing(Kind.DATA, "pkg:pypi/evil@1", DataFacts()),
    "crate called a step": thing(Kind.BUILD, "pkg:cargo/evil@1", ACTION, pin=Pin.EXACT),
    "package called a file by its bytes": thing(
        Kind.FILE, PACKAGE, PROMPT, artifacts=HASHED
    ),
    "another file by its bytes": thing(
        Kind.FILE, BY_BYTES, PROMPT, artifacts=HASHED, name="other.md"
    ),
    "file without bytes, by bytes": thing(Kind.FILE, BY_BYTES, PROMPT),
    "model called a data set": thing(
        Kind.DATA, "pkg:huggingface/o/m", DataFacts(), pin=Pin.COMMIT
    ),
    "server called a service": thing(
        Kind.SERVICE, None, ServerFacts(client="x", transport=Transport.STDIO)
    ),
    "service that nobody runs": thing(Kind.SERVICE, None, None),
    "image of which nothing is said": thing(Kind.CONTAINER, None, None),
    "package as an image": thing(Kind.CONTAINER, None, PackageFacts(), pin=Pin.TAG),
    "step of which nothing is said": thing(Kind.BUILD, None, None, pin=Pin.TAG),
    "step without a pin": thing(Kind.BUILD, None, ACTION, pin=None),
    "step that is remote": thing(Kind.BUILD, None, ACTION, pin=Pin.REMOTE),
    "step by a commit that is none": thing(
        Kind.BUILD, None, ACTION, version="v1", pin=Pin.COMMIT
    ),
    "step by a digest that is none": thing(Kind.BUILD, None, ACTION, pin=Pin.DIGEST),
}


@pytest.mark.parametrize("made", SMUGGLED.values(), ids=SMUGGLED)
def test_a_package_called_something_else_is_a_package(made: Component) -> None:
    inventory = handed_on(made)
    (only,) = inventory.components
    assert only.kind is Kind.LIBRARY
    assert isinstance(only.facts, PackageFacts)
    (gap,) = inventory.gaps
    assert (gap.state, gap.ref) == (State.UNMATCHED, only.ref) or (
        made.kind is Kind.MODEL and gap.state is State.UNSUPPORTED
    )


MOVED = {
    "action by tag": thing(
        Kind.BUILD, "pkg:github/o/r@v1", ACTION, version=None, pin=Pin.COMMIT
    ),
    "action by nothing": thing(Kind.BUILD, "pkg:github/o/r", ACTION, pin=Pin.LOCAL),
    "action without pin": thing(Kind.BUILD, "pkg:github/o/r", ACTION, pin=None),
    "image by tag": thing(
        Kind.CONTAINER, f"{IMAGE}@3.12", BASE, version=None, pin=Pin.DIGEST
    ),
    "image by a weak digest": thing(
        Kind.CONTAINER, f"{IMAGE}@3", BASE, pin=Pin.DIGEST, artifacts=WEAK
    ),
    "image beside": thing(Kind.CONTAINER, IMAGE, BASE, pin=Pin.LOCAL),
    "image of which nothing is said": thing(
        Kind.CONTAINER, f"{IMAGE}@3.12", None, pin=Pin.DIGEST
    ),
}


@pytest.mark.parametrize("made", MOVED.values(), ids=MOVED)
def test_a_step_that_claims_to_be_firm_is_as_loose_as_it_shows(
    made: Component,
) -> None:
    inventory = handed_on(made)
    (only,) = inventory.components
    assert only.kind is made.kind
    assert only.pin in {Pin.TAG, Pin.FLOATING}
    assert [*UnpinnedBuildStep().check(case(only))]
    (gap,) = inventory.gaps
    assert (gap.state, gap.ref) == (State.UNMATCHED, only.ref)


@pytest.mark.parametrize("kind", [Kind.DATA, Kind.FILE])
def test_what_is_called_data_or_a_file_and_is_nothing_more_was_not_examined(
    kind: Kind,
) -> None:
    (gap,) = handed_on(thing(kind, None, None, artifacts=HASHED)).gaps
    assert gap.state is State.UNSUPPORTED
    assert f"type `{kind.value}`" in gap.reason


def part(name: str, kind: Kind = Kind.FILE, **fields: Any) -> Component:  # noqa: ANN401 - Component's
    facts = ModelFacts(format="gguf") if kind is Kind.MODEL else PROMPT
    given = {"locations": (Location(path=f"m/{name}"),), "facts": facts}
    return Component(kind=kind, name=name, **({"artifacts": HASHED} | given | fields))


def folder(**fields: Any) -> Component:  # noqa: ANN401 - Component's
    given: dict[str, Any] = {"locations": (Location(path="m"),), "facts": HUB}
    return Component(kind=Kind.MODEL, name="m", **(given | fields))


def assembled(whole: Component, *parts: Component) -> Inventory:
    found = Collector("demo")
    refs = [found.add(each) for each in (whole, *parts)]
    for each in refs[1:]:
        found.relate(refs[0], each, RelationKind.CONTAINS)
    return declared(read(written(found.inventory()), source="b.json"))


FOLDED = {
    "file": (folder(), part("c.json")),
    "weights": (folder(), part("w.gguf", Kind.MODEL), part("c.json")),
    "commit": (
        folder(
            purl=component(f"pkg:huggingface/o/m@{COMMIT}").purl,
            version=COMMIT,
            pin=Pin.COMMIT,
        ),
        part("c.json"),
    ),
    "commit of something without name": (
        folder(version=COMMIT, pin=Pin.COMMIT),
        part("c.json"),
    ),
    "split": (folder(facts=ModelFacts(format="gguf")), part("w.gguf", Kind.MODEL)),
}


@pytest.mark.parametrize("made", FOLDED.values(), ids=FOLDED)
def test_a_folder_of_files_that_have_digests_is_a_model(
    made: tuple[Component, ...],
) -> None:
    inventory = assembled(*made)
    assert not inventory.gaps
    assert {*inventory.components} == {*made}


HOLLOW = {
    "nothing": (folder(),),
    "file without digest": (folder(), part("c.json", artifacts=())),
    "one file without digest": (folder(), part("c"), part("w", artifacts=())),
    "weak digest": (folder(), part("c.json", artifacts=WEAK)),
    "nothing but a folder": (
        folder(),
        part("n", Kind.MODEL, artifacts=(), facts=HUB),
    ),
    "a format of files": (
        folder(facts=ModelFacts(format="safetensors")),
        part("c.json"),
    ),
    "no format": (folder(facts=ModelFacts(format="")), part("c.json")),
    "commit that is none": (folder(version="main", pin=Pin.COMMIT), part("c.json")),
    "called by a generic name": (
        folder(purl=component("pkg:generic/m").purl),
        part("c.json"),
    ),
}


@pytest.mark.parametrize("name", HOLLOW)
def test_a_folder_that_holds_no_bytes_is_a_model_without_format(name: str) -> None:
    inventory = assembled(*HOLLOW[name])
    doubted = next(e for e in inventory.components if e.location.path == "m")
    assert doubted.kind is Kind.MODEL
    assert doubted.facts == ModelFacts(format="")
    assert (State.UNSUPPORTED, doubted.ref) in {
        (g.state, g.ref) for g in inventory.gaps
    }


def test_two_folders_that_hold_each_other_bear_nothing_out() -> None:
    found = Collector("demo")
    one = found.add(folder())
    two = found.add(folder(locations=(Location(path="n"),)))
    found.relate(one, two, RelationKind.CONTAINS)
    found.relate(two, one, RelationKind.CONTAINS)
    assert len(declared(found.inventory()).gaps) == 2


def test_code_that_a_doubted_model_brings_is_still_judged() -> None:
    facts = ModelFacts(format="hugging-face", remote_code=(ANY_CODE,))
    (only,) = handed_on(thing(Kind.MODEL, None, facts)).components
    (finding,) = RemoteModelCode().check(case(only))
    assert finding.variant == "trusted"


def test_a_doubted_service_names_no_package_that_could_be_looked_up() -> None:
    (only,) = handed_on(thing(Kind.SERVICE, None, None)).components
    (finding,) = UnpinnedDependency().check(case(only))
    assert finding.variant == "opaque"


def test_every_format_that_a_reader_tells_is_known() -> None:
    root = Path(mcpchain.__file__).parent
    told = {
        format_
        for path in root.glob("discover/**/*.py")
        for format_ in re.findall(
            r'ModelFacts\(\s*format="([a-z0-9-]+)"', path.read_text("utf-8")
        )
    }
    assert len(told) > 3
    assert told - {"torch-hub"} <= FORMATS | FOLDERS


def test_a_digest_of_another_algorithm_pins_no_model() -> None:
    other = Digest.parse("sha512:" + "0" * 128)
    inventory = handed_on(model(purl=None, artifacts=(Artifact(digests=(other,)),)))
    assert [each.state for each in inventory.gaps] == [State.UNSUPPORTED]
