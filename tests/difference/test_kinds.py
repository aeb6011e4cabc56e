"""What changes of models, data, services and the build are told, and which alarm."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import (
    ANY_CODE,
    BaseModel,
    BuildFacts,
    Component,
    DataFacts,
    FileFacts,
    Kind,
    Location,
    Metric,
    ModelCard,
    ModelFacts,
    Pin,
    Role,
    UsedServiceFacts,
)
from mcpchain.difference import Alarm, compare
from mcpchain.difference.render import RENDERERS
from mcpchain.inventory import Inventory
from tests.bom.inventories import COMMIT, inventories
from tests.difference.test_compare import ONE, TWO, inventory
from tests.making import component

ACTION = BuildFacts(role=Role.ACTION)
BASE = BuildFacts(role=Role.BASE_IMAGE)
OTHER = "f" * 40
SERVED = UsedServiceFacts(provider="OpenAI", category="model-api", endpoint="https://a")


def file(digest: Digest, kind: Kind = Kind.FILE, **facts: Any) -> Component:  # noqa: ANN401 - facts
    told = FileFacts(role="skill", **facts) if kind is Kind.FILE else DataFacts(**facts)
    purl = f"pkg:generic/f?checksum={digest}"
    return component(
        purl,
        kind,
        locations=(Location(path="a/f"),),
        artifacts=(Artifact(name="a/f", digests=(digest,)),),
        facts=told,
    )


def model(**facts: Any) -> Component:  # noqa: ANN401 - the fields of ModelFacts
    told = ModelFacts(**({"format": "hugging-face"} | facts))
    return Component(
        kind=Kind.MODEL, name="m", locations=(Location(path="m"),), facts=told
    )


def service(**facts: Any) -> Component:  # noqa: ANN401 - the fields of UsedServiceFacts
    place = (Location(path="app.py"),)
    told = replace(SERVED, **facts)
    return Component(kind=Kind.SERVICE, name="OpenAI", locations=place, facts=told)


def image(
    digest: Digest | None, tag: str = "3.12", host: str | None = None
) -> Component:
    version = digest or tag
    where = f"?repository_url={host}/python" if host else ""
    return component(
        f"pkg:oci/python@{version}{where}",
        Kind.CONTAINER,
        version=None,
        pin=Pin.DIGEST if digest else Pin.TAG,
        requested=tag,
        artifacts=(Artifact(digests=(digest,)),) if digest else (),
        facts=replace(BASE, registry=f"https://{host}" if host else None),
    )


def action(commit: str, claim: str = "v4.1.0") -> Component:
    pin = Pin.COMMIT if commit in {COMMIT, OTHER} else Pin.TAG
    purl = f"pkg:github/acme/do@{commit}"
    return component(
        purl, Kind.BUILD, version=None, pin=pin, requested=claim, facts=ACTION
    )


ALARMING = {
    "a skill has other bytes": (file(ONE), file(TWO), [Alarm.HASH]),
    "a data set has other bytes": (
        file(ONE, Kind.DATA),
        file(TWO, Kind.DATA),
        [Alarm.HASH],
    ),
    "an image has another digest under its tag": (
        image(ONE),
        image(TWO),
        [Alarm.HASH],
    ),
    "an image comes from another host": (
        image(ONE, host="r.example"),
        image(ONE, host="evil.example"),
        [Alarm.REGISTRY],
    ),
    "an image has no digest any more": (image(ONE), image(None), [Alarm.PIN]),
    "an action has another commit under its version": (
        action(COMMIT),
        action(OTHER),
        [Alarm.HASH],
    ),
    "an action has no commit any more": (
        action(COMMIT),
        action("v4.1.0"),
        [Alarm.PIN],
    ),
    "a model brings code": (
        model(),
        model(remote_code=("modeling.Acme",)),
        [Alarm.CODE],
    ),
    "data bring code": (
        file(ONE, Kind.DATA),
        file(ONE, Kind.DATA, remote_code=("d.py",)),
        [Alarm.CODE],
    ),
    "the code of a model is trusted": (
        model(remote_code=("m.A",)),
        model(remote_code=(ANY_CODE, "m.A")),
        [Alarm.CODE],
    ),
    "weights import more": (
        model(imports=("torch._utils._rebuild",)),
        model(imports=("os.system", "torch._utils._rebuild")),
        [Alarm.CODE],
    ),
    "a graph has another operator": (
        model(),
        model(operators=("PyFunc",)),
        [Alarm.CODE],
    ),
    "a chat template is another": (
        model(chat_template=ONE),
        model(chat_template=TWO),
        [Alarm.TEMPLATE],
    ),
    "a chat template is new": (model(), model(chat_template=ONE), [Alarm.TEMPLATE]),
    "a service is reached elsewhere": (
        service(),
        service(endpoint="https://b"),
        [Alarm.ENDPOINT],
    ),
    "a service has an address": (
        service(endpoint=None),
        service(),
        [Alarm.ENDPOINT],
    ),
    "a service ran here": (
        service(external=False),
        service(),
        [Alarm.REMOTE],
    ),
}


@pytest.mark.parametrize("name", ALARMING)
def test_an_alarm_is_raised_where(name: str) -> None:
    old, new, alarms = ALARMING[name]
    difference = compare(inventory(old), inventory(new))
    assert [each.alarm for each in difference.alarms] == alarms
    assert len(difference.changed) == 1
    assert (difference.added, difference.removed) == ((), ())
    assert compare(inventory(new), inventory(new)).alarms == ()
    for render in RENDERERS.values():
        assert alarms[0].value in render(difference)


QUIET = {
    "an image has another tag and its digest": (image(ONE), image(TWO, "3.13")),
    "an image has a digest": (image(None), image(ONE)),
    "an action has another version and its commit": (
        action(COMMIT),
        action(OTHER, "v4.2.0"),
    ),
    "an action has a commit": (action("v4.1.0"), action(COMMIT)),
    "an action moves from tag to tag": (
        action("v4.1.0"),
        action("v4.2.0", "v4.2.0"),
    ),
    "a model brings no code any more": (model(remote_code=("m.A",)), model()),
    "a service has no address any more": (service(), service(endpoint=None)),
    "a service is asked for another model": (service(), service(models=("gpt-y",))),
    "a service runs here": (service(), service(external=False)),
    "a card says more": (model(), model(card=ModelCard(task="x"))),
}


@pytest.mark.parametrize("name", QUIET)
def test_no_alarm_is_raised_where(name: str) -> None:
    old, new = QUIET[name]
    difference = compare(inventory(old), inventory(new))
    assert difference.alarms == ()
    assert len(difference.changed) == 1


def test_a_new_provider_is_an_alarm_and_an_old_one_is_found_in_another_file() -> None:
    moved = replace(service(), locations=(Location(path="other.py"),))
    new = replace(service(provider="Acme"), name="Acme")
    difference = compare(inventory(service()), inventory(moved, new))
    (alarm,) = difference.alarms
    assert (alarm.alarm, alarm.about.name) == (Alarm.SERVICE, "Acme")
    assert alarm.detail == "Acme, as model-api"
    assert [each.name for each in difference.added] == ["Acme"]
    assert difference.changed == ()


def test_a_new_model_that_brings_code_is_an_alarm() -> None:
    new = model(remote_code=(ANY_CODE,), imports=("torch._utils._rebuild",))
    (alarm,) = compare(inventory(), inventory(new)).alarms
    assert (alarm.alarm, alarm.detail) == (Alarm.CODE, "`*`")


def test_every_word_about_a_thing_is_compared() -> None:
    card = ModelCard(
        task="t",
        languages=("de",),
        metrics=(Metric(type="F1", value="1", slice="s"),),
        considerations=(("users", "all"),),
    )
    old = inventory(
        model(), file(ONE), file(ONE, Kind.DATA), service(models=("a",)), action(COMMIT)
    )
    new = inventory(
        model(
            family="llama",
            architecture="A",
            quantization="Q4_K",
            hyperparameters=(("hidden_size", "8"),),
            bases=(BaseModel(name="o/b", relation="adapter"),),
            card=card,
        ),
        file(ONE, description="d", tools=("Bash",), models=("m",)),
        file(
            ONE,
            Kind.DATA,
            format="csv",
            description="d",
            records=1,
            columns=("b", "a"),
            tasks=("t",),
            languages=("de",),
            sensitive=("e",),
        ),
        service(models=("b",), authenticated=False, env=("E",), packages=("openai",)),
        replace(action(COMMIT), facts=replace(ACTION, stage="s", platform="p")),
    )
    found = {c.new.kind: dict(c.fields) for c in compare(old, new).changed}
    after = {k: {n: v[1] for n, v in each.items()} for k, each in found.items()}
    assert after == {
        Kind.MODEL: {
            "architecture": ("A",),
            "considerations": ("users: all",),
            "family": ("llama",),
            "hyperparameters": ("hidden_size=8",),
            "languages": ("de",),
            "made from": ("o/b adapter",),
            "metrics": ("F1 1 s",),
            "quantization": ("Q4_K",),
            "task": ("t",),
        },
        Kind.FILE: {"description": ("d",), "models": ("m",), "tools": ("Bash",)},
        Kind.DATA: {
            "columns": ("b", "a"),
            "description": ("d",),
            "format": ("csv",),
            "languages": ("de",),
            "records": ("1",),
            "sensitive": ("e",),
            "tasks": ("t",),
        },
        Kind.SERVICE: {
            "authenticated": ("no",),
            "environment": ("E",),
            "models": ("b",),
            "packages": ("openai",),
        },
        Kind.BUILD: {"platform": ("p",), "stage": ("s",)},
    }


def test_files_of_one_name_in_two_folders_meet_their_own() -> None:
    places = [(Location(path=f"{each}/f"),) for each in "ab"]
    first = [replace(file(ONE), locations=each) for each in places]
    second = [replace(file(TWO), locations=places[0]), first[1]]
    (change,) = compare(inventory(*first), inventory(*second)).changed
    assert change.new.location.path == "a/f"
    assert {*change.fields} == {"hashes"}


@settings(max_examples=50, deadline=None)
@given(inventories())
def test_what_did_not_change_alarms_nobody(one: Inventory) -> None:
    assert compare(one, one).alarms == ()
