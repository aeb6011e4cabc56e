"""Licences that are told by their text, and texts that only look like one."""

import importlib.metadata
import re

import pytest

from mcpchain.license_text import LIMIT, identified, identified_all

MIT = """\
The MIT License (MIT)

Copyright (c) 2030 Acme <acme@acme.example>
All rights reserved.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
"""


@pytest.mark.parametrize(
    "text",
    [
        MIT,
        MIT.replace("\n", "\r\n"),
        MIT.replace("The MIT License (MIT)\n\n", ""),
        MIT.replace("The MIT License (MIT)", "MIT License"),
        MIT.replace("Copyright (c)", "Copyright ©"),
        MIT.replace("Copyright (c) 2030", "Copyright 2029, 2030"),
        " ".join(MIT.partition("reserved.")[2].split()),
        MIT.replace("AUTHORS OR COPYRIGHT HOLDERS", "ACME CORPORATION"),
    ],
    ids=range(8),
)
def test_the_layout_and_the_owner_do_not_matter(text: str) -> None:
    assert identified(text) == "MIT"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MIT",
        MIT + "\nCommercial use needs a fee.",
        MIT.replace("without restriction", "with restrictions"),
        MIT.replace("free of charge, ", ""),
        MIT.replace("sublicense, ", ""),
        MIT.replace("LIABLE FOR ANY", "LIABLE BUT FOR ANY"),
        "Not for military use.\n" + MIT,
        MIT + MIT,
        MIT + "Copyright holders may revoke this at any time.\n",
        MIT + " " * LIMIT,
    ],
    ids=range(11),
)
def test_a_text_with_another_word_is_another_text(text: str) -> None:
    assert identified(text) is None


def test_several_files_are_one_licence_only_if_all_of_them_are() -> None:
    assert identified_all([MIT, MIT]) == ("MIT",)
    assert identified_all([MIT, "be nice"]) == ()
    assert identified_all(["be nice"]) == ()
    assert identified_all([]) == ()


def test_what_is_told_of_installed_packages_is_what_they_declare() -> None:
    told: dict[str, set[str]] = {}
    for each in importlib.metadata.distributions():
        declared = (each.metadata.get_all("License-Expression") or [""])[0]
        for name in each.metadata.get_all("License-File") or ():
            text = each.read_text(f"licenses/{name}") or ""
            found = identified(text)
            alone = declared and not re.search(r" (?:AND|OR|WITH) ", declared)
            if found and alone and "LICENSE" in name and "/" not in name:
                told.setdefault(found, set()).add(declared)
    assert {"MIT", "BSD-3-Clause", "Apache-2.0"} <= told.keys()
    assert told == {name: {name} for name in told}
