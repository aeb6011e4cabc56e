"""Who asks a registry: tokens that it gives out, anonymously or to a user.

A registry answers 401 and says where its tokens are had (distribution, token
specification). What it says is believed only if the registry itself has said it: who
stands behind a redirect would else be handed the user's password.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mcpchain.address import Credential, is_http, is_loopback, origin, plain
from mcpchain.errors import MalformedError
from mcpchain.fetch import ChallengeError, Fetcher, FetchError, Request, unreadable
from mcpchain.inventory import State
from mcpchain.settings.docker import DockerSettings, Login

_BEARER: Final = re.compile(r"(?:^|,)\s*Bearer\s+(.*)", re.IGNORECASE | re.DOTALL)
_BASIC: Final = re.compile(r"(?:^|,)\s*Basic(?:\s|$)", re.IGNORECASE)
_PARAMETER: Final = re.compile(r'\s*([a-z_]{1,40})="([^"\\]{0,2000})"\s*(?:,|$)')
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,65536}")
_LIMIT: Final = 1 << 20


def answer(
    error: ChallengeError,
    *,
    base: str,
    repository: str,
    fetcher: Fetcher,
    settings: DockerSettings,
) -> Credential:
    """Return what to present at the registry that answered with *error*.

    Args:
        error: The answer.
        base: The address of the registry, without `/v2/`.
        repository: The path of the repository, for which a token to read is asked.
        fetcher: The network.
        settings: The user's logins.

    Raises:
        FetchError: There is nothing to present, or no token is given out.
    """
    if origin(error.url) != origin(base):
        raise error
    host = urlsplit(base).netloc
    login, scope = settings.login(host), f"{base}/v2/{repository}/"
    if login and login.token:
        return Credential(scope=scope, header=f"Bearer {login.token}")
    bearer = _BEARER.search(error.challenge)
    if bearer:
        asked = _parameters(bearer[1])
        token = _token(asked, base, repository, fetcher, login)
        return Credential(scope=scope, header=f"Bearer {token}")
    if login and _BASIC.search(error.challenge):
        return Credential.basic(scope, login.user, login.password)
    why = settings.why_not(host) or f"you have no login for `{host}` that can be read"
    raise FetchError(error.state, f"{error.reason}; {why}", hint=error.hint)


def _parameters(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    at = 0
    while match := _PARAMETER.match(text, at):
        found.setdefault(match[1], match[2])
        at = match.end()
    return found


def _token(
    asked: Mapping[str, str],
    base: str,
    repository: str,
    fetcher: Fetcher,
    login: Login | None,
) -> str:
    realm = _safe(asked.get("realm", ""), base)
    parts = urlsplit(realm)
    # Never more than to read this one repository, whatever the registry suggests.
    query = [*parse_qsl(parts.query), ("scope", f"repository:{repository}:pull")]
    if service := asked.get("service"):
        query.append(("service", service))
    url = urlunsplit(parts._replace(query=urlencode(query), fragment=""))
    bare = urlunsplit(parts._replace(query="", fragment=""))
    credential = Credential.basic(bare, login.user, login.password) if login else None
    request = Request(url=url, credential=credential, limit=_LIMIT, keep=False)
    try:
        node = fetcher.fetch(request).document()
    except FetchError as error:
        # Whatever is not found there, it is not what the registry was asked for.
        state = State.UNREACHABLE if error.state is State.MISSING else error.state
        raise FetchError(
            state, f"no token is given out: {error.reason}", hint=error.hint
        ) from None
    try:
        token = (
            node.at("token").optional_text() or node.at("access_token").optional_text()
        )
    except MalformedError as error:
        raise unreadable(plain(realm), error.problem) from None
    if not token or not _TOKEN.fullmatch(token):
        raise unreadable(plain(realm), "it gives out no token")
    return token


def _safe(realm: str, base: str) -> str:
    """Return *realm* if a password may be sent there.

    Raises:
        FetchError: It may not.
    """
    secure = realm.startswith("https:")
    near = is_loopback(realm) and is_loopback(base)
    if is_http(realm) and "@" not in urlsplit(realm).netloc and (secure or near):
        return realm
    raise FetchError(
        State.UNSUPPORTED,
        f"`{plain(base)}` gives out its tokens at `{plain(realm)}`, where nobody is "
        "asked for one",
        hint="the address has to begin with https://",
    )
