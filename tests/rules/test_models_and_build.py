import pytest

from mcpchain.component import (
    ANY_CODE,
    Basis,
    BuildFacts,
    DataFacts,
    Kind,
    ModelFacts,
    Pin,
    Role,
)
from mcpchain.finding import Finding
from mcpchain.rules.remote_model_code import RemoteModelCode
from mcpchain.rules.unpinned_build_step import UnpinnedBuildStep
from mcpchain.rules.unpinned_model import UnpinnedModel
from tests.making import case, component

HUB = "pkg:huggingface/acme/m"


def of_model(kind: Kind, pin: Pin | None) -> list[Finding]:
    about = component(HUB, kind, pin=pin, requested="main")
    return [*UnpinnedModel().check(case(about))]


@pytest.mark.parametrize(
    ("pin", "variant", "words"),
    [
        (Pin.FLOATING, "floating", "floats: it is fetched anew"),
        (Pin.RANGE, "floating", "floats: it is fetched anew"),
        (Pin.TAG, "tag", "is whatever `main` points to: it is fetched anew"),
    ],
)
def test_a_model_that_its_owner_can_move_is_told(
    pin: Pin, variant: str, words: str
) -> None:
    (finding,) = of_model(Kind.MODEL, pin)
    assert finding.variant == variant
    assert finding.message.startswith(f"model `acme/m` {words}")
    (finding,) = of_model(Kind.DATA, pin)
    assert finding.message.startswith(f"data set `acme/m` {words}")


@pytest.mark.parametrize("pin", [None, Pin.COMMIT, Pin.DIGEST, Pin.EXACT, Pin.LOCAL])
def test_a_model_that_stays_what_it_is_or_is_merely_named_is_fine(
    pin: Pin | None,
) -> None:
    assert not of_model(Kind.MODEL, pin)
    assert not of_model(Kind.DATA, pin)


def test_a_package_that_floats_is_for_another_rule() -> None:
    assert not of_model(Kind.LIBRARY, Pin.FLOATING)


@pytest.mark.parametrize("basis", list(Basis))
def test_code_that_is_switched_on_is_worse_than_code_that_is_offered(
    basis: Basis,
) -> None:
    def found(*code: str) -> list[Finding]:
        facts = ModelFacts(format="hugging-face", remote_code=code)
        about = component(HUB, Kind.MODEL, basis=basis, facts=facts)
        return [*RemoteModelCode().check(case(about))]

    (trusted,) = found(ANY_CODE, "modeling.Acme")
    assert trusted.variant == "trusted"
    assert trusted.message == "model `acme/m` is loaded with `trust_remote_code`"
    (offered,) = found(*(f"m.C{n}" for n in range(7)))
    assert offered.variant == "offered"
    assert offered.message.endswith(
        "of its own: " + ", ".join(f"`m.C{n}`" for n in range(5)) + " and 2 more"
    )
    assert not found()


@pytest.mark.parametrize(
    ("code", "variant", "words"),
    [
        (ANY_CODE, "trusted", "is loaded with `trust_remote_code`"),
        ("d.py", "offered", "names code of its own: `d.py`"),
    ],
)
def test_code_that_comes_with_data_is_told_like_that_of_a_model(
    code: str, variant: str, words: str
) -> None:
    about = component(HUB, Kind.DATA, facts=DataFacts(remote_code=(code,)))
    (finding,) = RemoteModelCode().check(case(about))
    assert (finding.variant, finding.message) == (variant, f"data set `acme/m` {words}")
    assert finding.hint.endswith("or load a data set that needs none")


VARIANTS = {
    Role.BASE_IMAGE: "image",
    Role.SERVICE_IMAGE: "image",
    Role.BUILD_IMAGE: "image",
    Role.DEVELOPMENT_IMAGE: "image",
    Role.FEATURE: "hook",
    Role.HOOK: "hook",
    Role.ACTION: "action",
    Role.WORKFLOW: "action",
    Role.TASK: "action",
    Role.PROVIDER: "infrastructure",
    Role.FETCHED: "fetched",
    Role.MODULE: "infrastructure",
}


@pytest.mark.parametrize("role", list(Role))
def test_a_build_step_that_can_be_moved_is_told(role: Role) -> None:
    def found(pin: Pin | None) -> list[Finding]:
        about = component(
            "pkg:github/acme/do@v1",
            Kind.BUILD,
            pin=pin,
            requested="v1",
            facts=BuildFacts(role=role),
        )
        return [*UnpinnedBuildStep().check(case(about))]

    (finding,) = found(Pin.TAG)
    assert finding.variant == VARIANTS[role]
    assert finding.hint
    assert finding.message == (
        f"{role.value} `acme/do` (`v1`) can be changed by its publisher at any time"
    )
    assert [len(found(pin)) for pin in (Pin.FLOATING, Pin.RANGE)] == [1, 1]
    firm = (None, Pin.COMMIT, Pin.DIGEST, Pin.EXACT, Pin.LOCAL, Pin.REMOTE)
    assert not any(found(pin) for pin in firm)


def test_what_is_no_part_of_the_build_is_for_another_rule() -> None:
    about = component(pin=Pin.FLOATING)
    assert not [*UnpinnedBuildStep().check(case(about))]
