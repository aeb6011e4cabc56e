"""How each client writes an entry, where it has a way of its own: data."""

from typing import Final

from mcpchain.component import Transport
from mcpchain.discover.mcp_config.shape import Dialect

CODEX: Final = Dialect(
    passed=("env_vars", "bearer_token_env_var"),
    headers=("headers", "http_headers", "env_http_headers"),
    url=Transport.STREAMABLE_HTTP,
)
CONTINUE: Final = Dialect(headers=("headers", "requestOptions.headers"))
CONTINUE_OLD: Final = Dialect(inner="transport")
CRUSH: Final = Dialect(substitutes=True)
DOCKER: Final = Dialect(image="image", passed=("secrets", "env"), env=())
GOOSE: Final = Dialect(
    command="cmd",
    env=("envs",),
    passed=("env_keys",),
    inside=frozenset({"builtin", "platform"}),
    inner="config",
)
OPENCODE: Final = Dialect(lists=True, env=("environment",))
TOOLHIVE: Final = Dialect(image="image", env=("env_vars",), passed=("secrets",))
VIBE: Final = Dialect(
    lists=True,
    splits=True,
    passed=("api_key_env", "auth.api_key_env"),
    headers=("headers", "auth.headers"),
)
ZED: Final = Dialect(tables=True, url=Transport.STREAMABLE_HTTP)
