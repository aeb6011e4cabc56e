"""Who has to stand for which packages, as a user says it."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL

from mcpchain.bundle.policy import Expected
from mcpchain.component import Attester, Component
from mcpchain.signature import GITHUB, GITLAB, SanKind

_GOOGLE: Final = "https://accounts.google.com"
_CIRCLECI: Final = "https://oidc.circleci.com"
_GLOB: Final = re.compile(r"[*?\[\]]")
_SEPARATORS: Final = re.compile(r"[-_.]+")
_PLACE: Final = "repository_url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Names packages: one, or all whose names begin alike in the same namespace.

    Case never counts: who may be meant has to answer too.
    """

    type: str
    namespace: str
    """Of an image with a host, that and its path without the last name."""
    name: str
    begins: bool = False
    """Whether more may follow the name."""
    written: str = field(default="", compare=False)
    """Of npm, the name in the case in which it is written."""

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Read a purl without version, in which the name may end with `*`.

        An image with a host is `pkg:oci/NAME?repository_url=HOST/PATH/NAME`.

        Raises:
            ValueError: It is none, or it fits every package of its kind.
        """
        purl = PackageURL.from_string(text)
        place = purl.qualifiers.get(_PLACE, "") if purl.type == "oci" else ""
        if purl.version or purl.subpath or (purl.qualifiers and not place):
            raise ValueError("name it without version, qualifiers and path in it")
        namespace, name = _parts(purl)
        if purl.type == "oci" and name.lower() != purl.name:
            raise ValueError(
                f"name the image where it lies: `?{_PLACE}=HOST/PATH/{purl.name}`"
            )
        begins = name.endswith("*")
        name = name[:-1] if begins else name
        if _GLOB.search(f"{namespace}{name}"):
            raise ValueError("`*` stands at the end of the name only")
        if not name and (not namespace or (place and "/" not in namespace)):
            raise ValueError("it fits every package; write what their names begin with")
        written = npm_name(text).removesuffix("*")
        return cls(
            type=purl.type,
            namespace=namespace,
            name=name,
            begins=begins,
            written=written,
        )

    def fits(self, purl: PackageURL) -> bool:
        """Say whether *purl* is one of those that are named."""
        if purl.type != self.type:
            return False
        namespace, name = _parts(purl)
        if namespace != self.namespace:
            return False
        return name.startswith(self.name) if self.begins else name == self.name


def npm_name(text: str) -> str:
    """Return the name in a purl of npm as it is written; empty for other kinds."""
    kind, _, rest = text.partition("/")
    if kind.lower() != "pkg:npm":
        return ""
    return unquote(re.split(r"(?<!^)@|[?#]", rest, maxsplit=1)[0])


def _parts(purl: PackageURL) -> tuple[str, str]:
    """Return namespace and name as they are compared."""
    namespace, name = purl.namespace or "", purl.name
    if purl.type == "oci":
        namespace, _, name = purl.qualifiers.get(_PLACE, "").rpartition("/")
    elif purl.type == "docker":
        namespace = namespace or "library"
    elif purl.type == "pypi":
        name = _SEPARATORS.sub("-", name)
    return namespace.lower(), name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Somebody who is known by a certificate, or by a key."""

    expected: Expected | None = None
    """`None`: a key, and no certificate."""
    key: bytes = b""
    """A public key in PEM (`bundle.keys.load`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher(Signer):
    """Somebody who may stand for packages; of several for one, each may."""

    packages: tuple[Pattern, ...]
    line: int = field(default=0, compare=False)
    """Where it stands in the policy file."""

    def fits(self, component: Component) -> bool:
        """Say whether *component* is one of the packages."""
        purl = component.purl
        return purl is not None and any(each.fits(purl) for each in self.packages)


def attested(attester: Attester) -> Expected | None:
    """Return whom an index or a lock names; `None`: a kind that is not known.

    Raises:
        ValueError: It does not say what has to be said of that kind.
    """
    claims = dict(attester.claims)

    def claim(name: str) -> str:
        value = claims.get(name, "")
        if not value or _GLOB.search(value):
            raise ValueError(f"`{name}` of a `{attester.kind}` has to be named whole")
        return value

    match attester.kind:
        case "GitHub":
            return Expected(
                issuer=GITHUB,
                repository=f"https://github.com/{claim('repository')}",
                workflow=f".github/workflows/{claim('workflow')}",
            )
        case "GitLab":
            return Expected(
                issuer=GITLAB,
                repository=f"https://gitlab.com/{claim('repository')}",
                workflow=claim("workflow_filepath"),
            )
        case "Google":
            return Expected(issuer=_GOOGLE, san=claim("email"), kind=SanKind.EMAIL)
        case "CircleCI":
            project, pipeline = claim("project_id"), claim("pipeline_definition_id")
            path = f"/projects/{project}/pipeline-definitions/{pipeline}"
            san = f"https://circleci.com/api/v2{path}"
            return Expected(issuer=_CIRCLECI, san=san, kind=SanKind.URI)
        case _:
            return None
