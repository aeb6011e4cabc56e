from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover import survey
from mcpchain.discover.compose import DISCOVERER
from mcpchain.discover.dockerfile import DISCOVERER as DOCKERFILE
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

SHA = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXT = st.text(alphabet="services:image build{}$[]&*<!\n \"'#/@abc", max_size=200)
Files = dict[str, str | bytes]


def read(folder: Path, text: str | bytes, files: Files | None = None) -> Inventory:
    for name, each in {"compose.yaml": text, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each if isinstance(each, bytes) else each.encode())
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER, DOCKERFILE])
    assert "secret" not in repr(found)
    return found


def image(reference: str) -> str:
    return f"services: {{a: {{image: '{reference}'}}}}"


def said(found: Inventory) -> list[tuple[str, str, str]]:
    rows = []
    for each in found.components:
        role = each.facts.role.value if isinstance(each.facts, BuildFacts) else "model"
        pin = each.pin.value if each.pin else ""
        rows.append((str(each.purl or each.name), pin, role))
    return sorted(rows)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("compose.yaml", True),
        ("compose.yml", True),
        ("docker-compose.yml", True),
        ("Docker-Compose.override.yml", True),
        ("docker-compose-dev.yaml", True),
        ("compose.prod.yaml", True),
        ("app.compose.yaml", True),
        ("composer.yaml", False),
        ("compose.json", False),
        ("decompose.yml", False),
    ],
)
def test_wants_compose_files(name: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}")) is wanted


def test_the_image_of_a_service_is_declared_with_all_that_is_said(
    tmp_path: Path,
) -> None:
    reference = f"r.example/acme/db:1@sha256:{SHA}"
    found = read(
        tmp_path,
        f"services:\n  db:\n    image: {reference}\n    platform: linux/arm64\n"
        "    environment: {PASSWORD: secret}\nsecrets: {x: {environment: secret}}\n"
        "configs: {x: {content: secret}}\n",
    )
    (component,) = found.components
    assert not found.gaps
    assert component == Component(
        kind=Kind.CONTAINER,
        name="r.example/acme/db",
        version=component.purl.version if component.purl else None,
        purl=component.purl,
        pin=Pin.DIGEST,
        requested="1",
        artifacts=(Artifact(digests=(Digest.of("sha256", SHA),)),),
        facts=BuildFacts(
            role=Role.SERVICE_IMAGE,
            stage="db",
            platform="linux/arm64",
            registry="https://r.example",
        ),
        locations=(Location(path="compose.yaml", pointer="/services/db/image"),),
    )


@pytest.mark.parametrize(
    ("text", "env", "purl"),
    [
        (image("db:1"), "", "pkg:docker/library/db@1"),
        (image("docker://db:1"), "", "pkg:docker/library/db@1"),
        (image("h:5000/db"), "", "pkg:oci/db?repository_url=h:5000/db"),
        (image("db:${V:-1}"), "", "pkg:docker/library/db@1"),
        (image("${R:-a}/db:${V-1}"), "", "pkg:docker/a/db@1"),
        (image("db:${V:-1}"), "V=2", "pkg:docker/library/db@2"),
        (image("db:${V:-1}"), "V=", "pkg:docker/library/db@1"),
        (image("db:${V:-1}"), "#V=2\nW=3", "pkg:docker/library/db@1"),
        (image("db:$V"), "export V='2' # x", "pkg:docker/library/db@2"),
        (image("db:${V}"), 'V="2"\nV=3', "pkg:docker/library/db@3"),
        (image("db${V:+:2}"), "V=x", "pkg:docker/library/db@2"),
        (image("db:${V:?needed}"), "V=2", "pkg:docker/library/db@2"),
        (f"x-a: &a\n  image: db@sha256:{SHA}\nservices:\n  b:\n    <<: *a\n", "",
         f"pkg:docker/library/db@sha256:{SHA}"),
        ("x-a: &a {image: 'db:1'}\nservices: {b: {<<: *a, image: 'db:2'}}", "",
         "pkg:docker/library/db@2"),
    ],
)  # fmt: skip
def test_variables_and_anchors_are_followed(
    tmp_path: Path, text: str, env: str, purl: str
) -> None:
    found = read(tmp_path, text, {".env": f"PASSWORD=secret\n{env}"})
    assert not found.gaps
    assert [str(each.purl) for each in found.components] == [purl]


@pytest.mark.parametrize(
    ("text", "env"),
    [
        (image("db:${V}"), ""),
        (image("$V"), ""),
        (image("db:${V:?}"), ""),
        (image("db:${V"), ""),
        (image(f"db@sha256:${{V:+x}}${{W}}{SHA}"), ""),
        # A default that does not count, since there is a value that nobody knows.
        (image("db:${V:-1}"), "V=$W"),
        (image("db:${V:-1}"), "V=2 3"),
        (image("db:${V:-1}"), 'V="2\n3"'),
        (image("db:${V:-1}"), "V"),
    ],
)
def test_what_depends_on_a_variable_is_listed_and_doubted(
    tmp_path: Path, text: str, env: str
) -> None:
    found = read(tmp_path, text, {".env": env})
    (component,) = found.components
    assert (component.purl, component.pin) == (None, Pin.FLOATING)
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.PARTIAL, component.ref)


def test_a_value_of_the_environment_is_not_told_unless_it_names_an_image(
    tmp_path: Path,
) -> None:
    text = (
        "services: {a: {image: '${PASSWORD}'}, b: {build: '${PASSWORD}'}}\n"
        "include: ['${PASSWORD}']\n"
    )
    found = read(tmp_path, text, {".env": "PASSWORD=a-secret!"})
    assert not found.components
    assert len(found.gaps) == 3


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        # What is built here is called like this, and is fetched from nowhere.
        ("{image: acme/own, build: .}", []),
        ("{image: acme/own, build: ., pull_policy: build}", []),
        ("{image: acme/own, build: ., pull_policy: always}",
         [("pkg:docker/acme/own", "floating", "service-image")]),
        ("{image: acme/own, build: ., pull_policy: every_12h}",
         [("pkg:docker/acme/own", "floating", "service-image")]),
        ("{build: {context: ., dockerfile: build/own.txt}}",
         [("pkg:docker/library/python@3", "tag", "base-image")]),
        ("{build: {dockerfile: '${X:-build/own.txt}'}}",
         [("pkg:docker/library/python@3", "tag", "base-image")]),
        ('{build: {dockerfile_inline: "FROM python:3\\nCOPY --from=a:1 / /"}}',
         [("pkg:docker/library/a@1", "tag", "build-image"),
          ("pkg:docker/library/python@3", "tag", "base-image")]),
        ((f"{{build: {{additional_contexts: {{b: 'docker-image://b@sha256:{SHA}', "
         "c: ../c, d: 'service:x', e: 'https://u:secret@h.example/o/r.git#v1'}}}"),
         [(f"pkg:docker/library/b@sha256:{SHA}", "digest", "build-image"),
          ("pkg:generic/r?vcs_url=git%2Bhttps://h.example/o/r.git%40v1", "tag",
           "fetched")]),
        ("{build: {additional_contexts: ['b=docker-image://b:1', c=.]}}",
         [("pkg:docker/library/b@1", "tag", "build-image")]),
        ("{provider: {type: model, options: {model: 'ai/small:1'}}}",
         [("pkg:docker/ai/small@1", "tag", "model")]),
    ],
)  # fmt: skip
def test_what_builds_a_service_is_listed(
    tmp_path: Path, service: str, expected: list[tuple[str, str, str]]
) -> None:
    files: Files = {"Dockerfile": "FROM scratch", "build/own.txt": "FROM python:3"}
    found = read(tmp_path, f"services: {{a: {service}}}", files)
    assert not found.gaps
    assert said(found) == expected


BUILT = f"ARG BASE=python:3@sha256:{SHA}\nFROM $BASE\n"
PYTHON = (f"pkg:docker/library/python@sha256:{SHA}", "digest", "base-image")


@pytest.mark.parametrize(
    ("args", "other"),
    [
        ("{BASE: evil/x}", ("pkg:docker/evil/x", "floating", "base-image")),
        ("['BASE=evil/x:1']", ("pkg:docker/evil/x@1", "tag", "base-image")),
        ("{BASE: 'evil/${T:-x}'}", ("pkg:docker/evil/x", "floating", "base-image")),
        ("{BASE: '${K}'}", ("pkg:docker/evil/y@2", "tag", "base-image")),
        ("[BASE]", ("$BASE", "floating", "base-image")),
        ("{BASE: }", ("$BASE", "floating", "base-image")),
        ("{BASE: '${U}'}", ("$BASE", "floating", "base-image")),
        ("{BASE: 'to be secret'}", ("$BASE", "floating", "base-image")),
        ("{OTHER: evil/x}", PYTHON),
    ],
)
def test_arguments_of_a_build_count_more_than_defaults(
    tmp_path: Path, args: str, other: tuple[str, str, str]
) -> None:
    text = f"services: {{a: {{build: {{context: ., args: {args}}}}}}}"
    found = read(tmp_path, text, {"Dockerfile": BUILT, ".env": "K=evil/y:2\n"})
    assert said(found) == sorted({PYTHON, other})


def test_dockerfiles_are_not_read_without_end(tmp_path: Path) -> None:
    services = "".join(
        f"  s{n}: {{build: {{context: ., args: {{BASE: 'evil/x:{n}'}}}}}}\n"
        for n in range(60)
    )
    found = read(tmp_path, f"services:\n{services}", {"Dockerfile": BUILT})
    assert len(found.components) == 51
    assert {each.state for each in found.gaps} == {State.LIMIT}
    assert len(found.gaps) == 10


def test_models_are_fetched_as_images_are(tmp_path: Path) -> None:
    text = (
        f"models:\n  a: {{model: 'ai/small@sha256:{SHA}', context_size: 9}}\n"
        "  b: {model: 'h.example/Org/Big-GGUF'}\n  c: {model: '${M}'}\n"
        "services: {s: {image: 'x:1', models: [a]}}\n"
    )
    found = read(tmp_path, text)
    assert not found.gaps
    models = [each for each in found.components if each.kind is Kind.MODEL]
    assert sorted((each.name, str(each.purl), each.pin) for each in models) == [
        ("${M}", "None", Pin.FLOATING),
        ("ai/small", f"pkg:docker/ai/small@sha256:{SHA}", Pin.DIGEST),
        ("h.example/Org/Big-GGUF", "None", Pin.FLOATING),
    ]


def test_files_that_only_this_one_names_are_read(tmp_path: Path) -> None:
    text = (
        "include:\n- inc/a.yml\n- path: [inc/b.yml, inc/compose.yaml]\n- compose.yaml\n"
        "services:\n  s: {extends: {file: inc/c.yml, service: x}}\n"
    )
    files: Files = {
        "inc/a.yml": "include: [b.yml]\nservices: {a: {image: 'a:1'}}",
        "inc/b.yml": "include: [a.yml]\nservices: {b: {image: 'b:1'}}",
        "inc/c.yml": "services: {x: {image: 'c:1'}}",
        "inc/compose.yaml": "services: {d: {image: 'd:1'}}",
    }
    found = read(tmp_path, text, files)
    assert not found.gaps
    names = [each.name.removeprefix("library/") for each in found.components]
    assert names == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (image("Db:1"), "`Db:1` is not the name of an image"),
        (image("db@sha256:abc"), "is not the name of an image"),
        (image(f"db@sha256:{SHA}a"), "is not the name of an image"),
        (image("u:secret@h.example/db"), "is not the name of an image"),
        (image(""), "is not the name of an image"),
        ("services: {a: {image: 1}}", "expected a string"),
        ("services: {a: {image: 'a:1', image: 'b:1'}}", "appears twice"),
        ("services: {a: 1}", "expected an object"),
        ("services: [a]", "expected an object"),
        ("[]", "expected an object"),
        ("services: {a: {build: ./none}}", "No such file"),
        ("services: {a: {build: ../..}}", "lies outside"),
        ("services: {a: {build: /home/secret/x}}", "by an absolute path"),
        ("include: ['C:\\Users\\secret\\x.yml']", "by an absolute path"),
        ("include: [~secret/x.yml]", "by an absolute path"),
        ("services: {a: {build: '${X}'}}", "which Dockerfile it is built from"),
        ("services: {a: {build: 1}}", "expected a string"),
        ("services: {a: {extends: {file: none.yml}}}", "No such file"),
        ("services: {a: {provider: {type: awesome}}}", "a program outside of it"),
        ("include: ['oci://h.example/x']", "from elsewhere"),
        ("include: ['https://u:secret@h.example/o/r.git']", "from elsewhere"),
        ("include: ['${X}']", "cannot be told"),
        ("include: a", "expected a list"),
        ("models: {a: {model: []}}", "expected a string"),
        ("services: !x {}", "a tag"),
        ("services: {a: {<<: 1}}", "a merge key"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_a_gap(tmp_path: Path, text: str | bytes, reason: str) -> None:
    found = read(tmp_path, text)
    assert not found.components
    (gap,) = found.gaps
    assert reason in gap.reason


def test_a_wrong_service_hides_no_other(tmp_path: Path) -> None:
    text = (
        "services: {a: 1, b: {image: 1, build: {context: 1}, extends: {file: 1}}, "
        "c: {image: 'c:1'}}\nmodels: {a: 1, b: {model: 'x/y:1'}}\ninclude: [1, 2]"
    )
    found = read(tmp_path, text)
    assert [each.name for each in found.components] == ["library/c", "x/y"]
    assert [each.location.pointer for each in found.gaps] == [
        "/include/0", "/include/1", "/models/a", "/services/a",
        "/services/b/build/context", "/services/b/extends/file",
    ]  # fmt: skip


def test_a_dockerfile_that_cannot_be_read_hides_no_service(tmp_path: Path) -> None:
    text = (
        "services: {a: {build: {dockerfile: large.txt}}, "
        "b: {build: {dockerfile: odd.txt}}, c: {image: 'c:1'}}"
    )
    files: Files = {"large.txt": b"#" * (2 << 20), "odd.txt": b"\xff"}
    found = read(tmp_path, text, files)
    assert [each.name for each in found.components] == ["library/c"]
    assert [each.location.path for each in found.gaps] == ["large.txt", "odd.txt"]


def test_a_service_that_is_built_elsewhere_says_so(tmp_path: Path) -> None:
    url = f"https://u:secret@github.com/o/r.git#{COMMIT}:sub"
    found = read(tmp_path, f"services: {{a: {{build: '{url}'}}}}")
    assert said(found) == [(f"pkg:github/o/r@{COMMIT}", "commit", "fetched")]
    assert [each.state for each in found.gaps] == [State.PARTIAL]


@pytest.mark.parametrize(
    "text",
    [
        "services: {" + "".join(f"s{i}: {{image: a}}, " for i in range(10_000)) + "}",
        image("${a:-" * 200_000),
        "include: [" + "x.yml, " * 20_000 + "]",
        "x: &x {image: a}\nservices: {"
        + "".join(f"s{i}: {{<<: *x}}, " for i in range(40_000))
        + "}",
    ],
    ids=["services", "defaults", "files", "aliases"],
)
def test_a_large_file_takes_no_longer_than_it_is_large(
    tmp_path: Path, text: str
) -> None:
    assert read(tmp_path, text)


def test_no_more_than_some_files_are_included(tmp_path: Path) -> None:
    files: Files = {f"f{i}.yml": f"include: [f{i + 1}.yml]" for i in range(60)}
    found = read(tmp_path, "include: [f0.yml]", files)
    assert [each.state for each in found.gaps] == [State.LIMIT]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | TEXT.map(str.encode), env=st.binary(max_size=50))
def test_any_bytes_are_read_or_become_a_gap(
    tmp_path: Path, data: bytes, env: bytes
) -> None:
    read(tmp_path, data, {".env": env})
