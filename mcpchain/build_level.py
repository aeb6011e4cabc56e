"""Which build level of SLSA does a provenance have? From our table, never from it.

Anybody can write any `builder.id`. What counts is who signed, and whether that one can
only say the truth about its builder:

- 3: a workflow that isolates the build signed, and names itself as the builder. The
  generators of slsa-github-generator at a released tag do, and those that the user
  names.
- 2: the hosted runners of GitHub ran the workflow that signed, and the builder is that
  workflow, or the runner that npm names.
- 1: signed provenance by any other pair; on a runner of one's own too, unless the user
  says otherwise.
- 0: no provenance that could be believed.

The source is the SLSA specification 1.2 (build track), and what the builders write.
"""

import re
from dataclasses import dataclass
from typing import Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.signature import GITHUB, Identity, Statement, Status, Verification
from mcpchain.standing import Builders

_V0_2: Final = "https://slsa.dev/provenance/v0.2"
_V1: Final = "https://slsa.dev/provenance/v1"
PROVENANCE: Final = frozenset({_V0_2, _V1})
_HOST: Final = "https://github.com/"
_LONGEST: Final = 2048
_GENERATOR: Final = "https://github.com/slsa-framework/slsa-github-generator"
_TAG: Final = re.compile(r"refs/tags/v[0-9]+\.[0-9]+\.[0-9]+")
_FOLDER: Final = ".github/workflows/"
_ISOLATED: Final = {
    "generator_generic_slsa3.yml": frozenset({"generator_generic_slsa3.yml"}),
    "generator_container_slsa3.yml": frozenset({"generator_container_slsa3.yml"}),
    "builder_go_slsa3.yml": frozenset({"builder_go_slsa3.yml"}),
    "builder_container-based_slsa3.yml": frozenset(
        {"builder_container-based_slsa3.yml"}
    ),
    "builder_gradle_slsa3.yml": frozenset({"builder_gradle_slsa3.yml"}),
    "builder_maven_slsa3.yml": frozenset({"builder_maven_slsa3.yml"}),
    "delegator_generic_slsa3.yml": frozenset(
        {"builder_gradle_slsa3.yml", "builder_maven_slsa3.yml"}
    ),
    "delegator_lowperms-generic_slsa3.yml": frozenset({"builder_nodejs_slsa3.yml"}),
}
"""The workflow that signs, and the builders that it signs for."""
_RUNNERS: Final = frozenset(
    {
        "https://github.com/actions/runner",
        "https://github.com/actions/runner/github-hosted",
    }
)
"""What npm's command line names as the builder."""
_HOSTED: Final = "github-hosted"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLevel:
    """A level, 0 to 3, and why it is no other."""

    level: int
    reason: str
    builder: str = ""
    """As the provenance says; empty: it does not."""


def builder_id(statement: Statement) -> str:
    """Return who built it, as a provenance says (SLSA v0.2 and v1).

    Raises:
        MalformedError: It is no provenance, or does not say it.
    """
    node = Node(value=statement.predicate, source="provenance", pointer="/predicate")
    if statement.predicate_type == _V1:
        node = node.at("runDetails")
    elif statement.predicate_type != _V0_2:
        raise node.malformed(f"a `{statement.predicate_type[:140]}` is no provenance")
    found = node.at("builder").at("id")
    text = found.text()
    if not 0 < len(text) <= _LONGEST or not text.isascii() or not text.isprintable():
        raise found.malformed("is not the name of a builder")
    return text


def build_level(found: Verification, builders: Builders | None = None) -> BuildLevel:
    """Return the level of what *found* says of an artifact.

    Args:
        found: The answer for a signature. Only one that is verified says anything.
        builders: What the user says of builders.
    """
    if found.status is not Status.VERIFIED:
        return BuildLevel(level=0, reason=f"its provenance is {found.status.value}")
    if found.statement is None:
        return BuildLevel(level=0, reason="a signature without provenance")
    try:
        builder = builder_id(found.statement)
    except MalformedError as error:
        return BuildLevel(level=0, reason=f"{error.problem} ({error.pointer})")
    if found.identity is None:
        reason = "a key signed it, of which no builder is known"
        return BuildLevel(level=1, reason=reason, builder=builder)
    level, reason = _judged(found.identity, builder, builders or Builders())
    return BuildLevel(level=level, reason=reason, builder=builder)


def _judged(who: Identity, builder: str, builders: Builders) -> tuple[int, str]:
    if not _of_github(who):
        return 1, f"`{who.san[:140]}` is no builder that is known"
    if who.runner == _HOSTED:
        if _generator(who, builder):
            return 3, "a generator that isolates the build has signed"
        speaks = builder == who.san or builder in _RUNNERS
        if speaks and _pinned(who) in builders.isolating:
            return 3, "a workflow that you say isolates the build has signed"
    elif not builders.self_hosted:
        runner = f"`{who.runner[:60]}`" if who.runner else "one that nobody names"
        return 1, f"the runner is {runner}, whose owner can say anything"
    if builder == who.san or builder in _RUNNERS:
        return 2, "the workflow that built it has signed"
    return 1, f"`{who.san[:140]}` does not speak for the builder `{builder[:140]}`"


def _of_github(who: Identity) -> bool:
    """Say whether a workflow signed, as GitHub says itself."""
    ours = who.issuer == GITHUB or who.issuer.startswith(f"{GITHUB}/")
    one = who.signer_workflow in {"", who.san}
    workflow = who.san.startswith(f"{who.signer_repository}/{_FOLDER}")
    return ours and one and workflow and who.signer_repository.startswith(_HOST)


def _pinned(who: Identity) -> str:
    return f"{who.signer_repository}/{who.signer_path}@{who.signer_digest}"


def _generator(who: Identity, builder: str) -> bool:
    """Say whether a released generator signed for one of its builders."""
    if who.signer_repository != _GENERATOR or not _TAG.fullmatch(who.signer_ref):
        return False
    signed_for = _ISOLATED.get(who.signer_path.removeprefix(_FOLDER), frozenset())
    place, _, ref = builder.partition("@")
    name = place.removeprefix(f"{_GENERATOR}/{_FOLDER}")
    # The builder of a generator is at the release of it.
    return name in signed_for and ref == who.signer_ref
