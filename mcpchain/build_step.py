"""Declare what a build runs or is made on: images, and code of other repositories."""

import re
from typing import Final

from packageurl import PackageURL

from mcpchain import image
from mcpchain.artifact import Artifact, Digest
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url, source_address, vcs_purl

_SHOWN: Final = 140
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{40}")
_SECRET: Final = re.compile(r"[^/\s]*@(?!sha(?:256|512):|\$)|\?\S*")
"""Where a text that names something may hold a password."""


def add_image(
    found: Collector, text: str, place: Location, facts: BuildFacts, written: str = ""
) -> None:
    """Declare the image that *text* names; what names none is a gap.

    Args:
        found: Where to keep it.
        text: The reference, its variables replaced.
        place: Where it stands.
        facts: What it is there for.
        written: How it is written there, if that is all that may be told.
    """
    try:
        named = image.parse(text)
    except ValueError:
        problem = f"`{shown(written or text)}` is not the name of an image"
        unreadable(found, place, problem)
        return
    found.add(
        Component(
            kind=Kind.CONTAINER,
            name=named.name,
            # Who reads a list of parts looks for what it is here, not in the purl.
            version=str(named.digest) if named.digest else None,
            purl=named.purl,
            pin=named.pin,
            requested=named.tag,
            artifacts=named.artifacts,
            facts=BuildFacts(
                role=facts.role,
                stage=facts.stage,
                platform=facts.platform,
                registry=named.registry,
            ),
            locations=(place,),
        )
    )


def add_undecided(
    found: Collector, text: str, why: str, place: Location, facts: BuildFacts
) -> None:
    """Declare what *text* names, though nobody can tell what that is.

    Args:
        found: Where to keep it.
        text: As written.
        why: On what it depends.
        place: Where it stands.
        facts: Of an image, if its role is that of one.
    """
    pictured = facts.role.value.endswith("image")
    ref = found.add(
        Component(
            kind=Kind.CONTAINER if pictured else Kind.BUILD,
            name=shown(text) or "unnamed",
            pin=Pin.FLOATING,
            facts=facts,
            locations=(place,),
        )
    )
    found.gap(
        Gap(
            stage="discover",
            location=place,
            reason=f"what `{shown(text)}` is cannot be told: {why}",
            state=State.PARTIAL,
            hint="write out what it is, or give the variable a default that names it",
            ref=ref,
        )
    )


def add_repository(
    found: Collector,
    url: str,
    revision: str,
    place: Location,
    facts: BuildFacts,
    claim: str = "",
) -> None:
    """Declare what a repository holds at *revision*; empty: at whatever is newest.

    Args:
        found: Where to keep it.
        url: Where the repository is.
        revision: A commit, tag or branch.
        place: Where it stands.
        facts: What it is there for.
        claim: Which version a comment says that a commit is.
    """
    # In most repositories an id of 64 digits is none, and can be called a branch.
    fixed = _COMMIT.fullmatch(revision) is not None
    purl = vcs_purl(url, (revision.lower() if fixed else revision) or None)
    moving = Pin.TAG if revision else Pin.FLOATING
    found.add(
        Component(
            kind=Kind.BUILD,
            name="/".join(filter(None, (purl.namespace, purl.name))),
            version=purl.version if fixed else None,
            purl=purl,
            pin=Pin.COMMIT if fixed else moving,
            requested=claim if fixed else revision[:_SHOWN],
            facts=BuildFacts(
                role=facts.role, stage=facts.stage, registry=source_address(url)
            ),
            locations=(place,),
        )
    )


def add_file(
    found: Collector,
    url: str,
    digest: Digest | None,
    place: Location,
    facts: BuildFacts,
) -> None:
    """Declare a file that is fetched from *url*, whose owner can change it."""
    address = bare_url(url)
    name = address.rstrip("/").rpartition("/")[2] or "unnamed"
    qualifiers = {"download_url": address}
    if digest:
        qualifiers["checksum"] = str(digest)
    artifact = Artifact(name=name, digests=(digest,) if digest else (), url=address)
    found.add(
        Component(
            kind=Kind.BUILD,
            name=name,
            purl=PackageURL(type="generic", name=name, qualifiers=qualifiers),
            pin=Pin.DIGEST if digest else Pin.TAG,
            requested="" if digest else address,
            artifacts=(artifact,),
            facts=BuildFacts(
                role=facts.role, stage=facts.stage, registry=source_address(url)
            ),
            locations=(place,),
        )
    )


def unreadable(found: Collector, place: Location, reason: str, hint: str = "") -> None:
    """Leave a gap for an entry that is not what its format promises."""
    found.gap(
        Gap(
            stage="discover",
            location=place,
            reason=reason,
            state=State.UNREADABLE,
            hint=hint or f"repair `{place.path}`",
        )
    )


def partial(found: Collector, place: Location, reason: str, hint: str) -> None:
    """Leave a gap for what the build uses, and is not here to be read."""
    found.gap(
        Gap(
            stage="discover",
            location=place,
            reason=reason,
            state=State.PARTIAL,
            hint=hint,
        )
    )


def shown(text: str) -> str:
    """Return so much of *text* as cannot be a secret."""
    return _SECRET.sub("", text[:_SHOWN])


def beyond(found: Collector, place: Location, reason: str) -> None:
    """Leave a gap for what is more than is read."""
    found.gap(
        Gap(
            stage="discover",
            location=place,
            reason=reason,
            state=State.LIMIT,
            hint="check that the file is what its name says",
        )
    )
