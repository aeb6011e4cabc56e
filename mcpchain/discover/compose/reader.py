"""Read a compose file: the images of its services, models, and what builds them.

The reference is the Compose Specification (compose-spec/compose-spec). Variables have
the values that the file itself, or the `.env` beside it, gives them. Configs, secrets
and the environment of services are never looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mcpchain import image
from mcpchain.build_file import is_compose, named_file
from mcpchain.build_step import add_image, add_undecided, beyond, partial, shown
from mcpchain.component import (
    BuildFacts,
    Component,
    Kind,
    Location,
    ModelFacts,
    Pin,
    Role,
)
from mcpchain.discover.compose.build import add_build, is_elsewhere
from mcpchain.discover.compose.variables import variables
from mcpchain.document import Node
from mcpchain.interpolation import UndecidedError, interpolate
from mcpchain.inventory import Collector
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 4 << 20
_FILES: Final = 50
"""How many other files are read because one names them."""
_FORMAT: Final = "oci"
"""How a model is packed that is fetched from a registry of images."""
_PULLED: Final = frozenset(
    {"always", "missing", "if_not_present", "daily", "weekly", "refresh"}
)
"""Policies by which an image is fetched even if it could be built."""


def discover(file: File, found: Collector) -> None:
    """Declare the images and models of the services, and what builds them.

    Raises:
        MalformedError: It is not YAML that is read.
        UnreadableError: It cannot be read.
    """
    reader = _Reader(found)
    reader.read(file)
    while reader.pending:
        place, other = reader.pending.pop()
        if len(reader.seen) > _FILES:
            beyond(found, place, f"more than {_FILES} files are included")
            return
        try:
            with found.entry():
                reader.read(other)
        except UnreadableError as error:
            found.gap(error.gap())


@dataclass(slots=True)
class _Reader:
    """Reads one compose file, and those that only it names."""

    found: Collector
    seen: set[str] = field(default_factory=set)
    built: set[object] = field(default_factory=set)
    pending: list[tuple[Location, File]] = field(default_factory=list)
    values: Mapping[str, str | None] = field(default_factory=dict)

    def read(self, file: File) -> None:
        """Read *file*, and remember the files that it names."""
        self.seen.add(file.path)
        self.values = variables(file)
        data = file.read(_BYTES)
        for part in Node.all_from_yaml(data, source=file.path, merging=True):
            if part.exists:
                self._document(part, file)

    def _document(self, document: Node, file: File) -> None:
        with self.found.entry():
            for name, service in document.at("services").items():
                with self.found.entry():
                    self._service(name, service, file)
        with self.found.entry():
            for _, model in document.at("models").items():
                with self.found.entry():
                    self._model(model.at("model"))
        with self.found.entry():
            include = document.at("include")
            for each in include.elements():
                with self.found.entry():
                    paths = each.at("path") if each.is_object() else each
                    for path in paths.elements() if paths.is_list() else [paths]:
                        self._include(path, file)

    def _service(self, name: str, service: Node, file: File) -> None:
        build = service.at("build")
        with self.found.entry():
            if service.at("image").exists:
                self._image(name, service, built=build.exists)
        with self.found.entry():
            if build.exists:
                add_build(build, name, file, self.values, self.built, self.found)
        with self.found.entry():
            extends = service.at("extends")
            if extends.is_object() and extends.at("file").exists:
                self._include(extends.at("file"), file)
        with self.found.entry():
            self._provider(service.at("provider"))

    def _image(self, name: str, service: Node, *, built: bool) -> None:
        """Declare the image of a service, unless it only names what is built."""
        policy = service.at("pull_policy").optional_text() or ""
        if built and policy.partition("_")[0] not in _PULLED | {"every", "if"}:
            return
        node = service.at("image")
        place = Location(path=node.source, pointer=node.pointer)
        facts = BuildFacts(
            role=Role.SERVICE_IMAGE,
            stage=name,
            platform=service.at("platform").optional_text() or "",
        )
        try:
            text = interpolate(node.text(), self.values, escape="$")
        except UndecidedError as error:
            add_undecided(self.found, node.text(), str(error), place, facts)
            return
        text = text.removeprefix("docker://")
        add_image(self.found, text, place, facts, written=node.text())

    def _provider(self, provider: Node) -> None:
        if not provider.exists:
            return
        kind = provider.at("type").text()
        model = provider.at("options")
        if kind == "model" and model.is_object() and model.at("model").exists:
            self._model(model.at("model"))
            return
        place = Location(path=provider.source, pointer=provider.pointer)
        reason = f"a program outside of it, `{shown(kind)}`, provides this service"
        partial(self.found, place, reason, "look at that program by other means")

    def _model(self, node: Node) -> None:
        """Declare a model that is fetched as an image is."""
        place = Location(path=node.source, pointer=node.pointer)
        try:
            text = interpolate(node.text(), self.values, escape="$")
            named = image.parse(text)
        except ValueError:
            # A hub has names that no image has.
            model = Component(
                kind=Kind.MODEL,
                name=shown(node.text()) or "unnamed",
                pin=Pin.FLOATING,
                facts=ModelFacts(format=_FORMAT),
                locations=(place,),
            )
        else:
            model = Component(
                kind=Kind.MODEL,
                name=named.name,
                purl=named.purl,
                pin=named.pin,
                requested=named.tag,
                facts=ModelFacts(format=_FORMAT),
                locations=(place,),
            )
        self.found.add(model)

    def _include(self, node: Node, file: File) -> None:
        """Read a file that is named here, unless it is read by its own name."""
        text = node.text()
        place = Location(path=node.source, pointer=node.pointer)
        hint = "examine it with the folder that it comes from"
        try:
            path = interpolate(text, dict.fromkeys(self.values), escape="$")
        except UndecidedError as error:
            reason = f"which file `{shown(text)}` is cannot be told: {error}"
            partial(self.found, place, reason, hint)
            return
        if is_elsewhere(path) or path.startswith("oci:"):
            reason = f"includes `{shown(path)}` from elsewhere, which is not read"
            partial(self.found, place, reason, hint)
            return
        other = named_file(file, path, place, self.found)
        if other is None or is_compose(other.name):
            return  # it is read by its own name
        if other.path not in self.seen:
            self.seen.add(other.path)
            self.pending.append((place, other))
