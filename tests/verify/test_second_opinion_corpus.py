"""On real bundles with known outcomes the two verifiers agree."""

import json
from pathlib import Path

import pytest

from mcpchain.bundle import keys
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.verify import Trust, verify
from mcpchain.errors import MalformedError
from mcpchain.signature import Demand
from mcpchain.verify.second_opinion import SecondOpinion, Word
from tests.bundle.test_corpus import CORPUS, Case, artifact_of, name_of, root_of

BOTH = 30
"""Of how many bundles at least both are asked; else nothing is compared."""


def cases() -> list[Case]:
    if not CORPUS.is_dir():
        return []
    listed = json.loads((CORPUS / "index.json").read_bytes())
    return [each for each in listed if each["kind"] == "sigstore-bundle"]


def asked(case: Case) -> tuple[Word, str] | None:
    """Return what came of asking; `None` where it is no bundle, or no key."""
    path = CORPUS / case["path"]
    file = path / "bundle.sigstore.json" if path.is_dir() else path
    data = file.read_bytes()
    if file.suffix == ".jsonl":
        (data,) = data.splitlines()
    given = case.get("trusted_root") or "trust/public-good-trusted-root.json"
    expected = None
    if case.get("issuer"):
        expected = Expected(issuer=case["issuer"], san=case["identity"])
    try:
        key = keys.load((CORPUS / case["key"]).read_bytes()) if "key" in case else None
        bundle = parse(data, source=case["path"])
    except (MalformedError, ValueError):
        return None
    trust = Trust(root=root_of(case), expected=expected, key=key)
    found = verify(bundle, artifact_of(case), trust)
    opinion = SecondOpinion((CORPUS / Path(given)).read_bytes(), Demand.REQUIRED)
    answer = opinion.ask(bundle, artifact_of(case), trust, found)
    return answer.word, f"{found.status.value}: {found.reason}; {answer.detail}"


@pytest.mark.parametrize("case", [pytest.param(e, id=name_of(e)) for e in cases()])
def test_both_say_the_same(case: Case) -> None:
    answer = asked(case)
    assert answer is None or answer[0] is not Word.DISAGREES, answer


def test_most_of_them_are_put_to_both() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the bundles with known outcomes are not at {CORPUS}")
    answers = [answer for case in cases() if (answer := asked(case))]
    assert sum(word is Word.AGREES for word, _ in answers) >= BOTH
