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
        fetched: what a build fetches by an address, without a digest or full commit id.
        infrastructure: a provider or module of Terraform.
    """

    id: ClassVar[str] = "unpinned-build-step"
    variants: ClassVar[Mapping[str, Level]] = {
        "image": Level.DENY,
        "action": Level.DENY,
        "hook": Level.DENY,
        "fetched": Level.DENY,
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
            hint=_HINTS.get(facts.role) or _HINT[variant],
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
    Role.FETCHED: "fetched",
    **dict.fromkeys((Role.PROVIDER, Role.MODULE), "infrastructure"),
}
_HINTS: Final[Mapping[Role, str]] = {
    Role.TASK: "name its exact version",
    Role.FEATURE: "name its digest, or keep `devcontainer-lock.json`",
    Role.FETCHED: "name the full commit id, or the digest: `ADD --checksum=sha256:...`",
    Role.PROVIDER: "name the exact version, and keep the lock file",
    Role.MODULE: "name the full commit id, or an exact version of a registry",
}
_HINT: Final = {
    "image": "name its digest: `name:tag@sha256:...`",
    "action": "name the full commit id, with the version as a comment",
    "hook": "name the full commit id, with the version as a comment",
}

RULE: Final[type[Rule]] = UnpinnedBuildStep
