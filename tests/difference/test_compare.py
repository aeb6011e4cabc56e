import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from packageurl import PackageURL

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom.read import read
from mcpchain.bom.write import write
from mcpchain.component import (
    Attester,
    Component,
    Kind,
    Location,
    ModelFacts,
    PackageFacts,
    Pin,
    ServerFacts,
    Tool,
    Transport,
)
from mcpchain.difference import Alarm, compare
from mcpchain.difference.render import RENDERERS
from mcpchain.inventory import Collector, Inventory, State
from tests.bom.inventories import inventories
from tests.making import component, gap

ONE, TWO, THREE = (Digest.of("sha256", letter * 64) for letter in "abc")
PLACE = Location(path=".mcp.json", pointer="/mcpServers/x")


def inventory(*components: Component, name: str = "app") -> Inventory:
    found = Collector(name)
    for each in components:
        found.add(each)
    return found.inventory()


def package(purl: str = "pkg:pypi/requests@2.32.5", **fields: Any) -> Component:  # noqa: ANN401 - the fields of Component
    given: dict[str, Any] = {"pin": Pin.EXACT, "facts": PackageFacts()}
    return component(purl, **(given | fields))


def server(**fields: Any) -> Component:  # noqa: ANN401 - the fields of ServerFacts
    given: dict[str, Any] = {"client": "cursor", "transport": Transport.STDIO}
    return Component(
        kind=Kind.MCP_SERVER,
        name="x",
        locations=(PLACE,),
        pin=Pin.REMOTE if "endpoint" in fields else Pin.FLOATING,
        facts=ServerFacts(**(given | fields)),
    )


def model(digest: Digest) -> Component:
    return Component(
        kind=Kind.MODEL,
        name="m.gguf",
        locations=(Location(path="m.gguf"),),
        purl=PackageURL("generic", None, "m.gguf", None, {"checksum": str(digest)}),
        artifacts=(Artifact(name="m.gguf", digests=(digest,)),),
        facts=ModelFacts(format="gguf"),
    )


def wheel(digest: Digest, name: str = "x-1-py3-none-any.whl") -> Artifact:
    return Artifact(name=name, digests=(digest,))


def tools(*texts: tuple[str, Digest]) -> tuple[Tool, ...]:
    return tuple(Tool(name=name, digest=digest) for name, digest in texts)


ALARMING = {
    "a file of the same name has other bytes": (
        package(artifacts=(wheel(ONE),)),
        package(artifacts=(wheel(TWO),)),
        [Alarm.HASH],
    ),
    "the only digest is another": (
        package(artifacts=(Artifact(digests=(ONE,)),)),
        package(artifacts=(Artifact(digests=(TWO,)),)),
        [Alarm.HASH],
    ),
    "one file of several has other bytes": (
        package(artifacts=(wheel(ONE), wheel(ONE, "x.tar.gz"))),
        package(artifacts=(wheel(ONE), wheel(TWO, "x.tar.gz"))),
        [Alarm.HASH],
    ),
    "one digest of several without names is another": (
        package(artifacts=(Artifact(digests=(ONE,)), Artifact(digests=(THREE,)))),
        package(artifacts=(Artifact(digests=(TWO,)), Artifact(digests=(THREE,)))),
        [Alarm.HASH],
    ),
    "digests are no longer named": (
        package(artifacts=(Artifact(digests=(ONE,)),)),
        package(),
        [Alarm.PIN],
    ),
    "a model file has other bytes": (model(ONE), model(TWO), [Alarm.HASH]),
    "a tool has another text": (
        server(tools=tools(("read", ONE))),
        server(tools=tools(("read", TWO))),
        [Alarm.TOOL],
    ),
    "a tool is new": (
        server(tools=tools(("read", ONE))),
        server(tools=tools(("read", ONE), ("send", TWO))),
        [Alarm.TOOL],
    ),
    "a server turns remote": (
        server(),
        server(endpoint="https://mcp.example/a"),
        [Alarm.REMOTE],
    ),
    "a server is reached elsewhere": (
        server(endpoint="https://mcp.example/a"),
        server(endpoint="https://mcp.example/b"),
        [Alarm.ENDPOINT],
    ),
    "a variable is new": (
        server(env=("A",)),
        server(env=("A", "TOKEN")),
        [Alarm.ENVIRONMENT],
    ),
    "a header is new": (
        server(),
        server(headers=("Authorization",)),
        [Alarm.ENVIRONMENT],
    ),
    "a registry is named that was not": (
        package(),
        package(facts=PackageFacts(registry="https://evil.example/simple")),
        [Alarm.REGISTRY],
    ),
    "one more registry may answer": (
        package(),
        package(facts=PackageFacts(extra_registries=("https://evil.example/simple",))),
        [Alarm.REGISTRY],
    ),
    "another one has to have attested it": (
        package(facts=PackageFacts(attested_by=(Attester(kind="GitHub"),))),
        package(facts=PackageFacts(attested_by=(Attester(kind="GitLab"),))),
        [Alarm.ATTESTER],
    ),
    "one more may have attested it": (
        package(facts=PackageFacts(attested_by=(Attester(kind="GitHub"),))),
        package(
            facts=PackageFacts(
                attested_by=(Attester(kind="GitHub"), Attester(kind="GitLab"))
            )
        ),
        [Alarm.ATTESTER],
    ),
    "nobody has to have attested it any more": (
        package(facts=PackageFacts(attested_by=(Attester(kind="GitHub"),))),
        package(),
        [Alarm.ATTESTER],
    ),
    "a pin is loosened": (
        package(),
        package("pkg:pypi/requests", pin=Pin.FLOATING),
        [Alarm.PIN],
    ),
}


@pytest.mark.parametrize("name", ALARMING)
def test_an_alarm_is_raised_where(name: str) -> None:
    old, new, alarms = ALARMING[name]
    difference = compare(inventory(old), inventory(new))
    assert [each.alarm for each in difference.alarms] == alarms
    assert len(difference.changed) == 1
    assert (difference.added, difference.removed) == ((), ())


QUIET = {
    "nothing changed": (package(), package()),
    "another version has other bytes": (
        package("pkg:pypi/x@1", artifacts=(wheel(ONE),)),
        package("pkg:pypi/x@2", artifacts=(wheel(TWO, "x-2-py3-none-any.whl"),)),
    ),
    "one more file is listed": (
        package(artifacts=(wheel(ONE),)),
        package(artifacts=(wheel(ONE), wheel(TWO, "x-1-cp311-linux.whl"))),
    ),
    "a digest of another kind is listed": (
        package(artifacts=(Artifact(digests=(Digest.of("sha1", "a" * 40),)),)),
        package(artifacts=(Artifact(digests=(ONE,)),)),
    ),
    "one more digest without a name is listed": (
        package(artifacts=(Artifact(digests=(ONE,)),)),
        package(artifacts=(Artifact(digests=(ONE,)), Artifact(digests=(TWO,)))),
    ),
    "a variable is no longer there": (server(env=("A",)), server()),
    "a server is no longer remote": (
        server(endpoint="https://mcp.example/a"),
        server(),
    ),
    "a pin is tightened": (
        package("pkg:pypi/requests", pin=Pin.FLOATING),
        package(),
    ),
    "it stands somewhere else": (
        package(),
        package(locations=(Location(path="uv.lock", pointer="/package/9"),)),
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_no_alarm_is_raised_where(name: str) -> None:
    old, new = QUIET[name]
    assert compare(inventory(old), inventory(new)).alarms == ()


def test_a_new_server_alarms_with_what_it_reaches_and_is_given() -> None:
    new = server(endpoint="https://mcp.example/a", headers=("Authorization",))
    difference = compare(inventory(package()), inventory(package(), new))
    assert [each.alarm for each in difference.alarms] == [
        Alarm.ENDPOINT,
        Alarm.ENVIRONMENT,
    ]
    assert [each.name for each in difference.added] == ["x"]


def test_the_same_version_meets_its_own_where_several_are_there() -> None:
    one, two, three = (package(f"pkg:npm/a@{version}") for version in "123")
    difference = compare(inventory(one, two), inventory(two, three))
    (change,) = difference.changed
    assert (change.old.version, change.new.version) == ("1", "3")
    assert change.fields == {"version": (("1",), ("3",))}
    assert not difference.added


def test_what_has_no_counterpart_is_added_or_removed() -> None:
    one, two, three = (package(f"pkg:npm/a@{version}") for version in "123")
    difference = compare(inventory(one), inventory(two, three))
    assert [each.version for each in difference.removed] == []
    assert [each.version for each in difference.added] == ["3"]
    assert [(c.old.version, c.new.version) for c in difference.changed] == [("1", "2")]


def test_gaps_that_open_and_close_are_told() -> None:
    old = replace(inventory(package()), gaps=(gap(reason="old"), gap(reason="both")))
    new = replace(inventory(package()), gaps=(gap(reason="both"), gap(reason="new")))
    difference = compare(old, new)
    assert [each.reason for each in difference.gaps_added] == ["new"]
    assert [each.reason for each in difference.gaps_removed] == ["old"]
    assert difference


def test_a_file_that_is_not_as_it_was_installed_is_an_alarm() -> None:
    tampered = gap(State.UNMATCHED, stage="verify", reason="was changed")
    new = replace(inventory(package()), gaps=(tampered,))
    (alarm,) = compare(inventory(package()), new).alarms
    assert (alarm.alarm, alarm.about.name) == (Alarm.HASH, "x.json")
    assert not compare(new, new).alarms


def test_times_and_tool_versions_are_no_change() -> None:
    known = inventory(package(), server())
    first, second = (
        write(
            known,
            timestamp=dt.datetime(year, 1, 1, tzinfo=dt.UTC),
            version=version,
            reproducible=False,
        )
        for year, version in ((2030, "1.0"), (2031, "2.0"))
    )
    assert first != second
    assert not compare(read(first, source="a"), read(second, source="b"))


@settings(max_examples=50, deadline=None)
@given(inventories(), inventories())
def test_every_component_of_both_is_told_of_or_the_same(
    old: Inventory, new: Inventory
) -> None:
    difference = compare(old, new)
    told_old = [*difference.removed, *(each.old for each in difference.changed)]
    told_new = [*difference.added, *(each.new for each in difference.changed)]
    quiet = len(old.components) - len(told_old)
    assert quiet == len(new.components) - len(told_new)
    assert not compare(old, old)


HOSTILE = "a`b*[x](http://x.example)\n::error::\u202e##vso[task]"


def test_names_do_nothing_to_a_reader() -> None:
    old = inventory(package(), name=HOSTILE)
    new = inventory(
        package(), component(None, name=HOSTILE, pin=Pin.LOCAL), name=HOSTILE
    )
    difference = compare(old, new)
    text, markdown = RENDERERS["text"](difference), RENDERERS["markdown"](difference)
    for rendered in (text, markdown):
        assert "\u202e" not in rendered
        assert "\n::" not in rendered
        assert "##vso[" not in rendered
    assert "`` library a`b*[x](http://x.example)" in markdown
    assert json.loads(RENDERERS["json"](difference))["added"][0]["name"] == HOSTILE


def test_the_text_tells_alarms_first_and_counts_last() -> None:
    old = inventory(package(artifacts=(wheel(ONE),)), server())
    new = inventory(package(artifacts=(wheel(TWO),)), server(env=("KEY",)))
    assert RENDERERS["text"](compare(old, new)) == (
        "alarm[other-bytes]: library requests==2.32.5 has other bytes under the same "
        "name\n"
        "  --> package-lock.json#/packages/x\n"
        f"  `x-1-py3-none-any.whl`: sha256:{'a' * 64} -> sha256:{'b' * 64}\n"
        "\n"
        "alarm[new-environment-name]: mcp-server x is given a variable or header that "
        "it did not have\n"
        "  --> .mcp.json#/mcpServers/x\n"
        "  KEY\n"
        "\n"
        "~ library requests==2.32.5: hashes -1 +1\n"
        "~ mcp-server x: environment none -> KEY\n"
        "2 alarms, 2 changed\n"
    )


def test_no_change_is_said_to_be_nothing() -> None:
    same = inventory(package())
    assert RENDERERS["text"](compare(same, same)) == "no changes\n"


def test_other_extras_and_another_sway_are_changes() -> None:
    old = inventory(package(), server())
    new = inventory(
        package(facts=PackageFacts(with_extras=("socks",))),
        server(swayed_by=("--prerelease",)),
    )
    changed = {
        name: v for c in compare(old, new).changed for name, v in c.fields.items()
    }
    assert changed == {
        "with extras": ((), ("socks",)),
        "swayed by": ((), ("--prerelease",)),
    }


def test_another_maker_of_the_same_package_is_a_change_and_no_alarm() -> None:
    old, new = (package(supplier=each) for each in ("Ann", "Acme Inc."))
    made = compare(inventory(old), inventory(new))
    (changed,) = made.changed
    assert changed.fields == {"supplier": (("Ann",), ("Acme Inc.",))}
    assert made.alarms == ()
