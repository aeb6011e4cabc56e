"""Licences as CycloneDX holds them: ids and names, or one SPDX expression."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from packaging.licenses import (
    InvalidLicenseExpression,
    canonicalize_license_expression,
)

from mcpchain.bom.schemas import spdx_ids

_DECLARED = {"acknowledgement": "declared"}


def encode(licenses: Sequence[str]) -> list[dict[str, Any]]:
    """Return the `licenses` of a component, all as its maker declares them.

    CycloneDX 1.6 takes an expression only alone; beside others it becomes a name.
    """
    if len(licenses) == 1 and licenses[0] not in spdx_ids() and is_spdx(licenses[0]):
        return [{"expression": licenses[0], **_DECLARED}]
    return [
        {"license": {"id" if each in spdx_ids() else "name": each, **_DECLARED}}
        for each in licenses
    ]


@cache
def is_spdx(text: str) -> bool:
    """Say whether *text* is a valid SPDX licence expression."""
    try:
        canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return False
    return True
