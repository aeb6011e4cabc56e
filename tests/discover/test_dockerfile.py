from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover import survey
from mcpchain.discover.dockerfile import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

SHA = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PY = "pkg:docker/library/python"
LOST = "cannot be told"
GROWING = "\n".join(["ARG A=xyz", *["ARG A=$A$A"] * 50, "FROM $A"])
TEXT = st.text(alphabet="FROM ARGUNADD\n\\\"'<>$-{}:=a@#/ \t", max_size=200)


def read(folder: Path, text: str | bytes, name: str = "Dockerfile") -> Inventory:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER])
    assert "secret" not in repr(found)
    return found


def role(component: Component) -> Role:
    assert isinstance(component.facts, BuildFacts)
    return component.facts.role


def images(found: Inventory) -> list[tuple[str, str, str]]:
    """Each image by what it is, how firmly it is named, and what for."""
    return sorted(
        (str(each.purl or each.name), str(each.pin and each.pin.value),
         role(each).value.removesuffix("-image"))
        for each in found.components
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Dockerfile", True),
        ("dockerfile", True),
        ("Containerfile", True),
        ("api.Dockerfile", True),
        ("api.dockerfile", True),
        ("Dockerfile.dev", True),
        ("Dockerfile.go", True),
        ("Containerfile.prod", True),
        ("Dockerfile.dockerignore", False),
        ("Dockerfile.j2", False),
        ("Dockerfile.md", False),
        ("dockerfile.py", False),
        ("dockerfile.vim", False),
        ("dockerfile.cpython-311.pyc", False),
        ("dockerfile.dev", True),
        ("my-dockerfile", False),
        ("Dockerfiles", False),
    ],
)
def test_wants_dockerfiles(name: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=f"a/{name}")) is wanted


def test_an_image_by_digest_is_declared_with_all_that_is_said(tmp_path: Path) -> None:
    reference = f"r.example:5000/acme/base:1.2@sha256:{SHA}"
    found = read(tmp_path, f"FROM --platform=linux/amd64 {reference} AS Final\n")
    (image,) = found.components
    assert not found.gaps
    assert image == Component(
        kind=Kind.CONTAINER,
        name="r.example:5000/acme/base",
        version=image.purl.version if image.purl else None,
        purl=image.purl,
        pin=Pin.DIGEST,
        requested="1.2",
        artifacts=(Artifact(digests=(Digest.of("sha256", SHA),)),),
        facts=BuildFacts(
            role=Role.BASE_IMAGE,
            stage="final",
            platform="linux/amd64",
            registry="https://r.example:5000",
        ),
        locations=(Location(path="Dockerfile", line=1),),
    )
    assert str(image.purl) == (
        f"pkg:oci/base@sha256:{SHA}?repository_url=r.example:5000/acme/base&tag=1.2"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What a stage is made on.
        ("FROM python", [(PY, "floating", "base")]),
        ("FROM python:latest", [(PY, "floating", "base")]),
        ("from python:3.12", [(f"{PY}@3.12", "tag", "base")]),
        ("FROM\tpython:3.12\r\n", [(f"{PY}@3.12", "tag", "base")]),
        ("\ufeffFROM python:3", [(f"{PY}@3", "tag", "base")]),
        ('FROM "python:3"', [(f"{PY}@3", "tag", "base")]),
        ("FROM h.example:5000/a/b",
         [("pkg:oci/b?repository_url=h.example:5000/a/b", "floating", "base")]),
        ("FROM scratch", []),
        # Only the last stage, and what it is made on, is shipped.
        ("FROM a:1 AS build\nFROM b:2\nCOPY --from=build /x /x",
         [("pkg:docker/library/a@1", "tag", "build"),
          ("pkg:docker/library/b@2", "tag", "base")]),
        ("FROM a:1 AS One\nFROM b:1 AS two\nFROM one",
         [("pkg:docker/library/a@1", "tag", "base"),
          ("pkg:docker/library/b@1", "tag", "build")]),
        ("FROM python:3 AS python\nFROM python", [(f"{PY}@3", "tag", "base")]),
        ("FROM python:3\nFROM scratch\nCOPY --from=0 / /",
         [(f"{PY}@3", "tag", "build")]),
        ("FROM later\nFROM a:1 AS later",
         [("pkg:docker/library/a@1", "tag", "base"),
          ("pkg:docker/library/later", "floating", "build")]),
        # Lines.
        ("FROM \\\n  # a comment\n\n  python:3", [(f"{PY}@3", "tag", "base")]),
        ("FROM\\\n  python:3", [(f"{PY}@3", "tag", "base")]),
        ("FROM py\\\nthon:3", [(f"{PY}@3", "tag", "base")]),
        ("# escape=`\nFROM `\n  python:3\nRUN dir c:\\\nRUN x",
         [(f"{PY}@3", "tag", "base")]),
        ("FROM python:3\nRUN x \\\nFROM evil:1", [(f"{PY}@3", "tag", "base")]),
        ("FROM python:3\nRUN echo a\\\\\nFROM b:1",
         [("pkg:docker/library/b@1", "tag", "base"), (f"{PY}@3", "tag", "build")]),
        ("FROM python:3\nRUN <<EOF cat\nFROM evil:1\nEOF\n",
         [(f"{PY}@3", "tag", "base")]),
        ("FROM python:3\nRUN <<-'A' 3<<B\nFROM evil:1\n\tA\nFROM e:2\nB\nFROM b:1",
         [("pkg:docker/library/b@1", "tag", "base"), (f"{PY}@3", "tag", "build")]),
        ('FROM python:3\nRUN echo "<<EOF"\nFROM b:1',
         [("pkg:docker/library/b@1", "tag", "base"), (f"{PY}@3", "tag", "build")]),
        # What the builder runs.
        (f"# syntax=r.example/fe:1@sha256:{SHA}\nFROM scratch",
         [(f"pkg:oci/fe@sha256:{SHA}?repository_url=r.example/fe&tag=1", "digest",
           "build")]),
        ("#!/usr/bin/env x\n# Syntax = docker/dockerfile:1 a=b\nFROM scratch",
         [("pkg:docker/docker/dockerfile@1", "tag", "build")]),
        ("\n# syntax=docker/dockerfile:1\nFROM scratch", []),
        ("# a comment\n# syntax=docker/dockerfile:1\nFROM scratch", []),
        # What is copied or mounted from elsewhere.
        ("FROM scratch\nCOPY --chown=1 --from=a/uv:0.9 /uv /bin/",
         [("pkg:docker/a/uv@0.9", "tag", "build")]),
        ("FROM scratch\nONBUILD COPY --from=a/uv /uv /bin/",
         [("pkg:docker/a/uv", "floating", "build")]),
        ("FROM scratch\nRUN --network=none --mount=type=bind,from=a/uv:1,target=/u x",
         [("pkg:docker/a/uv@1", "tag", "build")]),
        ('FROM scratch\nRUN --mount="type=cache,from=a/uv:1,target=/u" x',
         [("pkg:docker/a/uv@1", "tag", "build")]),
        ("FROM scratch AS x\nFROM scratch\nRUN --mount=from=X,target=/u x", []),
        ("FROM scratch\nRUN x --mount=from=a/b,target=/u", []),
    ],
)  # fmt: skip
def test_images_are_told_apart_by_what_they_are_for(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str]]
) -> None:
    found = read(tmp_path, text)
    assert not found.gaps
    assert images(found) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARG V=3.12\nFROM python:${V}", f"{PY}@3.12"),
        ("ARG V=3.12\nFROM python:$V", f"{PY}@3.12"),
        ('ARG V="3.12" W=x\nFROM python:$V-$W', f"{PY}@3.12-x"),
        ("ARG V=3\nARG I=python:${V}\nFROM $I", f"{PY}@3"),
        ("FROM python:${V:-3}", f"{PY}@3"),
        ("FROM python:${V-3}", f"{PY}@3"),
        ("ARG V=\nFROM python:${V:-3}", f"{PY}@3"),
        ("ARG V=4\nFROM python:${V:-3}", f"{PY}@4"),
        ("ARG S=1\nFROM python:3${S:+-slim}", f"{PY}@3-slim"),
        ("FROM python:3${S:+-slim}", f"{PY}@3"),
        ("FROM python:${A:-${B:-3}}", f"{PY}@3"),
        # The last word counts, and only words before the first stage.
        ("ARG V=1\nARG V=2\nFROM python:$V", f"{PY}@2"),
        ("ARG V=1\nFROM scratch AS x\nARG V=2\nFROM python:$V", f"{PY}@1"),
        (f"ARG D=@sha256:{SHA}\nFROM python:3$D", f"{PY}@sha256:{SHA}"),
    ],
)
def test_a_variable_is_its_default(tmp_path: Path, text: str, expected: str) -> None:
    found = read(tmp_path, text)
    assert not found.gaps
    assert [str(each.purl) for each in found.components] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "ARG V\nFROM python:${V}",
        "ARG V=1\nARG V\nFROM python:${V}",
        "FROM python:$V",
        "FROM $V",
        "FROM python:${V?}",
        "FROM python:${V:?needed}",
        "ARG V=3.12\nFROM python:${V%.*}",
        "ARG V=3.12\nFROM python:${V",
        "FROM python:${}",
        "FROM scratch\nARG V=1\nFROM python:$V",
        f"ARG D\nFROM python:3@sha256:${{D}}{SHA}",
        "FROM python:${TARGETARCH}",
        "FROM scratch AS arm64\nFROM $TARGETARCH",
        "FROM scratch\nCOPY --from=$X /a /b",
        "FROM scratch\nRUN --mount=from=$X,target=/b b",
        "FROM scratch\nADD https://h.example/$X /b",
        GROWING,
    ],
)  # fmt: skip
def test_what_depends_on_a_variable_is_listed_and_doubted(
    tmp_path: Path, text: str
) -> None:
    found = read(tmp_path, text)
    (component,) = found.components
    assert (component.purl, component.pin) == (None, Pin.FLOATING)
    assert component.artifacts == ()
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.PARTIAL, component.ref)
    assert LOST in gap.reason


def test_a_stage_may_be_chosen_by_the_platform(tmp_path: Path) -> None:
    text = (
        "FROM a:1 AS build-amd64\nFROM b:1 AS build-arm64\nFROM c:1 AS other\n"
        "FROM --platform=$BUILDPLATFORM build-${TARGETARCH}\n"
    )
    found = read(tmp_path, text)
    assert not found.gaps
    assert images(found) == [
        ("pkg:docker/library/a@1", "tag", "base"),
        ("pkg:docker/library/b@1", "tag", "base"),
        ("pkg:docker/library/c@1", "tag", "build"),
    ]


@pytest.mark.parametrize(
    ("text", "purl", "pin"),
    [
        ("ADD https://u:secret@h.example/x.tgz?t=secret /x",
         "pkg:generic/x.tgz?download_url=https://h.example/x.tgz", "tag"),
        (f"ADD --checksum=sha256:{SHA} https://h.example/x.tgz /x",
         (f"pkg:generic/x.tgz?checksum=sha256:{SHA}"
         "&download_url=https://h.example/x.tgz"), "digest"),
        ('ADD ["https://h.example/x.tgz", "/x"]',
         "pkg:generic/x.tgz?download_url=https://h.example/x.tgz", "tag"),
        ("ONBUILD ADD https://h.example/x.tgz /x",
         "pkg:generic/x.tgz?download_url=https://h.example/x.tgz", "tag"),
        ("ARG V=1\nENV W=2\nADD https://h.example/$V.$W /x",
         "pkg:generic/1.2?download_url=https://h.example/1.2", "tag"),
        ("ENV W 2\nADD https://h.example/$W /x",
         "pkg:generic/2?download_url=https://h.example/2", "tag"),
        (f"ADD https://github.com/o/r.git#{COMMIT}:sub /x",
         f"pkg:github/o/r@{COMMIT}", "commit"),
        (f"ADD --checksum={COMMIT} https://github.com/o/r.git#v1 /x",
         f"pkg:github/o/r@{COMMIT}", "commit"),
        ("ADD https://github.com/o/r.git /x", "pkg:github/o/r", "floating"),
        ("ADD git@github.com:o/r.git#v1 /x", "pkg:github/o/r@v1", "tag"),
        (f"ADD https://github.com/o/r.git#x-{COMMIT} /x",
         f"pkg:github/o/r@x-{COMMIT}", "tag"),
        (f"ADD https://github.com/o/r.git#{COMMIT[:7]} /x",
         f"pkg:github/o/r@{COMMIT[:7]}", "tag"),
    ],
)  # fmt: skip
def test_what_is_fetched_is_listed(
    tmp_path: Path, text: str, purl: str, pin: str
) -> None:
    found = read(tmp_path, f"FROM scratch\n{text}\n")
    assert not found.gaps
    (component,) = found.components
    assert component.kind is Kind.BUILD
    said = (str(component.purl).replace("%3A", ":").replace("%2F", "/"), component.pin)
    assert said == (purl, Pin(pin))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no `FROM`"),
        ("RUN x", "has no `FROM`"),
        ("RUN x\nFROM a", "stands before any `FROM`"),
        ("FROM", "names no single image"),
        ("FROM a b", "names no single image"),
        ("FROM a AS b c", "names no single image"),
        ("FROM Python:3", "`Python:3` is not the name of an image"),
        ("FROM python@sha256:abc", "is not the name of an image"),
        (f"FROM python@sha256:{SHA}0", "is not the name of an image"),
        (f"FROM python@sha256:{SHA[:63]}G", "is not the name of an image"),
        (f"FROM {SHA}", "is not the name of an image"),
        ("FROM https://u:secret@h.example/x", "is not the name of an image"),
        ("FROM u:secret@h.example/x", "is not the name of an image"),
        ('FROM ""', "is not the name of an image"),
        ("FROM a\nCOPY --from=1 /x /x", "`1` is no stage before this one"),
        ("FROM a\nCOPY --from=0 /x /x", "`0` is no stage before this one"),
        (f"FROM a\nCOPY --from={'9' * 900} /x /x", "is no stage before this one"),
        ("FROM a\nCOPY --from=B@x /x /x", "is not the name of an image"),
        ("FROM a\nRUN <<EOF\nFROM b", "`<<EOF` never ends"),
        ("# syntax=../x\nFROM scratch", "is not the name of an image"),
        ("FROM a\nADD --checksum=sha256:abc https://h.example/x /x", "`--checksum`"),
        (b"FROM \xff", "not UTF-8"),
        ("FROM a\nRUN x\n" * 501, "more than 500 stages"),
        ("".join(f"ARG A{i}=1\n" for i in range(501)) + "FROM a", "500 variables"),
    ],
)
def test_what_is_wrong_is_a_gap(tmp_path: Path, text: str | bytes, reason: str) -> None:
    found = read(tmp_path, text)
    assert [each.reason for each in found.gaps if reason in each.reason]
    assert all(each.state in {State.UNREADABLE, State.LIMIT} for each in found.gaps)


def test_a_wrong_line_hides_no_other(tmp_path: Path) -> None:
    found = read(tmp_path, "FROM A\nFROM b:1 AS x y\nCOPY --from=C /x /x\nFROM d:1\n")
    assert images(found) == [("pkg:docker/library/d@1", "tag", "base")]
    assert [each.location.line for each in found.gaps] == [1, 2, 3]


def test_a_part_of_a_dockerfile_is_read_all_the_same(tmp_path: Path) -> None:
    found = read(tmp_path, "COPY --from=a:1 / /\nADD https://h.example/x /x\nRUN y")
    assert [each.name for each in found.components] == ["library/a", "x"]
    (gap,) = found.gaps
    assert "has no `FROM`" in gap.reason


def test_a_false_checksum_pins_nothing(tmp_path: Path) -> None:
    text = "FROM scratch\nADD --checksum=sha256:abc https://h.example/x /x"
    (component,) = read(tmp_path, text).components
    assert (component.pin, component.artifacts[0].digests) == (Pin.TAG, ())


def test_the_image_of_a_development_container_is_one(tmp_path: Path) -> None:
    found = read(tmp_path, "FROM a:1", ".devcontainer/Dockerfile")
    assert images(found) == [("pkg:docker/library/a@1", "tag", "development")]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + '"\\' * 300_000,
        "FROM a\nRUN " + "'" * 500_001,
        "FROM a\n" * 100_000,
        "FROM a\nENV " + "a=$a" * 200_000,
        "ARG " + "A=1 " * 200_000 + "\nFROM $A",
        "FROM " + "${a:-" * 200_000,
        "FROM a\nRUN " + "<<a " * 200_000,
        "FROM a\nRUN x \\" + " " * 500_000 + "x",
        "\\\n" * 500_000,
        "FROM a\nADD " + "[" * 500_000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_a_large_file_takes_no_longer_than_it_is_large(
    tmp_path: Path, text: str
) -> None:
    read(tmp_path, text)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | TEXT.map(str.encode))
def test_any_bytes_are_read_or_become_a_gap(tmp_path: Path, data: bytes) -> None:
    for part in (data, b"FROM a\n" + data):
        found = read(tmp_path, part.replace(b"secret", b""))
        assert found.components or found.gaps or b"FROM" in part
