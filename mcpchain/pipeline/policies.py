"""Find the policy that a user names, and what lies around it."""

import difflib
import errno
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from mcpchain.errors import PolicyError, UsageError
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.policy import Policy
from mcpchain.policy.reading import Around, Base, parse

_KEY: Final = 64 << 10
"""How many bytes a key may have."""
_POLICY: Final = 2 << 20
_SHIPPED: Final = "mcpchain:"


def load_policy(
    name: str, ask: Circumstances | None = None, *, holding: bool = True
) -> Policy:
    """Read the policy file *name*, or the shipped policy of that name.

    Args:
        name: Which.
        ask: When it has to hold, and where another one that it extends may be asked
            for. `None`: it is only read.
        holding: Whether it has to hold then.

    Raises:
        PolicyError: It cannot be read, or not be applied as written.
    """
    today = ask.now.date() if ask and holding else None
    data = policy_bytes(name)
    if name in shipped():
        return parse(data, source=f"{_SHIPPED}{name}", today=today)
    around = _Folder(Path(name).parent, ask)
    return parse(data, source=name, around=around, today=today)


def pinned(policy: Policy, digest: str) -> None:
    """Refuse *policy* unless it is the one of *digest*, `sha256:` and its value.

    Raises:
        UsageError: It is another one, or there is no digest.
        PolicyError: It is another one.
    """
    if not re.fullmatch("sha256:[0-9a-f]{64}", digest):
        said = f": `{digest[:80]}` is no SHA-256" if digest else " is empty"
        raise UsageError(
            f"`--policy-digest`{said}",
            hint="write `sha256:` and 64 hexadecimal digits; is a variable not set?",
        )
    if digest != f"sha256:{policy.sha256}":
        raise PolicyError(
            f"the policy `{policy.name}` has the digest sha256:{policy.sha256}",
            hint="read what changed, and give that digest",
        )


def policy_bytes(name: str) -> bytes:
    """Return the policy file *name*, or the shipped one, as it is written.

    Raises:
        PolicyError: It cannot be read.
    """
    known = shipped()
    try:
        return known.get(name, Path(name)).read_bytes()
    except OSError as error:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"did you mean `{near[0]}`? " if near else ""
        names = ", ".join(f"`{each}`" for each in known)
        raise PolicyError(
            f"`{name}` cannot be read: {error.strerror or error}",
            hint=f"{guess}name a policy file, or one that comes with mcpchain: {names}",
        ) from error


def at_stage(policy: Policy, name: str | None) -> Policy:
    """Return what *policy* asks at the stage *name*.

    Raises:
        UsageError: It has no such stage, or has some, and none is named.
    """
    stages = {each.name: each for each in policy.stages}
    if name is None and not stages:
        return policy
    if name not in stages:
        near = difflib.get_close_matches(name or "", stages, n=1)
        guess = f"did you mean `{near[0]}`? " if near else ""
        names = ", ".join(f"`{each}`" for each in stages)
        asked = f"has no stage `{name}`" if name else "has stages, and none is named"
        raise UsageError(
            f"the policy `{policy.name}` {asked}",
            hint=f"{guess}`--stage` is one of {names}"
            if stages
            else "leave `--stage` out, or write `stages` in the policy",
        )
    return policy.staged(stages[name])


@dataclass(frozen=True, slots=True)
class _Folder:
    """What lies around a policy file: the files of its folder, and below."""

    folder: Path
    ask: Circumstances | None

    def key(self, name: str) -> bytes:
        with self._inside(name).open("rb") as stream:
            return stream.read(_KEY)

    def base(self, base: Base) -> tuple[bytes, str, Around]:
        if base.git:
            from mcpchain.pipeline.git_policies import fetch

            if self.ask is None:
                raise OSError(
                    errno.ENETDOWN, "it is in a repository, and only read here"
                )
            return fetch(base, self.ask)
        name = base.file.removeprefix(_SHIPPED)
        if name != base.file and name in shipped():
            return shipped()[name].read_bytes(), base.file, self
        path = self._inside(base.file)
        with path.open("rb") as stream:
            data = stream.read(_POLICY)
        return data, str(path), _Folder(path.parent, self.ask)

    def _inside(self, name: str) -> Path:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            raise OSError(errno.EPERM, "it does not lie beside the policy, nor below")
        return self.folder / path


def shipped() -> dict[str, Path]:
    """Return the policies that come with mcpchain, in a wheel or in a checkout."""
    package = Path(__file__).parents[1]
    folder = package / "policies"
    if not folder.is_dir():
        folder = package.parent / "policies"
    return {each.stem: each for each in sorted(folder.glob("*.yaml"))}
