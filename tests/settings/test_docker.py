"""Logins to registries of images, as Docker keeps them; no program is run for one."""

import base64
import json
from pathlib import Path

import pytest

from mcpchain.settings.docker import DockerSettings, Login, load

PAIR = base64.b64encode(b"me:pass:word").decode()
ME = {"user": "me", "password": "pass:word"}


def settings(home: Path, document: object) -> DockerSettings:
    folder = home / ".docker"
    folder.mkdir(exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / "config.json").write_text(text)
    return load({}, home)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("registry.example", "registry.example"),
        ("registry.example:5000", "registry.example:5000"),
        ("https://registry.example", "registry.example"),
        ("https://registry.example/v1/", "registry.example"),
        ("REGISTRY.example/v2/", "registry.example"),
        ("http://127.0.0.1:5000", "127.0.0.1:5000"),
        ("https://index.docker.io/v1/", "docker.io"),
    ],
)
def test_a_login_is_of_a_host_however_it_is_written(
    address: str, host: str, tmp_path: Path
) -> None:
    found = settings(tmp_path, {"auths": {address: {"auth": PAIR}}})
    assert found.login(host) == Login(host=host, **ME)
    assert found.login(f"evil-{host}") is None
    assert found.login(f"{host}.evil.example") is None


def test_a_login_to_docker_hub_is_presented_where_it_answers(tmp_path: Path) -> None:
    auths = {"https://index.docker.io/v1/": {"auth": PAIR}}
    found = settings(tmp_path, {"auths": auths})
    assert found.login("registry-1.docker.io") == Login(host="docker.io", **ME)


def test_docker_config_names_another_folder(tmp_path: Path) -> None:
    settings(tmp_path, {"auths": {"a.example": {"auth": PAIR}}})
    elsewhere = {"DOCKER_CONFIG": str(tmp_path / ".docker")}
    assert load(elsewhere, tmp_path / "nobody").login("a.example")


def test_without_a_file_there_is_no_login_and_no_reason(tmp_path: Path) -> None:
    found = load({}, tmp_path)
    assert found == DockerSettings()
    assert found.why_not("registry.example") == ""


def test_a_token_of_the_registry_counts_for_more_than_a_password(
    tmp_path: Path,
) -> None:
    entry = {"auth": PAIR, "registrytoken": "t0ken"}
    found = settings(tmp_path, {"auths": {"a.example": entry}})
    assert found.login("a.example") == Login(host="a.example", token="t0ken")  # noqa: S106 - none


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"credsStore": "desktop"}, "`docker-credential-desktop`, which is not run"),
        ({"credHelpers": {"a.example": "x"}}, "`docker-credential-x`, which is not"),
        (
            {"credHelpers": {"a.example": "x"}, "credsStore": "desktop"},
            "`docker-credential-x`",
        ),
        ({"auths": {"a.example": {"identitytoken": "x"}}}, "an identity token"),
        ("{", "`config.json`: not JSON"),
        ({"auths": {"a.example": {"auth": "???"}}}, "is not base64 of text"),
        ({"auths": {"a.example": {"auth": "bWU="}}}, "holds no user name and password"),
        ({"auths": []}, "/auths"),
        ({"auths": {"a.example": {"auth": 1}}}, "its login in `config.json` cannot"),
        ([], "`config.json`"),
    ],
    ids=str,
)
def test_a_login_that_cannot_be_read_says_why(
    document: object, reason: str, tmp_path: Path
) -> None:
    found = settings(tmp_path, document)
    assert found.login("a.example") is None
    assert reason in found.why_not("a.example")


def test_a_helper_for_one_host_is_that_of_no_other(tmp_path: Path) -> None:
    document = {
        "credHelpers": {"a.example": "x"},
        "auths": {"a.example": {"auth": PAIR}, "b.example": {"auth": PAIR}},
    }
    found = settings(tmp_path, document)
    assert found.login("a.example") is None
    assert found.login("b.example")
    assert found.why_not("b.example") == ""


def test_entries_that_a_program_keeps_are_empty_and_no_logins(tmp_path: Path) -> None:
    document = {"auths": {"a.example": {}}, "credsStore": "pass"}
    found = settings(tmp_path, document)
    assert found.logins == ()
    assert "docker-credential-pass" in found.why_not("a.example")


def test_one_login_that_cannot_be_read_spoils_no_other(tmp_path: Path) -> None:
    document = {"auths": {"a.example": {"auth": "?"}, "b.example": {"auth": PAIR}}}
    found = settings(tmp_path, document)
    assert found.login("a.example") is None
    assert found.login("b.example")


def test_no_helper_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "docker-credential-trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    settings(tmp_path, {"credsStore": "trap"}).login("a.example")
    assert not (tmp_path / "sprung").exists()


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    found = settings(tmp_path, {"auths": {"a.example": {"auth": PAIR}}})
    assert "pass:word" not in repr(found)
    assert PAIR not in repr(found)
