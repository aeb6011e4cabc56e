"""Read a pipeline of Azure DevOps: its tasks, repositories, templates and images.

The reference is the YAML schema that Azure Pipelines publishes. Steps may stand deep
inside of template expressions, so they are looked for everywhere but among inputs.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from packageurl import PackageURL

from mcpchain.build_file import named_file
from mcpchain.build_step import (
    add_image,
    add_undecided,
    beyond,
    partial,
    shown,
    unreadable,
)
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.discover.azure_pipelines import PATH
from mcpchain.discover.azure_pipelines.repository import repository
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 4 << 20
_FILES: Final = 100
"""How many templates are read because a file names them."""
_TASK: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*+)(?:@(?P<version>[0-9]+(?:\.[0-9]+){0,2}))?"
)
_WHOLE: Final = 3
"""How many numbers an exact version has; fewer float."""
_DATA: Final = frozenset({"inputs", "env", "variables", "resources"})
"""Where what looks like a step is none, or is read elsewhere."""
_JOB: Final = frozenset({"job", "deployment", "steps", "jobs", "stages", "pool"})
_OWN: Final = "self"
_LATER: Final = "it is put together when the pipeline runs"


def discover(file: File, found: Collector) -> None:
    """Declare the tasks, repositories and images that it uses.

    Raises:
        MalformedError: It is not YAML that is read.
        UnreadableError: It cannot be read.
    """
    reader = _Reader(found)
    reader.read(file)
    while reader.pending:
        place, other = reader.pending.pop()
        if len(reader.seen) > _FILES:
            beyond(found, place, f"more than {_FILES} templates are used")
            return
        try:
            with found.entry():
                reader.read(other)
        except UnreadableError as error:
            found.gap(error.gap())


@dataclass(slots=True)
class _Reader:
    """Reads one pipeline, and templates that only it names."""

    found: Collector
    seen: set[str] = field(default_factory=set)
    pending: list[tuple[Location, File]] = field(default_factory=list)
    repositories: dict[str, Component | None] = field(default_factory=dict)
    """By alias; `None`: nobody can tell which it is."""
    containers: set[str] = field(default_factory=set)
    """The aliases of images."""
    whole: bool = False
    """Whether all aliases are known: it is a pipeline, and no template."""

    def read(self, file: File) -> None:
        """Read *file*, and remember the templates that it names."""
        self.seen.add(file.path)
        document = Node.from_yaml(file.read(_BYTES), source=file.path)
        if not document.exists:
            return
        resources = document.at("resources")
        self.whole = self.whole or any(
            document.at(key).exists for key in ("resources", "trigger", "pr")
        )
        if resources.is_object():
            with self.found.entry():
                self._resources(resources)
        self._walk(document, file)

    def _resources(self, resources: Node) -> None:
        with self.found.entry():
            for each in resources.at("repositories").elements():
                with self.found.entry():
                    if each.at("repository").exists:
                        alias = each.at("repository").text()
                        self.repositories[alias] = None
                        component = repository(each, self.found)
                        self.repositories[alias] = component
                        if component is not None:
                            self.found.add(component)
        with self.found.entry():
            for each in resources.at("containers").elements():
                with self.found.entry():
                    if each.at("container").exists:
                        self.containers.add(each.at("container").text())
                        self._container_resource(each)

    def _container_resource(self, node: Node) -> None:
        alias = node.at("container").text()
        if node.at("image").exists:
            self._image(node.at("image"), alias)
            return
        parts = [node.at(key).optional_text() for key in ("registry", "repository")]
        place = Location(path=node.source, pointer=node.pointer)
        facts = BuildFacts(role=Role.BUILD_IMAGE, stage=alias)
        why = "only a connection of the project knows its registry"
        add_undecided(self.found, "/".join(filter(None, parts)), why, place, facts)

    def _walk(self, node: Node, file: File, key: str | None = None) -> None:
        """Look for steps, jobs and templates in *node*.

        Args:
            node: What to look in.
            file: What it is in.
            key: Under which it stands; empty in a list, `None` for the whole.
        """
        if node.is_list():
            for each in node.elements():
                with self.found.entry():
                    if each.is_object() and "task" in each:
                        self._task(each.at("task"))
                    self._template(each, file)
                    self._walk(each, file, "")
        elif node.is_object():
            if key == "extends":
                with self.found.entry():
                    self._template(node, file)
            is_job = key != "parameters" and any(each in node for each in _JOB)
            if is_job or key is None:
                with self.found.entry():
                    self._containers(node)
            for inner, each in node.items():
                if inner not in _DATA:
                    with self.found.entry():
                        self._walk(each, file, inner)

    def _task(self, node: Node) -> None:
        text, place = node.text(), Location(path=node.source, pointer=node.pointer)
        facts = BuildFacts(role=Role.TASK)
        if "$" in text:
            add_undecided(self.found, text, _LATER, place, facts)
            return
        match = _TASK.fullmatch(text)
        if match is None:
            problem = f"`{shown(text)}` is not the name of a task"
            unreadable(self.found, place, problem, "name it as `Name@1.2.3`")
            return
        version = match["version"]
        exact = version is not None and version.count(".") + 1 == _WHOLE
        self.found.add(
            Component(
                kind=Kind.BUILD,
                name=match["name"],
                version=version if exact else None,
                purl=PackageURL(
                    type="generic",
                    namespace="azure-pipelines-task",
                    name=match["name"],
                    version=version if exact else None,
                ),
                pin=Pin.EXACT if exact else Pin.RANGE if version else Pin.FLOATING,
                requested="" if exact else version or "",
                facts=facts,
                locations=(place,),
            )
        )

    def _containers(self, job: Node) -> None:
        """Declare the images that a job runs in and beside, unless by alias."""
        name = next((job.at(k).text() for k in ("job", "deployment")
                     if job.at(k).is_text()), "")  # fmt: skip
        container = job.at("container")
        services = job.at("services")
        nodes = [container.at("image") if container.is_object() else container]
        if services.is_object():
            nodes += [each for _, each in services.items()]
        for node in nodes:
            with self.found.entry():
                if node.exists and node.text() not in self.containers:
                    self._image(node, name)

    def _image(self, node: Node, stage: str) -> None:
        text, place = node.text(), Location(path=node.source, pointer=node.pointer)
        facts = BuildFacts(role=Role.BUILD_IMAGE, stage=stage)
        if "$" in text:
            add_undecided(self.found, text, _LATER, place, facts)
        elif text:
            add_image(self.found, text, place, facts)

    def _template(self, user: Node, file: File) -> None:
        """Declare where a template comes from, or remember to read it."""
        if not user.is_object() or not user.at("template").exists:
            return
        node = user.at("template")
        text, place = node.text(), Location(path=node.source, pointer=node.pointer)
        path, at, alias = text.rpartition("@")
        if "$" in text:
            add_undecided(
                self.found, text, _LATER, place, BuildFacts(role=Role.WORKFLOW)
            )
        elif at and alias != _OWN:
            self._elsewhere(alias, place)
        else:
            self._here(path if at else text, place, file)

    def _elsewhere(self, alias: str, place: Location) -> None:
        component = self.repositories.get(alias)
        if component is not None:
            self.found.add(replace(component, locations=(place,)))
        elif self.whole and alias not in self.repositories:
            reason = f"no repository is called `{shown(alias)}` in this pipeline"
            partial(self.found, place, reason, "declare it under `resources`")

    def _here(self, path: str, place: Location, file: File) -> None:
        if path.startswith("/"):
            # From the root of the repository, which may be the examined folder.
            path = "../" * file.path.count("/") + path.lstrip("/")
        other = named_file(file, path, place, self.found)
        if other is None or PATH.fullmatch(other.path.casefold()):
            return  # it is read by its own name
        if other.path not in self.seen:
            self.seen.add(other.path)
            self.pending.append((place, other))
