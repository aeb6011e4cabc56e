"""What to do about an answer that is no yes."""

from collections.abc import Mapping
from typing import Final

from mcpchain.signature import Status, Verification

_ANY: Final = {
    Status.INVALID: "do not use it; get it again from its maker, and ask them",
    Status.UNTRUSTED_IDENTITY: "if that is whom you trust, name them: `--repository`, "
    "or `--identity` with `--issuer`",
    Status.UNVERIFIABLE: "use a newer mcpchain, or give the trusted root that it was "
    "signed under: `--trusted-root`",
    Status.MISSING: "ask its maker to sign it, or name the bundle: `--bundle`",
    Status.ERROR: "nothing was decided; see to this and run again",
}
_OF_PACKAGES: Final = {
    Status.UNVERIFIABLE: "name one version that the registry has; check the name too, "
    "and which registry is asked",
    Status.MISSING: "ask its maker to attest it, or the registry itself in place of a "
    "mirror",
}
_OF_KIND: Final[Mapping[str, Mapping[Status, str]]] = {
    "gap": dict.fromkeys(Status, "`mcpchain gate` says what to do about it"),
    "github-attestation": {
        Status.UNVERIFIABLE: "of a private repository, import whom GitHub trusts: "
        "`gh attestation trusted-root | mcpchain trust import - --line 2 --name github`"
        "; or use a newer mcpchain",
        Status.MISSING: "ask its maker to attest it, or name the bundle: `--bundle`; "
        "a private repository is shown to who has a token: GH_TOKEN",
        Status.ERROR: "see to this and run again, or name the bundle: `--bundle`; "
        "without a token (GH_TOKEN) GitHub answers few questions an hour",
    },
    "hub-digest": {
        Status.INVALID: "get it again from the hub, or find out who changed it",
        Status.UNVERIFIABLE: "check its name and revision; where it lies in a folder "
        "of yours, name that: `mcpchain verify FOLDER --hub OWNER/NAME@REVISION`",
        Status.MISSING: "name the folder that holds its files",
    },
    "mcpb-signature": {
        Status.UNTRUSTED_IDENTITY: "if that is whom you trust, name their certificate: "
        "`--certificate`, or who issued it: `--ca`",
        Status.UNVERIFIABLE: "ask its maker for a bundle that the programs of MCP sign",
        Status.MISSING: "ask its maker to sign it",
    },
    "npm-package": _OF_PACKAGES,
    "npm-signature": {Status.MISSING: _OF_PACKAGES[Status.MISSING]},
    "pypi-package": _OF_PACKAGES,
}
"""Where those for others are of no use."""
_SECOND: Final = "second-opinion"
"""The check of a verifier besides."""
_OTHER_KEY: Final = "it says that a key made it whose PEM"
_UNLOGGED: Final = "it is in no transparency log"


def hint(each: Verification, *, offline: bool = False) -> str:
    """Say what to do about it, by the step that failed where that says more.

    Args:
        each: The answer.
        offline: Whether the network was closed.
    """
    if each.status is Status.ERROR and offline:
        return "run without `--offline`"
    failed = each.checks[-1].id if each.checks else ""
    if each.status is Status.UNVERIFIABLE and failed == _SECOND:
        return "if one verifier is enough: `--second-opinion when-supported`, or `off`"
    own = _OF_KIND.get(each.kind, {}).get(each.status)
    return own or _of_step(each, failed) or _ANY[each.status]


def _of_step(each: Verification, failed: str) -> str:
    if each.status is Status.UNVERIFIABLE and failed == "bundle":
        return "name the bundle or attestation that belongs to the file: `--bundle`"
    if each.status is Status.UNTRUSTED_IDENTITY:
        return _whom(each, failed)
    if each.status is Status.INVALID and failed == "verdict":
        return "do not use it: whoever signed that verdict says so; ask them why"
    if each.status is Status.INVALID and failed == "image":
        return (
            "if it is a mirror of that, name the digest of the image in place of a tag"
        )
    if each.status is Status.INVALID and each.key:
        return _by_key(each, failed)
    return ""


def _whom(each: Verification, failed: str) -> str:
    if failed == "material" and each.key:
        return "leave `--key` out, and name whom the certificate should be of"
    if failed == "material":
        return "if you trust whoever holds that key, name it: `--key`"
    if each.expected_by == "user":
        return (
            "if that is whom you trust, ask for it as the certificate has it, below: "
            "`--repository`, `--workflow`, `--ref`, `--identity`, `--issuer`"
        )
    return ""


def _by_key(each: Verification, failed: str) -> str:
    """Say what to do where a key that the user names may not have signed it."""
    if each.reason == _UNLOGGED:
        return "if that key signs without a log, say so: `--no-log`"
    if failed == "signature" and _OTHER_KEY in each.reason:
        return (
            "if it is of somebody else whom you trust too, verify each by its own key: "
            "`--key`, with `--bundle`; if not, ask its maker which key is theirs"
        )
    if failed == "signature":
        return (
            "find out whether that is the key of its maker: `--key`; if it is, do not "
            "use it, get it again, and ask them"
        )
    return ""
