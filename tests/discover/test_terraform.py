import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover import survey
from mcpchain.discover.terraform import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import File, Tree

SHA, OTHER = "a" * 64, "b" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SUM = "h1:" + base64.b64encode(b"x" * 32).decode()
LOCK = ".terraform.lock.hcl"
HOST = "registry.example"
TEXT = st.text(alphabet='provider module "x" {}[]=,\n#$source<-', max_size=200)
Files = dict[str, str | bytes]


def read(folder: Path, files: Files) -> Inventory:
    for name, each in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each if isinstance(each, bytes) else each.encode())
    found = survey(Tree(folder), name="x", discoverers=[DISCOVERER])
    assert "secret" not in repr(found)
    return found


def locked(
    address: str = f"{HOST}/acme/cloud", version: str = '"5.1.0"', hashes: str = ""
) -> str:
    lines = f"  version = {version}\n" if version else ""
    return f'provider "{address}" {{\n{lines}  hashes = [{hashes}]\n}}\n'


def module(source: str, more: str = "") -> str:
    return f'module "m" {{\n  source = "{source}"\n{more}}}\n'


def required(entry: str) -> str:
    return f"terraform {{\n  required_providers {{\n    {entry}\n  }}\n}}\n"


def said(found: Inventory) -> list[tuple[str, str, str]]:
    return sorted(
        (str(each.purl or each.name), each.pin.value if each.pin else "",
         each.requested)
        for each in found.components
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (LOCK, True),
        ("infra/main.tf", True),
        ("infra/main.tofu", True),
        (".terraform/modules/x/main.tf", False),
        ("x.tfvars", False),
        ("x.hcl", False),
    ],
)
def test_wants_locks_and_configurations(path: str, *, wanted: bool) -> None:
    assert DISCOVERER.wants(File(tree=Tree(Path()), path=path)) is wanted


def test_a_locked_provider_has_the_digests_of_its_archives(tmp_path: Path) -> None:
    text = (
        "# This file is maintained automatically\n\n"
        f'provider "{HOST}/acme/cloud" {{\n  version     = "5.1.0"\n'
        f'  constraints = "~> 5.0"\n  hashes = [\n    "{SUM}",\n'
        f'    "zh:{OTHER}",\n    "zh:{SHA}",\n  ]\n}}\n'
    )
    found = read(tmp_path, {LOCK: text})
    (component,) = found.components
    assert not found.gaps
    assert component == Component(
        kind=Kind.BUILD,
        name="acme/cloud",
        version="5.1.0",
        purl=component.purl,
        pin=Pin.EXACT,
        requested="~> 5.0",
        # The sum of a folder is no digest of a file.
        artifacts=(
            Artifact(digests=(Digest.of("sha256", SHA),)),
            Artifact(digests=(Digest.of("sha256", OTHER),)),
        ),
        facts=BuildFacts(role=Role.PROVIDER, registry=f"https://{HOST}"),
        locations=(Location(path=LOCK, line=3),),
    )
    purl = f"pkg:terraform/acme/cloud@5.1.0?repository_url={HOST}"
    assert str(component.purl) == purl


@pytest.mark.parametrize(
    ("text", "reason", "pin"),
    [
        (locked(version=""), "has no version that is one", "floating"),
        (locked(version='"~> 5.0"'), "has no version that is one", "floating"),
        (locked(version='"latest"'), "has no version that is one", "floating"),
        (locked(version='"5.1"'), "has no version that is one", "floating"),
        (locked(version='"${v}"'), "has no version that is one", "floating"),
        (locked(version='"5.1.0"\nversion = "5.2.0"'), "has no version", "floating"),
        (locked(hashes=f'"zh:{SHA[1:]}"'), "is no digest of a provider", "exact"),
        (locked(hashes=f'"zh:{SHA.upper()}"'), "is no digest of a provider", "exact"),
        (locked(hashes='"h1:abc"'), "is no digest of a provider", "exact"),
        (locked(hashes=f'"h2:{SHA}"'), "is no digest of a provider", "exact"),
        (locked(hashes="var.x"), "is no digest of a provider", "exact"),
        (locked() + locked(version='"6.0.0"'), "is locked twice", "exact"),
        (locked() + "x {}", "`x` is nothing that locks have", "exact"),
        (locked() + "x", "neither a block nor an attribute", "exact"),
    ],
)
def test_a_lock_that_is_wrong_in_part_is_read_in_part(
    tmp_path: Path, text: str, reason: str, pin: str
) -> None:
    found = read(tmp_path, {LOCK: text})
    (component,) = found.components
    assert component.pin is Pin(pin)
    assert (component.version is None) is (pin == "floating")
    assert component.artifacts == ()
    (gap,) = found.gaps
    assert reason in gap.reason
    assert gap.state is State.UNREADABLE
    assert gap.location.line


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (locked("acme/cloud"), "is not the address of a provider"),
        (locked("https://u:secret@h.example/a/b"), "is not the address of a provider"),
        (locked(f"{HOST}/../b"), "is not the address of a provider"),
        ("provider {\n}", "is not the address of a provider"),
        (f'provider "{HOST}/a/b" "c" {{\n}}', "is not the address of a provider"),
        ("{", "no name of a block"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_lock_of_nothing_is_a_gap(
    tmp_path: Path, text: str | bytes, reason: str
) -> None:
    found = read(tmp_path, {LOCK: text})
    assert not found.components
    (gap,) = found.gaps
    assert reason in gap.reason


GIT = "git::https://u:secret@h.example/o/r.git"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (module("a/vpc/aws", '  version = "5.1.0"\n'),
         [("pkg:terraform/a/vpc/aws@5.1.0", "exact", "")]),
        (module("a/vpc/aws//sub", '  version = "= v5.1.0"\n'),
         [("pkg:terraform/a/vpc/aws@5.1.0", "exact", "")]),
        (module("a/vpc/aws", '  version = "~> 5.1"\n'),
         [("pkg:terraform/a/vpc/aws", "range", "~> 5.1")]),
        (module("a/vpc/aws", '  version = "5.1"\n'),
         [("pkg:terraform/a/vpc/aws", "range", "5.1")]),
        (module("a/vpc/aws", '  version = "5.1.0, 5.2.0"\n'),
         [("pkg:terraform/a/vpc/aws", "range", "5.1.0, 5.2.0")]),
        (module("a/vpc/aws"), [("pkg:terraform/a/vpc/aws", "floating", "")]),
        (module(f"{HOST}/a/vpc/aws"),
         [(f"pkg:terraform/a/vpc/aws?repository_url={HOST}", "floating", "")]),
        (module(f"github.com/o/r//sub?ref={COMMIT}"),
         [(f"pkg:github/o/r@{COMMIT}", "commit", "")]),
        (module("git::https://github.com/o/r.git?ref=v1&depth=1"),
         [("pkg:github/o/r@v1", "tag", "v1")]),
        (module("git@github.com:o/r.git?ref=main"),
         [("pkg:github/o/r@main", "tag", "main")]),
        (module("git::ssh://git@github.com/o/r"),
         [("pkg:github/o/r", "floating", "")]),
        (module(f"{GIT}//sub?ref=v1"),
         [("pkg:generic/r?vcs_url=git%2Bhttps://h.example/o/r.git%40v1", "tag", "v1")]),
        (module(f"github.com/o/r?ref={COMMIT[:8]}"),
         [(f"pkg:github/o/r@{COMMIT[:8]}", "tag", COMMIT[:8])]),
        (module("https://u:secret@h.example/x.zip//sub?archive=zip"),
         [("pkg:generic/x.zip?download_url=https://h.example/x.zip", "tag",
           "https://h.example/x.zip")]),
        (module(f"https://h.example/x.zip?checksum=sha256:{SHA}"),
         [((f"pkg:generic/x.zip?checksum=sha256:{SHA}"
           "&download_url=https://h.example/x.zip"), "digest", "")]),
        (module(f"https://h.example/x.zip?checksum=md5:{'a' * 32}"),
         [("pkg:generic/x.zip?download_url=https://h.example/x.zip", "tag",
           "https://h.example/x.zip")]),
        (module("./own") + module("../own"), []),
        # Providers that no lock names.
        (required('cloud = { source = "acme/cloud", version = "~> 5.0" }'),
         [("pkg:terraform/acme/cloud", "range", "~> 5.0")]),
        (required('cloud = {\n source = "acme/cloud"\n version = "5.1.0"\n }'),
         [("pkg:terraform/acme/cloud@5.1.0", "exact", "")]),
        (required('aws = ">= 1"'), [("pkg:terraform/hashicorp/aws", "range", ">= 1")]),
        (required("aws = {}"), [("pkg:terraform/hashicorp/aws", "floating", "")]),
        (required(f'x = {{ source = "{HOST}/a/b", configuration_aliases = [x.y] }}'),
         [(f"pkg:terraform/a/b?repository_url={HOST}", "floating", "")]),
        # What is no module.
        (('resource "module" "x" {\n  module = { source = "a/evil/aws" }\n}\n'
         '# module "y" { source = "a/evil/aws" }\n'
         'locals {\n  x = <<EOT\nmodule "z" {\n  source = "a/evil/aws"\n}\nEOT\n}\n'),
         []),
        ("", []),
    ],
)  # fmt: skip
def test_what_a_configuration_asks_for_is_listed(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str]]
) -> None:
    found = read(tmp_path, {"main.tf": text})
    assert not found.gaps
    plain = [(a.replace("%3A", ":").replace("%2F", "/"), b, c)
             for a, b, c in said(found)]  # fmt: skip
    assert plain == expected


@pytest.mark.parametrize(
    ("name", "source", "answered"),
    [
        (LOCK, "acme/cloud", True),
        (f"../{LOCK}", "Acme/Cloud", True),
        (LOCK, f"{HOST}/acme/cloud", True),
        (LOCK, "evil.example/acme/cloud", False),
        (LOCK, "acme/other", False),
        (f"other/{LOCK}", "acme/cloud", False),
    ],
)
def test_a_provider_that_is_asked_for_is_answered_by_the_lock(
    tmp_path: Path, name: str, source: str, *, answered: bool
) -> None:
    asked = required(f'cloud = {{ source = "{source}" }}')
    lock = f'/*\nprovider "{HOST}/acme/other" {{\n}}\n*/\n{locked()}'
    path = f"infra/{name}".replace("infra/../", "")
    found = read(tmp_path, {path: lock, "infra/main.tf": asked})
    pins = [each.pin for each in found.components]
    assert pins.count(Pin.EXACT) == 1
    assert pins.count(Pin.FLOATING) == (not answered)


@pytest.mark.parametrize(
    "text",
    [
        module("${var.source}"),
        'module "m" {\n  source = var.source\n}\n',
        'module "m" {\n  source = ["a/b/c"]\n}\n',
        module("a/b/c", "  version = var.version\n"),
        module("a/b/c", '  version = "${var.major}.0.0"\n'),
        required("x = var.x"),
        required("x = { source = var.x }"),
        required('x = { source = "a/b", version = local.v }'),
    ],
)
def test_what_has_to_be_computed_is_listed_and_doubted(
    tmp_path: Path, text: str
) -> None:
    found = read(tmp_path, {"main.tf": text})
    (component,) = found.components
    assert (component.purl, component.pin) == (None, Pin.FLOATING)
    (gap,) = found.gaps
    assert (gap.state, gap.ref) == (State.PARTIAL, component.ref)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('module "m" {\n}\n', "has no source, or has it twice"),
        (module("a/b/c", '  source = "d/e/f"\n'), "has no source, or has it twice"),
        (module("s3::https://u:secret@h.example/x.zip"), "a place that is not read"),
        (module("/home/secret/x"), "a place that is not read"),
        (required('x = { source = "a/b/c/d" }'), "is not the address of a provider"),
        (required('x = "1"\nx = "2"'), "is required twice"),
        ('module "m" {', "a block that never ends"),
    ],
)
def test_what_is_wrong_is_a_gap(tmp_path: Path, text: str, reason: str) -> None:
    found = read(tmp_path, {"main.tf": text})
    assert not found.components
    assert [each for each in found.gaps if reason in each.reason]


def test_a_false_checksum_pins_nothing(tmp_path: Path) -> None:
    text = module("https://h.example/x.zip?checksum=sha256:abc")
    found = read(tmp_path, {"main.tf": text})
    assert [each.pin for each in found.components] == [Pin.TAG]
    assert [each.state for each in found.gaps] == [State.UNREADABLE]


def test_many_configurations_read_their_lock_once(tmp_path: Path) -> None:
    lock = "".join(locked(f"{HOST}/acme/p{i}") for i in range(2_000))
    files: Files = {f"m{i}.tf": required(f'p{i} = {{ source = "acme/p{i}" }}')
                    for i in range(300)}  # fmt: skip
    found = read(tmp_path, {LOCK: lock, **files})
    assert len(found.components) == 2_000


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | TEXT.map(str.encode))
def test_any_bytes_are_read_or_become_a_gap(tmp_path: Path, data: bytes) -> None:
    read(tmp_path, {LOCK: data, "main.tf": data})
