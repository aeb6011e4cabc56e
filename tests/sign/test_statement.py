"""Statements: what is signed means one thing, and has the form that its type asks."""

import json
from typing import Any

import pytest

from mcpchain.bundle.statement import PREDICATES, parse
from mcpchain.errors import MalformedError, UsageError
from mcpchain.sign.statement import (
    make,
    predicate_type,
    read_predicate,
    suffix,
)
from mcpchain.signature import Subject

ANY = "https://acme.example/review/v1"
GOOD: dict[str, dict[str, Any]] = {
    "slsaprovenance1": {
        "buildDefinition": {"buildType": "https://b.example", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://builder.example"}},
    },
    "cyclonedx": {"bomFormat": "CycloneDX", "specVersion": "1.6"},
    "spdx": {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT"},
    "vsa": {
        "verifier": {"id": "https://v.example"},
        "timeVerified": "2026-11-28T00:00:00Z",
        "resourceUri": "pkg:pypi/acme@1",
        "policy": {"uri": "https://p.example"},
        "verificationResult": "PASSED",
        "verifiedLevels": [],
    },
    "vuln": {"scanner": {"uri": "https://s.example"}, "metadata": {}},
}


def subject(name: str = "a.whl", digest: str = "ab" * 32) -> Subject:
    return Subject(name=name, digests={"sha256": digest})


def test_a_statement_is_these_bytes() -> None:
    other = Subject(name="", digests={"sha512": "cd" * 64})
    made = make([subject(), other], ANY, {"z": 1, "a": ["é", None, 1.5]})
    assert made.decode() == (
        '{"_type":"https://in-toto.io/Statement/v1",'
        '"predicate":{"a":["é",null,1.5],"z":1},'
        f'"predicateType":"{ANY}",'
        '"subject":[{"digest":{"sha256":"' + "ab" * 32 + '"},"name":"a.whl"},'
        '{"digest":{"sha512":"' + "cd" * 64 + '"}}]}'
    )
    read = parse(made, source="made")
    assert (read.subjects, read.predicate_type) == ((subject(), other), ANY)


@pytest.mark.parametrize("name", PREDICATES)
def test_a_short_name_stands_for_a_type(name: str) -> None:
    kind = predicate_type(name)
    assert kind.startswith("https://")
    assert read_predicate(json.dumps(GOOD[name]).encode(), kind, source="p")
    assert suffix(kind) == f".{name}.sigstore.json"
    assert suffix(ANY) == ".review-v1-abdce4ee.sigstore.json"


@pytest.mark.parametrize(
    "name", ["", "slsa", "provenance v1", "https://a b", "https://a\n", "//x", "é:x"]
)
def test_what_is_no_type_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no type of predicate"):
        predicate_type(name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[]", "expected an object"),
        ("null", "expected an object"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": [{"b": {"c": 1, "c": 1}}]}', "twice"),
        ('{"a": NaN}', "not JSON"),
        ('{"a": 1e999}', "cannot be written again"),
        ('{"a": "\\ud800"}', "cannot be written again"),
        ('{"\\ud800": 1}', "half a character"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"a": 1' + "0" * 5_000 + "}", "not JSON"),
        ('{"a": "' + "x" * (16 << 20) + '"}', "larger than 16 MiB"),
    ],
    ids=lambda text: text[:24],
)
def test_a_predicate_that_two_could_read_differently_is_refused(
    text: str, reason: str
) -> None:
    with pytest.raises(MalformedError, match=reason):
        read_predicate(text.encode(), ANY, source="p")


@pytest.mark.parametrize(
    ("name", "change", "pointer"),
    [
        ("slsaprovenance1", {"buildDefinition": None}, "/buildDefinition"),
        ("slsaprovenance1", {"runDetails": {"builder": {}}}, "/runDetails/builder/id"),
        ("slsaprovenance1", {"runDetails": 1}, "/runDetails"),
        ("cyclonedx", {"bomFormat": "SPDX"}, "/bomFormat"),
        ("cyclonedx", {"specVersion": 1.6}, "/specVersion"),
        ("https://cyclonedx.org/bom/v1.6", {"bomFormat": 1}, "/bomFormat"),
        ("https://spdx.dev/Document/v2.3", {"SPDXID": None}, "/SPDXID"),
        ("spdx", {"spdxVersion": None}, "/spdxVersion"),
        ("vsa", {"verificationResult": "passed"}, "/verificationResult"),
        ("vsa", {"verifier": {}}, "/verifier/id"),
        ("vsa", {"policy": "p"}, "/policy"),
        ("vuln", {"scanner": []}, "/scanner"),
    ],
)
def test_a_predicate_that_lacks_what_its_type_must_have_is_refused(
    name: str, change: dict[str, Any], pointer: str
) -> None:
    short = {"cyclonedx.org": "cyclonedx", "spdx.dev": "spdx"}
    good = GOOD[short[name.split("/")[2]] if "/" in name else name]
    data = json.dumps(good | change).encode()
    with pytest.raises(MalformedError) as caught:
        read_predicate(data, predicate_type(name), source="p")
    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("subjects", "reason"),
    [
        ([], "0 subjects"),
        ([subject()] * 2, "two subjects are called `a.whl`"),
        ([subject(), subject(digest="cd" * 32)], "two subjects are called `a.whl`"),
        ([subject(str(n)) for n in range(10_001)], "10,001 subjects"),
    ],
    ids=["none", "twice", "two of one name", "too many"],
)
def test_subjects_that_nobody_could_tell_apart_are_refused(
    subjects: list[Subject], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        make(subjects, ANY, {})
