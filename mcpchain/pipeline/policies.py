"""Find the policy that a user names."""

import difflib
import errno
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from mcpchain.errors import PolicyError
from mcpchain.policy import Policy, parse

_KEY: Final = 64 << 10
"""How many bytes a key may have."""


def load_policy(name: str) -> Policy:
    """Read the policy file *name*, or the shipped policy of that name.

    Raises:
        PolicyError: It cannot be read, or not be applied as written.
    """
    known = shipped()
    try:
        data = known.get(name, Path(name)).read_bytes()
    except OSError as error:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"did you mean `{near[0]}`? " if near else ""
        names = ", ".join(f"`{each}`" for each in known)
        raise PolicyError(
            f"`{name}` cannot be read: {error.strerror or error}",
            hint=f"{guess}name a policy file, or one that comes with mcpchain: {names}",
        ) from error
    if name in known:
        return parse(data, source=f"mcpchain:{name}")
    return parse(data, source=name, beside=partial(_beside, Path(name).parent))


def _beside(folder: Path, name: str) -> bytes:
    """Return the bytes of a key in the folder of a policy, or below it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise OSError(errno.EPERM, "it does not lie beside the policy, nor below")
    with (folder / path).open("rb") as stream:
        return stream.read(_KEY)


def shipped() -> dict[str, Path]:
    """Return the policies that come with mcpchain, in a wheel or in a checkout."""
    package = Path(__file__).parents[1]
    folder = package / "policies"
    if not folder.is_dir():
        folder = package.parent / "policies"
    return {each.stem: each for each in sorted(folder.glob("*.yaml"))}
