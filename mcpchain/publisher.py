"""Who has to stand for which packages, as a user says it."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL

from mcpchain import image
from mcpchain.bundle.policy import Expected
from mcpchain.component import Attester, Component
from mcpchain.signature import GITHUB, GITLAB, SanKind

_GOOGLE: Final = "https://accounts.google.com"
_CIRCLECI: Final = "https://oidc.circleci.com"
_GLOB: Final = re.compile(r"[*?\[\]]")
_SEPARATORS: Final = re.compile(r"[-_.]+")
_PLACE: Final = "repository_url"
_COMPARED: Final = 5_000
_Parts = tuple[str, str, str]
"""Type, namespace and name, as they are compared."""


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
    text: str = field(default="", compare=False)
    """As it was written."""
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
        kind, namespace, name = _parts(purl)
        if purl.type == "oci" and name != purl.name.lower():
            raise ValueError(
                f"name the image where it lies: `?{_PLACE}=HOST/PATH/{purl.name}`"
            )
        begins = name.endswith("*")
        name = name[:-1] if begins else name
        if _GLOB.search(f"{namespace}{name}"):
            raise ValueError("`*` stands at the end of the name only")
        if not name and (not namespace or place.count("/") == 1):
            raise ValueError("it fits every package; write what their names begin with")
        if kind == "npm" and namespace and not namespace.startswith("@"):
            raise ValueError(f"a scope begins with `@`: `pkg:npm/@{namespace}/...`")
        written = npm_name(text).removesuffix("*")
        return cls(
            type=kind,
            namespace=namespace,
            name=name,
            begins=begins,
            written=written,
            text=text,
        )

    def fits(self, purl: PackageURL) -> bool:
        """Say whether *purl* is one of those that are named."""
        return self.names(_parts(purl))

    def names(self, parts: _Parts) -> bool:
        """Say whether it is what has these *parts*."""
        kind, namespace, name = parts
        if (kind, namespace) != (self.type, self.namespace):
            return False
        return name.startswith(self.name) if self.begins else name == self.name


def npm_name(text: str) -> str:
    """Return the name in a purl of npm as it is written; empty for other kinds."""
    kind, _, rest = text.partition("/")
    if kind.lower() != "pkg:npm":
        return ""
    return unquote(re.split(r"(?<!^)@|[?#]", rest, maxsplit=1)[0])


def _parts(purl: PackageURL) -> _Parts:
    """Return type, namespace and name as they are compared.

    An image of Docker Hub is one of the type `docker`, however it is written.
    """
    kind, namespace, name = purl.type, purl.namespace or "", purl.name
    if kind in {"docker", "oci"}:
        namespace, _, name = image.repository(purl).rpartition("/")
        host, _, path = namespace.partition("/")
        kind = "docker" if host == image.HUB else "oci"
        namespace = path if host == image.HUB else namespace
    elif kind == "pypi":
        name = _SEPARATORS.sub("-", name)
    return kind, namespace.lower(), name.lower()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """A pattern of a publisher that fits nothing."""

    pattern: Pattern
    line: int
    near: str = ""
    """What it may have been meant for, as a pattern."""


def unused(
    publishers: Iterable[Publisher], components: Iterable[Component]
) -> Iterator[Unused]:
    """Yield each pattern that fits none of *components*, in the order of the policy."""
    parts = {_parts(each.purl) for each in components if each.purl}
    for publisher in publishers:
        for each in publisher.packages:
            if not any(map(each.names, parts)):
                near = _near(each, parts)
                yield Unused(pattern=each, line=publisher.line, near=near)


def _near(pattern: Pattern, parts: Iterable[_Parts]) -> str:
    """Return the pattern for what is called almost as *pattern* says; empty: nothing.

    Of many, some are compared.
    """
    end, star = (len(pattern.name), "*") if pattern.begins else (None, "")
    names = {
        f"{space}/{name[:end]}".lstrip("/")
        for kind, space, name in parts
        if kind == pattern.type
    }
    name = f"{pattern.namespace}/{pattern.name}".lstrip("/")
    found = difflib.get_close_matches(name, sorted(names)[:_COMPARED], n=1, cutoff=0.8)
    if not found:
        return ""
    full = f"{found[0]}{star}"
    last = f"{full.rpartition('/')[2]}?{_PLACE}={full}"
    return f"pkg:{pattern.type}/{last if pattern.type == 'oci' else full}"


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
