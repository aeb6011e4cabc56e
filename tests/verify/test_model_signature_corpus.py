"""Models that the reference tool has signed: good ones verified, bad ones refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mcpchain.bundle import keys, private
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Trust
from mcpchain.errors import MalformedError
from mcpchain.signature import Status, Verification
from mcpchain.verify.model_signature import Given, look, verify
from tests.making import NOW
from tests.world.sigstore.instance import Instance

CORPUS = (
    Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "attestations"
)
ROOT = "trust/public-good-trusted-root.json"
REASONS = {
    "missing-envelope": "one of `messageSignature` and `dsseEnvelope` is needed",
    "missing-tlog-entries": "it is in no transparency log",
}
Case = dict[str, Any]


def cases(expected: str) -> list[Any]:
    if not CORPUS.is_dir():
        return []
    listed = json.loads((CORPUS / "index.json").read_bytes())
    return [
        pytest.param(each, id=each["path"].removeprefix("oms/"))
        for each in listed
        if each["kind"] in {"oms-model", "oms-vector"} and each["expect"] == expected
    ]


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the models with known outcomes are not at {CORPUS}")


def trust_of(case: Case) -> Trust:
    root = parse_root((CORPUS / ROOT).read_bytes(), name="public-good")
    expected = authority = None
    if "issuer" in case:
        expected = Expected(issuer=case["issuer"], san=case["identity"])
    if "ca" in case:
        pem = b"".join((CORPUS / each).read_bytes() for each in case["ca"])
        authority = private.load(pem, name="ca.pem", time=NOW)
    key = keys.load((CORPUS / case["key"]).read_bytes()) if "key" in case else None
    return Trust(root=root, expected=expected, key=key, authority=authority)


def answer(case: Case, model: Path, trust: Trust | None = None) -> Verification:
    data = (CORPUS / case["path"]).read_bytes()
    bundle = parse(data, source=case["path"], chains=True)
    # The vectors are about a folder with another signature in it.
    given = Given(model=look(model), signatures=("model.sig",))
    return verify(bundle, given, trust or trust_of(case), lambda _: None)


def copied(case: Case, folder: Path) -> Path:
    """Return a copy of the model that can be changed."""
    source, target = CORPUS / case["model"], folder / "model"
    if source.is_file():
        shutil.copyfile(source, target)
        return target
    target.mkdir()
    for each in source.iterdir():
        shutil.copyfile(each, target / each.name)
    return target


@pytest.mark.parametrize("case", cases("verifies"))
def test_a_good_model_is_verified(case: Case) -> None:
    found = answer(case, CORPUS / case["model"])
    assert found.status is Status.VERIFIED, found.reason
    if "identity" in case:
        assert found.identity is not None
        assert found.identity.san == case["identity"]
    left_out = [each for each in found.notes if "its signer left out" in each]
    recorded = "v1.0.0" not in case["path"]
    assert left_out == ["not signed: its signer left out `ignore-me`"] * recorded


@pytest.mark.parametrize("case", cases("verifies"))
def test_a_good_signature_is_good_for_nothing_else(case: Case, tmp_path: Path) -> None:
    model = copied(case, tmp_path)
    assert answer(case, model).status is Status.VERIFIED
    file = model if model.is_file() else model / "signme-2"
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    found = answer(case, model)
    assert (found.status, found.checks[-1].id) == (Status.INVALID, "bytes")
    file.unlink()
    if model != file:
        found = answer(case, model)
        assert found.reason == "`signme-2` was signed, and is not there"
        file.write_bytes(data)
        (model / "evil.py").write_bytes(b"")
        assert answer(case, model).reason == "`evil.py` was not signed"


@pytest.mark.parametrize("case", cases("verifies"))
def test_a_good_model_is_of_nobody_else(case: Case) -> None:
    model, instance = CORPUS / case["model"], Instance()
    other = parse_root(instance.trusted_root(), name="other")
    strangers = [
        Trust(root=other),
        Trust(root=other, key=instance.fulcio.key.public_key()),
        Trust(root=other, expected=Expected(issuer="https://i.example", san="x@y.z")),
    ]
    if "issuer" in case:
        wrong = Expected(issuer=case["issuer"], san=f"{case['identity']}x")
        root = trust_of(case).root
        strangers.append(Trust(root=root, expected=wrong))
    for each in strangers:
        found = answer(case, model, each)
        assert found.status is not Status.VERIFIED
        assert found.status is not Status.ERROR


@pytest.mark.parametrize("case", cases("must fail"))
def test_a_bad_vector_is_refused_for_the_right_reason(case: Case) -> None:
    try:
        reason = answer(case, CORPUS / case["model"]).reason
    except MalformedError as error:
        reason = error.problem
    name = case["path"].rpartition("/")[2].removesuffix(".bundle.json")
    assert REASONS[name] in reason


def test_every_bad_vector_has_its_reason() -> None:
    assert len(cases("must fail")) == len(REASONS)
