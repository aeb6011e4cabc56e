import copy
import json
import subprocess
import sys
from typing import Any

import pytest

from mcpchain.bom import schemas
from mcpchain.bom.validate import validate
from mcpchain.errors import MalformedError, UnavailableError

SHA256 = {"alg": "SHA-256", "content": "0" * 64}


def bom(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - anything may be wrong
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", **members}


def library(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - anything may be wrong
    return {"type": "library", "name": "idna", **members}


GOOD = bom(
    version=1,
    metadata={
        "component": library(**{"bom-ref": "root"}),
        "tools": {"components": [library()]},
    },
    components=[
        library(
            **{"bom-ref": "a"},
            purl="pkg:pypi/idna@3.10",
            hashes=[SHA256],
            licenses=[{"expression": "MIT OR Apache-2.0"}],
            externalReferences=[
                {
                    "type": "distribution",
                    "url": "https://x.example",
                    "hashes": [dict(SHA256)],
                }
            ],
            components=[library(**{"bom-ref": "b"})],
        ),
        library(licenses=[{"license": {"id": "MIT"}}]),
    ],
    services=[{"name": "files", "bom-ref": "s", "services": [{"name": "inner"}]}],
    dependencies=[
        {"ref": "root", "dependsOn": ["a", "s"]},
        {"ref": "a", "dependsOn": ["b"], "provides": ["s"]},
    ],
    compositions=[
        {
            "aggregate": "complete",
            "assemblies": ["a", f"urn:cdx:{'0' * 8}-0000-0000-0000-{'0' * 12}/1#x"],
            "dependencies": ["root"],
        }
    ],
)


@pytest.mark.parametrize("version", schemas.VERSIONS)
def test_a_valid_document_of_each_version_passes(version: str) -> None:
    validate(bom(specVersion=version, version=1, components=[library(version="1")]))


def test_a_rich_valid_document_passes_as_object_and_as_bytes() -> None:
    validate(GOOD)
    validate(json.dumps(GOOD).encode())


def replaced(path: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    changed = copy.deepcopy(GOOD)
    *steps, last = path.strip("/").split("/")
    holder: Any = changed
    for step in steps:
        holder = holder[int(step) if step.isdigit() else step]
    holder[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "pointer", "problem"),
    [
        ("/bomFormat", "SPDX", "/bomFormat", "the value is not"),
        ("/version", 0, "/version", "the value is less than"),
        ("/colour", "red", "", "colour"),
        ("/components/0/type", "thing", "/components/0/type", "the value is not"),
        ("/components/0/name", 1, "/components/0/name", "is not of type"),
        (
            "/components/0/externalReferences/0/url",
            "https://x.example/a#b#c",
            "/components/0/externalReferences/0/url",
            "is not valid under any",
        ),
        (
            "/metadata/timestamp",
            "yesterday",
            "/metadata/timestamp",
            'is not a "date-time"',
        ),
        ("/components/0/hashes/0/content", "00", "/components/0/hashes/0", "match"),
        ("/components/1/licenses/0/license/id", "X", "/components/1/licenses", "valid"),
    ],
)
def test_says_where_the_schema_is_violated(
    path: str, value: object, pointer: str, problem: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        validate(replaced(path, value), source="x.json")
    assert caught.value.pointer.startswith(pointer)
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("path", "value", "pointer", "problem"),
    [
        (
            "/components/1/bom-ref",
            "a",
            "/components/1",
            "`bom-ref` `a` is that of `/components/0` too",
        ),
        ("/services/0/bom-ref", "b", "/", "`bom-ref` `b` is that of"),
        ("/components/1/bom-ref", "root", "/", "`bom-ref` `root` is that of"),
        ("/components/1/name", "", "/components/1/name", "a name is empty"),
        ("/services/0/services/0/name", "", "/services/0/services/0/name", "empty"),
        ("/metadata/component/name", "", "/metadata/component/name", "empty"),
        (
            "/metadata/tools/components/0/purl",
            "idna",
            "/metadata/tools/components/0/purl",
            "`idna` is not a purl",
        ),
        (
            "/components/0/components/0/purl",
            "pkg:pypi",
            "/components/0/components/0/purl",
            "is not a purl",
        ),
        (
            "/components/0/hashes/0/content",
            "0" * 40,
            "/components/0/hashes/0/content",
            "a SHA-256 has 64 hexadecimal digits",
        ),
        (
            "/components/0/externalReferences/0/hashes/0/content",
            "0" * 128,
            "/components/0/externalReferences/0/hashes/0/content",
            "a SHA-256 has 64",
        ),
        (
            "/components/0/licenses/0/expression",
            "MIT OR",
            "/components/0/licenses/0/expression",
            "`MIT OR` is not an SPDX expression",
        ),
        (
            "/components/0/licenses/0/expression",
            "",
            "/components/0/licenses/0/expression",
            "is not an SPDX expression",
        ),
        (
            "/dependencies/1/ref",
            "gone",
            "/dependencies/1",
            "`gone` is the `bom-ref` of nothing in this BOM",
        ),
        ("/dependencies/1/dependsOn", ["gone"], "/dependencies/1", "`gone` is the"),
        ("/dependencies/1/provides", ["gone"], "/dependencies/1", "`gone` is the"),
        ("/dependencies/1/ref", "root", "/dependencies/1", "`root` are given twice"),
        ("/compositions/0/assemblies", ["gone"], "/compositions/0", "`gone` is the"),
        ("/compositions/0/dependencies", ["gone"], "/compositions/0", "`gone` is the"),
    ],
)
def test_says_what_the_schema_cannot_see(
    path: str, value: object, pointer: str, problem: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        validate(replaced(path, value), source="x.json")
    assert caught.value.source == "x.json"
    assert caught.value.pointer.startswith(pointer)
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "expected an object"),
        (b"{}", "`None` is not a version of CycloneDX"),
        (b'{"specVersion": "1.3"}', "`1.3` is not a version of CycloneDX"),
        (b'{"specVersion": ["1.6"]}', "is not a version of CycloneDX"),
        (b'{"specVersion": "1.6"}', '"bomFormat" is a required property'),
    ],
)
def test_anything_else_is_malformed(data: bytes, problem: str) -> None:
    with pytest.raises(MalformedError, match=problem):
        validate(data)


def test_what_json_cannot_hold_is_malformed() -> None:
    with pytest.raises(MalformedError, match="no JSON document"):
        validate(bom(version={1, 2}))


def test_a_message_is_short_and_does_not_repeat_the_document() -> None:
    with pytest.raises(MalformedError) as caught:
        validate(bom(components="s3cret" * 10_000))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(MalformedError) as caught:
        validate(bom(components=[library(purl="x" * 10_000)]))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "name", [*schemas.REFERRED, *(f"bom-{each}" for each in schemas.VERSIONS)]
)
def test_the_library_still_ships_each_schema_where_we_look(name: str) -> None:
    assert schemas.load(name)["$schema"].startswith("http://json-schema.org/draft-07")


def test_the_shipped_schemas_refer_to_one_another_as_we_register_them() -> None:
    referred = set()
    for version in schemas.VERSIONS:
        text = json.dumps(schemas.load(f"bom-{version}"))
        referred |= {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    outside = {each.split("#")[0] for each in referred} - {""}
    known = {schemas.address(name).rpartition("/")[2] for name in schemas.REFERRED}
    assert outside == known


def test_a_schema_that_is_not_installed_is_named() -> None:
    with pytest.raises(UnavailableError, match=r"`bom-9[.]9` is not installed"):
        schemas.load("bom-9.9")


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, mcpchain.bom.read, mcpchain.bom.write, mcpchain.bom.validate;"
        "heavy = {'cyclonedx', 'jsonschema_rs', 'jsonschema', 'requests', 'yaml'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
