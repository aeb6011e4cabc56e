import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpchain.discover.environment.installed import Wish, read_environment
from mcpchain.inventory import Gap

SITE = "lib/python3.11/site-packages"
INFO = "files-1.0.dist-info"
FILES = {
    "files/__init__.py": b"import os\n",
    "files/native.so": b"\x7fELF" * 500,
    f"{INFO}/METADATA": b"Metadata-Version: 2.4\nName: files\nVersion: 1.0\n\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n",
    "../../../bin/files": b"#!/usr/bin/python\n",
}
FREE = ["files/__pycache__/__init__.cpython-311.pyc"] + [
    f"{INFO}/{each}" for each in ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")
]
"""What installers list without a digest."""


def digest(data: bytes, algorithm: str = "sha256") -> str:
    value = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest())
    return f"{algorithm}={value.decode().rstrip('=')}"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An environment with one distribution, as pip leaves it."""
    env = tmp_path / "venv"
    site = env / SITE
    (site / "files/__pycache__").mkdir(parents=True)
    (site / INFO).mkdir()
    (env / "bin").mkdir()
    alone = "home = /usr/bin\ninclude-system-site-packages = false\n"
    (env / "pyvenv.cfg").write_text(alone, encoding="utf-8")
    for name, data in FILES.items():
        (site / name).write_bytes(data)
    for name in FREE:
        (site / name).write_bytes(b"")
    (site / INFO / "direct_url.json").write_text('{"url": "https://h.example/x"}')
    rows = [f"{name},{digest(data)},{len(data)}" for name, data in FILES.items()]
    listed(site, *rows, *(f"{name},," for name in FREE))
    return site


def listed(site: Path, *rows: str) -> None:
    (site / INFO / "RECORD").write_text("\n".join(rows) + "\n", encoding="utf-8")


def more(site: Path, *rows: str) -> None:
    with (site / INFO / "RECORD").open("a", encoding="utf-8") as stream:
        stream.write("".join(f"{row}\n" for row in rows))


def gaps(site: Path) -> tuple[Gap, ...]:
    return read_environment(site.parents[2], Wish(verify=True)).gaps


def told(site: Path) -> list[str]:
    start = f"environment/{SITE}/"
    paths = (each.location.path.removeprefix(start) for each in gaps(site))
    reasons = (each.reason for each in gaps(site))
    return [f"{path} {reason}" for path, reason in zip(paths, reasons, strict=True)]


def test_an_environment_as_it_was_installed_is_no_gap(site: Path) -> None:
    (site / "files/__pycache__/other.cpython-311.pyc").write_bytes(b"made since")
    assert gaps(site) == ()


CACHED = "files/__pycache__/__init__.cpython-311.pyc"


@pytest.mark.parametrize(
    ("flags", "told_of"),
    [
        pytest.param(0, [], id="with the time of its source"),
        pytest.param(1, [CACHED], id="with a hash that nobody compares"),
        pytest.param(3, [], id="with a hash that is compared"),
    ],
)
def test_bytecode_that_runs_whatever_its_source_says_is_a_gap(
    site: Path, flags: int, told_of: list[str]
) -> None:
    (site / CACHED).write_bytes(b"\xa7\r\r\n" + flags.to_bytes(4, "little") + bytes(8))
    reason = "is bytecode that Python runs without a look at its source"
    assert told(site) == [f"{each} {reason}" for each in told_of]


def test_bytecode_that_was_compared_is_no_gap(site: Path) -> None:
    data = b"\xa7\r\r\n\1\0\0\0" + bytes(8)
    (site / CACHED).write_bytes(data)
    more(site, f"{CACHED},{digest(data)},16")
    assert gaps(site) == ()


def write(name: str, data: bytes) -> Callable[[Path], None]:
    def action(site: Path) -> None:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(data)

    return action


def remove(name: str) -> Callable[[Path], None]:
    return lambda site: (site / name).unlink()


def listing(*rows: str) -> Callable[[Path], None]:
    return lambda site: more(site, *rows)


def link(name: str, target: str) -> Callable[[Path], None]:
    def action(site: Path) -> None:
        (site / name).unlink(missing_ok=True)
        (site / name).symlink_to(target)

    return action


CHANGED = "was changed after it was installed"
GONE = "is gone, though its distribution lists it"
BARE = "is listed without a digest that could be compared"
STRANGE = "is a module that no installed distribution lists"
OUTSIDE = "is listed, and lies outside the environment"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(
            write("files/__init__.py", b"import os; os.evil()\n"),
            f"files/__init__.py {CHANGED}",
            id="a module that was changed",
        ),
        pytest.param(
            write("files/__init__.py", b"import 0s\n"),
            f"files/__init__.py {CHANGED}",
            id="a module of the same size",
        ),
        pytest.param(
            write("../../../bin/files", b"#!/bin/sh\n"),
            f"environment/bin/files {CHANGED}",
            id="a script that was changed",
        ),
        pytest.param(
            remove("files/native.so"),
            f"files/native.so {GONE}",
            id="a file that is gone",
        ),
        pytest.param(
            link("files/native.so", "/bin/sh"),
            f"files/native.so {GONE}",
            id="a link that leads out",
        ),
        pytest.param(
            write("files/evil.py", b""), f"files/evil.py {STRANGE}", id="another module"
        ),
        pytest.param(
            write("files/deep/er/evil.so", b""),
            f"files/deep/er/evil.so {STRANGE}",
            id="another module in a folder of its own",
        ),
        pytest.param(
            write("files/evil.pyc", b""),
            f"files/evil.pyc {STRANGE}",
            id="bytecode alone",
        ),
        pytest.param(
            link("files/evil", "/usr"), f"files/evil {STRANGE}", id="a link to a folder"
        ),
        pytest.param(
            listing("files/__init__.py,md5=abc,1"),
            f"files/__init__.py {BARE}",
            id="a digest that is too weak",
        ),
        pytest.param(
            listing("files/__init__.py,crc64=abc,1"),
            f"files/__init__.py {BARE}",
            id="a digest of an unknown kind",
        ),
        pytest.param(
            listing("files/__init__.py,,"),
            f"files/__init__.py {BARE}",
            id="a module without a digest",
        ),
        pytest.param(
            listing(f"{INFO}/RECORD,md5=x,1"),
            f"{INFO}/RECORD {BARE}",
            id="a weak digest of what needs none",
        ),
        pytest.param(
            listing("../../../bin/files,,"),
            "environment `bin/files` is listed without any digest, and was not "
            "compared; 1 such in all",
            id="a program without a digest",
        ),
        pytest.param(
            listing("../../../../../etc/passwd,,"),
            f"environment/../../../../../etc/passwd {OUTSIDE}",
            id="a path that leads out",
        ),
        pytest.param(
            listing("/etc/passwd,,"),
            f"environment//etc/passwd {OUTSIDE}",
            id="an absolute path",
        ),
        pytest.param(
            listing("C:\\evil.py,,"),
            f"environment/C:/evil.py {OUTSIDE}",
            id="a path with a drive",
        ),
        pytest.param(
            listing("gone\0.py,sha256=x,1"), f"gone%00.py {GONE}", id="a name of NUL"
        ),
        pytest.param(
            listing('"' + "x" * 200_000 + '",,'),
            f"{INFO}/RECORD RECORD: field larger than field limit (131072)",
            id="a row that never ends",
        ),
        pytest.param(
            remove(f"{INFO}/RECORD"),
            f"{INFO}/METADATA has no RECORD with which its files could be compared",
            id="no RECORD",
        ),
        pytest.param(
            write(f"{INFO}/RECORD", b"\xff\xfe"),
            f"{INFO}/RECORD RECORD is not UTF-8",
            id="a RECORD that is no text",
        ),
    ],
)
def test_what_is_not_as_it_was_installed_is_a_gap(
    site: Path, action: Callable[[Path], None], expected: str
) -> None:
    action(site)
    assert expected in told(site)


def test_what_virtualenv_lists_and_never_writes_is_no_gap(site: Path) -> None:
    more(site, "files/__pycache__,,", "files/x.cpython-311.pyc,,", "a.virtualenv,,")
    (site / "a.virtualenv").write_bytes(b"")
    assert gaps(site) == ()


def test_nothing_is_compared_unless_it_is_asked_for(site: Path) -> None:
    (site / "files/__init__.py").write_bytes(b"evil")
    assert read_environment(site.parents[2]).gaps == ()


@pytest.mark.parametrize("algorithm", ["sha384", "sha512", "blake2b"])
def test_other_strong_digests_are_compared(site: Path, algorithm: str) -> None:
    data = FILES["files/__init__.py"]
    more(site, f"files/__init__.py,{digest(data, algorithm)},1")
    assert gaps(site) == ()
    (site / "files/__init__.py").write_bytes(b"evil")
    assert told(site) == [f"files/__init__.py {CHANGED}"]


def test_a_link_inside_the_environment_is_compared_with_what_it_leads_to(
    site: Path,
) -> None:
    os.rename(site / "files/native.so", site / "files/other")
    (site / "files/native.so").symlink_to("other")
    assert gaps(site) == ()


def test_many_changed_files_are_told_in_part_and_counted(site: Path) -> None:
    more(site, *(f"files/{n}.txt,sha256=x,1" for n in range(50)))
    reasons = [each.reason for each in gaps(site)]
    assert reasons.count(GONE) == 20
    assert f"30 more: each {GONE}" in reasons


def test_folders_that_two_distributions_share_hold_no_strangers(site: Path) -> None:
    other = site / "other-1.0.dist-info"
    other.mkdir()
    text = "Metadata-Version: 2.4\nName: other\nVersion: 1.0\n"
    (other / "METADATA").write_text(text, encoding="utf-8")
    (site / "files/other.py").write_bytes(b"x")
    rows = f"files/other.py,{digest(b'x')},1\nother-1.0.dist-info/RECORD,,\n"
    (other / "RECORD").write_text(rows, encoding="utf-8")
    assert gaps(site) == ()


def test_progress_goes_up_to_the_whole(site: Path) -> None:
    calls: list[tuple[int, int]] = []
    wish = Wish(verify=True, progress=lambda done, total: calls.append((done, total)))
    read_environment(site.parents[2], wish)
    total = sum(map(len, FILES.values()))
    assert calls[-1] == (total, total)
    assert calls == sorted(calls)


def test_any_bytes_of_a_record_are_read_or_a_gap(site: Path) -> None:
    whole = (site / INFO / "RECORD").read_bytes()
    for at in range(0, len(whole), 5):
        data = bytearray(whole)
        data[at] ^= 0x0F
        (site / INFO / "RECORD").write_bytes(bytes(data))
        assert len(read_environment(site.parents[2], Wish(verify=True)).components) == 1
