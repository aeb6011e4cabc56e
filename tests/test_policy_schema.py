"""The JSON Schema of a policy accepts and refuses what the reader does."""

import copy
import functools
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.errors import PolicyError
from mcpchain.pipeline.policies import shipped
from mcpchain.policy.reading import KEYS, Around, Base, parse
from mcpchain.policy.schema import schema
from mcpchain.policy.waivers import KEYS as WAIVER_KEYS
from mcpchain.strict_yaml import load
from tests.making import TODAY

BASE = b"apiVersion: mcpchain/policy/v1\nname: base\nrules: {gap: deny}\n"
EXTENDING: dict[str, Any] = {
    "apiVersion": "mcpchain/policy/v1",
    "name": "acme",
    "extends": {
        "file": "base.yaml",
        "sha256": hashlib.sha256(BASE).hexdigest(),
        "git": "https://git.example/policies",
        "commit": "b" * 40,
    },
    "rules": None,
    "publishers": [
        {"packages": ["pkg:oci/x?repository_url=registry.example/x"], "key": "a.pub"}
    ],
}
EVERYTHING: dict[str, Any] = {
    "apiVersion": "mcpchain/policy/v1",
    "name": "acme",
    "expires": "2031-01-31",
    "extended-by": {"may-loosen": ["waivers", "gap"]},
    "defaults": {"offline": "warn", "errors": "deny"},
    "rules": {
        "gap": "deny",
        "unpinned-server": {"level": {"floating": "deny", "other": "warn"}},
        "fresh-release": {"level": "warn", "min-age": "72h"},
        "low-build-level": {"min-level": 2},
        "unpinned-dependency": [
            {
                "level": "allow",
                "scope": {
                    "kinds": ["library"],
                    "packages": ["pkg:pypi/acme-*"],
                    "paths": ["tests/"],
                    "stages": ["dev"],
                },
            },
            {"level": "warn"},
        ],
        "withdrawn-release": {
            "level": {
                "yanked": "deny",
                "deprecated": "warn",
                "quarantined": "deny",
                "missing": "deny",
            }
        },
    },
    "registries": ["https://packages.example/simple", "conda:conda-forge"],
    "licenses": {"allow": ["MIT"], "deny": ["AGPL-3.0-only"]},
    "publishers": [
        {
            "packages": ["pkg:pypi/acme-*"],
            "repository": "acme/files",
            "workflow": "release.yml",
            "ref": "refs/tags/v*",
            "runner": "github-hosted",
            "trigger": "push",
            "repository-id": 12,
            "owner-id": "34",
        },
        {
            "packages": ["pkg:pypi/models"],
            "identity": "release@acme.example",
            "issuer": "https://accounts.example",
        },
    ],
    "signatures": {
        "second-opinion": "off",
        "self-hosted-runners": False,
        "isolating-workflows": [
            f"https://github.com/o/r/.github/workflows/w.yml@{'a' * 40}"
        ],
    },
    "advisories": {"max-age": "7d"},
    "verifiers": [{"id": "https://gate.example", "repository": "acme/gate"}],
    "stages": {
        "dev": {"enforce": "block"},
        "production": {
            "enforce": "block",
            "rules": {"gap": "deny", "fresh-release": {"other": "deny"}},
            "requires": {
                "stage": "dev",
                "verifier": "https://gate.example",
                "max-age": "7d",
            },
        },
    },
    "limits": {
        "max-waiver-days": 90,
        "max-waivers": 20,
        "approvers": True,
        "unwaivable": ["malicious-release"],
    },
    "waivers": [
        {
            "rule": "known-vulnerability",
            "purl": "pkg:npm/files@1.2.0",
            "variant": "high",
            "advisory": "CVE-2030-1",
            "reason": "never called",
            "owner": "a",
            "approver": "b",
            "expires": "2030-01-31",
            "until": "fixed",
            "stages": ["dev"],
        },
        {
            "rule": "gap",
            "variant": "missing",
            "purl": "pkg:npm/files@1.2.0",
            "reason": "ours",
            "owner": "a",
            "approver": "b",
            "expires": "2030-01-31",
        },
    ],
    "controls": {"unpinned-server": ["owasp-mcp:MCP04", "slsa:Build L1"]},
    "custom": [
        {
            "id": "acme-only",
            "expr": "component.kind != 'mcp-server'",
            "message": "of acme",
            "hint": "ask",
            "level": "warn",
            "scope": {"kinds": ["mcp-server"]},
        }
    ],
}
Path = tuple[str | int, ...]
GONE, MISSPELT = object(), object()
VALUES: list[object] = [
    None,
    7,
    "x",
    "",
    [],
    {},
    True,
    ["x"],
    {"x": "x"},
    "deny",
    "2030-01-31",
]
"""What may stand in the place of something else."""


BEYOND = (
    *("is no stage here", "has no `stages`", "are no `verifiers`", "is no licence of"),
    *("has no `scope`", "is no rule here", "names no `approver`", "max-waiver-days"),
    *("undeclared reference", "is no condition", "holds no public key"),
    *("has the SHA-256", "cannot be read"),
)
"""What the reader asks for, and no schema can: how parts of a file hang together, and
what words mean."""


class Folder:
    """A policy and a key beside the one that is read, and in a repository."""

    def key(self, name: str) -> bytes:
        if name != "a.pub":
            raise FileNotFoundError(2, "No such file or directory")
        return PUBLIC

    def base(self, base: Base) -> tuple[bytes, str, Around]:
        if base.file != "base.yaml":
            raise FileNotFoundError(2, "No such file or directory")
        return BASE, base.file, self


PUBLIC = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)


@functools.cache
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema())


def problem(document: object) -> str:
    """Return what the reader says of it; empty: it is a policy."""
    try:
        data = json.dumps(document).encode()
        parse(data, source="p.yaml", around=Folder(), today=TODAY)
    except PolicyError as error:
        return str(error)
    return ""


def agree(document: object) -> None:
    accepted, said = validator().is_valid(document), problem(document)
    if accepted:
        assert not said or any(each in said for each in BEYOND), said
    else:
        assert said


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    if at:
        yield at
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, each in entries:
        yield from paths(each, (*at, key))


def changed(document: Any, path: Path, value: object) -> Any:  # noqa: ANN401 - JSON
    """Return *document* with another value, or without the old, or misspelt."""
    document = at = copy.deepcopy(document)
    for step in path[:-1]:
        at = at[step]
    last = path[-1]
    if value is MISSPELT:
        at[f"{last}x"] = at.pop(last)
    elif value is GONE:
        at.pop(last)
    else:
        at[last] = copy.deepcopy(value)
    return document


WAYS = [(each, path) for each in (EVERYTHING, EXTENDING) for path in paths(each)]


@pytest.mark.parametrize("document", [EVERYTHING, EXTENDING], ids=["all", "extending"])
def test_both_accept_a_policy_with_every_key(document: dict[str, Any]) -> None:
    assert problem(document) == ""
    assert validator().is_valid(document)


def test_the_policy_with_every_key_has_every_key() -> None:
    assert EVERYTHING.keys() | EXTENDING.keys() == KEYS
    assert EVERYTHING["waivers"][0].keys() == WAIVER_KEYS
    assert schema()["properties"].keys() == KEYS
    jsonschema_rs.meta.validate(schema())


@pytest.mark.parametrize(
    ("document", "path"), WAYS, ids=["-".join(map(str, path)) for _, path in WAYS]
)
def test_both_say_the_same_of_any_other_value(
    document: dict[str, Any], path: Path
) -> None:
    for value in VALUES:
        agree(changed(document, path, value))
    agree(changed(document, path, GONE))
    if isinstance(path[-1], str):
        misspelt = changed(document, path, MISSPELT)
        agree(misspelt)
        # Of stages and rules of its own, a policy chooses the names.
        named_by_itself = path[:-1] in {("stages",), ("controls",)}
        assert named_by_itself or not validator().is_valid(misspelt)


@given(
    st.sampled_from(WAYS), st.sampled_from(WAYS), st.sampled_from(VALUES), st.booleans()
)
def test_both_say_the_same_of_two_changes(
    one: tuple[dict[str, Any], Path],
    other: tuple[dict[str, Any], Path],
    value: object,
    gone: bool,  # noqa: FBT001 - Hypothesis gives it by place
) -> None:
    document = changed(*one, value)
    try:
        document = changed(document, other[1], GONE if gone else value)
    except (KeyError, IndexError, TypeError, AttributeError):
        return  # the first change took it away
    agree(document)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_shipped_policies_fit_the_schema_that_they_name(name: str) -> None:
    path = shipped()[name]
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first == "# yaml-language-server: $schema=policy.schema.json"
    written = json.loads((path.parent / "policy.schema.json").read_bytes())
    assert written == schema(), (
        "run: mcpchain policy schema -o policies/policy.schema.json"
    )
    document = load(path.read_bytes(), source=name).value
    assert validator().is_valid(document)
