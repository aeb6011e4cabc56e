"""Every way to verify, for the targets of one run."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mcpchain.errors import UsageError
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.expecting import Expectations
from mcpchain.pipeline.sorting import Sorted
from mcpchain.pipeline.trusting import Chosen
from mcpchain.pipeline.verification import Terms, verify_targets
from mcpchain.signature import Demand, Verification

if TYPE_CHECKING:
    from mcpchain.inventory import Inventory
    from mcpchain.pipeline.mcp_entries import Ask
    from mcpchain.pipeline.registry_signatures.lead import RegistryKeys
    from mcpchain.verify.mcp_registry import Server

_Progress = Callable[[int, int], None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of it."""

    answers: tuple[Verification, ...]
    notes: tuple[str, ...] = ()
    """What nobody was asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """What all targets of a run share."""

    expectations: Expectations
    chosen: Chosen
    """The trusted root."""
    around: Circumstances
    folder: Path
    """Where what the user trusts is kept."""
    bar: Callable[[str], AbstractContextManager[_Progress]]
    """Shows how far something long is, by what it is called."""
    bundles: tuple[Path, ...] = ()
    registry_keys: Path | None = None
    """A file with the keys of a registry."""

    def of_server(
        self, targets: Sequence[str], server: str | None, registry: str | None
    ) -> Found:
        """Hold each target against the entry of an MCP server.

        Args:
            targets: Files.
            server: A file, or the name that *registry* knows it by.
            registry: The address of a registry.

        Raises:
            UsageError: No server is named, or a target can be none.
            UnavailableError: There is no entry.
        """
        from mcpchain.pipeline import mcp_entries

        keys = self.registry_keys is not None
        if keys and (self.around.offline or self.expectations.private):
            raise UsageError(
                "no registry is asked, and `--registry-keys` is for what one signs",
                hint="leave it out: it would not be looked at",
            )
        Sorted(files=tuple(targets)).check(self.expectations, bundles=self.bundles)
        entry = self._entry(server, registry)
        terms = self._terms()
        ask = None if self.around.offline else self._asking(terms)
        asking = mcp_entries.Asking(ask=ask, around=self.around)
        with self.bar("hashing") as hashing:
            found = mcp_entries.verify_targets(
                targets, self.bundles, terms, entry, hashing, asking
            )
            return self._told(found)

    def of_targets(
        self,
        wanted: Sorted,
        environment: Path | None = None,
        hub: str | None = None,
        *,
        installed: bool = False,
    ) -> Found:
        """Verify each target by its way.

        Args:
            wanted: What to verify.
            environment: A Python environment whose packages are verified too.
            hub: Which model of a hub the folders should be.
            installed: Whether to compare the files of that environment with RECORD.

        Raises:
            UsageError: What was asked means nothing for the targets.
            NothingToCheckError: A list of packages names none.
        """
        wanted.check(
            self.expectations,
            bundles=self.bundles,
            environment=environment is not None,
            registry_keys=self.registry_keys is not None,
            hub=hub is not None,
        )
        if installed and environment is None:
            raise UsageError(
                "`--verify-installed` needs an environment",
                hint="name its interpreter with `--environment`",
            )
        inventories = self._inventories(wanted, environment, installed=installed)
        terms = self._terms()
        with self.bar("hashing") as hashing:
            found = [
                *verify_targets(
                    wanted.files, self.bundles, terms, hashing, lambda: self.around
                ),
                *self._of_hub(wanted.models, hub, terms, hashing),
            ]
        if not wanted.purls and not inventories:
            return self._told(found, wanted.notes)
        from mcpchain.pipeline.packages import INSTALLED, gather, verify

        gathered = gather(wanted.purls, inventories)
        with self.bar("asking") as asking:
            found += verify(gathered.packages, self.around, terms, self._keys(), asking)
        notes = (INSTALLED, *gathered.notes) if environment else gathered.notes
        return self._told((*found, *gathered.answers), (*wanted.notes, *notes))

    def _terms(self) -> Terms:
        return self.expectations.terms(self.chosen, self.around.now)

    def _told(
        self,
        answers: "Sequence[Verification] | Iterator[Verification]",
        notes: tuple[str, ...] = (),
    ) -> Found:
        """Take a yes away where somebody else had to be asked too, and was not."""
        demand = Demand(self.expectations.second_opinion)
        if demand is not Demand.OFF:
            from mcpchain.verify.second_opinion import demanded

            answers = [demanded(each, demand) for each in answers]
        return Found(answers=tuple(answers), notes=notes)

    def _inventories(
        self, wanted: Sorted, environment: Path | None, *, installed: bool
    ) -> "list[tuple[str, Inventory]]":
        if not wanted.projects and environment is None:
            return []
        from mcpchain.pipeline import packages
        from mcpchain.pipeline.target import survey

        with self.bar("reading") as reading:
            found = [
                (str(each), survey(each, environment=None, hashing=reading))
                for each in wanted.projects
            ]
            if environment is not None:
                read = packages.installed(
                    environment, verify=installed, progress=reading
                )
                found.append((str(environment), read))
        return found

    def _of_hub(
        self,
        models: Sequence[str],
        hub: str | None,
        terms: Terms,
        progress: _Progress,
    ) -> Iterator[Verification]:
        if not models:
            return
        from mcpchain.pipeline import hub_models

        model = hub_models.named(hub) if hub is not None else None
        for each in models:
            named = None if each.startswith("pkg:") else model
            around = self.around
            found = hub_models.verify(each, named, around, terms.ignored, progress)
            yield replace(found, target=each)

    def _keys(self) -> "RegistryKeys":
        from mcpchain.pipeline.registry_signatures import read_registry_keys

        return read_registry_keys(self.registry_keys, self.folder)

    def _entry(self, server: str | None, registry: str | None) -> "Server":
        from mcpchain.pipeline.mcp_entries import fetch_entry, read_entry

        if server is None:
            hint = "name a server of it: `--server io.github.acme/files`"
            raise UsageError("`--mcp-registry` is asked for a server", hint=hint)
        if registry is not None:
            return fetch_entry(server, registry, self.around)
        if "/" in server and not Path(server).exists():
            raise UsageError(
                f"`{server[:140]}` is no file, and no registry is named that knows it",
                hint="name a `server.json`, or the registry too: `--mcp-registry URL`",
            )
        return read_entry(Path(server))

    def _asking(self, terms: Terms) -> "Ask | None":
        """Return how a registry is asked; it has nothing by keys of the user's."""
        if self.expectations.private:
            return None
        from mcpchain.pipeline.mcp_entries import of_registry

        keys, around = self._keys(), self.around
        return partial(of_registry, terms=terms, known=keys, around=around)
