"""Licences as people write them, and the SPDX expressions that follow from that.

What a maker declares is kept as it is written. An expression is concluded only where
nobody could read it otherwise: `BSD License` is the name of several licences, and
`Apache Software License` of three (PEP 639, "Mapping License Classifiers to SPDX").
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from packaging.licenses import (
    InvalidLicenseExpression,
    canonicalize_license_expression,
)

_LONGEST: Final = 4096
"""Longer text is no expression but a licence."""
_CLASSIFIER: Final = "License :: "
_EMPTY: Final = frozenset({"License :: OSI Approved", "UNKNOWN", ""})
"""Say nothing, and stand beside something that does."""
_GNU: Final = re.compile(r"\b((?:[AL]?GPL|GFDL)-\d\.\d)(?:(\+)|(?=[\s)]|\Z))")
"""A GNU licence by an id that SPDX has given up, which left open whether later ones
count."""
_RETIRED: Final = re.compile(
    r"\b(?:BSD-2-Clause-(?:Free|Net)BSD|bzip2-1\.0\.5|Nunit|StandardML-NJ)(?=[\s)]|\Z)"
)
"""Other ids that SPDX has replaced by one that means the same."""
_SPACE: Final = re.compile(r"[\s,_-]+")
_AROUND: Final = re.compile(r"\Athe | licen[sc]e\Z")


@cache
def declared_expression(text: str) -> str | None:
    """Return the SPDX expression that *text* is, in its normal form, or `None`.

    Ids get their own spelling, and those that SPDX has retired the present one.

    >>> declared_expression("mit or gpl-2.0+")
    'MIT OR GPL-2.0-or-later'
    """
    if len(text) > _LONGEST:
        return None
    try:
        expression = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None
    expression = _GNU.sub(_present, expression)
    if _RETIRED.search(expression):
        # Slow to start, and hardly ever needed.
        from license_expression import (  # type: ignore[import-untyped]  # no types
            get_spdx_licensing,
        )

        expression = str(get_spdx_licensing().parse(expression))
    return expression


def concluded(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the SPDX expressions that follow from what a maker declares.

    Args:
        texts: Expressions, names of licences, and whole classifiers of Python. How
            several go together, nobody has said.

    Returns:
        One for each, without repetition; none at all if one of *texts* may mean more
        than one licence, or none that SPDX knows.

    >>> concluded(["License :: OSI Approved :: MIT License"])
    ('MIT',)
    >>> concluded(["MIT", "BSD License"])
    ()
    """
    found: dict[str, None] = {}
    for text in texts:
        if text in _EMPTY:
            continue
        expression = _meant(text)
        if expression is None:
            return ()
        found[expression] = None
    return tuple(found)


def _meant(text: str) -> str | None:
    if text.startswith(_CLASSIFIER):
        text = text.rpartition(" :: ")[2]
    elif expression := declared_expression(text):
        return expression
    if len(text) > _LONGEST:
        return None
    return NAMES.get(_AROUND.sub("", _SPACE.sub(" ", text.strip().lower())))


def _present(match: re.Match[str]) -> str:
    return f"{match[1]}-{'or-later' if match[2] else 'only'}"


NAMES: Final = {
    name: spdx
    for spdx, names in {
        "0BSD": ("zero clause bsd", "zero clause bsd (0bsd)"),
        "AGPL-3.0-or-later": (
            "gnu affero general public license v3 or later (agplv3+)",
            "agplv3+",
        ),
        "Apache-2.0": (
            "apache 2",
            "apache 2.0",
            "apache license 2.0",
            "apache license v2.0",
            "apache license version 2.0",
            "apache software license 2.0",
            "apache software license version 2.0",
            "apache v2",
            "apache v2.0",
            "apache version 2.0",
        ),
        "BSD-2-Clause": (
            "2 clause bsd",
            "bsd (2 clause)",
            "bsd 2 clause",
            "simplified bsd",
        ),
        "BSD-3-Clause": (
            "3 clause bsd",
            "bsd (3 clause)",
            "bsd 3",
            "bsd 3 clause",
            "modified bsd",
            "new bsd",
            "revised bsd",
        ),
        "BSL-1.0": (
            "boost software license 1.0",
            "boost software license 1.0 (bsl 1.0)",
        ),
        "BlueOak-1.0.0": ("blue oak model license (blueoak 1.0.0)",),
        "CC0-1.0": (
            "cc0 1.0",
            "cc0 1.0 universal",
            "cc0 1.0 universal (cc0 1.0) public domain dedication",
        ),
        "EPL-1.0": ("eclipse public license 1.0 (epl 1.0)",),
        "EPL-2.0": ("eclipse public license 2.0 (epl 2.0)",),
        "EUPL-1.2": ("european union public licence 1.2 (eupl 1.2)",),
        "GPL-2.0-or-later": (
            "gnu general public license v2 or later (gplv2+)",
            "gplv2+",
        ),
        "GPL-3.0-or-later": (
            "gnu general public license v3 or later (gplv3+)",
            "gplv3+",
        ),
        "HPND": ("historical permission notice and disclaimer (hpnd)",),
        "ISC": ("isc license (iscl)",),
        "LGPL-3.0-or-later": (
            "gnu lesser general public license v3 or later (lgplv3+)",
            "lgplv3+",
        ),
        "MIT": ("expat", "mit", "mit license (mit)"),
        "MIT-0": ("mit no attribution license (mit 0)",),
        "MPL-2.0": (
            "mozilla public license 2.0",
            "mozilla public license 2.0 (mpl 2.0)",
            "mozilla public license version 2.0",
            "mpl 2.0",
            "mpl v2.0",
            "mplv2.0",
        ),
        "MulanPSL-2.0": ("mulan permissive software license v2 (mulanpsl 2.0)",),
        "UPL-1.0": ("universal permissive license (upl)",),
        "Unlicense": ("unlicense", "unlicense (unlicense)"),
        "ZPL-2.1": ("zpl 2.1", "zope public license 2.1"),
        "Zlib": ("zlib", "zlib/libpng"),
    }.items()
    for name in names
}
"""Names by which no other licence goes, in lower case, without `the` and `license`
around them, and with one space for whatever else parts their words."""
