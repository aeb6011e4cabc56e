"""The chain of a log, line by line."""

import json

import pytest

from mcpchain import decision_log
from mcpchain.decision_log import Ends
from mcpchain.errors import MalformedError

ZEROS = "0" * 64


def lines(count: int = 4, word: str = "allow") -> list[bytes]:
    """Return a log of *count* lines."""
    made: list[bytes] = []
    ends = Ends()
    for number in range(count):
        made.append(decision_log.line(ends, {"decision": word, "at": number}))
        ends = decision_log.follow(made[-1], "log", ends)
    return made


def changed(line: bytes) -> bytes:
    return line.replace(b"allow", b"denys")


LOG = lines()
HEADS = [decision_log.follow(each, "log").head for each in LOG]
TAMPERED: dict[str, tuple[list[bytes], str, str]] = {
    "the first line changed": (
        [changed(LOG[0]), *LOG[1:]],
        "line 2",
        "not written after the line before it",
    ),
    "a line changed": (
        [LOG[0], changed(LOG[1]), *LOG[2:]],
        "line 3",
        "not written after the line before it",
    ),
    "a blank added to a line": (
        [LOG[0], LOG[1].replace(b'{"', b'{ "', 1), *LOG[2:]],
        "line 3",
        "not written after the line before it",
    ),
    "the first line removed": (LOG[1:], "line 1", "has the number 2"),
    "a line removed": ([LOG[0], *LOG[2:]], "line 2", "has the number 3"),
    "two lines in another order": (
        [LOG[0], LOG[2], LOG[1], LOG[3]],
        "line 2",
        "has the number 3",
    ),
    "a line twice": ([LOG[0], LOG[1], LOG[1], *LOG[2:]], "line 3", "has the number 2"),
    "a line of another log": (
        [LOG[0], lines(word="deny")[1], *LOG[2:]],
        "line 2",
        "not written after the line before it",
    ),
    "the end of a line cut off": ([*LOG[:3], LOG[3][:-5]], "line 4", "cut off"),
    "a line break cut off": ([*LOG[:3], LOG[3][:-1]], "line 4", "cut off"),
    "an empty line": ([*LOG[:2], b"\n", *LOG[2:]], "line 3", "not JSON"),
    "a key twice": (
        [b'{"number":1,"number":1,"previous":"%s"}\n' % ZEROS.encode()],
        "line 1",
        "number",
    ),
    "a number that is none": (
        [LOG[0].replace(b'"number":1', b'"number":"1"')],
        "line 1",
        "number",
    ),
    "no link": ([b'{"number":1}\n'], "line 1", "previous"),
}


def test_each_line_names_the_one_before() -> None:
    read = [json.loads(each) for each in LOG]
    assert [each["number"] for each in read] == [1, 2, 3, 4]
    assert [each["previous"] for each in read] == [ZEROS, *HEADS[:3]]
    assert decision_log.verify(LOG, "log") == Ends(4, HEADS[3])


@pytest.mark.parametrize("case", TAMPERED)
def test_a_log_that_was_tampered_with_is_found_out(case: str) -> None:
    data, at, problem = TAMPERED[case]
    with pytest.raises(MalformedError) as caught:
        decision_log.verify(data, "log")
    told = str(caught.value)
    assert (at in told, problem in told) == (True, True), told


@pytest.mark.parametrize("head", [*HEADS, "", ZEROS])
def test_a_head_of_before_is_found_in_a_log_that_has_grown(head: str) -> None:
    assert decision_log.verify(LOG, "log", head).lines == 4


def test_what_was_cut_off_at_the_end_shows_by_the_head_alone() -> None:
    assert decision_log.verify(LOG[:2], "log").lines == 2
    for data in (LOG[:2], [], lines(word="deny")):
        with pytest.raises(MalformedError, match="no line has the digest"):
            decision_log.verify(data, "log", HEADS[3])
