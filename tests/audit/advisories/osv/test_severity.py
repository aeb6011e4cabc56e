import pytest

from mcpchain.advisory import Severity
from mcpchain.audit.advisories.osv.severity import of_vectors, of_word
from mcpchain.document import Node
from mcpchain.errors import MalformedError

V2_LOW = "AV:L/AC:H/Au:M/C:P/I:N/A:N"
V2_HIGH = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
V3_NONE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"
V3_LOW = "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
V3_MEDIUM = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"
V3_HIGH = "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"
V3_CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4_LOW = "CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"
V4_CRITICAL = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"


def severity(*vectors: str) -> Severity:
    return of_vectors(Node(value=[{"score": v} for v in vectors], source="x"))


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        ([V3_LOW], Severity.LOW),
        ([V3_MEDIUM], Severity.MEDIUM),
        ([V3_HIGH], Severity.HIGH),
        ([V3_CRITICAL], Severity.CRITICAL),
        ([V2_LOW], Severity.LOW),
        ([V2_HIGH], Severity.CRITICAL),
        ([V4_LOW], Severity.LOW),
        ([V4_CRITICAL], Severity.CRITICAL),
        ([V3_NONE], Severity.LOW),
        # of one version the highest
        ([V3_LOW, V3_CRITICAL, V3_MEDIUM], Severity.CRITICAL),
        # 4 before 3 before 2
        ([V3_CRITICAL, V4_LOW], Severity.LOW),
        ([V2_HIGH, V3_LOW], Severity.LOW),
        # what cannot be read says nothing
        (["CVSS:3.1/AV:N", V2_LOW], Severity.LOW),
        ([], Severity.UNKNOWN),
    ],
)
def test_the_severity_is_that_of_the_best_vectors(
    vectors: list[str], expected: Severity
) -> None:
    assert severity(*vectors) is expected


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "CVSS:3.1",
        "CVSS:3.1/",
        "CVSS:4.0/AV:N",
        "CVSS:9.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "9.8",
        "high",
        V3_HIGH + "/AV:N",
        V3_HIGH.lower(),
        V3_HIGH + "/X:Y" * 500,
        "\x00",
        "AV:N/AC:L/Au:N/C:C/I:C/A:C\n",
    ],
)
def test_a_vector_that_cannot_be_read_is_unknown_and_not_low(vector: str) -> None:
    assert severity(vector) is Severity.UNKNOWN


@pytest.mark.parametrize("value", [{}, "high", 1, ["x"], [{}], [{"score": 9.8}]])
def test_what_is_no_list_of_vectors_is_malformed(value: object) -> None:
    with pytest.raises(MalformedError):
        of_vectors(Node(value=value, source="x"))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("LOW", Severity.LOW),
        ("MODERATE", Severity.MEDIUM),
        ("Medium", Severity.MEDIUM),
        (" high ", Severity.HIGH),
        ("CRITICAL", Severity.CRITICAL),
        ("important", Severity.UNKNOWN),
        ("", Severity.UNKNOWN),
    ],
)
def test_a_word_is_taken_as_the_publisher_means_it(
    word: str, expected: Severity
) -> None:
    assert of_word(word) is expected
