"""Find the policy that a user names."""

from pathlib import Path

from mcpchain.errors import PolicyError
from mcpchain.policy import Policy, parse


def load_policy(name: str) -> Policy:
    """Read the policy file *name*, or the shipped policy of that name.

    Raises:
        PolicyError: It cannot be read, or not be applied as written.
    """
    path = Path(name)
    if name in _shipped():
        path = _shipped()[name]
        shown = f"policies/{name}.yaml"
    else:
        shown = name
    try:
        data = path.read_bytes()
    except OSError as error:
        known = ", ".join(f"`{each}`" for each in _shipped())
        raise PolicyError(
            f"`{name}` cannot be read: {error.strerror or error}",
            hint=f"name a policy file, or one that comes with mcpchain: {known}",
        ) from error
    return parse(data, source=shown)


def _shipped() -> dict[str, Path]:
    """Return the policies that come with mcpchain, in a wheel or in a checkout."""
    package = Path(__file__).parents[1]
    folder = package / "policies"
    if not folder.is_dir():
        folder = package.parent / "policies"
    return {each.stem: each for each in sorted(folder.glob("*.yaml"))}
