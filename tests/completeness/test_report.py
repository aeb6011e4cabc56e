import json

from mcpchain.completeness import facts, profile
from mcpchain.completeness.report import RENDERERS, Validation
from mcpchain.completeness.requirement import assess
from tests.completeness.boms import entry, whole

EVIL = "\x1b[31m`|<b>\n::set-output"


def validation() -> Validation:
    bom = facts(whole(*(entry(f"c{n}", version="") for n in range(5))))
    return Validation(
        name="b.json",
        format=bom.format,
        components=len(bom.parts),
        problems=(("/components/0", "`x` is not a purl"),),
        more=True,
        assessments=(assess(bom, profile("ntia")), assess(bom, profile("g7-ai"))),
    )


def test_a_person_is_told_what_is_wrong_what_is_missing_and_what_to_do() -> None:
    lines = RENDERERS["text"](validation()).splitlines()
    missing = "5 of 6 components are without a version: `c0`, `c1`, `c2` and 2 more"
    assert lines[:10] == [
        "fails: it is no valid BOM",
        "",
        "invalid: `x` is not a purl",
        "  --> b.json#/components/0",
        "invalid: and more, which are not shown",
        "",
        "ntia 88/100: NTIA minimum elements (2021)",
        f"  --> {profile('ntia').reference}",
        f"missing[ntia/version]: {missing}",
        "  --> section III, data fields: Version of the Component",
    ]
    assert lines[10] == (
        "  hint: pin it: a lock, or an exact version for an MCP server"
    )
    assert "missing[g7-ai]: no `data` is listed: a name, a licence" in lines[-3]
    assert lines[-1].startswith("b.json: CycloneDX 1.6, 5 components: invalid; ntia 88")


def test_a_program_is_told_all_of_it() -> None:
    told = json.loads(RENDERERS["json"](validation()))
    assert told["format"] == "mcpchain/bom-validation/v1"
    assert (told["valid"], told["moreProblems"]) == (False, True)
    ntia = told["profiles"][0]
    (version,) = [each for each in ntia["requirements"] if not each["met"]]
    assert (ntia["score"], version["asked"]) == (88, 6)
    assert version["missing"] == ["c0", "c1", "c2", "c3", "c4"]


def test_no_name_does_anything_to_a_terminal_or_in_markdown() -> None:
    bom = facts(whole(entry(EVIL, version="")))
    made = Validation(
        name=EVIL,
        format="x",
        components=1,
        problems=((EVIL, EVIL),),
        assessments=(assess(bom, profile("ntia")),),
    )
    for render in RENDERERS.values():
        told = render(made)
        assert "\x1b" not in told
        assert not any(line.startswith("::") for line in told.splitlines())
    markdown = RENDERERS["markdown"](made)
    assert all(
        "<b>" not in line.replace("``", "`")[:2] for line in markdown.split("\n")
    )


def test_what_is_complete_says_so_in_markdown() -> None:
    bom = facts(whole())
    made = Validation(
        name="b.json",
        format=bom.format,
        components=3,
        assessments=(assess(bom, profile("cra")),),
    )
    assert RENDERERS["markdown"](made).splitlines() == [
        "## `b.json`: CycloneDX 1.6, 3 components: valid; cra 100",
        "",
        "### EU Cyber Resilience Act: 100/100",
        "",
        "Regulation (EU) 2024/2847, CELEX 32024R2847",
        "",
        "Nothing is missing.",
    ]
