"""What is to be signed, from what the user named; nothing is hashed or signed yet."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mcpchain.artifact import Digest
from mcpchain.bundle.verify import Artifact
from mcpchain.errors import MalformedError, UnavailableError, UsageError
from mcpchain.pipeline.hashed import hashed
from mcpchain.pipeline.signing import (
    LIMIT,
    Count,
    Job,
    Made,
    Models,
    is_bundle,
    verified,
    watched,
)
from mcpchain.sign import Signer, statement
from mcpchain.signature import Subject
from mcpchain.tree.paths import shown

_FILE: Final = ".sigstore.json"
_BUNDLES: Final = (".sigstore.json", ".sigstore")
_INSIDE: Final = "model.sig"
_BESIDE: Final = ".sig"
_BOM: Final = statement.predicate_type("cyclonedx")
_DIGEST: Final = re.compile(
    r"(?:(?P<name>.+)@)?(?P<digest>(?:sha(?:1|224|256|384|512)|md5):\S+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where bundles go; beside what they are about, if nothing is said."""

    bundle: Path | None = None
    folder: Path | None = None

    def place(self, usual: Path | None, name: str = "") -> Path:
        """Return where a bundle goes.

        Args:
            usual: Beside what it is about; `None` where that is nowhere.
            name: What it is called elsewhere. Empty: the same.

        Raises:
            UsageError: That is not said.
        """
        if self.bundle is not None:
            return self.bundle
        if self.folder is not None and (usual or name):
            return self.folder / (name or (usual.name if usual else ""))
        if usual is None:
            raise UsageError(
                "there is no one file beside which the bundle could lie",
                hint="say where it goes: `--bundle FILE`",
            )
        return usual


def to_sign(
    targets: Sequence[str], digests: Sequence[str], where: Where, models: Models
) -> tuple[Job, ...]:
    """Return what to sign: files, folders of models, and digests.

    Raises:
        UsageError: There is nothing, or one cannot be signed.
    """
    for each in targets:
        _check_key(each, models)
    jobs = [_of_target(each, where, models) for each in targets]
    jobs += [_of_digest(each, where) for each in digests]
    if not jobs:
        raise UsageError("nothing to sign", hint="name a file, a folder or a digest")
    if where.bundle is not None and len(jobs) > 1:
        raise UsageError(
            "`--bundle` is for one bundle, and there are several to sign",
            hint="say in which folder they go: `--output-dir`",
        )
    return tuple(jobs)


def without_bundles(targets: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part *targets*, of which there are several, from the bundles among them."""
    found = [each for each in targets if _is_bundle(Path(each))]
    if len(targets) == 1:
        return [*targets], []
    return [each for each in targets if each not in found], found


def _is_bundle(path: Path) -> bool:
    return path.is_file() and (path.name.endswith(_BUNDLES) or is_bundle(path))


def _check_key(target: str, models: Models) -> None:
    """Refuse to sign the private key with what others are to get.

    Raises:
        UsageError: It is, or lies in, *target*.
    """
    root = Path(os.path.realpath(target))
    if models.key is None or not models.key.is_file():
        return
    key = Path(os.path.realpath(models.key))
    if _is_copy(root, key):
        key = root
    if not key.is_relative_to(root):
        return
    inside = PurePosixPath(key.relative_to(root).as_posix())
    if not any(inside.is_relative_to(each) for each in models.ignored):
        raise UsageError(
            f"`{target}` {'is' if root == key else 'holds'} the private key that signs",
            hint="whoever gets it can sign as you: keep it elsewhere"
            + (", or leave it out by `--ignore`" if root != key else ""),
        )


def _is_copy(path: Path, key: Path) -> bool:
    """Say whether *path* is a file with the bytes of *key*."""
    return (
        path.is_file()
        and path.stat().st_size == key.stat().st_size
        and path.read_bytes() == key.read_bytes()
    )


def to_attest(
    subjects: Sequence[str], kind: str, predicate: Path, where: Where
) -> tuple[Job, ...]:
    """Return what to attest: that *predicate* is true of all *subjects*.

    Args:
        subjects: Files, digests (`sha256:...`), or digests with names (`NAME@sha256:`).
        kind: The type of the predicate, or its short name.
        predicate: Where it is.
        where: Where the bundle goes.

    Raises:
        UsageError: One of these cannot be used.
    """
    known = statement.predicate_type(kind)
    try:
        with predicate.open("rb") as stream:
            data = stream.read(LIMIT)
        value = statement.read_predicate(data, known, source=predicate.name)
        if known.startswith(_BOM):
            _check_bom(value, predicate.name)
    except OSError as error:
        raise UsageError(
            f"`{predicate}` cannot be read: {error.strerror}",
            hint="check who may read it",
        ) from None
    except MalformedError as error:
        place = f"{error.pointer}: " if error.pointer else ""
        raise UsageError(
            f"`{predicate}` is no predicate of `{known[:140]}`: {place}{error.problem}",
            hint="repair it, or name its type: `--predicate-type`",
        ) from None
    named = tuple(about(each) for each in subjects)
    usual, name = None, ""
    first = named[0] if named else None
    if len(named) == 1 and isinstance(first, Path):
        usual = first.with_name(first.name + statement.suffix(known))
    elif len(named) == 1 and isinstance(first, Subject):
        (digest,) = first.digests.values()
        name = f"{digest}{statement.suffix(known)}"
    return (
        StatementJob(
            subject=", ".join(subjects),
            output=where.place(usual, name),
            about=named,
            type=known,
            predicate=value,
        ),
    )


def _check_bom(value: dict[str, Any], source: str) -> None:
    from mcpchain.bom import schemas
    from mcpchain.bom.validate import against_schema

    version = value.get("specVersion")
    if version not in schemas.VERSIONS:
        return  # one whose schema we do not have
    for pointer, problem in against_schema(value, version):
        raise MalformedError(problem, source=source, pointer=pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileJob:
    """A file, signed itself."""

    path: Path
    subject: str
    output: Path
    kind: str = "file"

    @property
    def size(self) -> int:
        """How many bytes will be hashed."""
        return _size(self.path)

    def make(self, signer: Signer, count: Count) -> Made:
        """Hash, sign and verify it."""
        check = watched([str(self.path)])
        artifact = hashed(self.path, count, signer.trust.key)
        data = signer.sign_artifact(artifact)
        return Made(
            bundle=data,
            verification=verified(data, artifact, signer.trust),
            digest=f"sha256:{artifact.digests['sha256'].hex()}",
            check=check,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestJob:
    """A file that is elsewhere."""

    digest: Digest
    output: Path
    kind: str = "digest"
    size: int = 0

    @property
    def subject(self) -> str:
        """The digest."""
        return str(self.digest)

    def make(self, signer: Signer, count: Count) -> Made:
        """Sign and verify it."""
        del count  # nothing is hashed
        value = bytes.fromhex(self.digest.value)
        artifact = Artifact(digests={self.digest.algorithm.value: value})
        data = signer.sign_artifact(artifact)
        found = verified(data, artifact, signer.trust)
        return Made(bundle=data, verification=found, digest=self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementJob:
    """Something that is said of files and digests."""

    subject: str
    output: Path
    about: tuple[Path | Subject, ...]
    type: str
    predicate: dict[str, Any] = field(repr=False)
    still: Callable[[], None] = lambda: None
    """Raises an `McpchainError` where it is no more true."""
    kind: str = "attestation"

    @property
    def size(self) -> int:
        """How many bytes will be hashed."""
        return sum(_size(each) for each in self.about if isinstance(each, Path))

    def make(self, signer: Signer, count: Count) -> Made:
        """Hash the files, sign the statement and verify it."""
        paths = [each for each in self.about if isinstance(each, Path)]
        same = watched(map(str, paths))
        subjects = tuple(
            each if isinstance(each, Subject) else hashed_subject(each, count)
            for each in self.about
        )
        payload = statement.make(subjects, self.type, self.predicate)
        data = signer.sign_statement(payload)
        trust = replace(signer.trust, predicate_types=(self.type,))
        ((name, value), *_) = subjects[0].digests.items()
        artifact = Artifact(digests={name: bytes.fromhex(value)})
        found = verified(data, artifact, trust)
        said = found.statement
        if said is None or (said.subjects, said.predicate) != (
            subjects,
            self.predicate,
        ):
            raise UnavailableError("another statement was signed", hint="report this")
        digest = f"{name}:{value}" if len(subjects) == 1 else ""

        def check() -> None:
            same()
            self.still()

        return Made(bundle=data, verification=found, digest=digest, check=check)


def _of_target(target: str, where: Where, models: Models) -> Job:
    path = Path(target)
    if path.is_dir() or (models.always and path.is_file()):
        from mcpchain.pipeline.model_signatures import listed
        from mcpchain.pipeline.signing_models import ModelJob

        usual = path / _INSIDE
        if not path.is_dir():
            usual = path.with_name(path.name + _BESIDE)
        name = f"{Path(os.path.realpath(path)).name}{_BESIDE}"
        output = where.place(usual, name)
        return ModelJob(
            path=path,
            subject=target,
            output=output,
            given=listed(path, [output], models.ignored),
            links=models.links,
        )
    _check_file(path)
    if _is_bundle(path):
        raise UsageError(
            f"`{target}` is a bundle itself", hint="leave it out: sign what it is about"
        )
    output = where.place(path.with_name(path.name + _FILE))
    return FileJob(path=path, subject=target, output=output)


def _of_digest(text: str, where: Where) -> Job:
    digest = _digest(text)
    return DigestJob(digest=digest, output=where.place(None, f"{digest.value}{_FILE}"))


def about(text: str) -> Path | Subject:
    """Read a subject: a file that is there, or else a digest.

    Raises:
        UsageError: It is neither.
    """
    path = Path(text)
    found = _DIGEST.fullmatch(text)
    if path.exists() or found is None:
        _check_file(path)
        return path
    digest = _digest(found["digest"])
    name = found["name"] or ""
    if ".." in name.replace("\\", "/").split("/") or not name.isprintable():
        raise UsageError(
            "the name of a subject leads out of a folder, or cannot be printed",
            hint="name it as whoever gets it does: `app.whl@sha256:...`",
        )
    return Subject(name=name, digests={digest.algorithm.value: digest.value})


def _digest(text: str) -> Digest:
    try:
        digest = Digest.parse(text)
    except ValueError as error:
        problem = str(error)
    else:
        if digest.algorithm.identifies:
            return digest
        problem = f"`{digest.algorithm.value}` names no bytes: others can have it too"
    raise UsageError(problem, hint="write `sha256:` and 64 hexadecimal digits")


def _check_file(path: Path) -> None:
    if path.is_file():
        return
    what = "is a folder" if path.is_dir() else "is no file"
    hint = "name a file, or its digest: `sign --digest sha256:...`, `attest sha256:...`"
    if path.is_dir():
        hint += "; `mcpchain sign FOLDER` signs a model"
    raise UsageError(f"`{path}` {what}", hint=hint)


def hashed_subject(path: Path, count: Count) -> Subject:
    """Return the file at *path* as a subject.

    Raises:
        UnreadableError: It cannot be read.
    """
    digest = hashed(path, count).digests["sha256"]
    return Subject(name=shown(path.name), digests={"sha256": digest.hex()})


def _size(path: Path) -> int:
    return path.stat().st_size
