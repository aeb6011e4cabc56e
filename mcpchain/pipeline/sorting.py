"""What is a TARGET, and by which way is it verified?

A lock, a BOM or a project stands for its packages only where nobody is named who has to
have signed it, and nothing lies beside it that could be a signature. Otherwise whoever
takes the signature of a lock away would choose another question.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpchain.bundle.statement import BUNDLE
from mcpchain.errors import UsageError
from mcpchain.pipeline import verification
from mcpchain.pipeline.expecting import Expectations

_PACKAGES: Final = ("pkg:npm/", "pkg:pypi/")
_IMAGES: Final = ("pkg:docker/", "pkg:oci/")
_HUB: Final = "pkg:huggingface/"
_LOCKS: Final = frozenset(
    {
        *("bun-lock", "mcp-config", "package-lock", "pdm-lock", "pipfile-lock"),
        *("pnpm-lock", "poetry-lock", "pylock", "requirements", "uv-lock", "yarn-lock"),
    }
)
_MANIFESTS: Final = frozenset({"package-json", "pyproject"})
_WEIGHTS: Final = frozenset(
    {"gguf", "hdf5", "keras", "onnx", "other-model", "pickle-model", "safetensors"}
)
_BOMS: Final = (b'"bomFormat"', b'"spdxVersion"', b"cyclonedx.org/schema/bom")
_NEAR: Final = (
    *(".sig", ".asc", ".minisig", ".sign", ".p7s", ".sigstore.bundle"),
    *(".bundle.json", ".cosign.bundle", ".intoto.jsonl", ".sigstore.jsonl", ".jsonl"),
)
"""What is added to names for signatures that are not looked for."""
_LOOK: Final = 4096
_HEX: Final = r"[0-9a-fA-F]{64}"
_OTHER_DIGEST: Final = r"(?:md5|sha1|sha224|sha384|sha512):[0-9a-fA-F]+"
_PINNED: Final = r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+-]+)"
_NPM: Final = r"(?P<name>(?:@[\w.-]+/)?[\w.-]+)@(?P<version>\d[\w.+-]*)"
_IMAGE: Final = (
    r"(?P<place>[\w.-]+(?:\.[\w-]+|:\d+)(?:/[\w.-]+)*/(?P<name>[\w.-]+))"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w.-]+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Targets, by the way in which they are verified."""

    files: tuple[str, ...] = ()
    """By what lies beside them, is in them, or is named; images too."""
    purls: tuple[str, ...] = ()
    """Packages that registries are asked about."""
    projects: tuple[Path, ...] = ()
    """Of these, the packages."""
    models: tuple[str, ...] = ()
    """By the digests that a hub has: purls, and folders."""
    notes: tuple[str, ...] = ()

    @property
    def beside_environment(self) -> bool:
        """Whether an environment that is active is meant too: beside a project."""
        others = self.files or self.purls or self.models or self.projects
        return not others or any(each.is_dir() for each in self.projects)

    def check(
        self,
        expectations: Expectations,
        *,
        bundles: Sequence[Path] = (),
        environment: bool = False,
        registry_keys: bool = False,
        hub: bool = False,
    ) -> None:
        """Refuse what was said and means nothing for these targets.

        Raises:
            UsageError: Something was.
        """
        asked = environment or bool(self.purls or self.projects)
        if asked and (told := expectations.private):
            raise UsageError(
                f"packages of a registry are signed by certificates, and not by "
                f"`{told}`",
                hint="name an identity: `--repository OWNER/NAME`; the signature in a "
                "BOM: `mcpchain bom validate FILE --key KEY`",
            )
        if self.models and (told := expectations.named):
            raise UsageError(
                f"`{self.models[0][:140]}` is compared with a hub, which names nobody: "
                f"`{told}` means nothing there",
                hint="leave it out, or name the folder and its signature: `--bundle`",
            )
        if bundles and not self.files:
            raise _idle("--bundle", "is for files, folders of models, and digests")
        aimed = any(_is_stated(each) for each in self.files)
        if expectations.predicate_type and (asked or not aimed):
            raise _idle("--predicate-type", "is for files, digests and images")
        if registry_keys and not asked:
            raise _idle("--registry-keys", "is for packages of a registry")
        if expectations.certificate and not any(map(_is_bundle, self.files)):
            raise _idle("--certificate", "is for MCP bundles (`.mcpb`)")
        if hub and not any(Path(each).is_dir() for each in self.models):
            raise _idle("--hub", "is for the folder of a model")
        folders = any(Path(each).is_dir() for each in (*self.files, *self.models))
        if expectations.ignored and not folders:
            raise _idle("--ignore", "is for folders of models")


def sort(
    targets: Iterable[str],
    expectations: Expectations,
    bundles: Sequence[Path] = (),
    *,
    packages: bool = False,
    hub: bool = False,
) -> Sorted:
    """Say by which way each of *targets* is verified.

    Args:
        targets: As the user wrote them.
        expectations: Whom the user expects.
        bundles: Those that the user names.
        packages: Whether the packages of files and folders are meant in any case.
        hub: Whether a hub was named with which folders are compared.

    Raises:
        UsageError: One is nothing that can be verified.
    """
    files, purls, projects, models = [], [], [], []
    given = tuple(targets)
    beside = set() if bundles or packages else _beside_others(given)
    for target in given:
        if target in beside:
            continue
        path = Path(target)
        if target.startswith(_PACKAGES):
            purls.append(target)
        elif target.startswith(_HUB) or (hub and path.is_dir()):
            models.append(target)
        elif target.startswith((*_IMAGES, "sha256:")) or (
            not packages and path.exists()
        ):
            free = not (bundles or expectations.named or packages)
            if free and _is_snapshot(path):
                models.append(target)
            elif free and _names_packages(path):
                projects.append(path)
            else:
                files.append(target)
        elif path.exists():
            projects.append(path)
        else:
            raise unknown(target)
    return Sorted(
        files=tuple(files),
        purls=tuple(purls),
        projects=tuple(projects),
        models=tuple(models),
        notes=tuple(_told_of(beside)),
    )


def _beside_others(targets: Sequence[str]) -> set[str]:
    """Return those of *targets* that are bundles of others: `dist/*` names both."""
    paths = {Path(each): each for each in targets}
    found = set()
    for path, target in paths.items():
        parts = path.name.split(".")
        for count in range(1, len(parts)):
            owner = path.with_name(".".join(parts[:count]) or path.name)
            if owner not in paths or owner == path or not owner.is_file():
                continue
            if path in verification.beside(owner) and not verification.beside(path):
                found.add(target)
    return found


def _told_of(bundles: set[str]) -> Iterator[str]:
    if len(bundles) == 1:
        yield f"`{min(bundles)}` is a bundle of another TARGET, and looked at with that"
    elif bundles:
        count = f"{len(bundles):,}"
        yield f"{count} TARGETs are bundles of others, and looked at with those"


def besides(path: Path) -> Iterator[str]:
    """Say what else can be verified of what lies at *path*, and is not signed."""
    if _is_snapshot(path):
        yield "with `--hub`, or where nobody is named, a hub is asked for its digests"
    elif _names_packages(path):
        yield "its packages are verified with `--packages`"
    elif path.is_dir() and any(path.glob(f"*{BUNDLE}")):
        yield f"files in it are signed, each by itself: `mcpchain verify {path}/*`"
    if not path.is_file():
        return
    if (path.parent / "model.sig").is_file():
        told = f"`mcpchain verify {path.parent}`"
        yield f"the folder that it lies in has a signature, `model.sig`: {told}"
    yield from (
        f"`{path.name}{each}` lies beside it: if it is a bundle, name it: `--bundle`"
        for each in _NEAR
        if path.with_name(path.name + each).is_file()
    )
    if _is_bom(path):
        yield "a signature in a BOM itself is for `mcpchain bom validate FILE --key`"


def lists_packages(path: str) -> bool:
    """Say whether the file at *path*, by its name, lists packages."""
    return bool(_kinds(Path(), path) & (_LOCKS | _MANIFESTS))


def unknown(target: str) -> UsageError:
    """Make the error for a target that is nothing, with what it may have meant."""
    shown = target[:140]
    hint = "name a file that was signed, or `sha256:` and its digest"
    if target.startswith("pkg:"):
        problem = f"`{shown}`: no signatures of packages of that kind are known"
        hint = "write `pkg:pypi/...`, `pkg:npm/...`, `pkg:oci/...` or "
        return UsageError(problem, hint=f"{hint}`pkg:huggingface/...`")
    if re.fullmatch(_HEX, target):
        hint = f"for a digest write `sha256:{target[:8]}...`, and name its bundle"
    elif re.fullmatch(_OTHER_DIGEST, target):
        hint = "only `sha256:` and its digest is looked up in a bundle"
    elif found := re.fullmatch(_PINNED, target):
        hint = f"for a package write `pkg:pypi/{found['name']}@{found['version']}`"
    elif found := re.fullmatch(_NPM, target):
        hint = f"for a package write `pkg:npm/{found['name']}@{found['version']}`"
    elif found := re.fullmatch(_IMAGE, target):
        version = found["digest"] or found["tag"] or "sha256:..."
        hint = f"for an image write `pkg:oci/{found['name']}@{version}"
        hint = f"{hint}?repository_url={found['place']}`"
    return UsageError(f"`{shown}` is no file", hint=hint)


def _idle(option: str, why: str) -> UsageError:
    return UsageError(
        f"`{option}` {why}, and TARGET is none",
        hint="leave it out: it would not be looked at",
    )


def _is_bundle(target: str) -> bool:
    return verification.is_mcp_bundle(target)


def _is_stated(target: str) -> bool:
    """Say whether statements may be about it: of a model there is one kind."""
    path = Path(target)
    return not path.is_dir() or verification.is_layout(path)


def _is_snapshot(path: Path) -> bool:
    """Say whether it is a snapshot in the cache of a hub, that nobody signed."""
    from mcpchain.pipeline.hub_models import claimed

    return path.is_dir() and claimed(path) is not None and not _signed(path)


def _names_packages(path: Path) -> bool:
    """Say whether it is clearly a list of packages, and no signature is beside it."""
    if path.is_dir():
        return _is_project(path) and not _signed(path)
    if not path.is_file() or verification.beside(path) or _is_bundle(str(path)):
        return False
    return bool(_kinds(path.parent, path.name) & _LOCKS) or _is_bom(path)


def _signed(folder: Path) -> bool:
    from mcpchain.pipeline.model_signatures import beside

    return verification.is_layout(folder) or bool(beside(folder))


def _is_project(folder: Path) -> bool:
    """Say whether a list of packages lies in it, and nothing of a model."""
    from mcpchain.discover.hugging_face import INDEX, ROLES

    kinds: set[str] = set()
    for name in sorted(os.listdir(folder)):
        if name.lower() in ROLES or INDEX.fullmatch(name):
            return False
        kinds |= _kinds(folder, name)
    return bool(kinds & (_LOCKS | _MANIFESTS)) and not kinds & _WEIGHTS


def _kinds(folder: Path, path: str) -> set[str]:
    """Return who reads files of that name, of those that matter here."""
    from mcpchain.discover import all_discoverers
    from mcpchain.tree import File, Tree
    from mcpchain.tree.paths import shown

    file = File(tree=Tree(folder), path=shown(path))
    known = _LOCKS | _MANIFESTS | _WEIGHTS
    return {
        each.id for each in all_discoverers() if each.id in known and each.wants(file)
    }


def _is_bom(path: Path) -> bool:
    with path.open("rb") as stream:
        start = stream.read(_LOOK)
    return any(each in start for each in _BOMS)
