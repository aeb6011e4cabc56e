"""yarn's lock file, `yarn.lock`, of yarn 1 and of the later ones.

Both map what was asked for, such as `files@^1.0.0`, to the package that was chosen. The
later ones write YAML, and yarn 1 a format of its own.
"""

import re
from typing import Final

from mcpchain.discover.yarn_lock import berry, classic
from mcpchain.document import decode
from mcpchain.inventory import Collector
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_BERRY: Final = re.compile(r"""^["']?__metadata["']?:""", re.MULTILINE)


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its dependencies.

    Raises:
        MalformedError: It is not in either format.
        UnreadableError: It cannot be read.
    """
    data = file.read(_BYTES)
    later = _BERRY.search(decode(data, source=file.path))
    (berry if later else classic).read(data, file, found)
