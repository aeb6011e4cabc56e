"""Are the files of a model those that a hub has? From its name to the answer.

Which hub is asked says HF_ENDPOINT, as the hub's own library has it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote, urljoin

from mcpchain import hub_name
from mcpchain.address import Credential, is_http, lies_below, plain
from mcpchain.errors import MalformedError, UsageError
from mcpchain.fetch import Fetcher, FetchError, Request, Response
from mcpchain.inventory import State
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.purl import parse
from mcpchain.settings import load
from mcpchain.signature import Check, Status, Verification
from mcpchain.tree.listing import entries
from mcpchain.tree.root import Root
from mcpchain.tree.unreadable import UnreadableError
from mcpchain.verify import hub_digest
from mcpchain.verify.hub_digest import Folder, Kept

_NEXT: Final = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?next"?', re.IGNORECASE)
_PAGES: Final = 200
_PURL: Final = "pkg:huggingface/"
_BRANCH: Final = "main"
_SNAPSHOTS: Final = "snapshots"
_HINT: Final = "write `OWNER/NAME@REVISION`: `--hub acme/llama@main`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model on a hub."""

    name: str
    """`organisation/name`."""
    revision: str
    """A commit, or a branch or tag."""
    itself: bool = False
    """Whether only the folder itself says that it is that one."""


def claimed(folder: Path) -> Model | None:
    """Return which model a snapshot in a hub's cache says to be."""
    parts = folder.resolve().parts[-3:]
    if len(parts) < 3 or parts[1] != _SNAPSHOTS:  # noqa: PLR2004 - cache and commit
        return None
    name = hub_name.from_cache(parts[0])
    if not name or not hub_name.is_commit(parts[2]):
        return None
    return Model(name=name, revision=parts[2], itself=True)


def named(text: str) -> Model:
    """Read a model as the user names it: a purl, or `OWNER/NAME@REVISION`.

    Raises:
        UsageError: It is none.
    """
    name, _, revision = text.partition("@")
    if text.startswith(_PURL):
        try:
            purl = parse(text)
        except ValueError as error:
            raise UsageError(
                f"`{text[:140]}` is no purl: {error}", hint=_HINT
            ) from None
        if purl.qualifiers or purl.subpath:
            raise UsageError(
                f"`{text[:140]}` names more than a model and its revision",
                hint=f"write `{_PURL}OWNER/NAME@REVISION`; HF_ENDPOINT says which hub",
            )
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        revision = purl.version or ""
    if not hub_name.is_name(name):
        raise UsageError(f"`{name[:140]}` is no name of a model on a hub", hint=_HINT)
    return Model(name=name, revision=revision)


def verify(
    target: str,
    model: Model | None,
    ask: Circumstances,
    ignored: tuple[str, ...] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Say whether the files of a model here are those that a hub has.

    Args:
        target: A folder, or a purl: then the user's cache of the hub.
        model: What the folder should be. `None`: what it says itself, or the purl.
        ask: When and where it is asked.
        ignored: What of the folder is left out.
        progress: Called with (bytes hashed, bytes in all).

    Raises:
        UsageError: No model is named, or no hub.
    """
    wanted = model or _of(target)
    hub = _Hub.of(ask)
    told = Verification(
        status=Status.ERROR,
        reason="",
        kind=hub_digest.KIND,
        subject=f"{target} ({wanted.name}@{wanted.revision or _BRANCH})",
        root=plain(hub.address),
        notes=(hub_digest.NOBODY,),
    )
    settings = load(ask.environ, home=ask.home, projects=ask.projects)
    try:
        with Fetcher(
            offline=ask.offline, route=settings.route, clock=ask.now.timestamp
        ) as fetcher:
            commit = hub.commit(fetcher, wanted)
            place = _place(target, wanted.name, commit, ask)
            folder = replace(_listed(place), ignored=frozenset(ignored))
            kept = hub.files(fetcher, wanted.name, commit)
    except _NoAnswerError as error:
        return replace(told, status=error.status, reason=error.reason)
    except FetchError as error:
        known = error.state is not State.MISSING
        status = Status.ERROR if known else Status.UNVERIFIABLE
        return replace(told, status=status, reason=error.reason)
    except UnreadableError as error:
        return replace(told, reason=str(error))
    found = hub_digest.compare(kept, folder, _counter(folder, progress))
    return replace(
        found,
        subject=f"{target} ({wanted.name}@{commit})",
        root=told.root,
        checks=(
            Check(id="revision", ok=True, detail=f"commit {commit} of `{wanted.name}`"),
            *found.checks,
        ),
        notes=(*_notes(wanted, commit), *found.notes),
    )


def _notes(wanted: Model, commit: str) -> list[str]:
    notes = []
    if wanted.itself:
        notes.append("which model it is, only the name of its folder says")
    elif wanted.revision != commit:
        said = wanted.revision or _BRANCH
        notes.append(f"`{said}` can be moved, and is commit {commit} now")
    return notes


def _of(target: str) -> Model:
    if target.startswith(_PURL):
        return named(target)
    found = claimed(Path(target))
    if found is None:
        raise UsageError(
            f"`{target[:140]}` does not say which model of a hub it is", hint=_HINT
        )
    return found


class _NoAnswerError(Exception):
    """What a hub says, or what is here, cannot be compared."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hub:
    """A hub, and who the user is to it."""

    address: str
    credential: Credential | None = None

    @classmethod
    def of(cls, ask: Circumstances) -> "_Hub":
        address = (ask.environ.get("HF_ENDPOINT") or hub_name.ADDRESS).rstrip("/")
        if not is_http(address):
            raise UsageError(
                "HF_ENDPOINT is no web address",
                hint="set it to the address of a hub: `https://...`",
            )
        token = ask.environ.get("HF_TOKEN", "").strip()
        header = f"Bearer {token}"
        known = Credential(scope=address, header=header) if token else None
        return cls(address=address, credential=known)

    def commit(self, fetcher: Fetcher, model: Model) -> str:
        """Return the commit that the revision is now."""
        name, revision = model.name, model.revision or _BRANCH
        rest = f"revision/{quote(revision, safe='')}"
        answer = self._ask(fetcher, f"{self._api(name)}/{rest}").document()
        try:
            said, commit = answer.at("id").text(), answer.at("sha").text()
        except MalformedError as error:
            raise _malformed(error) from None
        if said != name:
            raise _NoAnswerError(
                Status.UNVERIFIABLE,
                f"the hub was asked for `{name}`, and answers for `{said[:140]}`",
            )
        moved = hub_name.is_commit(revision) and commit != revision
        if moved or not hub_name.is_commit(commit):
            raise _NoAnswerError(
                Status.UNVERIFIABLE,
                f"the hub says that `{revision[:140]}` is commit `{commit[:140]}`",
            )
        return commit

    def files(self, fetcher: Fetcher, name: str, commit: str) -> Mapping[str, Kept]:
        """Return every file of the commit, by path."""
        found: dict[str, Kept] = {}
        url = f"{self._api(name)}/tree/{commit}?recursive=true"
        for _ in range(_PAGES):
            answer = self._ask(fetcher, url)
            try:
                for path, kept in hub_digest.read(answer.document()):
                    if found.setdefault(path, kept) is not kept:
                        problem = f"the hub lists `{path[:140]}` twice"
                        raise _NoAnswerError(Status.UNVERIFIABLE, problem)
            except MalformedError as error:
                raise _malformed(error) from None
            more = _NEXT.search(answer.link)
            if more is None:
                return found
            url = urljoin(answer.url, more[1])
            if not lies_below(url, self.address):
                problem = "the hub says that its list goes on elsewhere"
                raise _NoAnswerError(Status.UNVERIFIABLE, problem)
        problem = f"the hub lists files on more than {_PAGES} pages"
        raise _NoAnswerError(Status.ERROR, problem)

    def _api(self, name: str) -> str:
        return f"{self.address}/api/models/{quote(name)}"

    def _ask(self, fetcher: Fetcher, url: str) -> Response:
        # Even a commit's list is asked for anew: it is about what is delivered now.
        asked = Request(url=url, credential=self.credential, keep=False)
        return fetcher.fetch(asked)


def _malformed(error: MalformedError) -> _NoAnswerError:
    reason = f"the hub answers what is no list of files: {error.pointer} "
    return _NoAnswerError(Status.UNVERIFIABLE, f"{reason}{error.problem}")


def _place(target: str, name: str, commit: str, ask: Circumstances) -> Path:
    """Return the folder of the model: for a purl the snapshot in the user's cache."""
    if not target.startswith(_PURL):
        return Path(target)
    folder = f"models--{name.replace('/', '--')}"
    place = _cache(ask) / folder / _SNAPSHOTS / commit
    if place.is_dir():
        return place
    raise _NoAnswerError(
        Status.UNVERIFIABLE,
        f"commit {commit} is not in your cache of the hub, so that no file of it can "
        "be compared",
    )


def _cache(ask: Circumstances) -> Path:
    environ = ask.environ
    if whole := environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(whole)
    own = environ.get("HF_HOME")
    above = Path(environ.get("XDG_CACHE_HOME") or ask.home / ".cache")
    return (Path(own) if own else above / "huggingface") / "hub"


def _listed(place: Path) -> Folder:
    """List the files in *place*; those of a snapshot are links to all of the cache."""
    whole = place.resolve()
    if claimed(whole) is not None:
        root = Root(whole.parents[1])
        above = f"{_SNAPSHOTS}/{whole.name}/"
    else:
        root, above = Root(whole), ""
    return Folder(root=root, entries=tuple(entries(root)), above=above)


def _counter(
    folder: Folder, progress: Callable[[int, int], None] | None
) -> Callable[[int], None]:
    total, done = sum(each.size for each in folder.entries), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, max(total, done))

    return count
