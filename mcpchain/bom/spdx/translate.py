"""A package of SPDX 2 as the entry of CycloneDX that says the same.

One reader then decides, for either format, what a stranger's words are worth. What has
no member in CycloneDX stays together under `spdx`.
"""

from collections.abc import Iterable
from typing import Any, Final

from mcpchain.artifact import Digest
from mcpchain.bom import licenses
from mcpchain.bom.artifacts import ALGORITHMS
from mcpchain.bom.entry import Entry
from mcpchain.bom.purls import parse
from mcpchain.bom.spdx import actors
from mcpchain.bom.spdx.license_refs import UNSAID
from mcpchain.bom.tally import Tally
from mcpchain.inventory import Collector, State
from mcpchain.purl import write

_PURPOSES: Final = {
    "APPLICATION": "application",
    "CONTAINER": "container",
    "DEVICE": "device",
    "FILE": "file",
    "FIRMWARE": "firmware",
    "FRAMEWORK": "framework",
    "OPERATING-SYSTEM": "operating-system",
    "OTHER": "data",
}
"""All else, such as `SOURCE` and `ARCHIVE`, is software like any other."""
_ALGORITHMS: Final = {
    spelt.replace("-", ""): (each, spelt) for each, spelt in ALGORITHMS.items()
}
_HUB: Final = "huggingface"
_IMAGES: Final = ("pkg:docker/", "pkg:oci/")
_SAID: Final = frozenset(
    {"SPDXID", "name", "versionInfo", "downloadLocation", "checksums", "externalRefs"}
    | {"licenseConcluded", "licenseDeclared", "primaryPackagePurpose", "supplier"}
    | {"originator", "copyrightText", "description", "homepage", "hasFiles"}
)
"""The members of a package that are translated, or are relations."""

_Object = dict[str, Any]


class Translator:
    """Translates packages one by one, and keeps what it could not in *found*.

    Args:
        root: The document, whose own licences are named by it.
        found: Takes what is malformed.
        tally: Counts what is not read.
    """

    def __init__(self, root: Entry, found: Collector, tally: Tally) -> None:
        self._found = found
        self._tally = tally
        self._licenses: dict[str, str] = {}
        with found.entry():
            for each in root.entries("hasExtractedLicensingInfos"):
                self._explained(each)

    def package(self, entry: Entry) -> Entry:
        """Return the CycloneDX entry for a package.

        Raises:
            MalformedError: It has no name, and no purl that gives it one.
        """
        purl, others = self._purl(entry)
        name = said(entry.text("name"))
        if name is None:
            if purl is None:
                raise entry.malformed("a package has no name")
            # Its purl names it.
            name = purl.partition("@")[0].rpartition("/")[2]
        made: _Object = {"type": _type(entry, purl), "name": name}
        made |= _given("version", said(entry.text("versionInfo")))
        made |= _given("purl", purl)
        made |= _given("hashes", self.hashes(entry))
        made |= _given("licenses", self._choices(entry))
        made |= self._people(entry)
        made |= _given("copyright", said(entry.text("copyrightText")))
        made |= _given("description", said(entry.text("description")))
        made |= _given("externalReferences", _addresses(entry))
        rest = {k: v for k, v in entry.raw().items() if k not in _SAID}
        rest |= _given("externalRefs", others)
        rest |= _given("primaryPackagePurpose", _purpose(entry))
        return Entry(made | _given("spdx", rest), entry.source, entry.pointer)

    def hashes(self, entry: Entry) -> list[_Object]:
        """Return the checksums of a package or file, as CycloneDX spells them."""
        found = []
        items: list[Any] = []
        with self._found.entry():
            items = entry.items("checksums")
        for index, value in enumerate(items):
            with self._found.entry():
                pointer = f"{entry.pointer}/checksums/{index}"
                each = Entry(value, entry.source, pointer)
                name = each.required("algorithm")
                content = each.required("checksumValue").strip().lower()
                if name not in _ALGORITHMS:
                    what = "hashes of an algorithm that is not supported"
                    self._tally.note(what, pointer)
                    continue
                algorithm, spelt = _ALGORITHMS[name]
                try:
                    Digest(algorithm=algorithm, value=content)
                except ValueError as error:
                    raise each.malformed(str(error)) from error
                found.append({"alg": spelt, "content": content})
        return found

    def license(self, entry: Entry, key: str) -> tuple[str, ...]:
        """Return what *key* says of a licence: one, or nothing."""
        text = None
        with self._found.entry():
            text = said(entry.text(key))
        return () if text is None else (self._licenses.get(text, text),)

    def _choices(self, entry: Entry) -> list[_Object]:
        declared = self.license(entry, "licenseDeclared")
        concluded = self.license(entry, "licenseConcluded")
        found, homeless = licenses.encode(declared, concluded, mixed=False)
        if homeless:
            found, _ = licenses.encode(declared, concluded, mixed=True)
        return found

    def _explained(self, entry: Entry) -> None:
        with self._found.entry():
            ref = entry.text("licenseId")
            name = said(entry.text("name"))
            if ref and name and name != ref:
                self._licenses.setdefault(ref, name)

    def _purl(self, entry: Entry) -> tuple[str | None, list[Any]]:
        """Return the purl, and the references that are none.

        Of several purls the first counts, and the contradiction is a gap.
        """
        found: dict[str, None] = {}
        others: list[Any] = []
        items: list[Any] = []
        with self._found.entry():
            items = entry.items("externalRefs")
        for index, value in enumerate(items):
            others.append(value)
            with self._found.entry():
                pointer = f"{entry.pointer}/externalRefs/{index}"
                each = Entry(value, entry.source, pointer)
                if each.required("referenceType").rpartition("/")[2] != "purl":
                    continue
                text = each.required("referenceLocator").strip()
                others.pop()
                found[_canonical(text)] = None
        if len(found) > 1:
            what = "packages with several purls, of which the first was read"
            self._tally.note(what, f"{entry.pointer}/externalRefs", State.CONFLICT)
        first, *more = found or [None]
        others += [{"referenceType": "purl", "referenceLocator": each} for each in more]
        return first, others

    def _people(self, entry: Entry) -> _Object:
        made: _Object = {}
        with self._found.entry():
            if whole := said(entry.text("supplier")):
                made |= _given("supplier", _organisation(whole))
        with self._found.entry():
            if whole := said(entry.text("originator")):
                kind, name, email = actors.parsed(whole) or ("", whole, "")
                if kind == "Person":
                    made["authors"] = [{"name": name} | _given("email", email)]
                else:
                    made["manufacturer"] = _organisation(whole)
        return made


def people(creators: Iterable[str]) -> _Object:
    """Return who made a document, as the `metadata` of CycloneDX say it; no tools."""
    authors: list[_Object] = []
    made: _Object = {}
    for each in creators:
        kind, name, email = actors.parsed(each) or ("", "", "")
        if kind == "Person":
            authors.append({"name": name} | _given("email", email))
        elif kind == "Organization":
            made.setdefault("manufacturer", _organisation(each))
    return made | _given("authors", authors)


def said(text: str | None) -> str | None:
    """Return *text*, unless it says that nothing is said."""
    return None if text is None or not text.strip() or text in UNSAID else text.strip()


def _given(key: str, value: Any) -> _Object:  # noqa: ANN401 - JSON
    return {key: value} if value else {}


def _canonical(text: str) -> str:
    try:
        return write(parse(text))
    except ValueError:
        return text


def _type(entry: Entry, purl: str | None) -> str:
    """Say what a package is; its purl says it where SPDX 2 has no word, or none is."""
    if purl is not None and purl.startswith(f"pkg:{_HUB}/"):
        return "data" if "repo_type=dataset" in purl else "machine-learning-model"
    if purl is not None and "primaryPackagePurpose" not in entry:
        return "container" if purl.startswith(_IMAGES) else "library"
    return _PURPOSES.get(_purpose(entry), "library")


def _purpose(entry: Entry) -> str:
    value = entry.raw().get("primaryPackagePurpose")
    return value.replace("_", "-") if isinstance(value, str) else ""


def _organisation(text: str) -> _Object:
    _, name, email = actors.parsed(text) or ("", text, "")
    contact = [{"email": email}] if email else []
    return {"name": name} | _given("contact", contact)


def _addresses(entry: Entry) -> list[_Object]:
    found = []
    for key, kind in (("downloadLocation", "distribution"), ("homepage", "website")):
        value = entry.raw().get(key)
        address = said(value) if isinstance(value, str) else None
        if address is not None:
            versioned = address.startswith(("git+", "hg+", "svn+", "bzr+", "git://"))
            found.append({"type": "vcs" if versioned else kind, "url": address})
    return found
