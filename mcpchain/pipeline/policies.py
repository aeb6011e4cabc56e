"""Find the policy that a user names."""

import difflib
from pathlib import Path

from mcpchain.errors import PolicyError
from mcpchain.policy import Policy, parse


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
    return parse(data, source=f"mcpchain:{name}" if name in known else name)


def shipped() -> dict[str, Path]:
    """Return the policies that come with mcpchain, in a wheel or in a checkout."""
    package = Path(__file__).parents[1]
    folder = package / "policies"
    if not folder.is_dir():
        folder = package.parent / "policies"
    return {each.stem: each for each in sorted(folder.glob("*.yaml"))}
