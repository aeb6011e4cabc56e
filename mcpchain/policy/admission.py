"""What a policy says of images, as controllers of a cluster ask for it.

sigstore's policy-controller and Kyverno compare the subject of a certificate with one
pattern, where a policy compares each field; and all of their policies that fit an image
have to be satisfied, where of several publishers any one may stand for it. What they
cannot say is told, and where nothing is left to ask of somebody, nobody is accepted.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mcpchain import verification_summary as vsa
from mcpchain.bundle.policy import Expected
from mcpchain.policy import Policy
from mcpchain.publisher import Pattern, Publisher, Signer
from mcpchain.signature import GITHUB, GITLAB

_TYPES: Final = ("docker", "oci")
_HUB: Final = ("docker.io", "index.docker.io", "registry-1.docker.io")
_FULCIO: Final = "https://fulcio.sigstore.dev"
_REKOR: Final = "https://rekor.sigstore.dev"
_WORKFLOWS: Final = ".github/workflows/"
_UNSAID: Final = ("runner", "trigger", "repository_id", "owner_id")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The documents for a cluster, and what they do not say."""

    documents: tuple[Document, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    """Some images, and who has to have signed what about them."""

    name: str
    patterns: tuple[Pattern, ...]
    signers: tuple[Document, ...]
    """A key or identity each, of which one is enough. None: nobody is accepted."""
    verdict: Document = field(default_factory=dict)
    """What a signed verdict has to say; empty: the images themselves are signed."""


_Write = Callable[[_Demand, bool], Document]


def export(policy: Policy, write: _Write) -> Exported:
    """Return what *policy*, at its stage, asks of images.

    Args:
        policy: Which.
        write: `cluster_image_policy` or `kyverno`.
    """
    notes: list[str] = []
    demands = [*_demands(policy, notes)]
    blocks = policy.stage is None or policy.stage.blocks
    documents = tuple(write(each, blocks) for each in demands)
    if documents:
        notes.append(
            "rules, levels, limits and waivers are left to the gate: a cluster asks "
            "who signed, no more"
        )
        notes += _of_globs(demands, write)
    return Exported(documents=documents, notes=tuple(notes))


def _demands(policy: Policy, notes: list[str]) -> Iterator[_Demand]:
    of_images: dict[Pattern, list[Publisher]] = {}
    others = 0
    for publisher in policy.publishers:
        images = [each for each in publisher.packages if each.type in _TYPES]
        others += len(images) < len(publisher.packages)
        for each in images:
            of_images.setdefault(each, []).append(publisher)
    if others:
        are = "publisher stands" if others == 1 else "publishers stand"
        notes.append(f"{others} {are} for packages; a cluster sees images alone")
    slug = re.sub(r"[^a-z0-9]+", "-", policy.name.lower()).strip("-")[:40] or "policy"
    for number, (each, publishers) in enumerate(of_images.items(), 1):
        yield _Demand(
            name=f"{slug}-images-{number}",
            patterns=(each,),
            signers=tuple(_signers(publishers, notes, policy.source)),
        )
    needed = policy.stage.requires if policy.stage else None
    if needed and of_images:
        verifier = needed.verifier
        notes.append(
            f"`max-age` of the verdict of `{needed.stage}`: any age is accepted"
        )
        yield _Demand(
            name=f"{slug}-verdict",
            patterns=tuple(of_images),
            signers=tuple(_signers([verifier], notes, policy.source)),
            verdict={
                "verifier": {"id": verifier.id},
                "resourceUri": vsa.resource(verifier.id, needed.stage),
                "policy": {"digest": {"sha256": policy.sha256}},
                "verificationResult": "PASSED",
            },
        )


def _signers(
    some: Sequence[Publisher | Any], notes: list[str], source: str
) -> Iterator[Document]:
    """Yield a key or an identity for each that can be said."""
    for each in some:
        signer: Signer = getattr(each, "signer", each)
        place = f"{source}:{each.line}"
        if signer.key:
            yield {"key": {"data": signer.key.decode("ascii", errors="replace")}}
        elif signer.expected is not None:
            identity = _identity(signer.expected)
            unsaid = [n for n in _UNSAID if getattr(signer.expected, n)]
            names = ", ".join(f"`{name.replace('_', '-')}`" for name in unsaid)
            if identity is None:
                notes.append(
                    f"{place}: whom it names is no pattern of a subject; nobody is "
                    "accepted for it"
                )
                continue
            if names:
                notes.append(
                    f"{place}: {names} cannot be said, so the cluster accepts more"
                )
            if signer.expected.repository:
                notes.append(
                    f"{place}: a workflow that another repository lends is not accepted"
                )
            yield {"identity": {"issuer": signer.expected.issuer, **identity}}


def _identity(expected: Expected) -> Document | None:
    """Return the subject of a certificate; `None`: it cannot be said."""
    if expected.san:
        return {"subject": expected.san}
    host = {GITHUB: "github.com", GITLAB: "gitlab.com"}.get(expected.issuer)
    slug = expected.repository.removeprefix("https://").removesuffix(".git").rstrip("/")
    slug = slug.removeprefix(f"{host}/")
    if host is None or not slug or "." in slug.partition("/")[0]:
        return None
    workflow = expected.workflow.removeprefix(f"https://{host}/")
    workflow = workflow.removeprefix(f"{slug}/").lstrip("/")
    between = "/"
    if host == "github.com":
        workflow = workflow or f"{_WORKFLOWS}*"
        if "/" not in workflow:
            workflow = f"{_WORKFLOWS}{workflow}"
    else:
        between, workflow = "//", workflow or "**"
    where = f"(?i:{_regex(slug)})"
    at = _regex(expected.ref.replace("*", "**")) if expected.ref else ".+"
    path = _regex(workflow)
    text = f"^https://{re.escape(host)}/{where}{between}{path}@{at}$"
    return {"subjectRegExp": text}


def _regex(glob: str) -> str:
    """Return *glob* as RE2 has it; `*` stops at a `/`, `**` does not, nor is empty."""
    parts = re.split(r"(\*\*|\*)", glob)
    return "".join({"**": ".+", "*": "[^/@]+"}.get(p, re.escape(p)) for p in parts)


def _repositories(pattern: Pattern, hub: str) -> list[str]:
    """Return how the images of *pattern* are called, hosts first."""
    name = f"{pattern.namespace}/{pattern.name}".lstrip("/")
    host = name.partition("/")[0]
    if pattern.type == "docker" and "." not in host and ":" not in host:
        return [f"{hub}/{name}"]
    return [f"{hub}/{name.partition('/')[2]}" if host in _HUB else name]


def cluster_image_policy(demand: _Demand, blocks: bool) -> Document:  # noqa: FBT001 - one of two writers
    """Return a ClusterImagePolicy of sigstore's policy-controller.

    Its globs cannot hold the `@` before a digest, so a name stands for all that begin
    with it.
    """
    authorities = []
    for number, each in enumerate(demand.signers, 1):
        authority: Document = {"name": f"signer-{number}"}
        if "key" in each:
            authority |= {"key": each["key"], "ctlog": {"url": _REKOR}}
        else:
            keyless = {"url": _FULCIO, "identities": [each["identity"]]}
            authority |= {"keyless": keyless, "ctlog": {"url": _REKOR}}
        if demand.verdict:
            said = {"predicateType": vsa.TYPE, "predicate": demand.verdict}
            # CUE is a superset of JSON; what it does not name may be anything.
            check = {"type": "cue", "data": json.dumps(said, indent=2) + "\n"}
            authority["attestations"] = [
                {"name": "verdict", "predicateType": vsa.TYPE, "policy": check}
            ]
        authorities.append(authority)
    if not authorities:
        message = "the policy names nobody who can be asked for here"
        authorities = [{"static": {"action": "fail", "message": message}}]
    names = [n for p in demand.patterns for n in _repositories(p, "index.docker.io")]
    return {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": demand.name},
        "spec": {
            "mode": "enforce" if blocks else "warn",
            "images": [{"glob": f"{each}*"} for each in names],
            "authorities": authorities,
        },
    }


_IMAGES: Final = (
    "(images.containers + images.initContainers + images.ephemeralContainers)"
)


def kyverno(demand: _Demand, blocks: bool) -> Document:  # noqa: FBT001 - one of two writers
    """Return an ImageValidatingPolicy of Kyverno (1.17 and later)."""
    attestors = []
    for number, each in enumerate(demand.signers, 1):
        cosign: Document = (
            {"key": each["key"]}
            if "key" in each
            else {"keyless": {"identities": [each["identity"]]}}
        )
        cosign["ctlog"] = {"url": _REKOR}
        attestors.append({"name": f"signer{number}", "cosign": cosign})
    what = "Attestation" if demand.verdict else "Image"
    about = ", attestations.verdict" if demand.verdict else ""
    # Each for itself: of several in one call, Kyverno wants all.
    one = " || ".join(
        f"verify{what}Signatures(image{about}, [attestors.{each['name']}]) > 0"
        for each in attestors
    )
    checks = [one or "false", *_claims(demand.verdict)]
    message = "no verdict counts" if demand.verdict else "nobody signed it who may"
    spec: Document = {
        "validationActions": ["Deny" if blocks else "Audit"],
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                }
            ]
        },
        "matchImageReferences": [
            {"glob": glob} for each in demand.patterns for glob in _globs(each)
        ],
        "attestors": attestors,
        "validations": [
            {"expression": f"{_IMAGES}.all(image, {each})", "message": message}
            for each in checks
        ],
    }
    if demand.verdict:
        intoto = {"type": vsa.TYPE}
        spec["attestations"] = [{"name": "verdict", "intoto": intoto}]
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ImageValidatingPolicy",
        "metadata": {"name": demand.name},
        "spec": spec,
    }


def _claims(verdict: Document, path: str = "predicate") -> Iterator[str]:
    """Yield an expression for each value that the statement has to have."""
    for key, value in verdict.items():
        where = f"{path}.{key}"
        if isinstance(value, dict):
            yield from _claims(value, where)
        else:
            payload = "extractPayload(image, attestations.verdict)"
            yield f"{payload}.{where} == {json.dumps(value)}"


def _globs(pattern: Pattern) -> Iterator[str]:
    """Yield what fits all names of an image, also the short ones of Docker Hub."""
    (name,) = _repositories(pattern, "docker.io")
    names = [name]
    host, _, rest = name.partition("/")
    if host == "docker.io":
        names += [f"index.docker.io/{rest}", rest]
        if rest.startswith("library/"):
            names.append(rest.removeprefix("library/"))
    for each in names:
        yield from [f"{each}*"] if pattern.begins else [each, f"{each}:*", f"{each}@*"]


def _of_globs(demands: Sequence[_Demand], write: _Write) -> Iterator[str]:
    """Yield where the cluster asks of more images than the policy."""
    patterns = [each for demand in demands for each in demand.patterns]
    if write is cluster_image_policy and any(not each.begins for each in patterns):
        yield "an image's name stands for all that begin with it: they are asked too"
    if write is kyverno and any(each.begins for each in patterns):
        yield "`*` goes on across `/` there: images in folders below are asked too"
    first = [each for each in dict.fromkeys(patterns) if each.begins]
    if any(
        one != other
        and one.namespace == other.namespace
        and other.name.startswith(one.name)
        for one in first
        for other in patterns
    ):
        yield "where two patterns fit an image, each wants a signer of its own"
