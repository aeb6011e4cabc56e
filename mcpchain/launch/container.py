"""Container runtimes: docker, podman, nerdctl."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Digest
from mcpchain.component import Pin
from mcpchain.launch.record import (
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    plain,
    started,
)
from mcpchain.launch.words import Grammar, Line, read_options

_GLOBAL: Final = Grammar(
    valued=frozenset(
        {
            *("--config", "--context", "-c", "--host", "-H", "--log-level", "-l"),
            *("--tlscacert", "--tlscert", "--tlskey", "--namespace", "-n"),
            *("--connection", "--url", "--root", "--runroot", "--storage-driver"),
        }
    ),
    switches=frozenset({"--debug", "-D", "--tls", "--tlsverify", "--remote", "-r"}),
)
_RUN: Final = Grammar(
    valued=frozenset(
        {
            *("--add-host", "--annotation", "--attach", "-a", "--blkio-weight"),
            *("--blkio-weight-device", "--cap-add", "--cap-drop", "--cgroup-parent"),
            *("--cgroupns", "--cidfile", "--cpu-count", "--cpu-percent"),
            *("--cpu-period", "--cpu-quota", "--cpu-rt-period", "--cpu-rt-runtime"),
            *("--cpu-shares", "-c", "--cpus", "--cpuset-cpus", "--cpuset-mems"),
            *("--detach-keys", "--device", "--device-cgroup-rule"),
            *("--device-read-bps", "--device-read-iops", "--device-write-bps"),
            *("--device-write-iops", "--dns", "--dns-option", "--dns-opt"),
            *("--dns-search", "--domainname", "--entrypoint", "--env", "-e"),
            *("--env-file", "--expose", "--gpus", "--group-add", "--health-cmd"),
            *("--health-interval", "--health-retries", "--health-start-interval"),
            *("--health-start-period", "--health-timeout", "--hostname", "-h"),
            *("--io-maxbandwidth", "--io-maxiops", "--ip", "--ip6", "--ipc"),
            *("--isolation", "--kernel-memory", "--label", "-l", "--label-file"),
            *("--link", "--link-local-ip", "--log-driver", "--log-opt"),
            *("--mac-address", "--memory", "-m", "--memory-reservation"),
            *("--memory-swap", "--memory-swappiness", "--mount", "--name"),
            *("--network", "--net", "--network-alias", "--net-alias"),
            *("--oom-score-adj", "--pid", "--pids-limit", "--platform", "--publish"),
            *("-p", "--pull", "--restart", "--runtime", "--security-opt"),
            *("--shm-size", "--stop-signal", "--stop-timeout", "--storage-opt"),
            *("--sysctl", "--tmpfs", "--ulimit", "--user", "-u", "--userns", "--uts"),
            *("--volume", "-v", "--volume-driver", "--volumes-from", "--workdir"),
            *("-w", "--arch", "--os", "--pod", "--authfile", "--secret", "--tz"),
            *("--umask", "--systemd", "--timeout", "--uidmap", "--gidmap"),
        }
    ),
    switches=frozenset(
        {
            *("--detach", "-d", "--disable-content-trust", "--init", "--interactive"),
            *("-i", "--no-healthcheck", "--oom-kill-disable", "--privileged"),
            *("--publish-all", "-P", "--quiet", "-q", "--read-only", "--rm"),
            *("--sig-proxy", "--tty", "-t", "--use-api-socket", "--replace"),
            *("--env-host", "--http-proxy", "--no-hosts", "--no-hostname"),
            *("--read-only-tmpfs", "--tls-verify"),
        }
    ),
    greedy=frozenset(
        {"--env", "-e", "--memory-swap", "--pids-limit", "--oom-score-adj", "--ulimit"}
    ),
)
# Left out on purpose: `--rootfs`, which makes the image a folder, and `--rmi`.

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_IMAGE: Final = re.compile(
    rf"(?:(?P<host>(?:localhost|{_LABEL}(?:\.{_LABEL})+|{_LABEL}(?=:[0-9]))"
    r"(?::[0-9]+)?)/)?"
    rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)
"""An image reference (distribution/reference, grammar)."""
_IMAGE_ID: Final = re.compile(r"[0-9a-f]{64}")


def read_container(
    launcher: str, args: Sequence[str], env: Mapping[str, str]
) -> Outcome:
    """Read the arguments of `docker`, `podman` or `nerdctl`."""
    words = read_options(args, _GLOBAL).words
    if words[:1] == ["container"]:
        words = words[1:]
    if words[:1] != ["run"]:
        raise UndecidableError("its subcommand is not one that is read here")
    line = read_options(words[1:], _RUN)
    if not line.words:
        raise UndecidableError("it names no image")
    image = read_image(line.words[0])
    entry = line.value("--entrypoint")
    command = [*([entry] if entry else []), *line.words[1:]]
    return Wrapped(
        command=command,
        env=_variables(line, env),
        packages=(image,),
        otherwise=started(launcher, [image]),
        contained=True,
    )


def _variables(line: Line, env: Mapping[str, str]) -> dict[str, str]:
    """Return what the command in the container finds in its environment."""
    found = {}
    for text in line.values("--env", "-e"):
        name, equals, value = text.partition("=")
        found[name] = value if equals else env.get(name, "")
    return found


def read_image(text: str) -> Requested:
    """Say which image *text* names; a digest counts more than a tag.

    An image without a host comes from the runtime's own registry, and without a
    namespace from its `library`.

    Raises:
        UndecidableError: It is no image reference.
    """
    match = _IMAGE.fullmatch(plain(text))
    if match is None or _IMAGE_ID.fullmatch(match["path"]):
        raise UndecidableError("what it is asked for is not the name of an image")
    tag = match["tag"] if match["tag"] != "latest" else None
    digest = match["digest"]
    pin = Pin.DIGEST if digest else Pin.TAG if tag else Pin.FLOATING
    space, _, name = match["path"].rpartition("/")
    host = match["host"]
    if host:
        full = f"{host}/{match['path']}"
        qualifiers = {"repository_url": full, **({"tag": tag} if tag else {})}
        purl = PackageURL(type="oci", name=name, version=digest, qualifiers=qualifiers)
    else:
        full = f"{space or 'library'}/{name}"
        purl = PackageURL(
            type="docker",
            namespace=space or "library",
            name=name,
            version=digest or tag,
        )
    return Requested(
        name=full,
        purl=purl,
        pin=pin,
        requested=match["tag"] or "",
        registry=f"https://{host}" if host else None,
        digest=Digest.parse(digest) if digest else None,
    )
