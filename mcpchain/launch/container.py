"""Container runtimes: docker, podman, nerdctl."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mcpchain import image
from mcpchain.launch.record import (
    Code,
    CodeKind,
    Outcome,
    Requested,
    UndecidableError,
    Wrapped,
    plain,
    started,
)
from mcpchain.launch.variables import deciding
from mcpchain.launch.words import Grammar, Line, read_options

# They make it another machine's runtime, or take its settings from a file.
_ELSEWHERE: Final = frozenset(
    {
        *("--host", "-H", "--context", "-c", "--config", "--url", "--connection"),
        *("--root", "--identity", "--tlscacert"),
    }
)
_GLOBAL: Final = Grammar(
    valued=frozenset({"--log-level", "-l", "--namespace", "-n"}) | _ELSEWHERE,
    switches=frozenset({"--debug", "-D", "--remote", "-r", "--tls"}),
    doubted=_ELSEWHERE | {"--remote", "-r"},
)
# Variables, and programs, that are not looked at.
_DOUBTED: Final = frozenset(
    {"--env-file", "--health-cmd", "--runtime", "--volumes-from"}
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
            *("--expose", "--gpus", "--group-add"),
            *("--health-interval", "--health-retries", "--health-start-interval"),
            *("--health-start-period", "--health-timeout", "--hostname", "-h"),
            *("--io-maxbandwidth", "--io-maxiops", "--ip", "--ip6", "--ipc"),
            *("--isolation", "--kernel-memory", "--label", "-l", "--label-file"),
            *("--link", "--link-local-ip", "--log-driver", "--log-opt"),
            *("--mac-address", "--memory", "-m", "--memory-reservation"),
            *("--memory-swap", "--memory-swappiness", "--mount", "--name"),
            *("--network", "--net", "--network-alias", "--net-alias"),
            *("--oom-score-adj", "--pid", "--pids-limit", "--platform", "--publish"),
            *("-p", "--pull", "--restart", "--security-opt"),
            *("--shm-size", "--stop-signal", "--stop-timeout", "--storage-opt"),
            *("--sysctl", "--tmpfs", "--ulimit", "--user", "-u", "--userns", "--uts"),
            *("--volume", "-v", "--volume-driver", "--workdir"),
            *("-w", "--arch", "--os", "--pod", "--authfile", "--secret", "--tz"),
            *("--umask", "--systemd", "--timeout", "--uidmap", "--gidmap"),
            *_DOUBTED,
        }
    ),
    switches=frozenset(
        {
            *("--detach", "-d", "--disable-content-trust", "--init", "--interactive"),
            *("-i", "--no-healthcheck", "--oom-kill-disable", "--privileged"),
            *("--publish-all", "-P", "--quiet", "-q", "--read-only", "--rm"),
            *("--sig-proxy", "--tty", "-t", "--use-api-socket", "--replace"),
            *("--env-host", "--http-proxy", "--no-hosts", "--no-hostname"),
            "--read-only-tmpfs",
        }
    ),
    greedy=frozenset(
        {"--env", "-e", "--memory-swap", "--pids-limit", "--oom-score-adj", "--ulimit"}
    ),
    doubted=_DOUBTED,
)
# Left out on purpose: `--rootfs`, which makes the image a folder, and `--rmi`.
_DECIDING: Final = re.compile(
    r"(?:DOCKER_(?!CLI_HINTS$).*|CONTAINER_.*|CONTAINERS_.*|CONTAINERD_.*|NERDCTL_.*"
    r"|REGISTRY_AUTH_FILE)"
)
"""Variables that choose another machine's runtime, or settings for it."""
_CODE_FOLDERS: Final = re.compile(r"/*(?:(?:s?bin|usr|lib\w*)(?:/.*)?)?", re.DOTALL)
"""Folders in which an image keeps the programs that it runs."""

_VARIABLE: Final = re.compile(r"\$\{[^${}]*\}")
"""What a client puts in; it may hold a colon."""
_TRANSPORT: Final = re.compile(
    r"(?:containers-storage|dir|docker-archive|docker-daemon|oci|oci-archive|ostree|sif"
    r"|tarball):"
)
"""What podman reads from elsewhere than a registry (containers-transports)."""


def read_container(
    launcher: str, args: Sequence[str], env: Mapping[str, str]
) -> Outcome:
    """Read the arguments of `docker`, `podman` or `nerdctl`."""
    outer = read_options(args, _GLOBAL)
    words = outer.words
    if words[:1] == ["container"]:
        words = words[1:]
    if words[:1] != ["run"]:
        raise _unread(words)
    line = outer.joined(read_options(words[1:], _RUN))
    if not line.words:
        raise UndecidableError("it names no image")
    if launcher == "podman" and _TRANSPORT.match(line.words[0]):
        raise UndecidableError("its image comes from a folder or archive")
    asked = read_image(line.words[0])
    entry = line.value("--entrypoint")
    command = [*([entry] if entry else []), *line.words[1:]]
    # Without an entry point, the first word may be an argument, such as a folder.
    program = f"{entry}/" if entry else "".join(command[:1])
    mounts = tuple(_mounts(line))
    return Wrapped(
        command=command,
        env=_variables(line, env),
        packages=(asked,),
        otherwise=started(launcher, [asked]),
        contained=True,
        mounts=mounts,
        workdir=line.value("--workdir", "-w") or "",
        doubt=line.doubt or _machine(env) or _mounted(mounts, program),
    )


def covers(container: Wrapped, code: Sequence[Code]) -> bool:
    """Say whether *code* may lie in a folder that *container* takes from this machine.

    Where a relative path starts is known only if the command says so.
    """
    for each in code:
        path = each.path if each.kind is CodeKind.FILE else "."
        start = container.workdir
        if not start and not path.startswith("/"):
            return bool(container.mounts)
        place = posixpath.normpath(posixpath.join(start, path))
        if any(f"{place}/".startswith(f"{m}/") for m in container.mounts):
            return True
    return False


def _machine(env: Mapping[str, str]) -> str:
    """Say which variable chooses the machine or its settings, if one does."""
    found = (name for name in sorted(env) if _DECIDING.fullmatch(name.upper()))
    return next((str(deciding(name)) for name in found), "")


def _unread(words: Sequence[str]) -> UndecidableError:
    """Say why the subcommand that *words* begin with is not read."""
    hint = "start the image itself: `docker run -i --rm <image>@sha256:<digest>`"
    match [*words[:2]]:
        case ["mcp", *_]:
            problem = (
                "its gateway starts the servers that Docker's toolkit keeps for its "
                "user, which this configuration does not name"
            )
        case ["exec" | "start" | "attach", *_]:
            problem = "it uses a container that exists already, whatever is in it"
        case ["compose" | "stack", *_]:
            problem = "it starts what a compose file names, which is not looked at"
        case _:
            problem, hint = "its subcommand is not one that is read here", ""
    return UndecidableError(problem, hint)


def _mounts(line: Line) -> Iterator[str]:
    """Yield the folders of the container that are not those of the image."""
    for value in line.values("--volume", "-v"):
        yield _clean(_target(value))
    for value in line.values("--mount"):
        for part in value.split(","):
            key, _, folder = part.strip('" ').partition("=")
            if key.lower() in {"target", "dst", "destination"}:
                yield _clean(folder)


def _target(volume: str) -> str:
    """Return the target of `source:target:options`; a drive is a part of a source."""
    plain_parts = _VARIABLE.sub("x", volume)
    parts = plain_parts.split(":")
    drive = re.match(r"[A-Za-z]:[/\\]", plain_parts) is not None
    return [*parts, ""][2 if drive else 1 if len(parts) > 1 else 0]


def _clean(folder: str) -> str:
    clean = posixpath.normpath(folder)
    return "" if clean.strip("/") == "" else clean.replace("//", "/")


def _mounted(mounts: Sequence[str], program: str) -> str:
    """Say that a folder of this machine stands in for programs of the image."""
    for each in mounts:
        if _CODE_FOLDERS.fullmatch(each) or program.startswith(f"{each}/"):
            return "it mounts a folder over the programs of the image"
    return ""


def _variables(line: Line, env: Mapping[str, str]) -> dict[str, str]:
    """Return what the command in the container finds in its environment."""
    found = {}
    for text in line.values("--env", "-e"):
        name, equals, value = text.partition("=")
        found[name] = value if equals else env.get(name, "")
    return found


def read_image(text: str) -> Requested:
    """Say which image *text* names; a digest counts more than a tag.

    Raises:
        UndecidableError: It is no image reference.
    """
    try:
        named = image.parse(plain(text))
    except UndecidableError:
        raise
    except ValueError:
        problem = "what it is asked for is not the name of an image"
        raise UndecidableError(problem) from None
    return Requested(
        name=named.name,
        purl=named.purl,
        pin=named.pin,
        requested=named.tag,
        registry=named.registry,
        digest=named.digest,
    )
