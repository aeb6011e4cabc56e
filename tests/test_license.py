import doctest

import pytest

from mcpchain import license as licences
from mcpchain.license import concluded, declared_expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("MIT", "MIT"),
        (
            "mit and (apache-2.0 OR bsd-3-clause)",
            "MIT AND (Apache-2.0 OR BSD-3-Clause)",
        ),
        ("GPL-2.0", "GPL-2.0-only"),
        ("lgpl-2.1+ OR MIT", "LGPL-2.1-or-later OR MIT"),
        ("(GFDL-1.3)", "(GFDL-1.3-only)"),
        ("GPL-3.0-only", "GPL-3.0-only"),
        ("GPL-2.0-with-GCC-exception", "GPL-2.0-with-GCC-exception"),
        (
            "GPL-2.0 WITH Classpath-exception-2.0",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ),
        ("BSD-2-Clause-FreeBSD OR LicenseRef-x", "BSD-2-Clause-Views OR LicenseRef-x"),
        ("LicenseRef-Acme", "LicenseRef-Acme"),
        ("Apache 2.0", None),
        ("BSD", None),
        ("MIT OR", None),
        ("", None),
        ("(" * 300 + "MIT" + ")" * 300, None),
        (" OR ".join(["MIT"] * 1000), None),
    ],
    ids=lambda each: str(each)[:40],
)
def test_an_expression_is_valid_spdx_in_its_normal_form(
    text: str, expression: str | None
) -> None:
    assert declared_expression(text) == expression


@pytest.mark.parametrize(
    ("texts", "expressions"),
    [
        (["MIT"], ("MIT",)),
        (["License :: OSI Approved :: MIT License"], ("MIT",)),
        (
            ["License :: OSI Approved", "License :: OSI Approved :: MIT License"],
            ("MIT",),
        ),
        (["The MIT License", "MIT"], ("MIT",)),
        (["Apache License, Version 2.0"], ("Apache-2.0",)),
        (["3-Clause BSD License"], ("BSD-3-Clause",)),
        (
            ["License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"],
            ("MPL-2.0",),
        ),
        (["MIT", "ISC"], ("MIT", "ISC")),
        (["License :: OSI Approved :: BSD License"], ()),
        (["BSD"], ()),
        (["License :: OSI Approved :: Apache Software License"], ()),
        (["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"], ()),
        (["License :: OSI Approved"], ()),
        (["License :: Other/Proprietary License", "MIT"], ()),
        (["MIT", "BSD License"], ()),
        (["MIT/Apache-2.0"], ()),
        (["Permission is hereby granted " * 500], ()),
        ([], ()),
    ],
    ids=lambda each: str(each)[:40],
)
def test_a_conclusion_is_drawn_only_where_nobody_could_draw_another(
    texts: list[str], expressions: tuple[str, ...]
) -> None:
    assert concluded(texts) == expressions


def test_every_name_leads_to_an_expression() -> None:
    for spdx in set(licences.NAMES.values()):
        assert declared_expression(spdx) == spdx


def test_the_examples_hold() -> None:
    assert doctest.testmod(licences).failed == 0
