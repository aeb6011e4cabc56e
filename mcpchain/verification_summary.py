"""A verdict as somebody signs it: the verification summary of SLSA (VSA, 1.1).

It says of what its subjects are, by digest, that a verifier has judged them by a policy
at a stage. Whoever believes one compares each of these, and nothing that is told about
them elsewhere. Pure: signatures are the business of `bundle`.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from mcpchain.bundle.statement import PREDICATES
from mcpchain.document import Node
from mcpchain.signature import Subject
from mcpchain.standing import Refused

TYPE: Final = PREDICATES["vsa"]
_PASSED: Final = "PASSED"
_FAILED: Final = "FAILED"
_LEVEL: Final = "MCPCHAIN_GATE"
"""What passed; it has no level of SLSA, whose names begin otherwise."""
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What one says."""

    verifier: str
    time: dt.datetime
    resource: str
    policy: str
    """Its SHA-256; empty: it does not say."""
    passed: bool
    levels: tuple[str, ...] = (_LEVEL,)

    def predicate(
        self, *, version: str, policy_uri: str, inputs: tuple[Subject, ...]
    ) -> dict[str, Any]:
        """Return it as the predicate of a statement.

        Args:
            version: Of mcpchain.
            policy_uri: What the policy is called.
            inputs: All attestations and documents that it rests on.
        """
        said: dict[str, Any] = {
            "verifier": {"id": self.verifier, "version": {"mcpchain": version}},
            "timeVerified": f"{self.time.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "resourceUri": self.resource,
            "policy": {"uri": policy_uri, "digest": {"sha256": self.policy}},
            "verificationResult": _PASSED if self.passed else _FAILED,
            "verifiedLevels": [*self.levels] if self.passed else [_FAILED],
        }
        if inputs:
            said["inputAttestations"] = [
                {"name": each.name, "digest": dict(each.digests)} for each in inputs
            ]
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one has to say, to count."""

    verifier: str
    resource: str
    policies: frozenset[str]
    """The SHA-256 of each that may have been applied."""
    max_age: dt.timedelta


def resource(address: str, stage: str) -> str:
    """Return what is judged, as verdicts name it: with the stage, if there is one.

    Raises:
        ValueError: *address* is no URI, or has a fragment already.
    """
    if not _URI.fullmatch(address) or "#" in address:
        raise ValueError(f"`{address[:140]}` is no URI, or has a `#`")
    return f"{address}#stage={quote(stage, safe='')}" if stage else address


def read(predicate: object) -> Summary:
    """Read what was signed.

    Raises:
        MalformedError: It lacks something that a consumer has to look at.
    """
    node = Node(value=predicate, source="the summary")
    result = node.at("verificationResult")
    if result.text() not in {_PASSED, _FAILED}:
        raise result.malformed(f"is neither `{_PASSED}` nor `{_FAILED}`")
    levels = tuple(each.text() for each in node.at("verifiedLevels").elements())
    digest = node.at("policy").at("digest")
    return Summary(
        verifier=node.at("verifier").at("id").text(),
        time=_time(node.at("timeVerified")),
        resource=node.at("resourceUri").text(),
        policy=digest.at("sha256").text() if digest.exists else "",
        passed=result.text() == _PASSED and bool(levels) and _FAILED not in levels,
        levels=levels,
    )


def misplaced(summary: Summary, wanted: Wanted) -> Refused | None:
    """Say why *summary* is none of those that are asked for; `None`: it is one."""
    if summary.verifier != wanted.verifier:
        names = f"`{summary.verifier[:140]}`, not by `{wanted.verifier}`"
        return Refused("other-verifier", f"it was given by {names}")
    if summary.resource != wanted.resource:
        names = f"`{summary.resource[:140]}`, not about `{wanted.resource}`"
        return Refused("other-stage", f"it is about {names}")
    return None


def refusal(summary: Summary, wanted: Wanted, now: dt.datetime) -> Refused | None:
    """Say why *summary* does not allow what it is about; `None`: it does."""
    if summary.policy not in wanted.policies or not summary.policy:
        said = (
            f"sha256:{summary.policy[:64]}" if summary.policy else "one that it hides"
        )
        return Refused("other-policy", f"another policy was applied ({said})")
    time = f"{summary.time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    if not summary.passed:
        return Refused("failed", f"it did not pass at {time}")
    if summary.time > now:
        return Refused("future", f"it is of {time}, which has not come")
    if now - summary.time > wanted.max_age:
        return Refused("expired", f"it is of {time}, older than is accepted")
    return None


def _time(node: Node) -> dt.datetime:
    text = node.text()
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise node.malformed(f"`{text[:40]}` is no time of a zone (RFC 3339)")
    return time
