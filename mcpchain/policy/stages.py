"""The stages of a deployment: what blocks where, and whose word is needed before."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from mcpchain.finding import Level
from mcpchain.policy.levels import Key, Place, read_levels
from mcpchain.policy.publishers import Beside, read_signer
from mcpchain.policy.scope import stage
from mcpchain.policy.values import age, known, unlike, words
from mcpchain.publisher import Signer
from mcpchain.strict_yaml import YamlNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Whose verdicts count, and by what they are known to be its own."""

    id: str
    """As verdicts name it (SLSA VSA 1.1, `verifier.id`)."""
    signer: Signer
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """The verdict of another stage, which has to be there."""

    stage: str
    verifier: Verifier
    max_age: dt.timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step on the way to production."""

    name: str
    blocks: bool = True
    """Whether what is denied closes the gate; else it is a warning."""
    levels: Mapping[Key, Level] = field(default_factory=dict)
    """Those that are others than everywhere."""
    places: Mapping[Key, Place] = field(default_factory=dict)
    requires: Required | None = None
    line: int = 0


def read_verifiers(node: YamlNode, beside: Beside | None) -> Iterator[Verifier]:
    """Yield each verifier.

    Raises:
        MalformedError: One is there twice, or says too much or too little.
    """
    seen: set[str] = set()
    for each in node.elements():
        name = _id(each.at("id"))
        if name in seen:
            raise each.at("id").malformed(f"`{name}` is there twice")
        seen.add(name)
        yield Verifier(
            id=name, signer=read_signer(each, {"id"}, beside), line=each.line
        )


def _id(node: YamlNode) -> str:
    text = words(node)
    if not text.startswith("https://") or any(c in text for c in "*? "):
        raise node.malformed(f"`{text[:140]}` is no `https://` address that names one")
    return text


def read_stages(
    node: YamlNode, verifiers: Sequence[Verifier], before: AbstractSet[str]
) -> Iterator[Stage]:
    """Yield each stage.

    Args:
        node: The stages by name.
        verifiers: Those that a stage may name.
        before: The names of stages that the policy has already.
    """
    names = {*before, *(name for name, _ in node.items())}
    for name, each in node.items():
        known(each, {"enforce", "rules", "requires"})
        found = [*read_levels(each.at("rules"))]
        yield Stage(
            name=name,
            blocks="enforce" not in each or _blocks(each.at("enforce")),
            levels={key: level for key, level, _ in found},
            places={key: place for key, _, place in found},
            requires=_required(each.at("requires"), name, names, verifiers)
            if "requires" in each
            else None,
            line=each.line,
        )


def _blocks(node: YamlNode) -> bool:
    """Say whether denials block."""
    text = node.text()
    if text not in {"block", "warn"}:
        raise node.malformed(unlike(text, ("block", "warn"), "way to enforce"))
    return text == "block"


def _required(
    node: YamlNode, name: str, names: AbstractSet[str], verifiers: Sequence[Verifier]
) -> Required:
    known(node, {"stage", "verifier", "max-age"})
    before = stage(node.at("stage"), names)
    if before == name:
        raise node.at("stage").malformed("a stage cannot wait for itself")
    ids = {each.id: each for each in verifiers}
    wanted = node.at("verifier").text()
    if wanted not in ids:
        raise node.at("verifier").malformed(
            unlike(wanted, ids, "verifier") if ids else "there are no `verifiers`"
        )
    limit = age(node.at("max-age"))
    return Required(stage=before, verifier=ids[wanted], max_age=limit)
