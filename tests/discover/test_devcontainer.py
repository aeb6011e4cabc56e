import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover import survey
from mcpchain.discover.devcontainer import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

SHA, OTHER = "a" * 64, "b" * 64
CONFIG = ".devcontainer/devcontainer.json"
LOCK = ".devcontainer/devcontainer-lock.json"
FEATURE = "r.example/o/features/node"
PURL = "pkg:oci/node?repository_url=r.example/o/features/node"
Files = dict[str, str | bytes]


def read(folder: Path, files: Files) -> Inventory:
    for name, each in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each if isinstance(each, bytes) else each.encode())
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER])
    assert "secret" not in repr(found)
    return found


def config(**members: object) -> str:
    return json.dumps(members)


def lock(key: str, **changes: str | None) -> str:
    entry: dict[str, str | None] = {
        "version": "1.6.2",
        "resolved": f"{FEATURE}@sha256:{SHA}",
        "integrity": f"sha256:{SHA}",
    }
    entry |= changes
    kept = {name: value for name, value in entry.items() if value is not None}
    return json.dumps({"features": {key: kept}})


def said(found: Inventory) -> list[tuple[str, str]]:
    return sorted(
        (str(each.purl or each.name), each.pin.value if each.pin else "")
        for each in found.components
    )


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (CONFIG, True),
        (".devcontainer.json", True),
        (".devcontainer/python/devcontainer.json", True),
        (LOCK, True),
        (".devcontainer-lock.json", True),
        ("src/x/devcontainer-feature.json", True),
        ("devcontainer.yml", False),
        ("devcontainer-template.json", False),
    ],
)
def test_wants_development_containers(path: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path)) is wanted


def test_a_locked_feature_has_its_version_and_digest_at_both_places(
    tmp_path: Path,
) -> None:
    key = f"{FEATURE}:1"
    files: Files = {
        CONFIG: config(features={key: {"token": "secret"}}),
        LOCK: lock(key),
    }
    found = read(tmp_path, files)
    (feature,) = found.components
    assert not found.gaps
    pointer = "/features/r.example~1o~1features~1node:1"
    assert feature == Component(
        kind=Kind.BUILD,
        name=FEATURE,
        version="1.6.2",
        purl=feature.purl,
        pin=Pin.DIGEST,
        requested="1",
        artifacts=(Artifact(digests=(Digest.of("sha256", SHA),)),),
        facts=BuildFacts(role=Role.FEATURE, registry="https://r.example"),
        locations=(
            Location(path=LOCK, pointer=pointer),
            Location(path=CONFIG, pointer=pointer),
        ),
    )
    assert str(feature.purl) == (
        f"pkg:oci/node@sha256:{SHA}?repository_url={FEATURE}&tag=1"
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"image": "r.example/base:1"},
         [("pkg:oci/base?repository_url=r.example/base&tag=1", "tag")]),
        ({"image": f"base@sha256:{SHA}"},
         [(f"pkg:docker/library/base@sha256:{SHA}", "digest")]),
        ({"image": "base:${localEnv:TAG:7}"}, [("pkg:docker/library/base@7", "tag")]),
        ({"features": {f"{FEATURE}:1": {}}}, [(f"{PURL}&tag=1", "tag")]),
        ({"features": {f"{FEATURE}:1.6.2": {}}}, [(f"{PURL}&tag=1.6.2", "tag")]),
        ({"features": {FEATURE: {}}}, [(PURL, "floating")]),
        ({"features": {f"{FEATURE}@sha256:{SHA}": {}}},
         [(PURL.replace("?", f"@sha256:{SHA}?"), "digest")]),
        ({"features": {"https://u:secret@h.example/devcontainer-feature-x.tgz": {}}},
         [(("pkg:generic/devcontainer-feature-x.tgz?download_url="
           "https://h.example/devcontainer-feature-x.tgz"), "tag")]),
        ({"features": {"./own": {}}}, []),
        ({"build": {"dockerfile": "Dockerfile", "context": ".."}}, []),
        ({"build": {"dockerfile": "../odd.txt"}}, [("pkg:docker/library/a@1", "tag")]),
        ({"dockerFile": "../odd.txt"}, [("pkg:docker/library/a@1", "tag")]),
        ({"dockerComposeFile": ["../compose.yaml"], "service": "x"}, []),
        ({"dockerComposeFile": "../compose.yaml"}, []),
        ({"containerEnv": {"X": "secret"}, "remoteUser": "x"}, []),
    ],
)  # fmt: skip
def test_what_a_container_is_made_of_is_listed(
    tmp_path: Path, members: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    files: Files = {
        CONFIG: "// a comment\n" + config(**members)[:-1] + ",}",
        ".devcontainer/Dockerfile": "FROM scratch",
        ".devcontainer/own/devcontainer-feature.json": "{}",
        "odd.txt": "FROM a:1",
        "compose.yaml": "services: {}",
    }
    found = read(tmp_path, files)
    assert not found.gaps
    assert said(found) == expected
    roles = {e.facts.role for e in found.components if isinstance(e.facts, BuildFacts)}
    assert roles <= {Role.DEVELOPMENT_IMAGE, Role.FEATURE}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("7", ("pkg:docker/library/a@7", "tag")),
        ("${localEnv:TAG:7}", ("pkg:docker/library/a@7", "tag")),
        ("${localEnv:TAG}", ("a:$TAG", "floating")),
    ],
)
def test_arguments_of_a_build_count_more_than_defaults(
    tmp_path: Path, tag: str, expected: tuple[str, str]
) -> None:
    build = {"dockerfile": "Dockerfile", "args": {"TAG": tag}}
    files: Files = {
        CONFIG: config(build=build),
        ".devcontainer/Dockerfile": "ARG TAG=1\nFROM a:$TAG",
    }
    assert said(read(tmp_path, files)) == [expected]


def test_an_archive_is_pinned_by_the_lock(tmp_path: Path) -> None:
    key = "https://h.example/x.tgz"
    files: Files = {CONFIG: config(features={key: {}}), LOCK: lock(key, resolved=key)}
    found = read(tmp_path, files)
    assert [each.pin for each in found.components] == [Pin.DIGEST]
    assert not found.gaps


def test_what_a_feature_of_ones_own_depends_on_is_listed(tmp_path: Path) -> None:
    text = config(id="x", dependsOn={f"{FEATURE}:1": {}}, installsAfter=["r.example/x"])
    found = read(tmp_path, {"own/devcontainer-feature.json": text})
    assert said(found) == [(f"{PURL}&tag=1", "tag")]
    assert not found.gaps


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        (f"{FEATURE}:1", {"integrity": f"sha256:{OTHER}"}),
        (f"{FEATURE}:1", {"resolved": f"r.example/evil@sha256:{SHA}"}),
        (f"{FEATURE}:1", {"resolved": f"o/features/node@sha256:{SHA}"}),
        ("https://h.example/x.tgz", {"resolved": "https://h.example/y.tgz"}),
    ],
)
def test_a_lock_that_contradicts_itself_pins_nothing(
    tmp_path: Path, key: str, changes: dict[str, str]
) -> None:
    files: Files = {CONFIG: config(features={key: {}}), LOCK: lock(key, **changes)}
    found = read(tmp_path, files)
    (component,) = found.components
    assert component.pin is Pin.TAG
    assert not [each for each in component.artifacts if each.digests]
    assert [each.state for each in found.gaps] == [State.CONFLICT]


def test_a_lock_of_other_bytes_than_the_name_says_is_a_conflict(
    tmp_path: Path,
) -> None:
    key = f"{FEATURE}@sha256:{OTHER}"
    files: Files = {CONFIG: config(features={key: {}}), LOCK: lock(key)}
    found = read(tmp_path, files)
    (component,) = found.components
    assert str(component.artifacts[0].digests[0]) == f"sha256:{OTHER}"
    assert [each.state for each in found.gaps] == [State.CONFLICT]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (lock("x:1"), "`x:1` names a feature without its registry"),
        (lock(f"{FEATURE}:1", resolved=None), "expected a string, got nothing"),
        (lock(f"{FEATURE}:1", integrity=None), "expected a string, got nothing"),
        (lock(f"{FEATURE}:1", version=None), "expected a string, got nothing"),
        (lock(f"{FEATURE}:1", integrity="sha256:abc"), "is not a sha256 digest"),
        (lock(f"{FEATURE}:1", integrity=f"sha1:{'a' * 40}"), "does not identify"),
        (lock(f"{FEATURE}:1", resolved=FEATURE), "names no digest"),
        (lock(f"{FEATURE}:1", resolved=f"{FEATURE}@sha256:abc"), "not the name"),
        ('{"features": {"x": 1}}', "expected an object"),
        ('{"features": []}', "expected an object"),
        ("", "not JSON"),
    ],
)
def test_a_lock_that_is_none_locks_nothing(
    tmp_path: Path, text: str, reason: str
) -> None:
    files: Files = {CONFIG: config(features={f"{FEATURE}:1": {}}), LOCK: text}
    found = read(tmp_path, files)
    assert said(found) == [(f"{PURL}&tag=1", "tag")]
    (gap,) = found.gaps
    assert (gap.location.path, gap.state) == (LOCK, State.UNREADABLE)
    assert reason in gap.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (config(image="Base"), "is not the name of an image"),
        (config(image=1), "expected a string"),
        (config(features={"docker-in-docker": {}}), "without its registry"),
        (config(features={"o/r/node@v1": {}}), "is not the name of a feature"),
        (config(features={"R.example/X": {}}), "is not the name of a feature"),
        (config(features={"./none": {}}), "No such file"),
        (config(features=[FEATURE]), "expected an object"),
        (config(build={"dockerfile": "none"}), "No such file"),
        (config(build={"dockerfile": "/home/secret/x"}), "by an absolute path"),
        (config(build=1), "expected an object"),
        (config(dockerComposeFile="none.yml"), "No such file"),
        (config(dockerComposeFile="devcontainer.json"), "like a compose file"),
        (config(dockerComposeFile=[1]), "expected a string"),
        ('{"image": "a", "image": "b"}', "appears twice"),
        ("[]", "expected an object"),
        ("{", "not JSON"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_a_gap(tmp_path: Path, text: str | bytes, reason: str) -> None:
    found = read(tmp_path, {CONFIG: text})
    assert not found.components
    (gap,) = found.gaps
    assert reason in gap.reason


def test_an_image_that_depends_on_the_user_is_listed_and_doubted(
    tmp_path: Path,
) -> None:
    found = read(tmp_path, {CONFIG: config(image="base:${localEnv:TAG}")})
    (component,) = found.components
    assert (component.purl, component.pin) == (None, Pin.FLOATING)
    assert [(each.state, each.ref) for each in found.gaps] == [
        (State.PARTIAL, component.ref)
    ]


def test_a_wrong_member_hides_no_other(tmp_path: Path) -> None:
    text = config(
        image=1, features={"x": 1, f"{FEATURE}:1": {}}, build=1, dockerComposeFile=1
    )
    found = read(tmp_path, {CONFIG: text})
    assert said(found) == [(f"{PURL}&tag=1", "tag")]
    assert [each.location.pointer for each in found.gaps] == [
        "/build", "/dockerComposeFile", "/features/x", "/image",
    ]  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["image", "features", "build", "resolved", FEATURE]),
                inner,
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_read_or_become_a_gap(tmp_path: Path, data: bytes) -> None:
    read(tmp_path, {CONFIG: data, LOCK: data})
