import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.component import Basis, Component, Kind, Location, UsedServiceFacts
from mcpchain.inventory import Collector, Inventory
from mcpchain.used_services import Client, Use, is_here, join_services, read_address


def seen(product: str = "OpenAI", path: str = "a.py", **fields: object) -> Component:
    own = bool(fields.pop("own", False))
    category = str(fields.pop("category", ""))
    basis = fields.pop("basis", Basis.DECLARED)
    address = fields.pop("address", None)
    use = Use(
        client=Client(product=product, own=own, category=category),
        address=read_address(str(address)) if address else None,
        **fields,  # type: ignore[arg-type]  # the fields of Use
    )
    assert isinstance(basis, Basis)
    return use.component(Location(path=path), basis)


def joined(*components: Component) -> Inventory:
    found = Collector("x")
    for each in components:
        found.add(each)
    return join_services(found.inventory())


def facts(component: Component) -> UsedServiceFacts:
    assert isinstance(component.facts, UsedServiceFacts)
    return component.facts


def test_what_several_places_say_of_one_service_is_united() -> None:
    found = joined(
        seen(models=("b",), env=("B",), category="embedding"),
        seen(path="b.py", models=("a",), env=("A",), authenticated=True),
        seen(path="c.env", basis=Basis.CONFIGURED, address="https://api.openai.com/v1"),
    )
    assert found.components == (
        Component(
            kind=Kind.SERVICE,
            name="OpenAI",
            basis=Basis.DECLARED,
            facts=UsedServiceFacts(
                provider="OpenAI",
                category="model-api",
                endpoint="https://api.openai.com/v1",
                models=("a", "b"),
                env=("A", "B"),
                authenticated=True,
            ),
            locations=tuple(Location(path=each) for each in ("a.py", "b.py", "c.env")),
        ),
    )


APART = {
    "providers": (seen(), seen("Anthropic")),
    "hosts": (
        seen(address="http://a:8000/v1"),
        seen(address="http://b:8000/v1"),
    ),
    "ports": (
        seen(address="http://localhost:8000/v1"),
        seen(address="http://localhost:8001/v1"),
    ),
    "tenants": (
        seen("Azure OpenAI", own=True, address="https://a.openai.azure.com"),
        seen("Azure OpenAI", own=True, address="https://b.openai.azure.com"),
    ),
    "known-and-unknown": (seen(), seen(opaque=True)),
    "host-and-its-lookalike": (
        seen(address="https://api.openai.com"),
        seen(address="https://api.openai.com.evil.test"),
    ),
}


@pytest.mark.parametrize("components", APART.values(), ids=APART.keys())
def test_what_may_be_two_services_stays_two(
    components: tuple[Component, Component],
) -> None:
    assert len(joined(*components).components) == 2


def test_the_same_machine_under_two_paths_is_one_service() -> None:
    found = joined(
        seen("Ollama"),
        seen(address="http://localhost:11434/v1"),
        seen("Ollama", address="http://localhost:11434"),
    )
    (component,) = found.components
    assert component.name == "Ollama"
    assert facts(component).endpoint == "http://localhost:11434"
    assert not facts(component).external


def test_an_address_of_the_environment_goes_to_the_code_that_reads_it() -> None:
    code = seen("Azure OpenAI", own=True, env=("E",))
    other = seen(
        "Azure OpenAI",
        "x.env",
        own=True,
        env=("OTHER",),
        address="https://a.openai.azure.com",
        basis=Basis.CONFIGURED,
    )
    fitting = seen(
        "Azure OpenAI",
        "y.env",
        own=True,
        env=("E",),
        address="https://b.openai.azure.com",
        basis=Basis.CONFIGURED,
    )
    assert len(joined(code, other).components) == 2
    (component,) = joined(code, fitting).components
    assert facts(component).endpoint == "https://b.openai.azure.com"


def test_other_components_stay_as_they_are() -> None:
    library = Component(
        kind=Kind.LIBRARY, name="x", locations=(Location(path="x.lock"),)
    )
    found = joined(library, seen())
    assert {each.kind for each in found.components} == {Kind.LIBRARY, Kind.SERVICE}


@given(st.permutations([*APART["hosts"], *APART["tenants"], seen(), seen(path="z")]))
def test_order_does_not_matter(components: list[Component]) -> None:
    assert joined(*components) == joined(*sorted(components, key=repr))


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("0.0.0.0", True),  # noqa: S104  (a text)
        ("host.docker.internal", True),
        ("ollama", True),
        ("x.svc.cluster.local", True),
        ("8.8.8.8", False),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("internal.evil.test", False),
    ],
)
def test_this_side_of_the_boundary_is_told_by_the_host(host: str, here: object) -> None:
    assert is_here(host) is here


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@H.test:1/a?b#c", "https://h.test:1/a"),
        ("https://h.test/{x}/y", "https://h.test"),
        ("https://{x}.h.test/", None),
        ("localhost:11434", "tcp://localhost:11434"),
        ("grpc://h.test:6334", "grpc://h.test:6334"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(
    text: str, shown: str | None
) -> None:
    address = read_address(text)
    assert address is not None
    assert address.shown == shown


@pytest.mark.parametrize(
    "text", ["", "a b", "us east", "https://", "{}", "x/y", "a" * 99]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert read_address(text) is None


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none(text: str) -> None:
    address = read_address(text)
    assert address is None or "@" not in (address.shown or "").partition("/")[0]
