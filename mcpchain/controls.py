"""Controls of frameworks that auditors ask for, and which rules speak of them.

Ids are those of the frameworks, titles our own words. Of most controls only a part can
be seen in what a system is made of. Where silence of the rules is no proof, they are
`refuting`: a finding shows that the control is not met, and nothing shows that it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

INVENTORY: Final = "inventory"
"""In place of a rule: the list of what is there."""
ADVISORIES: Final = "advisories"
"""In place of a rule: that advisories were looked up, whatever they said."""
_NAMED: Final = (
    *("unpinned-server", "unpinned-dependency", "unhashed-dependency"),
    *("unpinned-model", "unpinned-build-step", "digest-mismatch"),
)
_SIGNED: Final = (
    *("invalid-signature", "untrusted-identity", "unsigned-artifact"),
    *("missing-provenance", "provenance-repository-mismatch", "provenance-downgrade"),
    "identity-change",
)
_KNOWN: Final = ("known-vulnerability", "malicious-release", "withdrawn-release")
_MODEL: Final = ("unsafe-model-format", "remote-model-code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One that a framework asks for."""

    title: str
    rules: tuple[str, ...] = ()
    """They look at all of it, as far as it is about components."""
    refuting: tuple[str, ...] = ()
    build_level: int = 0
    """Which level `low-build-level` has to ask for; 0: it is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A list of controls."""

    title: str
    form: re.Pattern[str]
    """Of an id."""
    controls: Mapping[str, Control]


FRAMEWORKS: Final[Mapping[str, Framework]] = {
    "owasp-llm": Framework(
        title="OWASP Top 10 for LLM Applications 2025",
        form=re.compile("LLM(?:0[1-9]|10)"),
        controls={
            "LLM01": Control(title="prompt injection"),
            "LLM02": Control(title="sensitive information is disclosed"),
            "LLM03": Control(
                title="supply chain",
                rules=(*_NAMED, *_SIGNED, *_KNOWN, *_MODEL, "untrusted-registry"),
            ),
            "LLM04": Control(
                title="data and models are poisoned",
                refuting=(*_MODEL, "unpinned-model", "digest-mismatch"),
            ),
            "LLM05": Control(title="output is handled without care"),
            "LLM06": Control(title="agents may do too much"),
            "LLM07": Control(title="the system prompt leaks"),
            "LLM08": Control(title="weaknesses of vectors and embeddings"),
            "LLM09": Control(title="misinformation"),
            "LLM10": Control(title="consumption without bound"),
        },
    ),
    "owasp-mcp": Framework(
        title="OWASP MCP Top 10 (2025, beta)",
        form=re.compile("MCP(?:0[1-9]|10)"),
        controls={
            "MCP01": Control(
                title="tokens and secrets are exposed",
                refuting=("plaintext-remote-server",),
            ),
            "MCP02": Control(title="privileges grow with their scope"),
            "MCP03": Control(title="tools are poisoned"),
            "MCP04": Control(
                title="supply chain attacks, and dependencies tampered with",
                rules=(
                    *("unpinned-server", "digest-mismatch", "untrusted-registry"),
                    *(*_SIGNED, *_KNOWN),
                ),
            ),
            "MCP05": Control(title="commands are injected"),
            "MCP06": Control(title="the flow of intent is subverted"),
            "MCP07": Control(
                title="authentication and authorisation are insufficient",
                refuting=("plaintext-remote-server",),
            ),
            "MCP08": Control(title="audit and telemetry are lacking"),
            "MCP09": Control(
                title="shadow servers",
                refuting=("untrusted-registry", "untrusted-identity"),
            ),
            "MCP10": Control(title="context is injected, or shared too widely"),
        },
    ),
    "nist-ssdf": Framework(
        title="NIST SP 800-218, Secure Software Development Framework 1.1",
        form=re.compile(r"P[OSW]\.\d(?:\.\d)?|RV\.\d(?:\.\d)?"),
        controls={
            "PS.3.2": Control(
                title="provenance data of all components of a release",
                rules=(INVENTORY, "missing-provenance"),
            ),
            "PW.4.1": Control(
                title="components that are acquired are well secured",
                rules=(*_KNOWN, "unsafe-model-format"),
            ),
            "PW.4.4": Control(
                title="components that are acquired are verified all along",
                rules=(
                    *(*_NAMED, *_KNOWN),
                    *("invalid-signature", "untrusted-identity", "unsigned-artifact"),
                ),
            ),
            "RV.1.1": Control(
                title="information on vulnerabilities is gathered", rules=(ADVISORIES,)
            ),
        },
    ),
    "slsa": Framework(
        title="SLSA 1.1",
        form=re.compile("Build L[1-3]|Verifying artifacts"),
        controls={
            "Build L1": Control(
                title="provenance exists", rules=("missing-provenance",)
            ),
            "Build L2": Control(
                title="provenance is signed by a hosted platform",
                rules=("missing-provenance", "invalid-signature", "low-build-level"),
                build_level=2,
            ),
            "Build L3": Control(
                title="builds are isolated",
                rules=("missing-provenance", "invalid-signature", "low-build-level"),
                build_level=3,
            ),
            "Verifying artifacts": Control(
                title="provenance is compared with what is expected",
                rules=(
                    *("invalid-signature", "untrusted-identity"),
                    *("provenance-repository-mismatch", "missing-provenance"),
                ),
            ),
        },
    ),
    "eu-cra": Framework(
        title="EU Cyber Resilience Act (Regulation 2024/2847), Annex I",
        form=re.compile(r"I\(1\)|I\(2\)\([a-m]\)|II\([1-8]\)"),
        controls={
            "I(2)(a)": Control(
                title="no known exploitable vulnerabilities",
                rules=("known-vulnerability", "malicious-release"),
            ),
            "I(2)(e)": Control(
                title="confidentiality of data", refuting=("plaintext-remote-server",)
            ),
            "I(2)(f)": Control(
                title="integrity of data, programs and configuration",
                refuting=("digest-mismatch", "invalid-signature"),
            ),
            "II(1)": Control(
                title="components and vulnerabilities are identified and documented",
                rules=(INVENTORY, ADVISORIES),
            ),
        },
    ),
    "eu-ai-act": Framework(
        title="EU AI Act (Regulation 2024/1689)",
        form=re.compile(r"Article [1-9]\d{0,2}(?:\(\d+\))?"),
        controls={
            "Article 11": Control(
                title="technical documentation", refuting=(INVENTORY,)
            ),
            "Article 15": Control(
                title="accuracy, robustness and cybersecurity",
                refuting=(*_MODEL, *_KNOWN, "digest-mismatch"),
            ),
        },
    ),
    "iso-27001": Framework(
        title="ISO/IEC 27001:2022, Annex A",
        form=re.compile(r"[5-8]\.[1-9]\d?"),
        controls={
            "5.9": Control(title="inventory of assets", refuting=(INVENTORY,)),
            "5.21": Control(
                title="security in the ICT supply chain",
                refuting=(*_NAMED, *_SIGNED, "untrusted-registry"),
            ),
            "5.32": Control(
                title="intellectual property rights", refuting=("unaccepted-license",)
            ),
            "8.7": Control(
                title="protection against malware",
                refuting=("malicious-release", "unsafe-model-format"),
            ),
            "8.8": Control(
                title="technical vulnerabilities are managed",
                rules=("known-vulnerability",),
            ),
            "8.19": Control(
                title="software on operational systems",
                refuting=(*_NAMED, "untrusted-registry"),
            ),
            "8.24": Control(
                title="use of cryptography", refuting=("plaintext-remote-server",)
            ),
        },
    ),
}


def parse(text: str) -> tuple[str, str]:
    """Read `FRAMEWORK:ID`.

    Raises:
        ValueError: There is no such framework, or its ids are others.
    """
    name, _, control = text.partition(":")
    framework = FRAMEWORKS.get(name)
    if framework is None:
        names = ", ".join(f"`{each}`" for each in FRAMEWORKS)
        raise ValueError(f"`{name[:40]}` is no framework that is known; use {names}")
    if not framework.form.fullmatch(control):
        raise ValueError(f"`{control[:40]}` is no id of {framework.title}")
    return name, control
