"""Proxies, CA bundles and netrc: how the user reaches the network at all."""

import netrc
from collections.abc import Iterator, Mapping
from pathlib import Path

from mcpchain.address import Credential, Route
from mcpchain.settings.npm import NpmSettings
from mcpchain.settings.pip import PipSettings
from mcpchain.settings.problem import Problem


def load(environ: Mapping[str, str], *, pip: PipSettings, npm: NpmSettings) -> Route:
    """Gather what the environment, pip and npm say.

    One route serves both registries, so a CA that the user configures for one client
    is trusted for the other too. `strict-ssl` and `trusted-host` are not read: there
    is no way to turn verification off.
    """
    both = pip.proxy or _either(environ, "all_proxy")
    http = pip.proxy or _either(environ, "http_proxy") or npm.proxy or both
    https = pip.proxy or _either(environ, "https_proxy") or npm.https_proxy or both
    chosen = (("http", http), ("https", https or npm.proxy))
    exempt = _either(environ, "no_proxy") or npm.noproxy
    named = [pip.cert, npm.cafile]
    named += [environ.get(each) for each in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")]
    more = environ.get("NODE_EXTRA_CA_CERTS")
    return Route(
        proxies=tuple((scheme, _absolute(each)) for scheme, each in chosen if each),
        no_proxy=tuple(each.strip() for each in exempt.split(",") if each.strip()),
        roots=tuple(dict.fromkeys(Path(each) for each in named if each)),
        more_roots=(Path(more),) if more else (),
    )


def netrc_logins(
    environ: Mapping[str, str], home: Path, problems: list[Problem]
) -> Iterator[Credential]:
    """Yield the logins of the user's netrc file, for https alone."""
    named = environ.get("NETRC")
    candidates = [Path(named)] if named else [home / ".netrc", home / "_netrc"]
    path = next((each for each in candidates if each.is_file()), None)
    if path is None:
        return
    try:
        hosts = netrc.netrc(path).hosts
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError):
        problems.append(Problem(where=path.name, reason="not a netrc file"))
        return
    for host, (user, _, password) in hosts.items():
        # `default` would hand the password to whoever is asked.
        if host != "default":
            yield Credential.basic(f"https://{host}", user, password or "")


def _either(environ: Mapping[str, str], name: str) -> str:
    """Read a variable by both of its customary names; lower case wins, as in curl."""
    return environ.get(name) or environ.get(name.upper()) or ""


def _absolute(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"
