"""Tables in Parquet, made by hand: `parquet.thrift` in Thrift's compact protocol."""

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, DataFacts, Kind
from mcpchain.discover import survey
from mcpchain.discover.parquet import DISCOVERER
from mcpchain.discover.parquet.reader import FOOTER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree


def discover(root: Path, data: bytes, name: str = "t.parquet") -> Inventory:
    (root / name).write_bytes(data)
    return survey(Tree(root, only=name), name="x", discoverers=[DISCOVERER])


def varint(value: int) -> bytes:
    done = bytearray()
    while value >= 0x80:
        done.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*done, value])


def number(value: int) -> bytes:
    return varint(value * 2 if value >= 0 else -value * 2 - 1)


def struct(*fields: tuple[int, int, bytes]) -> bytes:
    """Write fields of (number, type, value), each with its distance to the last."""
    done, last = b"", 0
    for field, kind, value in fields:
        done += bytes([(field - last) << 4 | kind]) + value
        last = field
    return done + b"\0"


def many(kind: int, *values: bytes) -> bytes:
    size = len(values)
    head = bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind])
    return head + (varint(size) if size >= 15 else b"") + b"".join(values)


def column(name: str, children: int | None = None) -> bytes:
    text = name.encode()
    fields = [(3, 5, number(1)), (4, 8, varint(len(text)) + text)]
    if children is not None:
        fields.append((5, 5, number(children)))
    return struct(*fields)


def metadata(*columns: bytes, rows: int = 3) -> bytes:
    return struct(
        (1, 5, number(2)),
        (2, 9, many(12, *columns)),
        (3, 6, number(rows)),
        (4, 9, many(12)),
    )


def table(footer: bytes, *, data: bytes = b"", end: bytes = b"PAR1") -> bytes:
    return b"PAR1" + data + footer + len(footer).to_bytes(4, "little") + end


NESTED = metadata(
    column("schema", 3),
    column("id"),
    column("m", 2),
    column("x"),
    column("y", 1),
    column("list"),
    column("text"),
)


def test_a_table_is_observed_hashed_and_described(tmp_path: Path) -> None:
    found = discover(tmp_path, table(NESTED, data=b"columns"))
    assert found.gaps == ()
    (component,) = found.components
    assert (component.kind, component.basis) == (Kind.DATA, Basis.OBSERVED)
    assert component.facts == DataFacts(
        format="parquet", records=3, columns=("id", "m", "text")
    )
    (artifact,) = component.artifacts
    assert artifact.digests


@pytest.mark.parametrize("name", ["_metadata", "T.PARQUET", "t.bin"])
def test_it_is_known_by_its_suffix_or_its_first_bytes(
    tmp_path: Path, name: str
) -> None:
    found = discover(tmp_path, table(NESTED), name)
    assert [each.name for each in found.components] == [name]


def test_only_the_outermost_columns_count_and_many_fit(tmp_path: Path) -> None:
    names = [f"c{index}" for index in range(3000)]
    footer = metadata(column("schema", 3000), *map(column, names), rows=2**60)
    found = discover(tmp_path, table(footer))
    (component,) = found.components
    assert component.facts == DataFacts(
        format="parquet", records=2**60, columns=tuple(names)
    )


def test_other_fields_are_passed_whatever_they_are(tmp_path: Path) -> None:
    inner = struct((1, 1, b""), (2, 2, b""), (3, 3, b"x"), (4, 7, bytes(8)))
    mapping = varint(2) + bytes([8 << 4 | 1]) + b"\1a\1\1b\2"
    footer = struct(
        (1, 12, inner),
        (2, 9, many(12, column("schema", 1), column("a"))),
        (5, 10, many(2, b"\1", b"\2")),
        (6, 11, mapping),
        (7, 11, varint(0)),
        (8, 13, bytes(16)),
        (9, 4, number(-3)),
        (10, 9, many(9, many(12, inner))),
    )[:-1]
    # The number of rows comes last, by its full number.
    found = discover(tmp_path, table(footer + b"\x06" + number(3) + number(7) + b"\0"))
    assert found.gaps == ()
    (component,) = found.components
    assert component.facts == DataFacts(format="parquet", records=7, columns=("a",))


BOMB = struct((9, 9, many(12, *[b"\0"] * 1_100_000)))

NEVER = {
    "nothing": (b"", State.UNREADABLE),
    "magic-alone": (b"PAR1", State.UNREADABLE),
    "magic-twice": (b"PAR1PAR1", State.UNREADABLE),
    "text": (b"id,text\n1,a\n", State.UNREADABLE),
    "no-end": (b"PAR1" + NESTED, State.UNREADABLE),
    "cut": (table(NESTED)[:-20], State.UNREADABLE),
    "other-end": (table(NESTED, end=b"PAR2"), State.UNREADABLE),
    "encrypted": (b"PARE" + table(NESTED, end=b"PARE")[4:], State.UNREADABLE),
    "encrypted-at-one-end": (table(NESTED, end=b"PARE"), State.UNREADABLE),
    "footer-longer-than-file": (
        b"PAR1" + NESTED + (len(NESTED) + 1).to_bytes(4, "little") + b"PAR1",
        State.UNREADABLE,
    ),
    "footer-of-four-gigabytes": (b"PAR1xxxx\xff\xff\xff\xffPAR1", State.UNREADABLE),
    "footer-of-nothing": (table(b""), State.UNREADABLE),
    "footer-of-no-fields": (table(b"\0"), State.UNREADABLE),
    "no-schema": (table(struct((3, 6, number(3)))), State.UNREADABLE),
    "no-rows": (table(struct((2, 9, many(12, column("s", 0))))), State.UNREADABLE),
    "schema-of-nothing": (table(metadata()), State.UNREADABLE),
    "schema-of-numbers": (
        table(struct((2, 9, many(5, number(1))), (3, 6, number(1)))),
        State.UNREADABLE,
    ),
    "too-few-columns": (table(metadata(column("s", 2), column("a"))), State.UNREADABLE),
    "too-many-columns": (
        table(metadata(column("s", 1), column("a"), column("b"))),
        State.UNREADABLE,
    ),
    "children-missing": (
        table(metadata(column("s", 1), column("a", 3), column("b"))),
        State.UNREADABLE,
    ),
    "children-below-zero": (
        table(metadata(column("s", 1), column("a", -1))),
        State.UNREADABLE,
    ),
    "rows-below-zero": (table(metadata(column("s", 0), rows=-1)), State.UNREADABLE),
    "endless-number": (table(b"\x15" + b"\xff" * 20), State.UNREADABLE),
    "name-longer-than-footer": (
        table(
            struct((2, 9, many(12, struct((4, 8, varint(2**62)))))),
        ),
        State.UNREADABLE,
    ),
    "list-longer-than-footer": (
        table(struct((9, 9, b"\xf5" + varint(2**62)))),
        State.UNREADABLE,
    ),
    "unknown-type": (table(struct((9, 14, b""))), State.UNREADABLE),
    "deep-structures": (table(b"\x9c" + b"\x1c" * 100_000), State.UNREADABLE),
    "deep-lists": (table(b"\x99" + b"\x19" * 100_000), State.UNREADABLE),
    "many-values": (table(BOMB), State.LIMIT),
    "many-columns": (
        table(metadata(column("s", 10_001), *[column("a")] * 10_001)),
        State.LIMIT,
    ),
    "long-footer": (
        table(struct((9, 8, varint(FOOTER) + bytes(FOOTER)), (10, 5, number(1)))),
        State.LIMIT,
    ),
}


@pytest.mark.parametrize("case", NEVER)
def test_what_is_no_table_is_a_gap_and_a_file_still(tmp_path: Path, case: str) -> None:
    data, state = NEVER[case]
    start = time.perf_counter()
    found = discover(tmp_path, data)
    assert time.perf_counter() - start < 20
    assert [each.state for each in found.gaps] == [state]
    (component,) = found.components
    assert component.facts == DataFacts(format="parquet")
    assert component.artifacts[0].digests


def test_a_long_footer_is_read_as_far_as_the_number_of_rows(tmp_path: Path) -> None:
    footer = metadata(column("s", 1), column("a"))[:-3]
    footer += b"\x18" + varint(FOOTER) + bytes(FOOTER) + b"\0"
    found = discover(tmp_path, table(footer))
    assert found.gaps == ()
    (component,) = found.components
    assert component.facts == DataFacts(format="parquet", records=3, columns=("a",))


def test_a_long_name_is_cut_and_need_not_be_text(tmp_path: Path) -> None:
    raw = struct((4, 8, varint(3) + b"\xff\xfea"))
    footer = metadata(column("s", 2), raw, column("n" * 1000))
    (component,) = discover(tmp_path, table(footer)).components
    assert isinstance(component.facts, DataFacts)
    assert component.facts.columns == ("\ufffd\ufffda", "n" * 140)


@settings(deadline=None)
@given(st.binary(max_size=300), st.none() | st.integers(0, len(NESTED)))
def test_any_footer_is_read_or_leaves_a_gap(data: bytes, at: int | None) -> None:
    footer = data if at is None else NESTED[:at] + data + NESTED[at + len(data) :]
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), table(footer))
    (component,) = found.components
    assert isinstance(component.facts, DataFacts)
    assert bool(found.gaps) == (component.facts.records is None)
