"""Is the signature in a transparency log, and since when?

Rekor, versions 1 and 2. An entry is believed for what a key of the trusted root has
signed: the entry itself (signed entry timestamp), or the root of the tree that it is in
(checkpoint and inclusion proof, RFC 6962). That it speaks of our signature is checked
afterwards, in `entry`.
"""

import base64
import binascii
import datetime as dt
import hashlib
from typing import Final

from mcpchain.bundle import keys
from mcpchain.bundle.parse import LogEntry, Proof
from mcpchain.bundle.refusal import RefusedError
from mcpchain.bundle.root import Log
from mcpchain.signature import SignedTime, Status

_CHECK: Final = "log"
_HINT: Final = 4
_DASH: Final = "\N{EM DASH} "
_LINES: Final = 3
_SIGNATURES: Final = 64


def verify_entry(
    entry: LogEntry, logs: tuple[Log, ...], *, proof_needed: bool
) -> SignedTime | None:
    """Return the time at which a log has taken *entry* in, if the log signs one.

    Raises:
        RefusedError: A log has not.
    """
    log = _known(entry, logs)
    time = None
    if entry.promise:
        _verify_promise(entry, log)
        moment = dt.datetime.fromtimestamp(entry.time, dt.UTC)
        if moment not in log.window:
            raise RefusedError(_CHECK, f"the log's key was not valid at {moment}")
        time = SignedTime(source=f"log {log.url}", time=moment)
    if entry.proof is not None and entry.proof.checkpoint:
        _verify_inclusion(entry.body, entry.proof)
        _verify_checkpoint(entry.proof, log)
    elif proof_needed:
        raise RefusedError(_CHECK, "the entry has no inclusion proof with a checkpoint")
    elif not entry.promise:
        raise RefusedError(_CHECK, "the entry has neither a promise nor a proof")
    return time


def _known(entry: LogEntry, logs: tuple[Log, ...]) -> Log:
    for log in logs:
        if log.id == entry.log_id:
            return log
    raise RefusedError(
        _CHECK,
        f"the trusted root does not know the log `{entry.log_id.hex()[:16]}`: it may "
        "be older than the log",
        Status.UNVERIFIABLE,
    )


def _verify_promise(entry: LogEntry, log: Log) -> None:
    """Verify the signed entry timestamp: the entry as canonical JSON (RFC 8785)."""
    import rfc8785

    signed = rfc8785.dumps(
        {
            "body": base64.b64encode(entry.body).decode(),
            "integratedTime": entry.time,
            "logID": entry.log_id.hex(),
            "logIndex": entry.index,
        }
    )
    if not keys.holds(log.key, entry.promise, signed):
        raise RefusedError(_CHECK, "the log has not signed this entry and its time")


def _verify_inclusion(body: bytes, proof: Proof) -> None:
    """Compute the root of the tree from the entry (RFC 6962, section 2.1.1)."""
    index, size = proof.index, proof.size
    if not 0 <= index < size:
        raise RefusedError(_CHECK, f"entry {index} of a tree of {size} entries")
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(proof.hashes) != inner + border:
        raise RefusedError(
            _CHECK,
            f"the inclusion proof has {len(proof.hashes)} hashes, not {inner + border}",
        )
    node = hashlib.sha256(b"\0" + body).digest()
    for level, other in enumerate(proof.hashes):
        left = level >= inner or index >> level & 1
        pair = other + node if left else node + other
        node = hashlib.sha256(b"\1" + pair).digest()
    if node != proof.root:
        raise RefusedError(_CHECK, "the inclusion proof leads to another root")


def _verify_checkpoint(proof: Proof, log: Log) -> None:
    """Verify the signed note over the size and root of the tree."""
    text, blank, signatures = proof.checkpoint.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < _LINES or not lines[0]:
        raise RefusedError(_CHECK, "the checkpoint is no signed note")
    size, root = lines[1], lines[2]
    if not (size.isascii() and size.isdigit()) or int(size[:20]) != proof.size:
        raise RefusedError(_CHECK, "the checkpoint is of a tree of another size")
    if root != base64.b64encode(proof.root).decode():
        raise RefusedError(_CHECK, "the checkpoint is of a tree with another root")
    signed = (text + "\n").encode()
    ours = [each for each in _signatures(signatures) if each[0] == log.id[:_HINT]]
    if not ours:
        raise RefusedError(_CHECK, "the log has not signed the checkpoint")
    if not any(keys.holds(log.key, each, signed) for _, each in ours):
        raise RefusedError(_CHECK, "the log's signature of the checkpoint is wrong")


def _signatures(text: str) -> list[tuple[bytes, bytes]]:
    """Return hint and signature of each line; those of witnesses are among them."""
    found = []
    lines = text.split("\n")
    if lines[-1] != "" or len(lines) > _SIGNATURES:
        raise RefusedError(_CHECK, "the signatures of the checkpoint are malformed")
    for line in lines[:-1]:
        _, space, encoded = line.removeprefix(_DASH).rpartition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not line.startswith(_DASH) or not space or len(raw) <= _HINT:
            raise RefusedError(_CHECK, "the signatures of the checkpoint are malformed")
        found.append((raw[:_HINT], raw[_HINT:]))
    return found
