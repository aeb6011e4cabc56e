"""Whatever is changed in a good bundle, it is refused: by us and by sigstore-python."""

import base64
import hashlib
import itertools
import json
import re

import pytest
from sigstore.dsse import InvalidEnvelope
from sigstore.errors import VerificationError
from sigstore.models import Bundle as TheirBundle
from sigstore.models import InvalidBundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity as TheirIdentity

from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.errors import MalformedError
from mcpchain.signature import Status, Verification
from tests.world.sigstore.changing import Json, Path, changed, leaves, others
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, ISSUER, WORKFLOW, Minter

INSTANCE = Instance()
ROOT = INSTANCE.trusted_root()
TRUST = Trust(
    root=parse_root(ROOT, name="test"), expected=Expected(issuer=ISSUER, san=WORKFLOW)
)
WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})
EACH = 16
"""Of so many bytes one is changed, and they are asked about one, where not all are."""
WHOLE = frozenset({"v1-stamped", "dsse-v2"})
"""In these every byte is changed: together they hold whatever the others do."""
UNSIGNED = re.compile(rb"\x02\x01[\x01\x03]|tsa.root|\x2a\x86\x48\xce\x3d\x04\x03\x02")
"""What of a timestamp nobody signs: versions, the case of a name, how it is signed."""


def ours(bundle: Json) -> Verification | None:
    """Return our answer; `None` if it is no bundle."""
    try:
        return verify(parse(json.dumps(bundle).encode(), source="x"), WHAT, TRUST)
    except MalformedError:
        return None


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    file = tmp_path_factory.mktemp("root") / "trusted_root.json"
    file.write_bytes(ROOT)
    return Verifier(trusted_root=TrustedRoot.from_file(str(file)))


def theirs(bundle: Json, verifier: Verifier) -> bool:
    """Say whether sigstore-python verifies it too."""
    policy = TheirIdentity(identity=WORKFLOW, issuer=ISSUER)
    try:
        found = TheirBundle.from_json(json.dumps(bundle))
        if "dsseEnvelope" in bundle:
            verifier.verify_dsse(found, policy)
        else:
            verifier.verify_artifact(ARTIFACT, found, policy)
    except (VerificationError, InvalidBundle, InvalidEnvelope, ValueError):
        return False
    return True


SHAPES: dict[str, Json] = {
    "v1": Minter(instance=INSTANCE).sign(),
    "v1-stamped": Minter(instance=INSTANCE, stamped=True).sign(),
    "v2": Minter(
        instance=INSTANCE, entries=("hashedrekord/0.0.2",), stamped=True
    ).sign(),
    "dsse": Minter(instance=INSTANCE, entries=("dsse/0.0.1",)).attest(),
    "dsse-v2": Minter(
        instance=INSTANCE, entries=("hashedrekord/0.0.2",), stamped=True
    ).attest(),
    "intoto": Minter(instance=INSTANCE, entries=("intoto/0.0.2",)).attest(),
}


def may_stand(path: Path, leaf: str, what: str, shape: str) -> bool:
    """Say whether a bundle with this change may still be verified, and why."""
    name = path[-1]
    if name == "signedTimestamp" and what.startswith("bit in"):
        at = int(what.removeprefix("bit in"))
        found = UNSIGNED.finditer(base64.b64decode(leaf))
        return any(each.start() <= at < each.end() for each in found)
    if name == "envelope":
        return True  # the name of a signer is no part of what is signed
    if name == "signedEntryTimestamp" and what == "nothing":
        return shape == "v1-stamped"  # the proof and the timestamp are enough
    if name in {"integratedTime", "logIndex"} and "inclusionProof" not in path:
        return "v2" in shape  # nobody signs these in Rekor 2, and nobody reads them
    return False


def they_take(path: Path, what: str) -> bool:
    """Say whether sigstore-python passes over this change, which we do not."""
    name = path[-1]
    if what == "line feed" or name == "signedTimestamp":
        return True  # of several times that are signed, one is enough for them
    if name == "keyId":
        return what not in {"nothing", "empty", "list"}  # not read beside a checkpoint
    return (name, what) in {("treeSize", "more"), ("integratedTime", "nothing")}


@pytest.mark.parametrize("shape", SHAPES)
def test_both_verify_it_as_it_was(shape: str, verifier: Verifier) -> None:
    found = ours(SHAPES[shape])
    assert found is not None
    assert found.status is Status.VERIFIED, found.reason
    assert theirs(SHAPES[shape], verifier) or shape == "intoto"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_change_anywhere_is_refused(shape: str, verifier: Verifier) -> None:
    bundle, turn = SHAPES[shape], itertools.count()
    for path, leaf in leaves(bundle):
        for what, value in others(leaf, path, 1 if shape in WHOLE else EACH):
            broken = changed(bundle, path, value)
            result = ours(broken)
            told = f"{'/'.join(map(str, path))}: {what}: {result and result.reason}"
            assert result is None or result.status is not Status.ERROR, told
            if result is not None and result.status is Status.VERIFIED:
                assert may_stand(path, leaf, what, shape), told
                # Protobuf leaves a zero out; sigstore-python reads no such JSON.
                strict = what != "nothing" and shape != "intoto"
                assert theirs(broken, verifier) or not strict, told
            elif next(turn) % EACH == 0 or not what.startswith("bit"):
                assert not theirs(broken, verifier) or they_take(path, what), told
