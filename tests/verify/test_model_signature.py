"""Signatures of models: every shape that is in use, and all that is no yes."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import RFC822Name

from mcpchain.bundle import private
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Trust
from mcpchain.errors import MalformedError
from mcpchain.signature import Status, Verification
from mcpchain.verify.model_signature import Given, is_model_signature, look, verify
from tests.world.sigstore.changing import changed, leaves, others
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import SLSA, Minter
from tests.world.sigstore.minting import statement as other_statement
from tests.world.sigstore.models import (
    FILES,
    PrivateCa,
    hint,
    lay,
    resources,
    root_of,
    statement,
)

INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
CA = PrivateCa(INSTANCE.now)
PERSON = Expected(issuer="https://issuer.example", san="models@acme.example")
BY_KEY = Trust(root=ROOT, key=KEY.public_key())
Json = dict[str, Any]


def silent(_: int) -> None:
    """Tell nobody how far it is."""


def signed(payload: bytes | None = None, **shape: Any) -> Json:  # noqa: ANN401 - of Minter
    given: Json = {"instance": INSTANCE, "key": KEY, "managed": True, "entries": ()}
    made = Minter(**(given | shape)).attest(statement() if payload is None else payload)
    if "publicKey" in made["verificationMaterial"]:
        made["verificationMaterial"]["publicKey"] = {"hint": hint(KEY.public_key())}
    return made


def answer(
    folder: Path,
    bundle: Json | None = None,
    trust: Trust = BY_KEY,
    **given: Any,  # noqa: ANN401 - of Given
) -> Verification:
    data = json.dumps(signed() if bundle is None else bundle).encode()
    what = Given(model=look(folder), **given)
    return verify(parse(data, source="model.sig", chains=True), what, trust, silent)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return lay(tmp_path / "llama")


def test_a_key_signs_every_file_of_a_folder(model: Path) -> None:
    found = answer(model)
    assert found.status is Status.VERIFIED, found.reason
    assert [each.id for each in found.checks] == [
        *("signature", "statement", "files", "bytes"),
    ]
    assert found.kind == "model-signature"
    assert found.reason == "every byte of 3 files is what was signed"
    assert (found.notes, bool(found.key)) == ((), True)


def test_a_certificate_of_a_private_authority_proves_no_time(model: Path) -> None:
    bundle = signed()
    bundle["verificationMaterial"] = CA.material(CA.leaf(KEY, ca=True))
    authority = private.load(CA.pem, name="ca.pem", time=INSTANCE.now)
    found = answer(model, bundle, Trust(root=ROOT, authority=authority))
    assert found.status is Status.VERIFIED, found.reason
    assert found.notes == (
        "no time is proven: that its certificate is valid is true of today",
    )
    alone = answer(model, bundle, Trust(root=ROOT))
    assert (alone.status, alone.reason) == (
        Status.UNTRUSTED_IDENTITY,
        "a certificate of a private authority signed it: name that with `--ca`",
    )


@pytest.mark.parametrize(
    "shape",
    [
        {"entries": ("dsse/0.0.1",)},
        {"entries": ("hashedrekord/0.0.2",), "stamped": True},
        {"entries": ("dsse/0.0.1",), "version": "0.2"},
    ],
    ids=str,
)
def test_a_person_signs_without_a_key_of_their_own(shape: Json, model: Path) -> None:
    claims = {1: PERSON.issuer, 8: PERSON.issuer}
    san = RFC822Name(PERSON.san)
    bundle = signed(managed=False, san=san, claims=claims, **shape)
    found = answer(model, bundle, Trust(root=ROOT, expected=PERSON))
    assert found.status is Status.VERIFIED, found.reason
    assert found.times
    other = dataclasses.replace(PERSON, san="evil@acme.example")
    assert (
        answer(model, bundle, Trust(root=ROOT, expected=other)).status
        is Status.UNTRUSTED_IDENTITY
    )
    nobody = answer(model, bundle, Trust(root=ROOT))
    assert nobody.status is Status.UNTRUSTED_IDENTITY


def test_without_a_log_no_certificate_of_sigstore_holds(model: Path) -> None:
    bundle = signed(managed=False)
    found = answer(model, bundle, Trust(root=ROOT, expected=PERSON))
    assert (found.status, found.reason) == (
        Status.INVALID,
        "it is in no transparency log",
    )


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b"])
@pytest.mark.parametrize("shard", [None, 10, 250, 700, 1000])
def test_files_and_shards_are_verified(
    algorithm: str, shard: int | None, model: Path
) -> None:
    listed = resources(FILES, algorithm, shard)
    told: Json = {"hash_type": algorithm}
    if shard:
        told |= {"method": "shards", "shard_size": float(shard)}
    bundle = signed(statement(listed, **told))
    assert answer(model, bundle).status is Status.VERIFIED
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    found = answer(model, bundle)
    assert (found.status, found.reason) == (
        Status.INVALID,
        "other bytes than were signed: `model.safetensors`",
    )


def test_shards_may_have_the_name_of_the_plain_hash_and_come_in_any_order(
    model: Path,
) -> None:
    listed = resources(FILES, shard=100)[::-1]
    for each in listed:
        each["algorithm"] = "sha256"
    bundle = signed(statement(listed, method="shards", shard_size=100))
    assert answer(model, bundle).status is Status.VERIFIED


@pytest.mark.parametrize("shard", [None, 4])
def test_a_model_may_be_one_file(shard: int | None, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF and so on")
    listed = resources({".": file.read_bytes()}, shard=shard)
    told: Json = {"method": "shards", "shard_size": shard} if shard else {}
    bundle = signed(statement(listed, **told))
    assert answer(file, bundle).status is Status.VERIFIED
    link = tmp_path / "link.gguf"
    link.symlink_to(file)
    assert answer(link, bundle).status is Status.VERIFIED
    found = answer(lay(tmp_path / "llama"), bundle)
    assert found.reason == "one file was signed, and this is a folder"
    assert answer(file).reason == "a folder was signed, and this is one file"
    file.write_bytes(b"GGUF and so off")
    assert answer(file, bundle).status is Status.INVALID


def test_a_folder_may_have_another_name_than_its_signer_gave_it(model: Path) -> None:
    assert answer(model.rename(model.with_name("mistral"))).status is Status.VERIFIED


def _swap(file: Path, target: Path | str) -> None:
    file.unlink()
    file.symlink_to(target)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "other bytes": (
        lambda f: (f / "config.json").write_bytes(b'{"model_type": "llamb"}'),
        "other bytes than were signed: `config.json`",
    ),
    "more bytes": (
        lambda f: (f / "config.json").write_bytes(FILES["config.json"] + b" "),
        "other bytes than were signed: `config.json`",
    ),
    "no bytes": (
        lambda f: (f / "config.json").write_bytes(b""),
        "other bytes than were signed: `config.json`",
    ),
    "one file less": (
        lambda f: (f / "config.json").unlink(),
        "`config.json` was signed, and is not there",
    ),
    "one file more": (
        lambda f: (f / "code" / "evil.py").write_bytes(b""),
        "`code/evil.py` was not signed",
    ),
    "one text more": (
        lambda f: (f / "README.md").write_bytes(b"# hi"),
        "`README.md` was not signed",
    ),
    "a hidden file": (
        lambda f: (f / ".env").write_bytes(b"x"),
        "`.env` was not signed",
    ),
    "in what looks like a repository": (
        lambda f: lay(f / ".hg", {"store/x": b"", "requires": b""}),
        "`.hg/requires` was not signed; `.hg/store/x` was not signed",
    ),
    "among installed packages": (
        lambda f: lay(f / "node_modules", {"evil.js": b""}),
        "`node_modules/evil.js` was not signed",
    ),
    "a repository that is not at the top": (
        lambda f: lay(f / "code" / ".git", {"evil.py": b""}),
        "`code/.git/evil.py` was not signed",
    ),
    "what only looks ignored": (
        lambda f: (f / ".gitignore2").write_bytes(b""),
        "`.gitignore2` was not signed",
    ),
    "another case": (
        lambda f: (f / "Config.json").write_bytes(b"{}"),
        "`Config.json` differs only in case or composition from `config.json`, signed",
    ),
    "moved": (
        lambda f: (f / "config.json").rename(f / "code" / "config.json"),
        "`code/config.json` was not signed; `config.json` was signed, and is not there",
    ),
    "a link in its place": (
        lambda f: _swap(f / "config.json", "model.safetensors"),
        "`config.json` is a symbolic link, and none was signed",
    ),
    "a link besides": (
        lambda f: (f / "x.json").symlink_to("config.json"),
        "`x.json` is a symbolic link that was not signed",
    ),
    "a link to a folder": (
        lambda f: (f / "more").symlink_to("code"),
        "`more` is a symbolic link that was not signed",
    ),
    "a pipe": (
        lambda f: os.mkfifo(f / "pipe"),
        "`pipe` is no regular file, and was not signed",
    ),
    "a pipe in its place": (
        lambda f: _pipe(f / "config.json"),
        "`config.json` is no regular file",
    ),
    "a name of no encoding": (
        lambda f: Path(os.fsdecode(os.fsencode(f) + b"/\xff.py")).write_bytes(b""),
        "`%FF.py` was not signed",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_in_which_something_changed_is_invalid(
    change: str, model: Path
) -> None:
    make, reason = CHANGES[change]
    make(model)
    found = answer(model)
    assert (found.status, found.reason) == (Status.INVALID, reason)
    assert not found.checks[-1].ok


def test_a_file_in_shards_that_has_grown_or_shrunk_is_not_even_hashed(
    model: Path,
) -> None:
    told: Json = {"method": "shards", "shard_size": 100}
    bundle = signed(statement(resources(FILES, shard=100), **told))
    file = model / "model.safetensors"
    for data in (file.read_bytes() + b"x", file.read_bytes()[:600]):
        file.write_bytes(data)
        found = answer(model, bundle)
        assert found.reason == (
            f"`model.safetensors` has {len(data)} bytes, and 700 were signed"
        )


def test_of_many_changes_the_first_are_told(model: Path) -> None:
    for n in range(9):
        (model / f"x{n}").write_bytes(b"x")
    assert answer(model).reason == (
        "`x0` was not signed; `x1` was not signed; `x2` was not signed; and 6 more"
    )


def test_what_cannot_be_read_is_an_error_and_no_answer(model: Path) -> None:
    given = Given(model=look(model))
    (model / "config.json").unlink()
    bundle = parse(json.dumps(signed()).encode(), source="b")
    found = verify(bundle, given, BY_KEY, silent)
    assert found.status is Status.ERROR
    assert found.reason.startswith("`config.json`: cannot be read")


def test_what_changes_while_it_is_hashed_is_an_error(model: Path) -> None:
    given = Given(model=look(model))
    (model / "config.json").write_bytes(FILES["config.json"] * 2)
    bundle = parse(json.dumps(signed()).encode(), source="b")
    found = verify(bundle, given, BY_KEY, silent)
    assert (found.status, found.reason) == (
        Status.ERROR,
        "`config.json`: it changed while it was hashed",
    )


def test_what_the_format_never_signs_is_told(model: Path) -> None:
    lay(model / ".git", {"HEAD": b"x", "hooks/evil.py": b""})
    lay(model, {".gitignore": b"", ".gitattributes": b"", ".github/x.yml": b""})
    found = answer(model)
    assert found.status is Status.VERIFIED
    (note,) = found.notes
    assert note == (
        "not signed: no model signature is about `.git`, `.gitattributes`, `.github`, "
        "`.gitignore`"
    )


def test_the_signature_itself_needs_no_signature(model: Path) -> None:
    (model / "model.sig").write_bytes(b"{}")
    assert answer(model).reason == "`model.sig` was not signed"
    found = answer(model, signatures=("model.sig",))
    assert (found.status, found.notes) == (Status.VERIFIED, ())


def left_out(*paths: str) -> Json:
    return signed(statement(ignore_paths=[*paths]))


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (["notes.txt"], "notes.txt"),
        (["docs"], "docs/img/a.png"),
        (["docs/"], "docs/img/a.png"),
        (["./docs"], "docs/img/a.png"),
        (["docs/img", "x"], "docs/img/a.png"),
        (["ignore-me"], "ignore-me"),
    ],
    ids=str,
)
def test_what_its_signer_left_out_is_told_if_nothing_loads_it(
    paths: list[str], name: str, model: Path
) -> None:
    lay(model, {name: b"words"})
    found = answer(model, left_out(*paths))
    assert found.status is Status.VERIFIED, found.reason
    assert found.notes == (f"not signed: its signer left out `{name}`",)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("evil.py", b""),
        ("EVIL.PY", b""),
        ("evil.pyc", b""),
        ("evil.pkl", b""),
        ("pytorch_model.bin", b""),
        ("evil.pt", b""),
        ("evil.so", b""),
        ("evil.so.1.2", b""),
        ("evil.safetensors", b""),
        ("evil.gguf", b""),
        ("generation_config.json", b"{}"),
        ("chat_template.jinja", b""),
        ("evil.sh", b""),
        ("Modelfile", b""),
        ("merges.txt", b""),
        ("weights", b"\x80\x04\x95"),
        ("weights", b"cos\nsystem\n"),
        ("weights", b"PK\x03\x04"),
        ("run", b"#!/bin/sh"),
        ("lib", b"\x7fELF"),
        ("lib.txt", b"MZ"),
    ],
    ids=str,
)
def test_what_a_program_may_load_is_not_left_out_by_a_signer(
    name: str, data: bytes, model: Path
) -> None:
    lay(model, {f"extra/{name}": data})
    found = answer(model, left_out("extra"))
    assert found.status is Status.INVALID
    assert found.reason == (
        f"`extra/{name}` was left out by its signer, and a program may load it "
        "(`--ignore` accepts that)"
    )
    accepted = answer(model, left_out("extra"), ignored=("extra",))
    assert accepted.status is Status.VERIFIED
    assert accepted.notes == (
        f"not signed: `--ignore` leaves out `extra/{name}`",
        f"not signed, and a program may load it: `extra/{name}`",
    )


@pytest.mark.parametrize(
    "path", [".", "", "..", "/", "*", "../llama", "notes", "NOTES"]
)
def test_a_signer_cannot_leave_out_everything(path: str, model: Path) -> None:
    lay(model, {"notes.txt": b"words"})
    found = answer(model, left_out(path))
    assert (found.status, found.reason) == (
        Status.INVALID,
        "`notes.txt` was not signed",
    )


def test_a_signer_leaves_out_no_links_and_no_other_case_of_a_file(model: Path) -> None:
    lay(model, {"docs/a.txt": b"words"})
    (model / "docs" / "b").symlink_to("a.txt")
    assert answer(model, left_out("docs")).reason == (
        "`docs/b` is a symbolic link that was not signed"
    )
    (model / "docs" / "b").unlink()
    (model / "CONFIG.json").write_bytes(b"{}")
    found = answer(model, left_out("docs", "CONFIG.json"), ignored=("CONFIG.json",))
    assert found.reason.startswith("`CONFIG.json` differs only in case or composition")


def test_what_was_signed_is_verified_though_it_is_left_out(model: Path) -> None:
    (model / "config.json").write_bytes(b"{}")
    for found in (
        answer(model, left_out("config.json")),
        answer(model, ignored=("config.json",)),
    ):
        assert found.reason == "other bytes than were signed: `config.json`"


def test_links_are_what_they_lead_to_if_the_signer_allowed_them(model: Path) -> None:
    files = FILES | {"latest.json": FILES["config.json"]}
    bundle = signed(statement(resources(files), allow_symlinks=True))
    link = model / "latest.json"
    link.symlink_to("config.json")
    assert answer(model, bundle).status is Status.VERIFIED
    for target, reason in (
        ("../other.json", "is a symbolic link that leads nowhere, or out of the model"),
        ("/etc/passwd", "is a symbolic link that leads nowhere, or out of the model"),
        ("nothing", "is a symbolic link that leads nowhere, or out of the model"),
        ("code", "is a symbolic link to no regular file"),
    ):
        (model.parent / "other.json").write_bytes(FILES["config.json"])
        _swap(link, target)
        assert answer(model, bundle).reason == f"`latest.json` {reason}"
    _swap(link, "model.safetensors")
    assert answer(model, bundle).reason == (
        "other bytes than were signed: `latest.json`"
    )


def test_shards_leave_out_what_is_empty_and_that_is_told(model: Path) -> None:
    told: Json = {"method": "shards", "shard_size": 100}
    bundle = signed(statement(resources(FILES, shard=100), **told))
    lay(model, {"code/__init__.py": b""})
    found = answer(model, bundle)
    assert found.notes == (
        "not signed: shards leave out what is empty: `code/__init__.py`",
    )
    assert found.status is Status.VERIFIED
    lay(model, {"code/__init__.py": b"#"})
    assert answer(model, bundle).reason == "`code/__init__.py` was not signed"


def _named(name: str, **more: str) -> list[Json]:
    return [*resources(FILES), resources({name: b"x"})[0] | more]


LISTS: dict[str, tuple[bytes, Status, str]] = {
    "nothing": (statement([]), Status.INVALID, "no file is signed"),
    "another digest of all": (
        statement(subject="0" * 64),
        Status.INVALID,
        "is not the digest of the list of files",
    ),
    "a file twice": (
        statement(resources(FILES) + resources(FILES)[:1]),
        Status.INVALID,
        "`code/modeling.py` is signed twice",
    ),
    "another case": (
        statement(_named("CONFIG.json")),
        Status.INVALID,
        "`CONFIG.json` and `config.json` differ only in case",
    ),
    "other letters": (
        statement([*_named("cafe\N{COMBINING ACUTE ACCENT}"), *_named("café")[-1:]]),
        Status.INVALID,
        "differ only in case or in how letters are composed",
    ),
    "up": (statement(_named("../x")), Status.INVALID, "leads out of a folder by `..`"),
    "up within": (statement(_named("a/../x")), Status.INVALID, "by `..`"),
    "absolute": (
        statement(_named("/x")),
        Status.INVALID,
        "is no path within the model",
    ),
    "a drive": (
        statement(_named("C:x")),
        Status.INVALID,
        "is no path within the model",
    ),
    "backslash": (statement(_named("a\\x")), Status.INVALID, "parts folders on some"),
    "not shortest": (statement(_named("a//x")), Status.INVALID, "its shortest form"),
    "a dot": (statement(_named("./x")), Status.INVALID, "its shortest form"),
    "no name": (statement(_named("")), Status.INVALID, "its shortest form"),
    "a zero": (statement(_named("a\0")), Status.INVALID, "holds a zero byte"),
    "one file and others": (
        statement(_named(".")),
        Status.INVALID,
        "`.` is a model of",
    ),
    "another hash": (
        statement(_named("x", algorithm="md5")),
        Status.INVALID,
        "`md5` is not the hash that the signature names",
    ),
    "the hash of shards": (
        statement(_named("x", algorithm="sha256-sharded-None")),
        Status.INVALID,
        "is not the hash that the signature names",
    ),
    "a short digest": (
        statement(_named("x", digest="00")),
        Status.INVALID,
        "is no digest of sha256",
    ),
    "a digest in capitals": (
        statement(_named("x", digest="A" * 64)),
        Status.INVALID,
        "is no digest of sha256",
    ),
    "weak": (statement(hash_type="md5"), Status.UNVERIFIABLE, "with `md5`"),
    "blake3": (
        statement(hash_type="blake3"),
        Status.UNVERIFIABLE,
        "its files are hashed with `blake3`, not read here",
    ),
    "another method": (
        statement(method="tensors"),
        Status.UNVERIFIABLE,
        "its files are listed by `tensors`, not read here",
    ),
    "shards of no size": (
        statement(resources(FILES, shard=100), method="shards"),
        Status.INVALID,
        "is no size of a shard",
    ),
    "shards of nothing": (
        statement(resources(FILES, shard=100), method="shards", shard_size=0),
        Status.INVALID,
        "is no size of a shard",
    ),
    "shards of true": (
        statement(resources(FILES, shard=100), method="shards", shard_size=True),
        Status.INVALID,
        "is no size of a shard",
    ),
    "a shard left out": (
        statement(
            resources({"x": b"x" * 300}, shard=100)[::2],
            method="shards",
            shard_size=100,
        ),
        Status.INVALID,
        "do not follow each other at byte 100",
    ),
    "the first shard left out": (
        statement(
            resources({"x": b"x" * 300}, shard=100)[1:],
            method="shards",
            shard_size=100,
        ),
        Status.INVALID,
        "do not follow each other at byte 0",
    ),
    "shards that overlap": (
        statement(
            [
                resources({"x": b"x" * 200}, shard=100)[0],
                resources({"x": b"x" * 200}, shard=100)[1] | {"name": "x:50:200"},
            ],
            method="shards",
            shard_size=100,
        ),
        Status.INVALID,
        "do not follow each other at byte 100",
    ),
    "shards of another size": (
        statement(
            [
                each | {"algorithm": "sha256"}
                for each in resources({"x": b"x" * 300}, shard=50)
            ],
            method="shards",
            shard_size=100,
        ),
        Status.INVALID,
        "do not follow each other at byte 50",
    ),
    "files as shards": (
        statement(method="shards", shard_size=100),
        Status.INVALID,
        "names no shard",
    ),
    "before 1.0": (
        statement(kind="https://model_signing/Digests/v0.1"),
        Status.UNVERIFIABLE,
        "of a release before 1.0 of the format",
    ),
    "of something else": (
        other_statement(),
        Status.INVALID,
        f"a `{SLSA}` is no model signature",
    ),
    "no JSON": (b"{", Status.INVALID, "not JSON"),
    "links by a word": (
        statement(allow_symlinks="false"),
        Status.INVALID,
        "expected true or false",
    ),
    "a name that is none": (
        statement([resources(FILES)[0] | {"name": None}]),
        Status.INVALID,
        "expected a string",
    ),
}


@pytest.mark.parametrize("flaw", LISTS)
def test_a_list_that_is_not_sound_is_refused(flaw: str, model: Path) -> None:
    payload, status, reason = LISTS[flaw]
    found = answer(model, signed(payload))
    assert (found.status, reason in found.reason) == (status, True), found.reason


def test_two_subjects_are_two_models(model: Path) -> None:
    payload = json.loads(statement())
    payload["subject"] *= 2
    found = answer(model, signed(json.dumps(payload).encode()))
    assert "2 subjects; a model signature has one" in found.reason


def test_another_key_is_said_to_be_another(model: Path) -> None:
    found = answer(model, trust=Trust(root=ROOT, key=OTHER.public_key()))
    assert found.status is Status.INVALID
    assert found.reason == (
        "the signature over the envelope does not hold: it says that a key made it "
        f"whose PEM has the SHA-256 `{hint(KEY.public_key())}`, and that of the one "
        f"you name has `{hint(OTHER.public_key())}`"
    )
    assert answer(model, trust=Trust(root=ROOT)).status is Status.UNTRUSTED_IDENTITY


def test_the_key_in_an_old_bundle_is_nobodys_word(model: Path) -> None:
    bundle = signed(key=OTHER)
    pem = Minter(instance=INSTANCE, key=OTHER, managed=True, entries=()).attest()
    bundle["verificationMaterial"]["publicKey"] = {
        "rawBytes": pem["dsseEnvelope"]["payload"],
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    }
    found = answer(model, bundle)
    assert (found.status, found.reason) == (
        Status.INVALID,
        "the signature over the envelope does not hold",
    )


def test_a_signature_over_bytes_is_none_of_a_model(model: Path) -> None:
    made = Minter(instance=INSTANCE, key=KEY, managed=True, entries=()).sign(b"x")
    found = answer(model, made)
    assert (found.status, found.reason) == (
        Status.INVALID,
        "it signs bytes, and is no model signature",
    )


def test_every_byte_of_what_was_signed_counts(model: Path) -> None:
    payload = statement()
    bundle = signed(payload)
    for at in range(0, len(payload), 7):
        broken = bytearray(payload)
        broken[at] ^= 1
        changed = signed(bytes(broken))
        changed["dsseEnvelope"]["signatures"] = bundle["dsseEnvelope"]["signatures"]
        found = answer(model, changed)
        assert found.status in {Status.INVALID, Status.UNVERIFIABLE}, at


def test_progress_is_the_bytes_of_the_model(model: Path) -> None:
    done: list[int] = []
    bundle = parse(json.dumps(signed()).encode(), source="b")
    verify(bundle, Given(model=look(model)), BY_KEY, done.append)
    assert sum(done) == sum(len(each) for each in FILES.values())


def test_a_model_signature_is_known_by_what_it_says() -> None:
    def known(bundle: Json) -> bool:
        data = json.dumps(bundle).encode()
        return is_model_signature(parse(data, source="b", chains=True))

    assert known(signed())
    assert known(signed(statement(kind="https://model_signing/Digests/v0.1")))
    assert not known(signed(other_statement()))
    assert not known(signed(b"{"))
    assert not known(Minter(instance=INSTANCE).sign())


def test_the_root_is_over_the_digests_in_their_order() -> None:
    listed = resources(FILES)
    raw = b"".join(hashlib.sha256(FILES[each["name"]]).digest() for each in listed)
    assert root_of(listed) == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("mode", ["key", "authority"])
def test_no_field_of_a_signature_changes_unnoticed(mode: str, model: Path) -> None:
    bundle, trust = signed(), BY_KEY
    if mode == "authority":
        bundle["verificationMaterial"] = CA.material(CA.leaf(KEY))
        authority = private.load(CA.pem, name="ca.pem", time=INSTANCE.now)
        trust = Trust(root=ROOT, authority=authority)
    for path, leaf in leaves(bundle):
        for what, value in others(leaf, path, 5):
            try:
                found = answer(model, changed(bundle, path, value), trust)
            except MalformedError:
                continue
            assert found.status is not Status.ERROR, (path, what)
            # The hint is no reason to believe anything: the user names the key.
            assert not found or path[-1] == "hint", (path, what)
