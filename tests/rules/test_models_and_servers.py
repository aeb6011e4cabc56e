import pytest

from mcpchain.component import Kind, ModelFacts, ServerFacts, Transport
from mcpchain.rules.plaintext_remote_server import PlaintextRemoteServer
from mcpchain.rules.unsafe_model_format import UnsafeModelFormat
from tests.making import case, component


@pytest.mark.parametrize(
    "name", ["pickle", "torch-zip", "torch-legacy", "joblib", "numpy-object"]
)
def test_objects_to_a_format_that_runs_code(name: str) -> None:
    facts = ModelFacts(format=name, imports=("posix.system",))
    (finding,) = UnsafeModelFormat().check(
        case(component(None, Kind.MODEL, name="m.bin", facts=facts))
    )
    assert finding.variant == name
    assert finding.message == (
        f"`m.bin` is {name}, which can run code when it is loaded; loading it imports "
        "`posix.system`"
    )


def test_a_long_list_of_imports_is_cut() -> None:
    facts = ModelFacts(format="pickle", imports=tuple(f"m.f{n}" for n in range(7)))
    about = component(None, Kind.MODEL, facts=facts)
    (finding,) = UnsafeModelFormat().check(case(about))
    assert finding.message.endswith("`m.f4` and 2 more")


@pytest.mark.parametrize(
    ("facts", "variant", "words"),
    [
        (
            ModelFacts(format="keras", operators=("Lambda",)),
            "keras-lambda",
            "has a Lambda layer",
        ),
        (
            ModelFacts(format="hdf5", imports=("evil.Layer",)),
            "keras-import",
            "is made of `evil.Layer`",
        ),
        (
            ModelFacts(format="saved-model", operators=("EagerPyFunc", "x>y")),
            "graph-python",
            "calls Python by `EagerPyFunc`",
        ),
        (
            ModelFacts(format="saved-model", operators=("ReadFile",)),
            "graph-file",
            "reaches files or the network by `ReadFile`",
        ),
        (
            ModelFacts(format="pt2", remote_code=("a.so",)),
            "pt2-native",
            "has native code: `a.so`",
        ),
        (ModelFacts(format="nemo"), "nemo", "is nemo, which can run code"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_objects_to_a_door_in_a_graph(
    facts: ModelFacts, variant: str, words: str
) -> None:
    about = component(None, Kind.MODEL, name="m", facts=facts)
    (finding,) = UnsafeModelFormat().check(case(about))
    assert (finding.variant, words in finding.message) == (variant, True)


def test_tells_every_door() -> None:
    operators = ("Lambda", "PyFunc", "WriteFile")
    facts = ModelFacts(format="saved-model", operators=operators, imports=("a.B",))
    about = component(None, Kind.MODEL, facts=facts)
    found = [each.variant for each in UnsafeModelFormat().check(case(about))]
    assert found == [
        *("keras-lambda", "keras-import", "graph-python", "graph-file"),
    ]


@pytest.mark.parametrize(
    "facts",
    [
        ModelFacts(format="onnx", operators=("Lambda", "PyFunc")),
        ModelFacts(format="safetensors", imports=("a.B",)),
        ModelFacts(format="keras", operators=("x>y",)),
        ModelFacts(format="saved-model", operators=("acme>Fused",)),
        ModelFacts(format="hugging-face", remote_code=("m.C",)),
        ModelFacts(format="torchscript"),
    ],
    ids=lambda facts: facts.format,
)
def test_what_is_a_door_in_one_format_is_none_in_another(facts: ModelFacts) -> None:
    about = component(None, Kind.MODEL, facts=facts)
    assert not [*UnsafeModelFormat().check(case(about))]


@pytest.mark.parametrize("name", ["safetensors", "gguf", "numpy", "onnx"])
def test_accepts_formats_that_only_hold_data(name: str) -> None:
    about = component(None, Kind.MODEL, facts=ModelFacts(format=name))
    assert not [*UnsafeModelFormat().check(case(about))]


@pytest.mark.parametrize(
    ("endpoint", "variants"),
    [
        (None, []),
        ("https://mcp.example/mcp", []),
        ("wss://mcp.example/mcp", []),
        ("http://localhost:3000/mcp", []),
        ("http://127.0.0.1/mcp", []),
        ("http://127.8.8.8/mcp", []),
        ("http://[::1]:8080/mcp", []),
        ("http://app.localhost/", []),
        ("http://localhost./", []),
        ("http://mcp.example/mcp", ["plaintext"]),
        ("HTTP://MCP.EXAMPLE/mcp", ["plaintext"]),
        ("ws://mcp.example/mcp", ["plaintext"]),
        ("http://127.0.0.1.evil.example/", ["plaintext"]),
        ("http://localhost.evil.example/", ["plaintext"]),
        ("http://notlocalhost/", ["plaintext"]),
        ("http://0.0.0.0/", ["plaintext"]),
        ("http://2130706433/", ["plaintext"]),
        ("http://192.168.0.7/", ["plaintext"]),
        ("http://localhost@evil.example/", ["plaintext"]),
        ("${MCP_URL}", ["unknown"]),
        ("https://${HOST}/mcp", []),
        ("https://{tenant}.example/mcp", []),
        ("wss://{tenant}.example:{port}/mcp", []),
        ("http://localhost:{port}/mcp", []),
        ("http://127.0.0.1:{server.port}", []),
        ("http://${HOST}/mcp", ["plaintext"]),
        ("http://{tenant}.example/mcp", ["plaintext"]),
        ("ws://{tenant}/mcp", ["plaintext"]),
        ("http://{tenant}.localhost/mcp", ["plaintext"]),
        ("http://localhost{tenant}/mcp", ["plaintext"]),
        ("http://localhost:{port}{tenant}/mcp", ["plaintext"]),
        ("http://localhost:${PORT}/mcp", []),
        ("{scheme}://mcp.example/mcp", ["unknown"]),
        ("http{s}://mcp.example/mcp", ["unknown"]),
        ("{base_url}/mcp", ["unknown"]),
        ("ftp://mcp.example/", ["unknown"]),
        ("mcp.example/mcp", ["unknown"]),
        ("http://[::1/", ["unknown"]),
        ("https://", ["unknown"]),
        ("", ["unknown"]),
    ],
)
def test_objects_to_a_server_that_others_can_read(
    endpoint: str | None, variants: list[str]
) -> None:
    facts = ServerFacts(client="cursor", transport=Transport.UNKNOWN, endpoint=endpoint)
    about = component(None, Kind.MCP_SERVER, facts=facts)
    found = [*PlaintextRemoteServer().check(case(about))]
    assert [finding.variant for finding in found] == variants
