"""What a file may hold."""

from hypothesis import strategies as st

from mcpchain.discover import LFS_POINTER


def any_bytes(most: int) -> st.SearchStrategy[bytes]:
    """Return any bytes but those that stand in place of a file, and are read so."""
    return st.binary(max_size=most).filter(
        lambda data: not data.startswith(LFS_POINTER)
    )
