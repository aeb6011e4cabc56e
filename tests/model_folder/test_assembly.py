import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Algorithm, Digest
from mcpchain.component import (
    BaseModel,
    Basis,
    FileFacts,
    Kind,
    Metric,
    ModelCard,
    ModelFacts,
    Pin,
)
from mcpchain.hub_name import model as hub_model
from mcpchain.inventory import RelationKind
from tests.model_folder.making import (
    CONFIG,
    contained,
    facts,
    gguf,
    look,
    model,
    put,
    targets,
    told,
    weights,
)

CARD = """---
license: apache-2.0
language: [en, no]
pipeline_tag: text-generation
base_model: acme/base
base_model_relation: finetune
datasets: [acme/corpus]
model-index:
- name: m
  results:
  - dataset: {name: Bench, type: acme/bench, config: de, split: test}
    metrics:
    - {type: accuracy, value: 0.50}
---
# M
## Intended Use
<!-- say more -->
For tests.
## Other
Nothing.
"""
UNSEEN: dict[str, dict[str, object]] = {
    "adapter": {"m/adapter_config.json": "["},
    "card": {"m/README.md": "---\nlicense: [\n---\n"},
    "tokenizer": {"m/tokenizer_config.json": "{"},
    "configuration": {"m/config.json": "{"},
    "weights": {"m/more.safetensors": b"\x99" + bytes(8)},
    "below": {"m/onnx/model.onnx": b"\x08"},
    "pointer": {
        "m/more.safetensors": "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{'a' * 64}\nsize 10\n"
    },
}


@pytest.mark.parametrize("more", UNSEEN.values(), ids=UNSEEN.keys())
def test_of_a_folder_in_which_something_was_not_seen_not_all_is_known(
    tmp_path: Path, more: dict[str, object]
) -> None:
    files = {"m/config.json": CONFIG, "m/model.safetensors": weights("a")}
    found = look(put(tmp_path, {**files, "n/config.json": CONFIG} | more))
    assert found.gaps
    assert not model(found).graph


def test_what_was_not_seen_elsewhere_takes_nothing_from_a_model(tmp_path: Path) -> None:
    files = {"m/config.json": CONFIG, "m/model.safetensors": weights("a")}
    found = look(put(tmp_path, {**files, "n/model.safetensors": b"\x99" + bytes(8)}))
    assert found.gaps
    assert model(found).graph


WHOLE: dict[str, object] = {
    "m/config.json": CONFIG
    | {
        "torch_dtype": "bfloat16",
        "hidden_size": 8,
        "rms_norm_eps": 1e-5,
        "auto_map": {"AutoModel": "modeling_acme.AcmeForCausalLM"},
    },
    "m/model.safetensors": weights("a", "b"),
    "m/tokenizer.json": "{}",
    "m/tokenizer_config.json": {"tokenizer_class": "T", "chat_template": "{{ x }}"},
    "m/vocab.json": {},
    "m/modeling_acme.py": "import os\n",
    "m/inner/helper.py": "import os\n",
    "m/README.md": CARD,
    "m/notes.txt": "nothing",
    "elsewhere/code.py": "import os\n",
    "elsewhere/vocab.json": {},
    "README.md": "# A project\n",
}


def test_a_folder_is_one_model_with_all_that_its_files_say(tmp_path: Path) -> None:
    found = look(put(tmp_path, WHOLE))
    whole = model(found)
    assert found.gaps == ()
    template = hashlib.sha256(b"{{ x }}").hexdigest()
    assert (whole.name, whole.version, whole.pin) == ("m", None, None)
    assert whole.purl is not None, "its files name it"
    assert (whole.basis, whole.licenses) == (Basis.OBSERVED, ("Apache-2.0",))
    assert not whole.graph, "its code may need anything"
    assert whole.facts == ModelFacts(
        format="hugging-face",
        parameters=8,
        tensors=2,
        architecture="AcmeForCausalLM",
        family="acme",
        license="Apache-2.0",
        remote_code=("modeling_acme.AcmeForCausalLM",),
        quantization="F16",
        hyperparameters=(
            ("hidden_size", "8"),
            ("layer_norm_epsilon", "1e-05"),
            ("tokenizer_class", "T"),
        ),
        chat_template=Digest(algorithm=Algorithm.SHA256, value=template),
        bases=(
            BaseModel(
                name="acme/base", relation="finetune", purl=hub_model("acme/base")
            ),
        ),
        card=ModelCard(
            task="text-generation",
            languages=("en", "no"),
            metrics=(Metric(type="accuracy", value="0.50", slice="Bench, de, test"),),
            considerations=(("useCases", "For tests."),),
        ),
    )
    files = (
        *("README.md", "config.json", "inner/helper.py", "model.safetensors"),
        *("modeling_acme.py", "tokenizer.json", "tokenizer_config.json", "vocab.json"),
    )
    assert contained(found) == [f"file:m/{each}" for each in files]
    data = "pkg:huggingface/acme/corpus?repo_type=dataset"
    assert targets(found, whole, RelationKind.TRAINED_ON) == [data]
    assert targets(found, whole, RelationKind.DEPENDS_ON) == []


def test_each_file_has_a_role_and_a_digest(tmp_path: Path) -> None:
    found = look(put(tmp_path, WHOLE))
    roles = {
        each.location.path.removeprefix("m/"): each.facts.role
        for each in found.components
        if isinstance(each.facts, FileFacts)
    }
    assert roles == {
        "README.md": "model-card",
        "config.json": "configuration",
        "inner/helper.py": "code",
        "modeling_acme.py": "code",
        "tokenizer.json": "tokenizer",
        "tokenizer_config.json": "tokenizer",
        "vocab.json": "tokenizer",
    }
    for each in found.components:
        if each.basis is Basis.OBSERVED and each.location.path != "m":
            assert [len(a.digests) for a in each.artifacts] == [1], each.ref


def test_the_order_in_which_files_are_met_changes_nothing(tmp_path: Path) -> None:
    first = look(put(tmp_path / "a", WHOLE))
    second = look(put(tmp_path / "b", dict(reversed(WHOLE.items()))))
    assert first == second


def test_the_root_itself_may_be_the_model(tmp_path: Path) -> None:
    files = {"config.json": CONFIG, "model.safetensors": weights("a")}
    found = look(put(tmp_path, {**files}), "acme")
    assert model(found, ".").name == "acme"
    assert contained(found, ".") == ["file:config.json", "file:model.safetensors"]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"m/config.json": CONFIG}, id="no weights"),
        pytest.param({"m/model.safetensors": weights("a")}, id="no document"),
        pytest.param(
            {"m/model.safetensors": weights("a"), "m/README.md": "# M\n"},
            id="readme without front matter",
        ),
        pytest.param(
            {
                "m/model.safetensors": weights("a"),
                "m/README.md": "---\nsdk: gradio\nlicense: mit\n---\n",
            },
            id="readme of a space",
        ),
        pytest.param(
            {
                "m/model.safetensors": weights("a"),
                "m/README.md": "---\nlicense: mit\nsize_categories: [n<1K]\n---\n",
            },
            id="card of a data set",
        ),
        pytest.param(
            {"m/model.safetensors": weights("a"), "m/config.json": {"port": 1}},
            id="another config.json",
        ),
        pytest.param(
            {"m/model.safetensors": weights("a"), "o/config.json": CONFIG},
            id="documents elsewhere",
        ),
    ],
)
def test_these_are_no_models_of_a_folder(
    tmp_path: Path, files: dict[str, object]
) -> None:
    found = look(put(tmp_path, files))
    assert not any(each.location.path == "m" for each in found.components)
    assert not any(each.kind is RelationKind.CONTAINS for each in found.relations)


def test_a_configuration_with_comments_beside_a_pickle_is_about_something_else(
    tmp_path: Path,
) -> None:
    files = {"m/cache.pkl": b"\x80\x04N.", "m/config.json": "{} // of the program"}
    assert told(look(put(tmp_path, files))) == []


@pytest.mark.parametrize(
    "key",
    [
        {"m/config.json": CONFIG},
        {"m/config.json": {"_class_name": "UNet2DConditionModel"}},
        {"m/adapter_config.json": {"peft_type": "LORA"}},
        {"m/README.md": "---\nlicense: mit\n---\n"},
        {"m/README.md": "---\npipeline_tag: fill-mask\n---\n"},
        {"m/model.safetensors.index.json": {"weight_map": {"a": "model.safetensors"}}},
    ],
    ids=lambda each: next(iter(each)),
)
@pytest.mark.parametrize(
    "some",
    [
        {"m/model.safetensors": weights("a")},
        {"m/model.gguf": gguf("a"), "m/model.safetensors": weights("a")},
    ],
    ids=["safetensors", "both"],
)
def test_each_of_these_beside_weights_makes_a_model(
    tmp_path: Path, key: dict[str, object], some: dict[str, object]
) -> None:
    found = look(put(tmp_path, key | some))
    assert found.gaps == ()
    assert facts(found).parameters == 4


def test_weights_in_folders_below_belong_to_the_nearest_model(tmp_path: Path) -> None:
    found = look(
        put(
            tmp_path,
            {
                "m/config.json": CONFIG,
                "m/model.safetensors": weights("a"),
                "m/other/a.safetensors": weights("b"),
                "m/unet/config.json": {"_class_name": "UNet2DConditionModel"},
                "m/unet/deep/b.safetensors": weights("c"),
            },
        )
    )
    assert contained(found) == [
        *("file:m/config.json", "file:m/model.safetensors"),
        *("file:m/other/a.safetensors", "file:m/unet"),
    ]
    assert contained(found, "m/unet") == [
        *("file:m/unet/config.json", "file:m/unet/deep/b.safetensors"),
    ]
    assert facts(found).parameters == 4


def test_a_pipeline_contains_the_models_in_its_folders(tmp_path: Path) -> None:
    found = look(
        put(
            tmp_path,
            {
                "m/model_index.json": {
                    "_class_name": "AcmePipeline",
                    "_diffusers_version": "0.30.0",
                    "unet": ["diffusers", "UNet2DConditionModel"],
                    "odd": ["custom", "Thing"],
                    "safety_checker": [None, None],
                    "flag": True,
                },
                "m/odd/custom.py": "import os\n",
                "m/unet/config.json": {"_class_name": "UNet2DConditionModel"},
                "m/unet/diffusion_pytorch_model.safetensors": weights("a"),
            },
        )
    )
    assert found.gaps == ()
    known = facts(found)
    assert (known.architecture, known.parameters) == ("AcmePipeline", None)
    assert known.remote_code == ("odd.custom.Thing",)
    assert contained(found) == [
        *("file:m/model_index.json", "file:m/odd/custom.py", "file:m/unet"),
    ]
    assert facts(found, "m/unet").parameters == 4


@pytest.mark.parametrize(
    ("files", "parameters", "tensors"),
    [
        (
            {
                "model.safetensors": weights("a"),
                "model.fp16.safetensors": weights("b"),
            },
            4,
            1,
        ),
        (
            {"x.safetensors": weights("a"), "y.safetensors": weights("b", "c")},
            None,
            None,
        ),
        ({"x.safetensors": weights("a"), "y.safetensors": weights("b")}, 4, None),
        ({"q4.gguf": gguf("a"), "q8.gguf": gguf("a")}, 4, None),
        ({"q4.gguf": gguf("a"), "q8.gguf": gguf("a", "b")}, None, None),
        ({"m.gguf": gguf("a"), "model.safetensors": weights("a", "b")}, 8, 2),
        ({"model.safetensors": b"broken"}, None, None),
    ],
    ids=[
        *("variant", "two models", "alike", "stored twice", "two sizes", "formats"),
        "broken",
    ],
)
def test_nothing_is_counted_twice_and_nothing_by_guess(
    tmp_path: Path,
    files: dict[str, object],
    parameters: int | None,
    tensors: int | None,
) -> None:
    here = {f"m/{name}": content for name, content in files.items()}
    found = look(put(tmp_path, {"m/config.json": CONFIG, **here}))
    known = facts(found)
    assert (known.parameters, known.tensors) == (parameters, tensors)
    assert len(contained(found)) == len(files) + 1


def test_gguf_tells_what_no_document_does(tmp_path: Path) -> None:
    said: dict[str, str | int] = {
        "general__architecture": "llama",
        "general__license": "mit",
        "llama__context_length": 4096,
        "tokenizer__chat_template": "t",
    }
    card = "---\ntags: [x]\n---\n"
    found = look(put(tmp_path, {"m/README.md": card, "m/q.gguf": gguf("a", **said)}))
    known = facts(found)
    assert (known.family, known.quantization, known.license) == ("llama", "F16", "MIT")
    assert known.hyperparameters == (("context_length", "4096"),)
    assert known.chat_template is not None
    assert model(found).graph


def test_the_method_of_quantization_comes_before_the_type(tmp_path: Path) -> None:
    config = CONFIG | {"quantization_config": {"quant_method": "gptq", "bits": 4}}
    files = {"m/config.json": config, "m/model.safetensors": weights("a")}
    assert facts(look(put(tmp_path, {**files}))).quantization == "gptq"


def test_a_type_is_told_where_the_weights_do_not_tell_it(tmp_path: Path) -> None:
    config = CONFIG | {"dtype": "bfloat16", "text_config": {"n_layer": 3}}
    found = look(put(tmp_path, {"m/config.json": config, "m/model.safetensors": b""}))
    known = facts(found)
    assert known.quantization == "BF16"
    assert known.hyperparameters == (("num_hidden_layers", "3"),)


def test_what_python_writes_for_infinity_is_no_flaw(tmp_path: Path) -> None:
    text = '{"model_type": "a", "b": [0.0, Infinity, -Infinity, NaN], "c": "NaN \\" x"}'
    found = look(put(tmp_path, {"m/config.json": text, "m/m.safetensors": weights()}))
    assert (found.gaps, facts(found).family) == ((), "a")


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("config.json", "{", "m/config.json"),
        ("config.json", "[]", "m/config.json"),
        ("config.json", '["model_type", "architectures"]', "m/config.json"),
        ("config.json", CONFIG | {"architectures": 7}, "m/config.json#/architectures"),
        ("config.json", CONFIG | {"model_type": []}, "m/config.json#/model_type"),
        ("config.json", CONFIG | {"auto_map": 1}, "m/config.json#/auto_map"),
        ("config.json", CONFIG | {"auto_map": {"A": 1}}, "m/config.json#/auto_map/A"),
        (
            "config.json",
            '{"model_type": "a", "model_type": "b"}',
            "m/config.json#/model_type",
        ),
        ("tokenizer_config.json", "{", "m/tokenizer_config.json"),
        (
            "tokenizer_config.json",
            {"chat_template": [{"name": 1}]},
            "m/tokenizer_config.json#/chat_template/0/name",
        ),
        ("adapter_config.json", "\0", "m/adapter_config.json"),
        ("README.md", "---\n{\n---\n", "m/README.md"),
        ("README.md", "---\nlicense: [mit\n---\n", "m/README.md"),
        ("README.md", "---\nlicense: !x y\n---\n", "m/README.md"),
        (
            "README.md",
            "---\ntags: [x]\npipeline_tag: [a]\n---\n",
            "m/README.md#/pipeline_tag",
        ),
        (
            "README.md",
            "---\ntags: [x]\nmodel-index: [{results: 7}]\n---\n",
            "m/README.md#/model-index/0/results",
        ),
        (
            "README.md",
            "---\ntags: [x]\nmodel-index: 7\n---\n",
            "m/README.md#/model-index",
        ),
    ],
)
def test_a_flaw_of_one_document_is_a_gap_and_the_rest_is_found(
    tmp_path: Path, name: str, content: object, place: str | None
) -> None:
    files = {
        "m/adapter_config.json": {"peft_type": "LORA"},
        "m/model.safetensors": weights("a"),
        f"m/{name}": content,
    }
    found = look(put(tmp_path, files))
    assert told(found) == [("unreadable", place)]
    assert [each.ref for each in found.gaps] == ["file:m"]
    assert facts(found).parameters == 4
    assert f"file:m/{name}" in contained(found)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.md", "---\nlicense: [mit\n---\n"),
        ("config.json", "{"),
        ("config.json", b"\xff"),
    ],
)
def test_a_document_beside_weights_that_cannot_be_read_is_no_silence(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    files = {"m/model.safetensors": weights("a"), f"m/{name}": content}
    found = look(put(tmp_path, files))
    assert told(found) == [("unreadable", f"m/{name}")]
    assert contained(found) == sorted([f"file:m/{name}", "file:m/model.safetensors"])


@pytest.mark.parametrize(
    ("map_", "code", "gaps"),
    [
        ({"A": "modeling.M"}, ("modeling.M",), []),
        ({"A": ["modeling.S", None]}, ("modeling.S",), []),
        ({"A": "gone.M"}, ("gone.M",), [("unreadable", "m/config.json#/auto_map/A")]),
        ({"A": "../up.M"}, ("../up.M",), [("unreadable", "m/config.json#/auto_map/A")]),
        ({"A": "M"}, ("M",), [("unreadable", "m/config.json#/auto_map/A")]),
        ({"A": "acme/code--modeling.M"}, ("acme/code--modeling.M",), []),
    ],
)
def test_code_that_loading_runs_is_told_and_hashed(
    tmp_path: Path,
    map_: dict[str, object],
    code: tuple[str, ...],
    gaps: list[tuple[str, str]],
) -> None:
    files = {
        "m/config.json": CONFIG | {"auto_map": map_},
        "m/model.safetensors": weights("a"),
        "m/modeling.py": "import os\n",
        "up.py": "",
    }
    found = look(put(tmp_path, {**files}))
    assert facts(found).remote_code == code
    assert told(found) == gaps
    elsewhere = "--" in code[0]
    assert ("file:m/modeling.py" in contained(found)) is not elsewhere
    bases = targets(found, model(found), RelationKind.DEPENDS_ON)
    assert bases == (["pkg:huggingface/acme/code"] if elsewhere else [])


def test_modules_of_other_libraries_are_code(tmp_path: Path) -> None:
    modules = [
        {"idx": 0, "type": "sentence_transformers.models.Pooling"},
        {"idx": 1, "type": "custom_st.Transformer"},
    ]
    files = {
        "m/config.json": CONFIG,
        "m/model.safetensors": weights("a"),
        "m/modules.json": modules,
        "m/custom_st.py": "",
    }
    found = look(put(tmp_path, files))
    assert told(found) == []
    assert facts(found).remote_code == ("custom_st.Transformer",)
    found = look(put(tmp_path, files | {"m/modules.json": {"type": "a.b"}}))
    assert (told(found), facts(found).remote_code) == ([], ())


def test_templates_that_differ_are_a_conflict(tmp_path: Path) -> None:
    files = {
        "m/config.json": CONFIG,
        "m/model.safetensors": weights("a"),
        "m/chat_template.jinja": "{{ safe }}",
        "m/tokenizer_config.json": {"chat_template": "{{ evil }}"},
    }
    found = look(put(tmp_path, {**files}))
    place = "m/tokenizer_config.json#/chat_template"
    assert told(found) == [("conflict", place)]
    known = facts(found).chat_template
    assert known is not None
    assert known.value == hashlib.sha256(b"{{ safe }}").hexdigest()


def test_a_line_break_at_its_end_makes_no_other_template(tmp_path: Path) -> None:
    files = {
        "m/config.json": CONFIG,
        "m/model.safetensors": weights("a"),
        "m/chat_template.jinja": "{{ x }}\n",
        "m/tokenizer_config.json": {"chat_template": "{{ x }}"},
    }
    assert told(look(put(tmp_path, files))) == []


def test_of_several_templates_the_default_one_counts(tmp_path: Path) -> None:
    several = [
        {"name": "tools", "template": "t"},
        {"name": "default", "template": "d"},
    ]
    files = {
        "m/config.json": CONFIG,
        "m/model.safetensors": weights("a"),
        "m/tokenizer_config.json": {"chat_template": several},
    }
    known = facts(look(put(tmp_path, {**files}))).chat_template
    assert known is not None
    assert known.value == hashlib.sha256(b"d").hexdigest()


def test_a_data_set_of_two_models_is_one(tmp_path: Path) -> None:
    card = "---\ndatasets: acme/corpus\nlicense: mit\n---\n"
    found = look(
        put(
            tmp_path,
            {
                "a/README.md": card,
                "a/m.safetensors": weights("a"),
                "b/README.md": card,
                "b/m.safetensors": weights("a"),
            },
        )
    )
    (data,) = (each for each in found.components if each.kind is Kind.DATA)
    assert [each.path for each in data.locations] == ["a/README.md", "b/README.md"]
    assert {each.source for each in found.relations if each.target == data.ref} == {
        "file:a",
        "file:b",
    }


NAMES = (
    *("config.json", "README.md", "adapter_config.json", "tokenizer_config.json"),
    *("model.safetensors.index.json", "chat_template.json", "model_index.json"),
    *("LICENSE", "Modelfile", ".cache/huggingface/download/config.json.metadata"),
)
_WORDS = st.sampled_from(
    [
        *(
            "license",
            "base_model",
            "datasets",
            "weight_map",
            "auto_map",
            "chat_template",
        ),
        *("model_type", "architectures", "base_model_name_or_path", "revision", "a"),
        *("model-index", "results", "metrics", "quantization_config", "metadata"),
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.binary(max_size=40)
        | _VALUES.map(lambda each: {"model_type": "a", "v": each})
        | st.dictionaries(_WORDS, _VALUES, max_size=6),
        max_size=5,
    )
)
def test_whatever_the_documents_hold_the_weights_are_found(
    files: dict[str, object],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = {f"m/{name}": content for name, content in files.items()}
        found = look(put(Path(folder), {**here, "m/w.safetensors": weights("a")}))
    file = model(found, "m/w.safetensors")
    assert file.artifacts[0].digests
    refs = {each.ref for each in found.components}
    assert {each.source for each in found.relations} <= refs
    assert {each.target for each in found.relations} <= refs
    assert {each.ref for each in found.gaps if each.ref} <= refs


def test_a_data_set_that_card_and_code_name_is_one(tmp_path: Path) -> None:
    code = "from datasets import load_dataset as l\nl('squad')\nl('acme/d')\n"
    card = "---\nlicense: mit\ndatasets: [squad, acme/e]\n---\n"
    found = look(put(tmp_path, WHOLE | {"train.py": code, "m/README.md": card}))
    sets = {e.name: e for e in found.components if e.kind is Kind.DATA}
    assert len(sets) == sum(each.kind is Kind.DATA for each in found.components)
    places = [str(each) for each in sets["squad"].locations]
    assert places == ["m/README.md#/datasets/0", "train.py:2"]
    assert sets["squad"].pin is Pin.FLOATING
    assert sets["acme/e"].pin is None
    edges = targets(found, model(found), RelationKind.TRAINED_ON)
    assert sorted(edges) == sorted(sets[each].ref for each in ("acme/e", "squad"))
