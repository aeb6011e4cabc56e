import contextlib
import io
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from mcpchain.protobuf import DEPTH, Field, Walk
from mcpchain.tree import UnreadableError
from tests.protobuf_bytes import field, varint


def walk(data: bytes) -> Walk:
    return Walk(io.BytesIO(data), len(data), "m")


def count(fields: Iterable[object]) -> int:
    return len(list(fields))


def test_fields_are_met_in_their_order_and_what_nobody_reads_is_passed() -> None:
    inner = field(1, "in") + field(2, 300)
    data = field(1, 7) + field(9, bytes(200_000)) + field(3, inner) + field(4, "x")
    data += varint(5 << 3 | 1) + bytes(8) + varint(6 << 3 | 5) + bytes(4)
    seen: list[object] = []
    for each in walk(data).fields():
        if each.number == 3:
            seen += [p.text() if p.sized else p.value for p in each.fields()]
        elif each.number == 4:
            seen.append(each.text())
        else:
            seen.append((each.number, each.value))
    assert seen == [(1, 7), (9, 200_000), "in", 300, "x", (5, 0), (6, 0)]


def test_a_message_that_is_left_in_the_middle_does_not_shift_the_rest() -> None:
    data = field(1, field(1, "a") + field(2, "b")) + field(2, "c")
    seen = []
    for each in walk(data).fields():
        if each.number == 1:
            next(each.fields())
        else:
            seen.append(each.text())
    assert seen == ["c"]


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        (field(1, 5), [5]),
        (field(1, -1), [-1]),
        (field(1, 2**63), [-(2**63)]),
        (field(1, varint(3) + varint(-4) + varint(300)), [3, -4, 300]),
        (field(1, b""), []),
    ],
    ids=["one", "negative", "most", "packed", "none"],
)
def test_numbers_are_signed_one_or_packed(data: bytes, numbers: list[int]) -> None:
    (found,) = [each.numbers() for each in walk(data).fields()]
    assert found == numbers


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x80",
        b"\x08" + b"\xff" * 11,
        b"\x0a\x05abc",
        b"\x0a" + varint(2**63) + b"x",
        b"\x0b",
        b"\x0c",
        b"\x0f",
        b"\x00\x01",
        b"\x09abc",
        b"\x0dabc",
    ],
    ids=[
        "no-value",
        "no-number",
        "endless",
        "beyond",
        "far-beyond",
        "group",
        "group-end",
        "unknown-type",
        "number-0",
        "short-64",
        "short-32",
    ],
)
def test_what_is_no_message_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        count(walk(data).fields())


@pytest.mark.parametrize(
    "inner",
    [b"\x08", b"\x0a\x05abc", b"\x80"],
    ids=["value", "length", "number"],
)
def test_a_message_ends_where_the_one_around_it_says(inner: bytes) -> None:
    """What follows is not taken for a part of it."""
    data = field(1, inner) + field(2, "abcdefghij")
    with pytest.raises(MalformedError):
        descend(walk(data).fields())


def test_a_field_that_goes_beyond_its_message_is_malformed() -> None:
    data = field(1, b"\x0a\x05abc") + field(2, "abcdefghij")
    outer = next(walk(data).fields())
    with pytest.raises(MalformedError):
        next(outer.fields())


def test_a_list_of_numbers_ends_where_its_field_does() -> None:
    data = field(1, b"\x80") + b"\x01\x01"
    with pytest.raises(MalformedError):
        count([each.numbers() for each in walk(data).fields()])


def deep(levels: int) -> bytes:
    data = b""
    for _ in range(levels):
        data = field(1, data)
    return data


def descend(fields: Iterator[Field]) -> int:
    return sum(1 + descend(each.fields()) for each in fields)


def test_as_many_messages_as_the_limit_are_entered() -> None:
    assert descend(walk(deep(DEPTH)).fields()) == DEPTH


@pytest.mark.parametrize(
    "read",
    [
        lambda: descend(walk(deep(DEPTH + 2)).fields()),
        lambda: count(walk(b"\x08\x01" * 4_000_001).fields()),
        lambda: [e.text() for e in walk(field(1, bytes((1 << 20) + 1))).fields()],
        lambda: [e.text() for e in walk(field(1, bytes(1 << 20)) * 65).fields()],
        lambda: [e.numbers() for e in walk(field(1, bytes(1025))).fields()],
    ],
    ids=["depth", "fields", "text", "texts", "numbers"],
)
def test_more_than_we_read_is_a_limit(read: Callable[[], object]) -> None:
    with pytest.raises(UnreadableError) as caught:
        read()
    assert caught.value.state is State.LIMIT


def test_a_number_holds_no_message_and_no_text() -> None:
    (found,) = [(list(e.fields()), e.text()) for e in walk(field(1, 5)).fields()]
    assert found == ([], "")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_none(data: bytes) -> None:
    with contextlib.suppress(MalformedError, UnreadableError):
        assert descend(walk(data).fields()) <= len(data)
