"""The roots that come with mcpchain are those of their owners."""

import datetime as dt
import hashlib
import importlib.metadata
import json
from pathlib import Path

import pytest

from mcpchain import trust
from mcpchain.bundle.root import parse


def test_every_file_is_recorded_with_its_digest_date_and_origin() -> None:
    assert [each.name for each in trust.shipped()] == [
        "npm",
        "sigstore",
        "sigstore.tuf",
    ]
    for each in trust.shipped():
        assert hashlib.sha256(each.data).hexdigest() == each.sha256
        assert each.origin
        assert each.age(each.date + dt.timedelta(days=9)) == 9


def test_no_file_lies_there_that_is_not_recorded() -> None:
    folder = Path(trust.__file__).parent / "data"
    recorded = json.loads((folder / "index.json").read_bytes())
    assert {each.name for each in folder.iterdir()} == {*recorded, "index.json"}


def test_the_public_root_is_that_of_sigstore_itself() -> None:
    theirs = {
        hashlib.sha256(each.read_binary()).hexdigest()
        for each in importlib.metadata.files("sigstore") or ()
        if each.name == "trusted_root.json"
    }
    assert trust.find("sigstore").sha256 in theirs


def test_the_public_root_knows_logs_and_authorities() -> None:
    root = trust.public_root()
    assert root == parse(trust.find("sigstore").data, name="sigstore")
    assert len(root.logs) >= 2
    assert root.ct_logs
    assert root.authorities
    assert root.timestamp_authorities


def test_another_name_is_none() -> None:
    with pytest.raises(KeyError):
        trust.find("evil")
