"""Programs that stand between the client and the real server.

A bridge is a package like any other, and what it leads to is told by its arguments: an
address, a further command, or a name that only a catalogue elsewhere understands.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain.launch.record import UndecidableError, Wrapped, undecidable
from mcpchain.launch.words import simple_command
from mcpchain.naming import bare_url

_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_UNREAD: Final = (
    "it starts or reaches a server that its arguments name in a way that is not read "
    "here"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Behind:
    """What a bridge leads to: an address, or else a command."""

    endpoint: str | None = None
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def bridged(wrapped: Wrapped, args: Sequence[str]) -> Wrapped:
    """Add to *wrapped* what the bridge in it leads to, if it is one.

    Where that cannot be told the launch is undecidable; the bridge stays listed.

    Args:
        wrapped: A command that starts a package.
        args: The arguments that the package is started with.
    """
    launch = wrapped.otherwise
    main = launch.main if launch else None
    if launch is None or main is None or main.purl is None or launch.problem:
        return wrapped
    reader = _READERS.get((main.purl.type, main.name))
    if reader is None:
        return wrapped
    try:
        behind = reader(args)
    except UndecidableError as error:
        problem = f"`{main.name}`: {error}"
        return replace(wrapped, otherwise=undecidable(launch, problem, error.hint))
    if behind.endpoint is None:
        env = {**wrapped.env, **behind.env}
        return replace(wrapped, command=behind.command, env=env, otherwise=None)
    return replace(wrapped, otherwise=replace(launch, endpoint=behind.endpoint))


def _address(word: str) -> _Behind:
    if not _WEB.match(word):
        raise UndecidableError(_UNREAD)
    return _Behind(endpoint=bare_url(word))


def _command(words: Sequence[str], env: Mapping[str, str]) -> _Behind:
    if not words or not words[0]:
        raise UndecidableError(_UNREAD)
    return _Behind(command=words, env=env)


def _mcp_remote(args: Sequence[str]) -> _Behind:
    """Read `mcp-remote URL`. It takes `--header X` out wherever that stands."""
    rest = iter(args)
    for word in rest:
        if word != "--header":
            return _address(word)
        next(rest, None)
    raise UndecidableError(_UNREAD)


def _first_address(args: Sequence[str]) -> _Behind:
    """Read `mcp-proxy-for-aws URL`."""
    return _address(args[0] if args else "")


_PROXY_OPTIONS: Final = {
    **dict.fromkeys(("-H", "--headers", "-e", "--env"), 2),
    **dict.fromkeys(
        (
            *("--transport", "--client-id", "--client-secret", "--token-url"),
            *("--log-level", "--port", "--host", "--sse-port", "--sse-host"),
            "--expose-header",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            *("--pass-environment", "--no-pass-environment", "--debug", "--no-debug"),
            *("--stateless", "--no-stateless"),
        ),
        0,
    ),
}
_MCPO_OPTIONS: Final = dict.fromkeys(
    (
        *("--host", "-h", "--port", "-p", "--api-key", "-k", "--name", "-n"),
        *("--description", "-d", "--path-prefix", "--server-type", "--header"),
        "--log-level",
    ),
    1,
)


def _mcp_proxy(args: Sequence[str]) -> _Behind:
    """Read `mcp-proxy [options] URL`, or `mcp-proxy [options] [--] COMMAND`.

    Its options may also follow, unless `--` ends them.
    """
    options, words = _taken(args, _PROXY_OPTIONS)
    if words and _WEB.match(words[0]):
        rest, more = _taken(words[1:], _PROXY_OPTIONS)
        del rest
        if more:
            raise UndecidableError(_UNREAD)
        return _address(words[0])
    if words[:1] == ["--"]:
        words = words[1:]
    elif any(each.startswith("-") for each in words):
        raise UndecidableError(_UNREAD)
    given = [values for name, values in options if name in {"-e", "--env"}]
    return _command(words, {values[0]: values[1] for values in given})


def _mcpo(args: Sequence[str]) -> _Behind:
    """Read `mcpo [options] -- URL`, or `mcpo [options] -- COMMAND`."""
    _, words = _taken(args, _MCPO_OPTIONS)
    if words[:1] != ["--"]:
        raise UndecidableError(_UNREAD)
    if words[1:] and _WEB.match(words[1]):
        return _address(words[1])
    return _command(words[1:], {})


def _taken(
    args: Sequence[str], options: Mapping[str, int]
) -> tuple[list[tuple[str, tuple[str, ...]]], Sequence[str]]:
    """Take *options*, each with so many values, off the front of *args*.

    Raises:
        UndecidableError: An option is another one, or lacks a value.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    at = 0
    while at < len(args) and args[at].startswith("-") and args[at] != "--":
        name, equals, value = args[at].partition("=")
        count = options.get(name)
        if count is None or (equals and count != 1):
            raise UndecidableError(_UNREAD)
        values = (value,) if equals else tuple(args[at + 1 : at + 1 + count])
        if len(values) < count:
            raise UndecidableError(_UNREAD)
        found.append((name, values))
        at += 1 if equals else 1 + count
    return found, args[at:]


_TARGETS: Final = {
    "--stdio": "--stdio",
    "--sse": "--sse",
    "--streamableHttp": "--streamableHttp",
    "--streamable-http": "--streamableHttp",
}


def _supergateway(args: Sequence[str]) -> _Behind:
    """Read `supergateway --stdio "COMMAND"`, `--sse URL` or `--streamableHttp URL`.

    The command goes to a shell. Every other option says how to listen.
    """
    targets: list[tuple[str, str]] = []
    for at, word in enumerate(args):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if target := _TARGETS.get(name):
            after = args[at + 1] if at + 1 < len(args) else ""
            targets.append((target, value if equals else after))
    if len(targets) != 1:
        raise UndecidableError(_UNREAD)
    ((target, value),) = targets
    if target == "--stdio":
        return _command(simple_command(value), {})
    return _address(value)


_SERVED: Final = re.compile(r"(?!-)(.+\.py)(?::[A-Za-z_]\w*)?", re.ASCII)
_SDK_OPTIONS: Final = {
    **dict.fromkeys(
        (
            *("--transport", "-t", "--host", "--port", "-p", "--path", "--log-level"),
            "-l",
        ),
        1,
    ),
    "--no-banner": 0,
}


def served_file(args: Sequence[str]) -> str:
    """Return the file that `mcp run x.py` or `fastmcp run x.py:server` runs.

    Args:
        args: What follows the name of the program.

    Raises:
        UndecidableError: They run something else.
    """
    options, words = _taken(args[1:], _SDK_OPTIONS)
    del options
    match = _SERVED.fullmatch(words[0]) if words else None
    after, more = _taken(words[1:], _SDK_OPTIONS)
    del after
    if args[:1] != ["run"] or match is None or (more and more[0] != "--"):
        raise UndecidableError(_UNREAD)
    return match[1]


def _sdk(args: Sequence[str]) -> _Behind:
    """Read the programs of the Python SDKs, which serve a file or an address."""
    if args[:1] == ["run"] and args[1:] and _WEB.match(args[1]):
        return _address(args[1])
    return _Behind(command=["python", served_file(args)])


def _hidden(_args: Sequence[str]) -> _Behind:
    raise UndecidableError(_UNREAD)


def _smithery(_args: Sequence[str]) -> _Behind:
    raise UndecidableError(
        "it starts or reaches whatever the catalogue of its maker keeps under the name "
        "in its arguments",
        "configure the server itself: its package by an exact version, or its address",
    )


_READERS: Final[Mapping[tuple[str, str], Callable[[Sequence[str]], _Behind]]] = {
    ("npm", "mcp-remote"): _mcp_remote,
    ("npm", "supergateway"): _supergateway,
    ("npm", "@smithery/cli"): _smithery,
    ("npm", "mcp-proxy"): _hidden,
    ("npm", "fastmcp"): _hidden,
    ("npm", "@modelcontextprotocol/inspector"): _hidden,
    ("pypi", "mcp-proxy"): _mcp_proxy,
    ("pypi", "mcp-proxy-for-aws"): _first_address,
    ("pypi", "mcpo"): _mcpo,
    ("pypi", "mcp"): _sdk,
    ("pypi", "fastmcp"): _sdk,
}
"""By the type of the purl and the name; the same name elsewhere is another program."""
