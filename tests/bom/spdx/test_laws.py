import json
from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from mcpchain.bom import carry
from mcpchain.bom.formats import read
from mcpchain.bom.spdx.validate import problems
from mcpchain.bom.spdx.write import compose
from mcpchain.bom.worth import declared
from mcpchain.bom.write import compose as compose_cyclonedx
from mcpchain.component import Component
from mcpchain.errors import MalformedError
from mcpchain.inventory import Inventory
from tests.bom.inventories import NOW, inventories
from tests.bom.spdx.documents import edge, package, purl, spdx

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(inventories())
def test_every_inventory_becomes_a_valid_document_with_all_of_it(
    inventory: Inventory,
) -> None:
    written = compose(inventory, timestamp=NOW, version="1.2.3")
    assert json.loads(written.data) == written.document
    assert [*problems(written.document)] == []
    assert len(written.document["packages"]) == len(inventory.components) + 1
    assert len(written.document.get("annotations", [])) == len(inventory.gaps)


@given(inventories())
def test_what_was_written_is_read_with_every_component(inventory: Inventory) -> None:
    written = compose(inventory, timestamp=NOW, version="1.2.3")
    again = read(written.data, source="b.json")
    # Where there is nothing else, the subject is what the document lists.
    count = max(1, len(inventory.components))
    assert len(again.components) == count
    # And judged, and written again, as either.
    if inventory.components:
        assert sorted(_flat(again), key=_ref) == sorted(_flat(inventory), key=_ref)
        assert {*inventory.gaps} == {*again.gaps}
    assert len(declared(again).components) == count
    compose(again, timestamp=NOW, version="1.2.3")
    compose_cyclonedx(again, timestamp=NOW, version="1", reproducible=True)


def _ref(component: Component) -> str:
    return component.ref


def _flat(inventory: Inventory) -> list[Component]:
    """Return all that is said of components, the spelling of what they carry aside."""
    return [
        replace(each, carried=carry.dump(carry.load(each.carried)))
        for each in inventory.components
    ]


MEMBERS = st.sampled_from(
    [
        "packages",
        "files",
        "relationships",
        "documentDescribes",
        "snippets",
        "name",
        "annotations",
        "SPDXID",
        "hasExtractedLicensingInfos",
        "externalDocumentRefs",
        "creationInfo",
        "documentNamespace",
    ]
)
PACKAGE = st.sampled_from(
    [
        "SPDXID",
        "name",
        "versionInfo",
        "checksums",
        "externalRefs",
        "licenseDeclared",
        "licenseConcluded",
        "primaryPackagePurpose",
        "supplier",
        "originator",
        "copyrightText",
        "downloadLocation",
        "homepage",
        "hasFiles",
        "description",
    ]
)


@given(st.dictionaries(MEMBERS, JSON), st.dictionaries(PACKAGE, JSON), JSON)
@example({}, {"checksums": [{"algorithm": [], "checksumValue": {}}]}, None)
@example({}, {"supplier": [], "primaryPackagePurpose": {}}, [])
def test_whatever_stands_anywhere_is_read_or_a_gap(
    members: dict[str, Any], of_package: dict[str, Any], loose: object
) -> None:
    first = package("SPDXRef-first", externalRefs=[purl("pkg:npm/x@1.0.0")])
    document = spdx(first, package() | of_package, loose) | members
    document.setdefault("relationships", [edge("SPDXRef-a", "X", "SPDXRef-b"), loose])
    [*problems(document)]
    data = json.dumps(document).encode()
    try:
        inventory = read(data, source="b.json")
    except MalformedError:
        # A number that JSON does not have.
        return
    compose_cyclonedx(inventory, timestamp=NOW, version="1", reproducible=True)
    refs = {each.ref for each in inventory.components}
    assert "packages" in members or "SPDXRef-first" in refs or inventory.gaps
