"""Variables that change what a command runs, whatever the command says."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from mcpchain.launch.place import is_launcher_folder
from mcpchain.launch.record import UndecidableError
from mcpchain.secret import is_variable

_NEVER: Final = frozenset(
    {
        # Loaders and shells run code that they name.
        *("BASH_ENV", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "ZDOTDIR"),
        *("IFS", "CDPATH", "COMSPEC", "PATHEXT", "SHELL", "GCONV_PATH", "LOCPATH"),
        # Interpreters do as well.
        *("NODE_PATH", "NODE_REPL_EXTERNAL_MODULE", "NODE_COMPILE_CACHE"),
        *("PYTHON", "PYTHON_PRESITE", "VIRTUAL_ENV", "CONDA_PREFIX"),
        *("TSX_TSCONFIG_PATH", "BUN_OPTIONS", "DENO_DIR", "CLASSPATH"),
        *("PERL5LIB", "PERL5OPT", "PERL5DB", "RUBYOPT", "RUBYLIB"),
        *("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"),
        *("DOTNET_STARTUP_HOOKS", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES"),
        # Whom a download is believed from.
        *("NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED", "SSL_CERT_FILE"),
        *("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        # Where a launcher finds its settings, and in them another registry.
        *("HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA"),
        *("PROGRAMDATA", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME"),
        *("XDG_CACHE_HOME", "NETRC", "PSMODULEPATH", "PHPRC", "PHP_INI_SCAN_DIR"),
        *("GEM_HOME", "GEM_PATH", "BUNDLE_GEMFILE", "R_LIBS", "R_PROFILE_USER"),
        *("DOTNET_ADDITIONAL_DEPS", "DOTNET_SHARED_STORE", "JULIA_LOAD_PATH"),
        # What git runs to fetch.
        *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND", "GIT_EXEC_PATH"),
        *("GIT_TEMPLATE_DIR", "GIT_ASKPASS", "GIT_SSL_NO_VERIFY", "GIT_SSL_CAINFO"),
    }
)
_FAMILIES: Final = re.compile(
    r"(?:LD|DYLD|COREPACK|PIPX|TS_NODE|GIT_CONFIG|BASH_FUNC|BUN_INSTALL|JBANG)_.*"
    r"|COR(?:ECLR)?_(?:ENABLE_PROFILING|PROFILER.*)"
)
_HARMLESS_NPM: Final = frozenset(
    {
        *("registry", "loglevel", "yes", "fund", "audit", "progress", "color"),
        *("update_notifier", "timing", "offline", "prefer_offline", "prefer_online"),
        *("ignore_scripts", "fetch_retries", "fetch_timeout", "maxsockets", "before"),
        *("legacy_peer_deps", "omit", "include", "min_release_age", "engine_strict"),
    }
)
_HARMLESS_PYTHON: Final = frozenset(
    {
        *("UNBUFFERED", "IOENCODING", "UTF8", "DONTWRITEBYTECODE", "HASHSEED"),
        *("FAULTHANDLER", "NOUSERSITE", "SAFEPATH", "OPTIMIZE", "DEVMODE", "DEBUG"),
        *("TRACEMALLOC", "ASYNCIODEBUG", "LEGACYWINDOWSSTDIO", "VERBOSE"),
        *("COERCECLOCALE", "MALLOC", "INTMAXSTRDIGITS", "LEGACYWINDOWSFSENCODING"),
    }
)
_HARMLESS_UV: Final = frozenset(
    {
        # The indexes are read where the packages are.
        *("DEFAULT_INDEX", "INDEX_URL", "INDEX", "EXTRA_INDEX_URL", "FIND_LINKS"),
        *("NO_CACHE", "NO_PROGRESS", "OFFLINE", "NATIVE_TLS", "SYSTEM_CERTS"),
        *("HTTP_TIMEOUT", "REQUEST_TIMEOUT", "CONCURRENT_DOWNLOADS", "LINK_MODE"),
        *("CONCURRENT_BUILDS", "CONCURRENT_INSTALLS", "PYTHON_PREFERENCE", "FROZEN"),
        *("PYTHON_DOWNLOADS", "LOCKED", "EXCLUDE_NEWER", "NO_CONFIG", "PRERELEASE"),
        *("COMPILE_BYTECODE", "RESOLUTION", "INDEX_STRATEGY", "KEYRING_PROVIDER"),
        *("NO_ENV_FILE", "PREVIEW", "NO_SYNC", "NO_BUILD"),
    }
)
_HARMLESS_PIP: Final = frozenset(
    {
        *("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_CACHE_DIR", "QUIET"),
        *("DISABLE_PIP_VERSION_CHECK", "TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES"),
        *("NO_INPUT", "PROGRESS_BAR", "ROOT_USER_ACTION", "NO_INDEX", "PRE"),
    }
)
_NODE_OPTIONS: Final = re.compile(
    r"--(?:max-old-space-size=\d+|no-warnings|no-deprecation|trace-warnings"
    r"|enable-source-maps|use-system-ca|dns-result-order=\w+)",
    re.ASCII,
)
_PLAIN: Final = re.compile(r"[\w-]*", re.ASCII)
_VERSION: Final = re.compile(r"(?:c?python)?[\d.]*", re.ASCII)


def refuse_variables(env: Mapping[str, str]) -> None:
    """Check that nothing in *env* changes what a command means.

    Variables that name a registry are no matter here: they are read with the packages.

    Raises:
        UndecidableError: A variable does, or may do so.
    """
    for name in sorted(env):
        if _decides(name.upper(), env[name]):
            raise deciding(name)


def deciding(name: str) -> UndecidableError:
    """Say that the variable *name* leaves it open what runs."""
    shown = f"`{name}`" if is_variable(name) else "in its environment"
    return UndecidableError(f"the variable {shown} changes what runs")


def _decides(name: str, value: str) -> bool:
    if name in _NEVER or _FAMILIES.fullmatch(name):
        return True
    if (check := _BY_VALUE.get(name)) is not None:
        return not check(value)
    for pattern, harmless in _BY_PREFIX:
        if match := pattern.fullmatch(name):
            return not harmless(match[1])
    return False


def _is_plain_path(value: str) -> bool:
    return all(map(is_launcher_folder, value.split(":"))) or all(
        map(is_launcher_folder, value.split(";"))
    )


_BY_VALUE: Final[Mapping[str, Callable[[str], bool]]] = {
    "PATH": _is_plain_path,
    "NODE_OPTIONS": lambda value: all(map(_NODE_OPTIONS.fullmatch, value.split())),
    # Many programs call their deployment so; a shell takes it for a file to run.
    "ENV": lambda value: _PLAIN.fullmatch(value) is not None,
    "UV_PYTHON": lambda value: _VERSION.fullmatch(value) is not None,
}


def _npm(name: str) -> bool:
    key = name.lower().replace("-", "_")
    return key in _HARMLESS_NPM or key.startswith("//") or key.endswith(":registry")


_HARMLESS_DENO: Final = frozenset(
    {
        *("TLS_CA_STORE", "AUTH_TOKENS", "NO_UPDATE_CHECK", "NO_PROMPT"),
        *("SERVE_ADDRESS", "DEPLOYMENT_ID", "ENV", "REGION"),
    }
)


def _uv(name: str) -> bool:
    credential = re.fullmatch(r"INDEX_\w+_(?:USERNAME|PASSWORD)", name)
    return name in _HARMLESS_UV or credential is not None


_BY_PREFIX: Final[tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...]] = (
    (re.compile(r"P?NPM_CONFIG_(.*)", re.DOTALL), _npm),
    (re.compile(r"BUN_CONFIG_(.*)", re.DOTALL), lambda name: name == "REGISTRY"),
    (re.compile(r"YARN_(.*)", re.DOTALL), lambda n: n == "NPM_REGISTRY_SERVER"),
    (re.compile(r"DENO_(.*)", re.DOTALL), _HARMLESS_DENO.__contains__),
    (re.compile(r"UV_(.*)", re.DOTALL), _uv),
    (re.compile(r"PIP_(.*)", re.DOTALL), _HARMLESS_PIP.__contains__),
    (re.compile(r"PYTHON(?!_)(.*)", re.DOTALL), _HARMLESS_PYTHON.__contains__),
)
"""Families of which only some are harmless, by what follows the prefix."""
