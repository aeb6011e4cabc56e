"""Read workflows and actions: what they use, and how firmly that is named.

The reference is the workflow syntax and the metadata syntax that GitHub publishes, and
the runner (actions/runner) where they leave something open.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mcpchain.build_file import read_named_dockerfile
from mcpchain.build_step import add_image, add_undecided, beyond, unreadable
from mcpchain.component import BuildFacts, Location, Role
from mcpchain.discover.github_actions.matrix import expanded
from mcpchain.discover.github_actions.uses import add_action, check_local
from mcpchain.document import Node
from mcpchain.interpolation import UndecidedError
from mcpchain.inventory import Collector
from mcpchain.tree import File

_BYTES: Final = 4 << 20
_MOST: Final = 50
"""How many times a matrix is asked for an image."""
_DOCKER: Final = "docker://"
_CLAIM: Final = re.compile(
    r"""^[ \t]*+(?:-[ \t]++)?["']?uses["']?[ \t]*+:[ \t]*+["']?([^\s"'#]++)["']?"""
    r"[ \t]++\#[ \t]*+(?:tag=|pin@|ratchet:[^\s@]++@)?(v?[0-9][A-Za-z0-9._+-]{0,60}+)",
    re.MULTILINE,
)
"""What a comment says that a commit is."""


def discover(file: File, found: Collector) -> None:
    """Declare every action, workflow and image that is used.

    Raises:
        MalformedError: It is not YAML that is read, or no workflow.
        UnreadableError: It cannot be read.
    """
    data = file.read(_BYTES)
    is_action = file.name.casefold().rpartition(".")[0] == "action"
    workflow = "/.github/workflows/" in f"/{file.path.casefold()}"
    if is_action and not workflow and b"runs" not in data:
        return  # some other program's
    document = Node.from_yaml(data, source=file.path)
    if not document.exists:
        return
    reader = _Reader(file, found, _claims(data))
    if workflow:
        for name, job in document.at("jobs").items():
            with found.entry():
                reader.read_job(name, job)
        if not document.at("jobs").exists:
            unreadable(found, Location(path=file.path), "has no jobs")
    else:
        reader.read_action(document.at("runs"))


def _claims(data: bytes) -> Mapping[str, str]:
    """Return which version comments say a commit is, where they agree."""
    claims: dict[str, set[str]] = {}
    for match in _CLAIM.finditer(data.decode("utf-8", "replace")):
        claims.setdefault(match[1], set()).add(match[2])
    return {uses: min(said) for uses, said in claims.items() if len(said) == 1}


@dataclass(slots=True)
class _Reader:
    """Reads one file."""

    file: File
    found: Collector
    claims: Mapping[str, str] = field(default_factory=dict)
    left: int = _MOST

    def read_job(self, name: str, job: Node) -> None:
        """Declare what a job runs in, beside and one after the other."""
        with self.found.entry():
            if job.at("uses").exists:
                self._use(job.at("uses"), Role.WORKFLOW)
        with self.found.entry():
            self._container(job.at("container"), job, name)
        with self.found.entry():
            for service, node in job.at("services").items():
                with self.found.entry():
                    self._container(node, job, service)
        self._steps(job.at("steps"))

    def read_action(self, runs: Node) -> None:
        """Declare what an action is made of."""
        if not runs.exists:
            return
        self._steps(runs.at("steps"))
        image = runs.at("image")
        if not image.exists:
            return
        text = image.text()
        if text.startswith(_DOCKER):
            self._image(text.removeprefix(_DOCKER), image)
        else:
            role, place = Role.BUILD_IMAGE, _place(image)
            read_named_dockerfile(self.file, text, place, self.found, role)

    def _steps(self, steps: Node) -> None:
        with self.found.entry():
            for step in steps.elements():
                with self.found.entry():
                    if step.at("uses").exists:
                        self._use(step.at("uses"), Role.ACTION)

    def _use(self, uses: Node, role: Role) -> None:
        text, place = uses.text().strip(), _place(uses)
        facts = BuildFacts(role=role)
        if "${{" in text:
            why = "it is put together when the workflow runs"
            add_undecided(self.found, text, why, place, facts)
        elif text.startswith(_DOCKER):
            self._image(text.removeprefix(_DOCKER), uses)
        elif text.startswith(("./", "$/")):
            check_local(text[2:], self.file, place, self.found, role)
        else:
            add_action(text, self.claims.get(text, ""), place, self.found, role)

    def _container(self, node: Node, job: Node, stage: str) -> None:
        """Declare the image of a container, which may be chosen by the matrix."""
        if not node.exists:
            return
        image = node.at("image") if node.is_object() else node
        self.left -= "${{" in image.text()
        if self.left < 0:
            reason = f"more than {_MOST:,} images that a matrix may choose"
            beyond(self.found, _place(image), reason)
            return
        try:
            texts = expanded(image.text(), job.at("strategy"))
        except UndecidedError as error:
            facts = BuildFacts(role=Role.BUILD_IMAGE, stage=stage)
            why = str(error)
            add_undecided(self.found, image.text(), why, _place(image), facts)
            return
        for text in texts:
            self._image(text.removeprefix(_DOCKER), image, stage)

    def _image(self, text: str, node: Node, stage: str = "") -> None:
        facts = BuildFacts(role=Role.BUILD_IMAGE, stage=stage)
        if "${{" in text:
            why = "it is put together when the workflow runs"
            add_undecided(self.found, text, why, _place(node), facts)
        else:
            add_image(self.found, text, _place(node), facts)


def _place(node: Node) -> Location:
    return Location(path=node.source, pointer=node.pointer)
