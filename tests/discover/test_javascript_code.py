from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, Component, Kind, Location, UsedServiceFacts
from mcpchain.discover import survey
from mcpchain.discover.javascript_code import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree


def discover(folder: Path, code: str | bytes, name: str = "app.ts") -> Inventory:
    data = code.encode() if isinstance(code, str) else code
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def facts(component: Component) -> UsedServiceFacts:
    assert isinstance(component.facts, UsedServiceFacts)
    return component.facts


def test_a_service_is_told_with_all_that_the_code_says(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        'import { OpenAI as Client } from "openai";\n'
        'const MODEL = "llama-3";\n'
        "const re = /['\"`]/;\n"
        "const client = new Client({\n"
        '  baseURL: "https://me:secret@API.groq.com/openai/v1?key=secret#x",\n'
        "  apiKey: process.env.GROQ_API_KEY ?? 'secret',\n"
        "});\n"
        "await client.chat.completions.create({ model: MODEL, messages: [] });\n",
    )
    assert not found.gaps
    assert found.components == (
        Component(
            kind=Kind.SERVICE,
            name="Groq",
            basis=Basis.DECLARED,
            facts=UsedServiceFacts(
                provider="Groq",
                category="model-api",
                endpoint="https://api.groq.com/openai/v1",
                models=("llama-3",),
                env=("GROQ_API_KEY",),
                authenticated=True,
                packages=("openai",),
            ),
            locations=(
                Location(path="app.ts", line=4),
                Location(path="app.ts", line=5),
            ),
        ),
    )


SERVICES = {
    "default": ('import OpenAI from "openai"; new OpenAI()', "OpenAI", "OpenAI"),
    "all": ('import * as o from "openai"; new o.OpenAI()', "OpenAI", "OpenAI"),
    "default-and-named": (
        'import OpenAI, { toFile } from "openai"; new OpenAI({})',
        "OpenAI",
        "OpenAI",
    ),
    "require": ('const O = require("openai"); new O()', "OpenAI", "OpenAI"),
    "require-named": (
        'const { Anthropic: A } = require("@anthropic-ai/sdk"); new A()',
        "Anthropic",
        "Anthropic",
    ),
    "require-member": (
        'const A = require("cohere-ai").CohereClient; new A()',
        "Cohere",
        "Cohere",
    ),
    "dynamic": (
        "const { default: Groq } = await import('groq-sdk'); new Groq()",
        "Groq",
        "Groq",
    ),
    "azure": (
        'import { AzureOpenAI } from "openai"; new AzureOpenAI({endpoint: e})',
        "Azure OpenAI",
        "Azure OpenAI",
    ),
    "ai-sdk": (
        'import { google } from "@ai-sdk/google"; run(google("gemini-2"))',
        "Google Gemini",
        "Google Gemini",
    ),
    "ai-sdk-made": (
        (
            'import { createOpenAI } from "@ai-sdk/openai";'
            'const p = createOpenAI({ baseURL: "https://openrouter.ai/api" }); p("m")'
        ),
        "OpenRouter",
        "OpenRouter",
    ),
    "gateway": (
        'import { generateText } from "ai"; generateText({ model: "openai/gpt-5" })',
        "Vercel AI Gateway",
        "Vercel AI Gateway",
    ),
    "langchain": (
        'import { ChatMistralAI } from "@langchain/mistralai"; new ChatMistralAI({})',
        "Mistral AI",
        "Mistral AI",
    ),
    "bedrock": (
        (
            'import { BedrockClient as B } from "@aws-sdk/client-bedrock";'
            "new B({ region })"
        ),
        "Amazon Bedrock",
        "Amazon Bedrock",
    ),
    "unknown-address": (
        'import OpenAI from "openai"; new OpenAI({ baseURL: config.url })',
        "OpenAI-compatible API",
        "unknown",
    ),
    "address-by-its-name": (
        'import OpenAI from "openai"; new OpenAI({ baseURL })',
        "OpenAI-compatible API",
        "unknown",
    ),
    "environment": (
        'import OpenAI from "openai"; new OpenAI({ baseURL: process.env.B })',
        "OpenAI-compatible API",
        "unknown",
    ),
    "environment-or-own": (
        (
            'import OpenAI from "openai";'
            'new OpenAI({ baseURL: process.env.B || "http://localhost:11434/v1" })'
        ),
        "Ollama",
        "self-hosted",
    ),
    "template": (
        'import OpenAI from "openai"; new OpenAI({ baseURL: `https://${h}/v1` })',
        "OpenAI-compatible API",
        "unknown",
    ),
    "unknown-host": (
        'import OpenAI from "openai"; new OpenAI({ baseURL: "https://l.acme.test" })',
        "l.acme.test",
        "l.acme.test",
    ),
    "raw-http": ("fetch(`https://api.mistral.ai/v1/x`)", *["Mistral AI"] * 2),
    "raw-http-in-a-template": (
        "fetch(`https://api.mistral.ai/v1/${x}`)",
        "Mistral AI",
        "Mistral AI",
    ),
    "inside-a-template": (
        'import OpenAI from "openai"; `a ${`b ${new OpenAI()}`} ${{}}`',
        "OpenAI",
        "OpenAI",
    ),
    "pinecone": (
        'import { Pinecone } from "@pinecone-database/pinecone"; new Pinecone()',
        "Pinecone",
        "Pinecone",
    ),
    "qdrant": (
        (
            'import { QdrantClient } from "@qdrant/js-client-rest";'
            'new QdrantClient({ host: "qdrant", port: 6333 })'
        ),
        "Qdrant",
        "self-hosted",
    ),
    "passed-on": ('import OpenAI from "openai"; wrap(OpenAI)', "OpenAI", "OpenAI"),
    "after-a-regular-expression": (
        "function f() { return /\"/ } import 'langfuse'; g('\"')",
        "Langfuse",
        "Langfuse",
    ),
    "after-a-template": (
        "`${x}\"`; import 'langfuse'; g('\"')",
        "Langfuse",
        "Langfuse",
    ),
    "tracing": ('import "langfuse"', "Langfuse", "Langfuse"),
}


@pytest.mark.parametrize(
    ("code", "name", "provider"), SERVICES.values(), ids=SERVICES.keys()
)
def test_a_service_has_a_name_and_somebody_who_runs_it(
    tmp_path: Path, code: str, name: str, provider: str
) -> None:
    found = discover(tmp_path, code)
    assert not found.gaps
    assert [each.name for each in found.components] == [name]
    assert [facts(each).provider for each in found.components] == [provider]


NOTHING = {
    "comment": '// import OpenAI from "openai"; new OpenAI()',
    "block": '/* import OpenAI from "openai"; new OpenAI() */',
    "text": "const s = 'import OpenAI from \"openai\"; new OpenAI()'",
    "template": '`import OpenAI from "openai"; new OpenAI()`',
    "address-in-a-comment": "// https://api.openai.com/v1",
    "prose": '"see https://api.openai.com/v1 for more"',
    "type": 'import type OpenAI from "openai"; new OpenAI()',
    "named-type": 'import { type OpenAI } from "openai"; let x: OpenAI',
    "only-as-a-type": 'import OpenAI from "openai"; function f(x: OpenAI) {}',
    "only-errors": 'import { APIError } from "openai"; if (e instanceof APIError) {}',
    "never-used": 'import OpenAI from "openai"',
    "relative": 'import OpenAI from "./openai"; new OpenAI()',
    "member-of-the-same-name": 'import O from "openai"; x.O()',
    "type-among-values": 'import { x, type OpenAI } from "openai"; wrap(OpenAI)',
    "regular-expression": 'f = () => { return /"/ }; // import "openai"\nx("langfuse")',
    "text-after-a-template": '`${x}"`; // "\nconst s = \'import "langfuse"\'',
    "another-package": 'import OpenAI from "openai-mock"; new OpenAI()',
    "another-scope": 'import OpenAI from "@evil/openai"; new OpenAI()',
    "method-named-require": 'x.require("openai")',
    "ai-with-an-object": 'import { generateText } from "ai"; generateText({ model })',
    "site": "const u = 'https://openrouter.ai/docs'",
    "host-that-ends-alike": "const u = 'https://api.openai.com.evil.test'",
}


@pytest.mark.parametrize("code", NOTHING.values(), ids=NOTHING.keys())
def test_what_asks_nobody_is_no_service(tmp_path: Path, code: str) -> None:
    assert not discover(tmp_path, code)


SECRETS = {
    "key": 'import O from "openai"; new O({ apiKey: "SECRET0123" })',
    "first": 'import O from "openai"; new O("SECRET0123")',
    "address": 'import O from "openai"; new O({ baseURL: "https://u:SECRET@h.test" })',
    "model": 'import O from "openai"; new O({ model: "sk-SECRET0123" })',
    "default": 'import O from "openai"; new O({ apiKey: process.env.A ?? "SECRET" })',
    "query": 'const u = "https://api.openai.com/v1?k=SECRET"',
}


@pytest.mark.parametrize("code", SECRETS.values(), ids=SECRETS.keys())
def test_no_secret_is_told(tmp_path: Path, code: str) -> None:
    found = discover(tmp_path, code)
    assert found.components
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    "code",
    [
        "process.env.OPENAI_X",
        "process.env['OPENAI_X']",
        "process.env?.OPENAI_X",
        "import.meta.env.OPENAI_X",
        "Deno.env.get('OPENAI_X')",
        "Bun.env.OPENAI_X",
    ],
)
def test_variables_that_belong_to_a_service_are_told(tmp_path: Path, code: str) -> None:
    text = f'import O from "openai"; new O(); const x = {code}; process.env.OTHER'
    (component,) = discover(tmp_path, text).components
    assert facts(component).env == ("OPENAI_X",)


def test_models_go_to_the_client_that_is_asked(tmp_path: Path) -> None:
    found = discover(
        tmp_path,
        'import O from "openai"; import A from "@anthropic-ai/sdk";'
        'const a = new O(); this.b = new A(); a.x.create({ model: "one" });'
        'this.b.messages.create({ model: "two" }); c.d({ model: "claude-4" });'
        'c.d({ model: "unknown" });'
        'function f(model: string = "three") { return a.b({ model }) }',
    )
    models = {each.name: facts(each).models for each in found.components}
    assert models == {"OpenAI": ("one", "three"), "Anthropic": ("claude-4", "two")}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.js", True),
        ("a.TSX", True),
        ("a.mjs", True),
        ("latest/a.ts", True),
        ("a.d.ts", False),
        ("a.test.ts", False),
        ("a.spec.js", False),
        ("tests/a.ts", False),
        ("src/__tests__/a.ts", False),
        ("a.json", False),
    ],
)
def test_code_is_wanted_and_tests_are_not(
    tmp_path: Path, path: str, wanted: object
) -> None:
    assert DISCOVERER.wants(File(tree=Tree(tmp_path), path=path)) is wanted


START = 'import O from "openai"; new O();\n'
HOSTILE = {
    "endless-text": START + '"',
    "endless-comment": START + "/*",
    "endless-template": START + "`${`${",
    "deep-templates": START + "`${" * 5_000,
    "deep-brackets": START + "(" * 100_000,
    "many-imports": START + "import " * 50_000,
    "many-requires": START + '}=require("openai")' * 20_000,
    "many-calls": START + "O(" * 50_000,
    "slashes": START + "/" * 100_001,
    "backslashes": START + "'" + "\\" * 100_001,
    "dollars": START + "`" + "$" * 100_000,
    "variables": START + "process.env.OPENAI_A;" * 20_000,
    "models": START + 'model: "gpt-1",' * 20_000,
    "values": START + "new O({ baseURL: a ?? " + "a ?? " * 20_000,
    "no-text": START + "\udcff",
}


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_code_does_not_hide_what_stands_before(
    tmp_path: Path, code: str
) -> None:
    found = discover(tmp_path, code.encode("utf-8", "surrogateescape"))
    assert "OpenAI" in {each.name.partition("-")[0] for each in found.components}


def test_a_large_bundle_tells_packages_and_hosts_and_leaves_a_gap(
    tmp_path: Path,
) -> None:
    code = START + "fetch('https://api.mistral.ai/v1');" + "x;" * 1_100_000
    found = discover(tmp_path, code)
    names = {each.name for each in found.components}
    assert names == {"OpenAI-compatible API", "Mistral AI"}
    assert [each.state for each in found.gaps] == [State.PARTIAL]


def test_more_services_than_anybody_has_are_a_limit(tmp_path: Path) -> None:
    calls = "".join(f"new O({{ baseURL: 'https://h{n}.test' }});" for n in range(600))
    found = discover(tmp_path, f'import O from "openai";{calls}')
    assert len(found.components) == 500
    assert [each.state for each in found.gaps] == [State.LIMIT]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="import{}()`$\"'/\\*=:,.; new O\n[]<>?|", max_size=80))
def test_any_text_is_read(tmp_path: Path, text: str) -> None:
    found = discover(tmp_path, START + text)
    assert found.components
