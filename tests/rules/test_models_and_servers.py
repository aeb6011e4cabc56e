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
