"""The user's logins to registries of images: `config.json` of Docker.

Programs that keep logins elsewhere (`credsStore`, `credHelpers`) are never run: the
registry is asked without a login, and if it wants one, that is why there is none.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mcpchain import image
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.settings.problem import Problem, read

_NAME: Final = "config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What to present at one host."""

    host: str
    """As `image.canonical` writes it, with its port."""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """Presented to the registry itself, in place of one that it gives out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerSettings:
    """Whom the user is at which registry."""

    logins: tuple[Login, ...] = ()
    kept_elsewhere: tuple[tuple[str, str], ...] = ()
    """(host, why its login cannot be read); an empty host is every other one."""

    def login(self, host: str) -> Login | None:
        """Return the login for *host*, if there is one to be read."""
        host = image.canonical(host)
        return next((e for e in self.logins if e.host == host), None)

    def why_not(self, host: str) -> str:
        """Say why there is no login for *host*; empty if none is configured."""
        reasons = dict(reversed(self.kept_elsewhere))
        return reasons.get(image.canonical(host), reasons.get("", ""))


def load(environ: Mapping[str, str], home: Path) -> DockerSettings:
    """Read `config.json` of the folder that DOCKER_CONFIG names, or of `~/.docker`.

    What cannot be read is the reason why there is no login.
    """
    named = environ.get("DOCKER_CONFIG")
    problems: list[Problem] = []
    text = read((Path(named) if named else home / ".docker") / _NAME, problems)
    logins: list[Login] = []
    elsewhere: list[tuple[str, str]] = []
    try:
        node = Node.from_json((text or "{}").encode(), source=_NAME)
        elsewhere += _helpers(node)
        for address, entry in node.at("auths").items():
            host = _host(address)
            try:
                _add(host, entry, logins, elsewhere)
            except MalformedError as error:
                reason = f"its login in `{_NAME}` cannot be read: {error.problem}"
                elsewhere.append((host, reason))
    except MalformedError as error:
        place = f"{error.pointer}: " if error.pointer else ""
        problems.append(Problem(where=_NAME, reason=f"{place}{error.problem}"))
    elsewhere += (("", f"`{each.where}`: {each.reason}") for each in problems)
    named_hosts = {host for host, _ in elsewhere if host}
    return DockerSettings(
        logins=tuple(each for each in logins if each.host not in named_hosts),
        kept_elsewhere=tuple(elsewhere),
    )


def _helpers(node: Node) -> Iterator[tuple[str, str]]:
    for address, helper in node.at("credHelpers").items():
        yield _host(address), _by_program(helper.text())
    store = node.at("credsStore").optional_text()
    if store:
        yield "", _by_program(store)


def _by_program(name: str) -> str:
    return (
        f"its login is kept by the program `docker-credential-{name[:80]}`, which is "
        "not run; `docker login` without a credential store keeps it in `config.json`"
    )


def _add(
    host: str,
    entry: Node,
    logins: list[Login],
    elsewhere: list[tuple[str, str]],
) -> None:
    """Read one entry of `auths`, which is empty where a program keeps the login."""
    if token := entry.at("registrytoken").optional_text():
        logins.append(Login(host=host, token=token))
    elif entry.at("identitytoken").optional_text():
        reason = "its login is an identity token, which is not read: use a password"
        elsewhere.append((host, reason))
    elif pair := entry.at("auth").optional_text():
        user, colon, password = _decoded(entry.at("auth"), pair).partition(":")
        if not colon:
            raise entry.at("auth").malformed("holds no user name and password")
        login = Login(host=host, user=user, password=password.rstrip("\0"))
        logins.append(login)


def _decoded(node: Node, text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise node.malformed("is not base64 of text") from None


def _host(address: str) -> str:
    """Return the host of an entry: `https://host/v1/`, `host/path` and `host` alike.

    That of Docker Hub is called as its images are.
    """
    host = address.partition("://")[2].partition("/")[0] or address.partition("/")[0]
    return image.canonical(host)
