import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Basis, FileFacts, Kind, ModelFacts
from mcpchain.discover import survey
from mcpchain.discover.onnx import DISCOVERER
from mcpchain.inventory import Collector, Inventory, Relation, RelationKind, State
from mcpchain.tree import File, Tree
from tests.any_bytes import any_bytes
from tests.protobuf_bytes import field, varint


def discover(root: Path, data: bytes, name: str = "m.onnx") -> Inventory:
    file = root / name
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_bytes(data)
    return survey(Tree(root), name="x", discoverers=[DISCOVERER])


def facts(found: Inventory) -> ModelFacts:
    (model,) = [each.facts for each in found.components if each.kind is Kind.MODEL]
    assert isinstance(model, ModelFacts)
    return model


def pair(key: str, value: str) -> bytes:
    return field(1, key) + field(2, value)


def packed(*dimensions: int) -> bytes:
    return field(8, "w") + field(1, b"".join(map(varint, dimensions)))


def tensor(*dimensions: int, **places: str) -> bytes:
    """Write a `TensorProto`; with *places* its numbers are in another file."""
    data = field(8, "w") + field(2, 1)
    data += b"".join(field(1, each) for each in dimensions)
    data += b"".join(field(13, pair(key, value)) for key, value in places.items())
    return data + field(14, 1) if places else data + field(9, bytes(24))


def node(name: str, domain: str = "", *attributes: bytes) -> bytes:
    data = field(1, "x") + field(2, "y") + field(4, name)
    data += b"".join(field(5, each) for each in attributes)
    return data + field(7, domain) if domain else data


def graph(*nodes: bytes, tensors: tuple[bytes, ...] = ()) -> bytes:
    parts = [field(1, each) for each in nodes] + [field(5, each) for each in tensors]
    return b"".join(parts) + field(2, "main")


def model(*parts: bytes, of: bytes = b"", domains: tuple[str, ...] = ("",)) -> bytes:
    data = field(1, 8) + field(2, "acme") + field(3, "1.0") + b"".join(parts)
    data += field(7, of or graph(node("Relu")))
    return data + b"".join(
        field(8, field(1, each) + field(2, 17) if each else field(2, 17))
        for each in domains
    )


def test_a_model_is_observed_hashed_and_counted(tmp_path: Path) -> None:
    main = graph(
        node("MatMul"),
        node("Fused", "ai.acme"),
        node("Scaler", "ai.onnx.ml"),
        tensors=(tensor(2, 3), packed(4, 5), tensor()),
    )
    data = model(
        field(14, pair("license", "apache-2.0")),
        field(14, pair("note", "x")),
        of=main + field(15, field(1, tensor(7)) + field(2, tensor(7))),
        domains=("", "ai.onnx.ml", "ai.acme", "com.idle"),
    )
    found = discover(tmp_path, data)
    assert found.gaps == ()
    assert facts(found) == ModelFacts(
        format="onnx",
        parameters=6 + 20 + 1 + 7,
        tensors=4,
        license="apache-2.0",
        operators=("ai.acme::Fused", "com.idle"),
    )
    (component,) = found.components
    assert (component.name, component.basis) == ("m.onnx", Basis.OBSERVED)
    assert component.licenses == ("apache-2.0",)
    assert component.artifacts[0].digests


EVIL = node("Evil", "ai.evil")


@pytest.mark.parametrize(
    "data",
    [
        model(of=graph(EVIL)),
        model(of=graph(node("If", "", field(1, "then") + field(6, graph(EVIL))))),
        model(of=graph(node("If", "", field(11, graph(EVIL))))),
        model(
            of=graph(
                node("If", "", field(6, graph(node("If", "", field(6, graph(EVIL))))))
            )
        ),
        model(field(25, field(1, "F") + field(10, "ai.f") + field(7, EVIL))),
        model(
            field(25, field(1, "F") + field(11, field(1, "a") + field(6, graph(EVIL))))
        ),
        model(field(20, field(1, graph(EVIL)))),
        model(field(20, field(2, graph(EVIL)))),
        # Of two fields that hold one value the last counts, and two graphs are one.
        model(of=graph(node("Relu") + field(4, "Evil") + field(7, "ai.evil"))),
        model(field(7, graph(EVIL))),
        # A function of the same name in another domain defines something else.
        model(field(25, field(1, "Evil") + field(10, "ai.f")), of=graph(EVIL)),
    ],
    ids=[
        "graph",
        "subgraph",
        "subgraphs",
        "two-deep",
        "function",
        "default-of-a-function",
        "training-start",
        "training-step",
        "said-twice",
        "two-graphs",
        "another-function",
    ],
)
def test_an_operator_that_is_not_of_the_format_is_told_wherever_it_hides(
    tmp_path: Path, data: bytes
) -> None:
    found = discover(tmp_path, data)
    assert facts(found).operators == ("ai.evil::Evil",)
    assert found.gaps == ()


def test_an_operator_that_the_model_defines_itself_is_not_foreign(
    tmp_path: Path,
) -> None:
    function = field(1, "Own") + field(10, "local") + field(7, node("Add"))
    data = model(
        field(25, function), of=graph(node("Own", "local")), domains=("", "local")
    )
    found = discover(tmp_path, data)
    assert facts(found).operators == ()


def beside(location: str, **more: str) -> bytes:
    tensors = (tensor(2, 3, location=location, **more),)
    return model(of=graph(node("MatMul"), tensors=tensors))


def test_a_file_of_numbers_is_a_part_of_the_model(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/m.data").write_bytes(bytes(48))
    tensors = (
        tensor(2, 3, location="m.data", offset="0", length="24"),
        tensor(2, 3, location="m.data", offset="24", length="24"),
    )
    found = discover(tmp_path, model(of=graph(tensors=tensors)), "sub/m.onnx")
    assert found.gaps == ()
    part, whole = sorted(found.components, key=lambda each: each.ref)
    assert (part.kind, part.name) == (Kind.FILE, "m.data")
    assert part.facts == FileFacts(role="weights")
    assert part.artifacts[0].digests
    assert found.relations == (
        Relation(source=whole.ref, target=part.ref, kind=RelationKind.CONTAINS),
    )


@pytest.mark.parametrize(
    ("location", "more"),
    [
        ("/etc/passwd", {}),
        ("\\etc\\passwd", {}),
        ("C:\\secret\\w.bin", {}),
        ("C:w.bin", {}),
        ("\\\\server\\share\\w.bin", {}),
        ("../outside.bin", {}),
        ("..\\outside.bin", {}),
        ("sub/../../outside.bin", {}),
        ("sub/../inside.bin", {}),
        ("link.bin", {}),
        ("folder/outside.bin", {}),
        ("", {}),
        (".", {}),
        ("inside.bin/", {}),
        ("missing.bin", {}),
        ("nul\0.bin", {}),
        ("inside.bin", {"offset": "17"}),
        ("inside.bin", {"length": "17"}),
        ("inside.bin", {"offset": "8", "length": "9"}),
        ("inside.bin", {"offset": "-8", "length": "8"}),
        ("inside.bin", {"offset": "0x8"}),
        ("inside.bin", {"offset": "٣"}),
        ("inside.bin", {"length": "9" * 5_000}),
    ],
    ids=[
        "absolute",
        "absolute-backslash",
        "drive",
        "drive-relative",
        "share",
        "parent",
        "parent-backslash",
        "parent-of-a-folder",
        "parent-and-back",
        "link",
        "folder-link",
        "empty",
        "dot",
        "folder",
        "missing",
        "nul",
        "offset",
        "length",
        "end",
        "negative",
        "hexadecimal",
        "arabic",
        "huge",
    ],
)
def test_numbers_that_must_not_or_cannot_be_read_are_a_gap(
    tmp_path: Path, location: str, more: dict[str, str]
) -> None:
    (tmp_path / "outside.bin").write_bytes(bytes(99))
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "inside.bin").write_bytes(bytes(16))
    (root / "link.bin").symlink_to(tmp_path / "outside.bin")
    (root / "folder").symlink_to(tmp_path)
    found = discover(root, beside(location, **more))
    (gap,) = [each for each in found.gaps if each.location.path == "m.onnx"]
    assert gap.state is State.UNREADABLE
    assert facts(found).format == "onnx"
    names = {each.name for each in found.components}
    assert names <= {"m.onnx", "inside.bin"}


@pytest.mark.skipif(os.name == "nt", reason="no file can be called so")
@pytest.mark.parametrize("location", ["C:w.bin", "\\w.bin", "a\\..\\w.bin"])
def test_what_leads_out_on_another_system_is_not_opened_here(
    tmp_path: Path, location: str
) -> None:
    (tmp_path / location).write_bytes(bytes(24))
    found = discover(tmp_path, beside(location))
    assert [each.state for each in found.gaps] == [State.UNREADABLE]
    assert len(found.components) == 1


def test_a_file_within_the_tree_but_outside_the_folder_is_not_opened(
    tmp_path: Path,
) -> None:
    (tmp_path / "other.bin").write_bytes(bytes(99))
    found = discover(tmp_path, beside("../other.bin"), "sub/m.onnx")
    assert [each.location.path for each in found.gaps] == ["sub/m.onnx"]
    assert len(found.components) == 1


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs/1").write_bytes(bytes(24))
    (tmp_path / "m.data").symlink_to("blobs/1")
    found = discover(tmp_path, beside("m.data", length="24"))
    assert found.gaps == ()
    assert len(found.components) == 2


@pytest.mark.parametrize("location", ["m.onnx", "./m.onnx"])
def test_numbers_in_the_model_itself_make_no_second_file(
    tmp_path: Path, location: str
) -> None:
    found = discover(tmp_path, beside(location))
    assert found.gaps == ()
    assert len(found.components) == 1


def test_of_two_places_for_the_same_numbers_none_is_passed_over(
    tmp_path: Path,
) -> None:
    (tmp_path / "m.data").write_bytes(bytes(24))
    twice = tensor(2, 3, location="m.data") + field(13, pair("location", "/evil"))
    found = discover(tmp_path, model(of=graph(tensors=(twice,))))
    assert len(found.gaps) == 1
    twice = tensor(2, 3, location="/evil") + field(13, pair("location", "m.data"))
    found = discover(tmp_path, model(of=graph(tensors=(twice,))))
    assert len(found.gaps) == 1


@pytest.mark.parametrize(
    "data",
    [
        model(of=graph(node("C", "", field(5, tensor(2, location="/evil"))))),
        model(of=graph(node("C", "", field(10, tensor(2, location="/evil"))))),
        model(of=graph() + field(15, field(2, tensor(2, location="/evil")))),
        model(
            of=graph(
                node("C", "", field(22, field(1, tensor(2, location="/evil")))),
            )
        ),
        model(field(25, field(7, node("C", "", field(5, tensor(location="/evil")))))),
        # Who says only half of it may still be understood.
        model(of=graph(tensors=(field(13, pair("location", "/evil")),))),
        model(of=graph(tensors=(field(14, 1),))),
    ],
    ids=[
        "attribute",
        "attributes",
        "sparse",
        "sparse-attribute",
        "function",
        "without-the-mark",
        "without-a-place",
    ],
)
def test_numbers_elsewhere_are_told_wherever_the_tensor_hides(
    tmp_path: Path, data: bytes
) -> None:
    assert len(discover(tmp_path, data).gaps) == 1


def test_a_gap_does_not_tell_whose_machine_it_was(tmp_path: Path) -> None:
    found = discover(tmp_path, beside("/home/bob/models/w.bin"))
    (gap,) = found.gaps
    assert "bob" not in gap.reason
    assert "`w.bin`" in gap.reason


def test_many_places_that_cannot_be_read_leave_a_hundred_gaps(tmp_path: Path) -> None:
    tensors = tuple(tensor(2, location=f"/{each}") for each in range(300))
    found = discover(tmp_path, model(of=graph(tensors=tensors)))
    assert len(found.gaps) == 101


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"", State.UNREADABLE),
        (b"hello world, this is text", State.UNREADABLE),
        (model()[:-3], State.UNREADABLE),
        (field(1, 8), State.UNREADABLE),
        (model(of=graph(tensors=(tensor(-1),))), State.UNREADABLE),
        (model(of=graph(tensors=(tensor(2**40, 2**40),))), State.UNREADABLE),
        (model(of=graph(tensors=(packed(*[1] * 2000),))), State.LIMIT),
        (
            model(of=graph(*(node(str(n), "d") for n in range(10_001)))),
            State.LIMIT,
        ),
    ],
    ids=[
        "empty",
        "text",
        "cut",
        "no-graph",
        "negative",
        "overflow",
        "dimensions",
        "operators",
    ],
)
def test_a_damaged_model_is_a_component_and_a_gap(
    tmp_path: Path, data: bytes, state: State
) -> None:
    found = discover(tmp_path, data)
    assert [each.state for each in found.gaps] == [state]
    assert facts(found).format == "onnx"
    assert facts(found).parameters is None
    assert found.components[0].artifacts[0].digests


def test_graphs_too_deep_are_a_limit(tmp_path: Path) -> None:
    inner = graph(EVIL)
    for _ in range(60):
        inner = graph(node("If", "", field(6, inner)))
    found = discover(tmp_path, model(of=inner))
    assert [each.state for each in found.gaps] == [State.LIMIT]


def test_what_was_read_before_the_damage_is_kept(tmp_path: Path) -> None:
    data = model(of=graph(EVIL, tensors=(tensor(2, location="/evil"),)))
    found = discover(tmp_path, data + b"\x0f")
    assert facts(found).operators == ("ai.evil::Evil",)
    assert len(found.gaps) == 2


def test_zero_numbers_are_none_however_large_the_rest(tmp_path: Path) -> None:
    data = model(of=graph(tensors=(tensor(2**62, 2**62, 0),)))
    assert facts(discover(tmp_path, data)).parameters == 0


@pytest.mark.parametrize("name", ["model.bin", "model", "m.pb"])
def test_a_model_is_one_under_any_name(tmp_path: Path, name: str) -> None:
    found = discover(tmp_path, model(), name)
    assert facts(found).format == "onnx"
    assert found.gaps == ()


@pytest.mark.parametrize(
    "data",
    [
        field(1, 8) + field(2, "acme") + field(3, "1"),
        field(1, 8) + field(2, "acme") + field(3, "1") + field(7, "text that is none"),
        field(1, 8) + field(2, "acme") + field(3, "1") + b"\xff\xff",
        field(1, 8) + field(2, "acme") + field(3, "1") + field(7, field(2, "name")),
    ],
    ids=["no-graph", "text", "damaged", "empty-graph"],
)
def test_what_only_begins_like_a_model_is_nothing(tmp_path: Path, data: bytes) -> None:
    assert not discover(tmp_path, data, "m.bin")


def test_weights_are_passed_over_without_being_read(tmp_path: Path) -> None:
    """A sparse file of four gigabytes takes no time and no memory."""
    start = field(8, "w") + field(1, 1 << 30)
    size = 4 << 30
    raw = varint(9 << 3 | 2) + varint(size)
    whole = len(start) + len(raw) + size
    head = varint(5 << 3 | 2) + varint(whole) + start + raw
    total = len(head) + size
    file = tmp_path / "m.onnx"
    with file.open("wb") as stream:
        stream.write(field(1, 8) + varint(7 << 3 | 2) + varint(total) + head)
        stream.truncate(stream.tell() + size)
    if os.stat(file).st_blocks * 512 > size // 2:
        pytest.skip("the file system has no sparse files")
    found = Collector("x")  # and no survey, which would hash it
    DISCOVERER.discover(File(tree=Tree(tmp_path), path="m.onnx"), found)
    assert facts(found.inventory()).parameters == 1 << 30


@settings(max_examples=60, deadline=None)
@given(any_bytes(80), st.sampled_from([b"", model(), field(1, 8)]))
def test_any_bytes_are_a_component_and_read_or_a_gap(data: bytes, start: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = discover(Path(folder), start + data)
    assert facts(found).tensors is not None or found.gaps


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_model_cut_anywhere_is_never_taken_for_sound(data: st.DataObject) -> None:
    whole = model(of=graph(EVIL, tensors=(tensor(2, 3),)), domains=())
    length = data.draw(st.integers(0, len(whole) - 1))
    with tempfile.TemporaryDirectory() as folder:
        assert discover(Path(folder), whole[:length]).gaps
