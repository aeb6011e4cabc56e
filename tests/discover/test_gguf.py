import hashlib
import struct
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Algorithm, Digest
from mcpchain.component import BaseModel, Basis, Kind, ModelCard, ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.gguf import DISCOVERER
from mcpchain.inventory import Inventory, Relation, RelationKind, State
from mcpchain.tree import File, Tree


class Writer:
    """Writes GGUF of one version and byte order."""

    def __init__(self, version: int = 3, order: str = "<") -> None:
        self.version = version
        self.order = order

    def number(self, value: int) -> bytes:
        return struct.pack(self.order + ("I" if self.version == 1 else "Q"), value)

    def small(self, value: int) -> bytes:
        return struct.pack(self.order + "I", value)

    def text(self, value: str) -> bytes:
        return self.number(len(value.encode())) + value.encode()

    def pair(self, key: str, kind: int, value: bytes) -> bytes:
        return self.text(key) + self.small(kind) + value

    def said(self, key: str, value: str) -> bytes:
        return self.pair(key, 8, self.text(value))

    def array(self, kind: int, count: int, values: bytes) -> bytes:
        return self.small(kind) + self.number(count) + values

    def tensor(
        self, name: str, *dimensions: int, offset: int = 0, kind: int = 0
    ) -> bytes:
        sizes = b"".join(map(self.number, dimensions))
        place = struct.pack(self.order + "Q", offset)
        return (
            self.text(name)
            + self.small(len(dimensions))
            + sizes
            + self.small(kind)
            + place
        )

    def file(self, pairs: list[bytes], tensors: list[bytes] | None = None) -> bytes:
        tensors = tensors or []
        start = b"GGUF" + self.small(self.version)
        counts = self.number(len(tensors)) + self.number(len(pairs))
        return start + counts + b"".join(pairs) + b"".join(tensors) + bytes(64)


W = Writer()


def discover(root: Path, data: bytes, name: str = "m.gguf") -> Inventory:
    (root / name).write_bytes(data)
    return survey(Tree(root, only=name), name="x", discoverers=[DISCOVERER])


def facts(found: Inventory) -> ModelFacts:
    (component,) = found.components
    assert isinstance(component.facts, ModelFacts)
    return component.facts


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_and_byte_order_is_read(
    tmp_path: Path, version: int, order: str
) -> None:
    writer = Writer(version, order)
    pairs = [
        writer.said("general.architecture", "llama"),
        writer.pair("a.flag", 7, b"\1"),
        writer.pair("a.list", 9, writer.array(4, 3, bytes(12))),
        writer.pair("a.texts", 9, writer.array(8, 2, writer.text("x") * 2)),
        writer.pair("a.lists", 9, writer.array(9, 2, writer.array(0, 2, b"ab") * 2)),
        writer.said("a.template", "{{ x }}"),
        writer.said("general.license", "mit"),
        writer.said("general.author", "Ann"),
        writer.said("general.organization", "Acme"),
    ]
    tensors = [writer.tensor("a", 4, 5), writer.tensor("b", 7, offset=32)]
    found = discover(tmp_path, writer.file(pairs, tensors))
    assert found.gaps == ()
    assert facts(found) == ModelFacts(
        format="gguf",
        parameters=27,
        tensors=2,
        family="llama",
        license="mit",
        quantization="F32",
    )
    assert found.components[0].licenses == ("MIT",)
    assert found.components[0].supplier == "Acme"
    assert found.components[0].artifacts[0].digests


def nested(depth: int) -> bytes:
    return W.array(9, 1, nested(depth - 1)) if depth else W.array(0, 1, b"x")


HUGE = 2**63


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGU",
        b"GGUF",
        b"GGML" + bytes(60),
        b"GGUF" + W.small(3) + W.number(HUGE) + W.number(0),
        b"GGUF" + W.small(3) + W.number(0) + W.number(HUGE),
        W.file([W.text("k") + W.small(99)]),
        W.file([W.number(HUGE)]),
        W.file([W.pair("k", 8, W.number(HUGE))]),
        W.file([W.pair("general.license", 8, W.number(HUGE))]),
        W.file([W.pair("k", 9, W.array(4, HUGE, b""))]),
        W.file([W.pair("k", 9, W.array(8, HUGE, b""))]),
        W.file([W.pair("k", 9, W.array(8, 2, W.number(1) + b"x" + W.number(HUGE)))]),
        W.file([W.pair("k", 9, nested(9))]),
        W.file([W.said("k", "1"), W.said("k", "2")]),
        W.file([], [W.tensor("t", 1), W.tensor("t", 1)]),
        W.file([], [W.tensor("t", 1, 1, 1, 1, 1)]),
        W.file([], [W.tensor("t", 1, offset=10_000)]),
        W.file([], [W.tensor("t", HUGE, HUGE)]),
    ],
)
def test_what_the_file_cannot_hold_is_a_gap(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [State.UNREADABLE]
    assert facts(found) == ModelFacts(format="gguf")


def test_an_unknown_version_is_unsupported(tmp_path: Path) -> None:
    found = discover(tmp_path, Writer(9).file([]))
    assert [each.state for each in found.gaps] == [State.UNSUPPORTED]


@pytest.mark.parametrize(
    "data",
    [
        W.file([W.said("general.license", "x" * (2 << 20))]),
        W.file([bytes(20)]).replace(W.number(1), W.number(200_001), 1)
        + bytes(5_000_000),
        W.file([W.pair("v", 9, W.array(9, 1_000_001, bytes(12_000_012)))]),
    ],
)
def test_more_than_we_read_is_a_limit(tmp_path: Path, data: bytes) -> None:
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [State.LIMIT]


HUB = "huggingface.co"
SAID = [
    W.said("general.architecture", "llama"),
    W.said("general.license", "other"),
    W.said("general.license.name", "acme-community"),
    W.said("general.base_model.0.name", "Acme 7B"),
    W.said("general.base_model.0.organization", "Acme"),
    W.said("general.base_model.1.name", "Other"),
    W.said("general.base_model.1.repo_url", "https://u:secret@git.example/o/n?k=v"),
    W.said("general.dataset.0.name", "Corpus"),
    W.said("general.dataset.0.url", "https://data.example/o/corpus"),
    W.said("tokenizer.chat_template", "{{ x }}" * 100),
    W.pair("general.languages", 9, W.array(8, 2, W.text("en") + W.text("de"))),
    W.pair("llama.context_length", 4, W.small(4096)),
    W.pair("llama.embedding_length", 10, W.number(64)),
    W.pair("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
    W.pair("llama.attention.head_count", 9, W.array(4, 2, bytes(8))),
    W.pair("other.block_count", 4, W.small(9)),
    W.pair("split.no", 2, b"\0\0"),
    W.pair("split.count", 2, b"\1\0"),
]


def test_what_it_says_of_itself_is_kept(tmp_path: Path) -> None:
    tensors = [W.tensor("a", 100, kind=12), W.tensor("b", 10, kind=14)]
    found = discover(tmp_path, W.file(SAID, tensors))
    data, model = sorted(found.components, key=lambda each: each.kind.value)
    assert found.gaps == ()
    template = hashlib.sha256(b"{{ x }}" * 100).hexdigest()
    assert model.facts == ModelFacts(
        format="gguf",
        parameters=110,
        tensors=2,
        family="llama",
        license="acme-community",
        quantization="Q4_K",
        hyperparameters=(
            ("_undefined:split.count", "1"),
            ("_undefined:split.no", "0"),
            ("context_length", "4096"),
            ("hidden_size", "64"),
            ("layer_norm_epsilon", "1e-05"),
        ),
        chat_template=Digest(algorithm=Algorithm.SHA256, value=template),
        bases=(BaseModel(name="Acme/Acme 7B"), BaseModel(name="Other")),
        card=ModelCard(languages=("en", "de")),
    )
    assert (data.kind, data.name, data.pin) == (Kind.DATA, "Corpus", None)
    assert (data.purl, data.basis) == (None, Basis.DECLARED)
    assert found.relations == (
        Relation(source=model.ref, target=data.ref, kind=RelationKind.TRAINED_ON),
    )


def test_what_lies_on_the_hub_has_its_name_there(tmp_path: Path) -> None:
    hub = f"https://{HUB}"
    pairs = [
        W.said("general.base_model.0.name", "Base"),
        W.said("general.base_model.0.repo_url", f"{hub}/acme/base/tree/main"),
        W.said("general.dataset.0.name", "Data"),
        W.said("general.dataset.0.repo_url", f"{hub}/datasets/acme/data"),
    ]
    found = discover(tmp_path, W.file(pairs))
    data, model = sorted(found.components, key=lambda each: each.kind.value)
    assert isinstance(model.facts, ModelFacts)
    (base,) = model.facts.bases
    assert (base.name, str(base.purl)) == ("acme/base", "pkg:huggingface/acme/base")
    assert str(data.purl) == "pkg:huggingface/acme/data?repo_type=dataset"


@pytest.mark.parametrize(
    ("claim", "kinds", "conflict"),
    [
        (15, [12, 14], False),
        (15, [14, 6], False),
        (15, [0], True),
        (15, [8, 1], True),
        (1, [1, 0], False),
        (1, [12], True),
        (1 | 1024, [1], False),
        (7, [2], True),
        (30, [20], False),
        (32, [30], False),
        (0, [8], True),
        (999, [0], False),
        (15, [], False),
    ],
)
def test_a_file_type_without_a_tensor_of_it_is_a_conflict(
    tmp_path: Path, claim: int, kinds: list[int], *, conflict: bool
) -> None:
    pairs = [W.pair("general.file_type", 4, W.small(claim))]
    tensors = [W.tensor(f"t{n}", 256, kind=each) for n, each in enumerate(kinds)]
    found = discover(tmp_path, W.file(pairs, tensors))
    expected = [(State.CONFLICT, found.components[0].ref)] if conflict else []
    assert [(each.state, each.ref) for each in found.gaps] == expected


def test_a_part_of_a_model_need_not_hold_what_the_whole_is_said_to(
    tmp_path: Path,
) -> None:
    pairs = [
        W.pair("general.file_type", 4, W.small(15)),
        W.pair("split.count", 2, b"\2\0"),
    ]
    found = discover(tmp_path, W.file(pairs, [W.tensor("t", 4)]))
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


def test_a_type_that_we_do_not_know_is_told_by_its_number(tmp_path: Path) -> None:
    found = discover(tmp_path, W.file([], [W.tensor("t", 4, kind=77)]))
    assert facts(found).quantization == "type-77"


def test_a_large_vocabulary_costs_little(tmp_path: Path) -> None:
    words = b"".join(W.text(f"word{each}") for each in range(150_000))
    data = W.file([W.pair("v", 9, W.array(8, 150_000, words)), W.said("z", "end")])
    (tmp_path / "m.gguf").write_bytes(data)
    start = time.process_time()
    found = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert time.process_time() - start < 1, "a loop that is not the fast one"
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("path", "head", "wanted"),
    [("m.gguf", b"", True), ("m.bin", b"GGUF", True), ("m.bin", b"GGU", False)],
)
def test_it_is_recognised_by_suffix_or_content(
    path: str, head: bytes, *, wanted: bool
) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path, head=head)) is wanted


WHOLE = W.file([W.said("general.license", "mit")], [W.tensor("t", 1)])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(WHOLE) - 65) | st.binary(max_size=80))
def test_any_bytes_are_a_component_and_read_or_a_gap(data: int | bytes) -> None:
    cut = isinstance(data, int)
    content = WHOLE[:data] if isinstance(data, int) else b"GGUF\3\0\0\0" + data
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), content)
    assert found.gaps or (facts(found).tensors is not None and not cut)
