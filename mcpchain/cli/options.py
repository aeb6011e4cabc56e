"""What several commands share: where they look, and what they show meanwhile."""

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpchain.errors import UsageError

if TYPE_CHECKING:
    from mcpchain.inventory import Inventory
    from mcpchain.pipeline.circumstances import Circumstances

_LOOK = 4096
_Command = Callable[..., Any]

TARGET = click.argument(
    "target",
    default=".",
    type=click.Path(exists=True, path_type=Path),
)

RESOLVE = click.option(
    "--resolve",
    is_flag=True,
    help="Ask the registries what the packages of MCP servers pull in, and take that "
    "in too; for a BOM also who makes every package, and under which licence, where "
    "its lock does not say so. Nothing is installed or run.",
)


def environment_options(command: _Command) -> _Command:
    """Add the options that say which Python environment to read, and how."""
    command = click.option(
        "--verify-installed",
        is_flag=True,
        help="Compare every file of that environment with the digest that was noted "
        "when it was installed (RECORD), but for bytecode in `__pycache__`.",
    )(command)
    command = click.option(
        "--no-environment",
        is_flag=True,
        help="Do not read the environment that VIRTUAL_ENV names.",
    )(command)
    return click.option(
        "--environment",
        metavar="PYTHON",
        type=click.Path(exists=True, path_type=Path),
        help="Read the packages installed for this interpreter or environment too. It "
        "is not started. [default: VIRTUAL_ENV, if set, beside a folder]",
    )(command)


def user_config_option(command: _Command) -> _Command:
    """Add the option to read what the clients of this user are configured with."""
    return click.option(
        "--user-config",
        is_flag=True,
        help="Read the MCP servers too that clients find in your home folder, and what "
        "an administrator has put there for all users.",
    )(command)


def now() -> dt.datetime:
    """Return the time of this run."""
    return dt.datetime.now(tz=dt.UTC)  # noqa: TID251 - the one clock


def timestamp() -> tuple[dt.datetime, bool]:
    """Return the time for a document, and whether SOURCE_DATE_EPOCH fixed it.

    Nothing is judged by it: a waiver that has expired stays so.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no count of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")  # noqa: TID251 - the cli reads it
    if not epoch:
        return now(), False
    try:
        return dt.datetime.fromtimestamp(int(epoch), tz=dt.UTC), True
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"SOURCE_DATE_EPOCH is `{epoch}`, which is no count of seconds",
            hint="set it to seconds since 1970, or unset it",
        ) from None


def cache() -> Path:
    """Return the folder for what can be made or fetched again."""
    from platformdirs import user_cache_path

    return user_cache_path("mcpchain")


def trust_folder() -> Path:
    """Return the folder for what this user trusts, which cannot be made again."""
    from platformdirs import user_data_path

    return user_data_path("mcpchain") / "trust"


def circumstances(target: Path) -> "Circumstances":
    """Return when and where this run asks about *target*."""
    from mcpchain import __version__
    from mcpchain.pipeline.circumstances import Circumstances

    return Circumstances(
        now=now(),
        version=__version__,
        environ=os.environ,  # noqa: TID251 - the cli reads it
        home=Path.home(),
        cache=cache(),
        projects=(target if target.is_dir() else target.parent, Path.cwd()),
        trust=trust_folder(),
    )


def resolve(
    inventory: "Inventory",
    terms: "Circumstances",
    registries: Iterable[str] = (),
    *,
    bom: bool = True,
) -> "Inventory":
    """Add what the servers pull in, with a bar.

    Args:
        inventory: What is there.
        terms: When and where it is asked.
        registries: Those that may be asked beside those of the user.
        bom: Whether a BOM is written of it.
    """
    from mcpchain.address import normalise
    from mcpchain.pipeline.closure import resolve_servers

    trusted = frozenset(map(normalise, registries))
    with progress("resolving") as resolving:
        return resolve_servers(inventory, terms, trusted, resolving, wanted=bom)


def passphrase() -> str | None:
    """Return the passphrase of a private key: as set, or as typed on a terminal."""
    found = os.environ.get("MCPCHAIN_KEY_PASSPHRASE")  # noqa: TID251 - the cli reads it
    if found is None and sys.stdin.isatty():
        typed: str = click.prompt("Passphrase", hide_input=True, err=True)
        return typed
    return found


def has_passphrase() -> bool:
    """Say whether a passphrase is set."""
    return bool(os.environ.get("MCPCHAIN_KEY_PASSPHRASE"))  # noqa: TID251 - the cli reads it


def new_passphrase() -> str | None:
    """Return the passphrase for a new key: as set, or as typed twice on a terminal."""
    found = os.environ.get("MCPCHAIN_KEY_PASSPHRASE")  # noqa: TID251 - the cli reads it
    if found is None and sys.stdin.isatty():
        typed: str = click.prompt(
            "Passphrase", hide_input=True, confirmation_prompt=True, err=True
        )
        return typed
    return found


def write_file(path: Path, data: bytes) -> None:
    """Write *data* to *path* as a whole or not at all.

    A device or a pipe is written into, and a link is followed: a file in the place of
    either would be the end of it.

    Raises:
        UsageError: There is no such place, or it is not ours to write to.
        UnavailableError: The system fails.
    """
    from mcpchain.pipeline.writing import failed, write_all

    if not path.exists() or path.is_file():
        write_all({path: data}, replace=True)
        return
    try:
        with path.open("wb") as stream:
            stream.write(data)
    except OSError as error:
        raise failed(path, error) from error


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on stderr while something long is done; nothing in a pipe.

    Yields:
        A function that takes (done, total), or `None` where nobody watches.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def write_bom(
    inventory: "Inventory",
    path: Path,
    *,
    spec_version: str = "1.6",
    output_format: str = "json",
) -> None:
    """Write *inventory* as a validated BOM; `-` is standard output."""
    from mcpchain import __version__
    from mcpchain.bom.carry import has_signature
    from mcpchain.pipeline.target import bom, spdx
    from mcpchain.printable import printable

    if path.is_file() and not _is_bom(path):
        raise UsageError(
            f"`{path}` exists and is no BOM, so it is not overwritten",
            hint="name another file, or remove this one first",
        )
    time, fixed = timestamp()
    lacks: tuple[str, ...] = ()
    if output_format == "spdx":
        made = spdx(inventory, now=time, version=__version__)
        data, lacks = made.data, made.lacks
        if made.told:
            shown = printable("; ".join(made.told))
            click.echo(
                f"warning: SPDX 2.3 has no members for {shown}: they stand in comments "
                "and annotations, which other tools may not read",
                err=True,
            )
    else:
        written = bom(
            inventory,
            now=time,
            version=__version__,
            reproducible=fixed,
            spec_version=spec_version,
        )
        data = written.data
        if output_format == "xml":
            from mcpchain.bom import xml

            data, lacks = xml.convert(written.document)
    for each in lacks:
        told = f"{output_format.upper()} leaves out {printable(each)}"
        click.echo(f"warning: {told}", err=True)
    if has_signature(inventory):
        click.echo(
            "note: a signature in the BOM that was read does not hold for this one; it "
            "is kept in `mcpchain:carried`",
            err=True,
        )
    if str(path) == "-":
        click.echo(data, nl=False)
    else:
        write_file(path, data)
        shown = printable(str(path))
        click.echo(f"wrote {shown}: {_count(inventory)}", err=True)


def _count(inventory: "Inventory") -> str:
    """Say how many components and services there are, as CycloneDX parts them."""
    from mcpchain.bom.carry import is_service

    services = sum(map(is_service, inventory.components))
    count = len(inventory.components) - services
    told = f"{count:,} component{'s'[: count != 1]}"
    if services:
        told += f" and {services:,} service{'s'[: services != 1]}"
    return told


def _is_bom(path: Path) -> bool:
    with path.open("rb") as stream:
        start = stream.read(_LOOK)
    marks = (b'"bomFormat"', b'"spdxVersion"', b"cyclonedx.org/schema/bom")
    return any(each in start for each in marks)


def active_environment() -> Path | None:
    """Return the environment that VIRTUAL_ENV names, and say that it is read."""
    named = os.environ.get("VIRTUAL_ENV")  # noqa: TID251 - the cli reads it
    if not named:
        return None
    from mcpchain.printable import printable

    path, shown = Path(named), printable(named)
    if not path.exists():
        click.echo(f"note: VIRTUAL_ENV names `{shown}`, which is not there", err=True)
        return None
    click.echo(
        f"note: `{shown}` is read too, since VIRTUAL_ENV names it; `--no-environment` "
        "leaves it out",
        err=True,
    )
    return path


def survey(  # noqa: PLR0913 - one parameter an option
    target: Path,
    environment: Path | None,
    *,
    no_environment: bool,
    user_config: bool = False,
    verify_installed: bool = False,
    license_texts: bool = False,
    verbatim: bool = False,
) -> "Inventory":
    """Find out what *target* is made of, with a bar for long hashing."""
    from mcpchain.pipeline.target import survey as look

    chosen = environment
    if environment is None and not no_environment and target.is_dir():
        chosen = active_environment()
    if verify_installed and chosen is None:
        raise UsageError(
            "`--verify-installed` needs an environment",
            hint="name its interpreter with `--environment`",
        )
    user = None
    if user_config:
        from mcpchain.discover.mcp_config.user import UserFolder

        environ = os.environ  # noqa: TID251 - the cli reads it
        user = UserFolder(home=Path.home(), environ=environ)
    with progress("reading") as hashing:
        wish = None
        if chosen is not None:
            from mcpchain.discover.environment.installed import Wish

            wish = Wish(
                verify=verify_installed, license_texts=license_texts, progress=hashing
            )
        return look(
            target,
            environment=chosen,
            wish=wish,
            user=user,
            verbatim=verbatim,
            hashing=hashing,
        )
