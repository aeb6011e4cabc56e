"""An image, an action or a hook whose publisher can change what it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import BuildFacts, Role
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpinnedBuildStep:
    """What builds or carries the system is named in a way that can be moved.

    Why it matters: an action runs with the secrets of the build, and an image is below
    everything that was checked. In March 2025 all tags of `tj-actions/changed-files`
    were moved to a commit that printed secrets (CVE-2025-30066).

    Use instead: the full commit id of an action or hook, with the version as a comment;
    the digest of an image (`name:tag@sha256:...`). Dependabot and Renovate renew both.

    Variants:
        image: a container image without a digest.
        action: an action, a workflow or template of another repository, or a task of a
            pipeline, without a full commit id or exact version.
        hook: a repository of hooks, or a feature of a development container.
        infrastructure: a provider or module of Terraform.
    """

    id: ClassVar[str] = "unpinned-build-step"
    variants: ClassVar[Mapping[str, Level]] = {
        "image": Level.DENY,
        "action": Level.DENY,
        "hook": Level.DENY,
        "infrastructure": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is such a part, and its publisher can move it."""
        component, facts = case.component, case.component.facts
        if not isinstance(facts, BuildFacts):
            return
        if component.pin is None or not component.pin.moves:
            return
        variant = _VARIANTS[facts.role]
        asked = f" (`{component.requested}`)" if component.requested else ""
        yield Finding(
            rule=self.id,
            variant=variant,
            about=component,
            message=f"{facts.role.value} `{component.name}`{asked} can be changed by "
            "its publisher at any time",
            hint=_HINTS[variant],
        )


_VARIANTS: Final[Mapping[Role, str]] = {
    **dict.fromkeys(
        (
            Role.BASE_IMAGE,
            Role.SERVICE_IMAGE,
            Role.BUILD_IMAGE,
            Role.DEVELOPMENT_IMAGE,
        ),
        "image",
    ),
    **dict.fromkeys((Role.ACTION, Role.WORKFLOW, Role.TASK), "action"),
    **dict.fromkeys((Role.HOOK, Role.FEATURE), "hook"),
    **dict.fromkeys((Role.PROVIDER, Role.MODULE), "infrastructure"),
}
_HINTS: Final = {
    "image": "name its digest: `name:tag@sha256:...`",
    "action": "name the full commit id, or the exact version of a task",
    "hook": "name the full commit id, or the digest of a feature",
    "infrastructure": "name the exact version, and keep the lock file",
}

RULE: Final[type[Rule]] = UnpinnedBuildStep
