"""`mcpchain verify --server`: is a file the MCP server that a registry says it is?"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.verify.test_mcp_registry import (
    HEADERS,
    MANIFEST,
    MARKED,
    METADATA,
    NAME,
    entry,
    nupkg,
    packed,
    wheel,
)
from tests.verify.test_mcpb_signature import ZIP
from tests.world.oci import MANIFEST as MANIFEST_TYPE
from tests.world.oci import (
    Layer,
    OciRepository,
    cosign_attest,
    descriptor,
    digest_of,
    index,
    manifest,
)
from tests.world.server import Server
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import CLAIMS, Minter, statement

INSTANCE = Instance()
CONFIG = "application/vnd.oci.image.config.v1+json"
PATH = "/v0.1/servers/io.github.acme%2Ffiles/versions"
GOOD = {"package": "verified", "marker": "verified", "repository": "verified"} | {
    "repository-id": "verified",
    "namespace": "verified",
}


class Folder:
    """Where a user keeps a package, its attestation, and an entry about it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = path / "root.json"
        self.root.write_bytes(INSTANCE.trusted_root())
        self.entry = path / "server.json"
        self.describe()
        made = packed(("package/package.json", MANIFEST)).getvalue()
        self.file = self.put("acme-files-1.2.0.tgz", made)

    def describe(self, **more: Any) -> None:  # noqa: ANN401 - JSON
        self.entry.write_text(json.dumps(entry(**more)))

    def put(self, name: str, data: bytes, **claims: str) -> Path:
        file = self.path / name
        file.write_bytes(data)
        said = CLAIMS | {int(number[1:]): text for number, text in claims.items()}
        minter = Minter(instance=INSTANCE, claims=said, entries=("dsse/0.0.1",))
        bundle = minter.attest(statement(data))
        (self.path / f"{name}.sigstore.json").write_text(json.dumps(bundle))
        return file

    def run(self, *args: str | Path) -> Result:
        words = [*args, "--trusted-root", self.root, "--repository", "acme/files"]
        return CliRunner().invoke(main, ["verify", *map(str, words)])

    def links(self, *args: str | Path) -> tuple[int, str, dict[str, str]]:
        """Return the exit code, the answer for the entry, and each of its links."""
        result = self.run(*args, "--format", "json")
        assert result.stdout, result.output
        last = json.loads(result.stdout)["verifications"][-1]
        assert last["kind"] == "mcp-registry"
        told = {e["id"]: e["detail"].partition(":")[0] for e in last["checks"]}
        return result.exit_code, last["status"], told


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as opened:
        yield opened


def test_a_package_whose_every_link_holds_is_verified(folder: Folder) -> None:
    found = folder.links(folder.file, "--server", folder.entry)
    assert found == (0, "verified", GOOD)


def test_every_link_is_told(folder: Folder) -> None:
    result = folder.run(folder.file, "--server", folder.entry)
    lines = result.stdout.splitlines()
    at = lines.index(f"verified: {folder.file}", 1)
    assert lines[at + 1 : at + 6] == [
        "  package: verified: the file is `@acme/files` 1.2.0",
        "  marker: verified: the package says that it is `io.github.acme/files`",
        "  repository: verified: its certificate says `https://github.com/acme/files`",
        "  repository-id: verified: its certificate says `1001`",
        "  namespace: verified: its certificate says `https://github.com/acme`",
    ]
    folder.describe(name="io.github.acme/other")
    result = folder.run(folder.file, "--server", folder.entry)
    why = "the package says that it is `io.github.acme/files`, not"
    assert result.stdout.splitlines()[at : at + 3] == [
        f"invalid: {folder.file}",
        f"  why: {why} `io.github.acme/other`",
        "  hint: do not use it: the entry and the file contradict each other",
    ]


def test_a_wheel_is_read_as_well(folder: Folder) -> None:
    data = wheel(**{METADATA: HEADERS + b"\n" + MARKED}).getvalue()
    file = folder.put("files-1.2.0-py3-none-any.whl", data)
    packages = [{"registryType": "pypi", "identifier": "Files", "version": "1.2.0"}]
    folder.describe(packages=packages)
    found = folder.links(file, "--server", folder.entry)
    assert found == (0, "verified", GOOD)


def test_a_bundle_is_held_by_its_digest(folder: Folder) -> None:
    file = folder.put("files.mcpb", ZIP)
    package = {"registryType": "mcpb", "identifier": "https://x.example/files.mcpb"}
    folder.describe(
        packages=[package | {"fileSha256": hashlib.sha256(ZIP).hexdigest()}]
    )
    code, status, links = folder.links(file, "--server", folder.entry)
    assert (code, status, links["digest"]) == (0, "verified", "verified")
    folder.describe(packages=[package | {"fileSha256": "0" * 64}])
    code, status, links = folder.links(file, "--server", folder.entry)
    assert (code, status, links["digest"]) == (10, "invalid", "refuted")
    folder.describe(packages=[package])
    code, status, links = folder.links(file, "--server", folder.entry)
    assert (code, status, links["digest"]) == (10, "missing", "absent")


def test_of_several_packages_the_file_is_one(folder: Folder) -> None:
    ours = entry()["packages"][0]
    folder.describe(packages=[ours | {"identifier": "@acme/other"}, ours])
    assert folder.links(folder.file, "--server", folder.entry)[:2] == (0, "verified")
    folder.describe(packages=[ours | {"identifier": "@acme/other"}])
    found = folder.links(folder.file, "--server", folder.entry)
    assert found == (10, "invalid", GOOD | {"package": "refuted"})


@pytest.mark.parametrize(
    ("more", "status", "link"),
    [
        ({"name": "io.github.acme/other"}, "invalid", ("marker", "refuted")),
        (
            {"repository": {"url": "https://github.com/acme/other"}},
            "untrusted-identity",
            ("repository", "refuted"),
        ),
        ({"repository": None}, "missing", ("repository", "absent")),
    ],
    ids=["another name", "another repository", "no repository"],
)
def test_one_link_that_does_not_hold_is_no_yes(
    folder: Folder, more: dict[str, Any], status: str, link: tuple[str, str]
) -> None:
    folder.describe(**more)
    code, answer, links = folder.links(folder.file, "--server", folder.entry)
    assert (code, answer, links[link[0]]) == (10, status, link[1])


def test_who_built_it_elsewhere_does_not_own_the_name(folder: Folder) -> None:
    data = folder.file.read_bytes()
    folder.put(folder.file.name, data, n16="https://github.com/evil")
    code, status, links = folder.links(folder.file, "--server", folder.entry)
    assert (code, status, links["namespace"]) == (10, "untrusted-identity", "refuted")


def test_a_package_without_any_attestation_is_missing_one(folder: Folder) -> None:
    folder.file.with_name(f"{folder.file.name}.sigstore.json").unlink()
    options = ("--server", folder.entry, "--offline")
    code, status, links = folder.links(folder.file, *options)
    assert (code, status, links["repository"]) == (10, "missing", "absent")


def test_a_package_that_cannot_be_read_is_unverifiable(folder: Folder) -> None:
    folder.put(folder.file.name, b"hello")
    code, status, links = folder.links(folder.file, "--server", folder.entry)
    assert (code, status, links["marker"]) == (10, "unverifiable", "unchecked")


def test_an_entry_without_a_package_of_the_kind_is_told(folder: Folder) -> None:
    folder.describe(packages=[])
    found = folder.links(folder.file, "--server", folder.entry)
    assert found == (10, "missing", {})


def test_an_entry_of_a_registry_is_asked_for(folder: Folder, server: Server) -> None:
    for version in ("latest", "1.2.0"):
        place = server.place(f"{PATH}/{version}")
        place.answer_json({"server": entry(), "_meta": {}})
    for name in (NAME, f"{NAME}@1.2.0"):
        options = ("--server", name, "--mcp-registry", server.address)
        assert folder.links(folder.file, *options) == (0, "verified", GOOD)
    assert server.paths() == [f"{PATH}/latest", f"{PATH}/1.2.0"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"server": entry(name="io.github.acme/other")}, "answers with another"),
        ({"server": entry(version="1.3.0")}, "answers with another"),
        ({"server": {}}, "answers what is no MCP server"),
        ([], "answers what is no MCP server"),
    ],
    ids=["another server", "another version", "nothing", "a list"],
)
def test_a_registry_that_answers_something_else_decides_nothing(
    folder: Folder, server: Server, answer: object, words: str
) -> None:
    server.place(f"{PATH}/1.2.0").answer_json(answer)
    options = ("--server", f"{NAME}@1.2.0", "--mcp-registry", server.address)
    result = folder.run(folder.file, *options)
    assert (result.exit_code, result.stdout) == (4, "")
    assert words in result.stderr


def test_offline_no_registry_is_asked(folder: Folder, server: Server) -> None:
    options = ("--server", NAME, "--mcp-registry", server.address, "--offline")
    result = folder.run(folder.file, *options)
    assert (result.exit_code, server.asked) == (4, [])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--mcp-registry", "https://registry.example"), "is asked for a server"),
        (("--server", NAME, "--mcp-registry", "registry.example"), "no web address"),
        (("--server", "missing.json"), "cannot be read"),
        (("--server", "root.json"), "describes no MCP server"),
    ],
    ids=["no server", "no address", "no file", "another file"],
)
def test_an_entry_that_cannot_be_had_is_a_mistake_of_the_user(
    folder: Folder,
    options: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder.path)
    result = folder.run(folder.file, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("target", ["root.json", "pkg:npm/files@1.2.0", "."])
def test_only_files_of_packages_can_be_a_server(
    folder: Folder, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.path)
    result = folder.run(target, "--server", folder.entry)
    assert result.exit_code == 2
    assert "is no file that an entry of an MCP registry can be about" in result.stderr


@dataclass
class Pushed:
    """An image of the server in a registry, signed; and an entry about it."""

    server: Server
    folder: Folder
    label: str = NAME

    def push(self, *names: str) -> str:
        """Push it, for a platform each; return its digest."""
        repository = OciRepository(self.server)
        made = []
        for name in names or (self.label,):
            labels = {"Labels": {"io.modelcontextprotocol.server.name": name}}
            config = Layer(data=json.dumps({"config": labels}).encode(), media=CONFIG)
            repository.blob(config.data)
            data = manifest(config=config.descriptor)
            repository.push(data)
            made.append(descriptor(data, MANIFEST_TYPE))
        data = index(*made) if len(made) > 1 else data
        repository.push(data, "1.2.0")
        digest = digest_of(data)
        minter = Minter(instance=INSTANCE, entries=("dsse/0.0.1",))
        about = [{"name": "files", "digest": {"sha256": digest.partition(":")[2]}}]
        layer = cosign_attest(minter, statement(subject=about))
        repository.attach(digest, "att", [layer])
        return digest

    def links(self, identifier: str, digest: str) -> tuple[int, str, dict[str, str]]:
        """Hold it against an entry of *identifier*, in which `@` is the repository."""
        repository = OciRepository(self.server)
        named = identifier.replace("@", repository.name, 1)
        self.folder.describe(packages=[{"registryType": "oci", "identifier": named}])
        purl = repository.purl(digest)
        return self.folder.links(purl, "--server", self.folder.entry)


@pytest.fixture
def pushed(server: Server, folder: Folder) -> Pushed:
    return Pushed(server, folder)


@pytest.mark.parametrize("platforms", [1, 2])
@pytest.mark.parametrize("by", ["tag", "digest"])
def test_an_image_whose_every_link_holds_is_verified(
    by: str, platforms: int, pushed: Pushed
) -> None:
    digest = pushed.push(*[NAME] * platforms)
    named = "@:1.2.0" if by == "tag" else f"@@{digest}"
    assert pushed.links(named, digest) == (0, "verified", GOOD)


@pytest.mark.parametrize(
    ("identifier", "names", "status", "link"),
    [
        ("@:1.1.0", [NAME], "invalid", ("package", "refuted")),
        (f"@@sha256:{'0' * 64}", [NAME], "invalid", ("package", "refuted")),
        ("evil.example/acme/files:1.2.0", [NAME], "invalid", ("package", "refuted")),
        ("@:1.2.0", ["io.github.acme/other"], "invalid", ("marker", "refuted")),
        ("@:1.2.0", [""], "missing", ("marker", "absent")),
        ("@:1.2.0", [NAME, "io.github.evil/x"], "unverifiable", None),
    ],
    ids=["tag", "digest", "elsewhere", "another", "no label", "platforms differ"],
)
def test_an_image_that_is_another_is_no_yes(
    identifier: str,
    names: list[str],
    status: str,
    link: tuple[str, str] | None,
    pushed: Pushed,
) -> None:
    code, answer, links = pushed.links(identifier, pushed.push(*names))
    assert (code, answer) == (10, status)
    if link:
        assert links[link[0]] == link[1]


def test_an_image_of_a_registry_that_does_not_answer_is_undecided(
    pushed: Pushed,
) -> None:
    digest = pushed.push()
    OciRepository(pushed.server).at("manifests/1.2.0").answer(403)
    assert pushed.links("@:1.2.0", digest)[:2] == (4, "error")


def test_offline_no_registry_of_an_image_is_asked(pushed: Pushed) -> None:
    digest = pushed.push()
    repository = OciRepository(pushed.server)
    package = {"registryType": "oci", "identifier": f"{repository.name}:1.2.0"}
    pushed.folder.describe(packages=[package])
    words = (repository.purl(digest), "--server", pushed.folder.entry, "--offline")
    result = pushed.folder.run(*words)
    assert (result.exit_code, "(offline)" in result.stdout) == (4, True)
    assert not pushed.server.asked


def test_a_package_of_nuget_is_read_as_well(folder: Folder) -> None:
    file = folder.put("acme.files.1.2.0.nupkg", nupkg().getvalue())
    packages = [
        {"registryType": "nuget", "identifier": "Acme.Files", "version": "1.2.0"}
    ]
    folder.describe(packages=packages)
    found = folder.links(file, "--server", folder.entry)
    assert found == (0, "verified", GOOD)


def test_a_bundle_that_only_github_attests_is_asked_about(
    folder: Folder, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = server.address.removeprefix("http://")
    monkeypatch.setenv("GH_HOST", host)
    file = folder.put("files.mcpb", ZIP)
    bundle = json.loads(Path(f"{file}.sigstore.json").read_text())
    Path(f"{file}.sigstore.json").unlink()
    digest = hashlib.sha256(ZIP).hexdigest()
    path = f"/api/v3/repos/acme/files/attestations/sha256:{digest}"
    server.place(path).answer_json({"attestations": [{"bundle": bundle}]})
    package = {"registryType": "mcpb", "identifier": "https://x.example/files.mcpb"}
    folder.describe(packages=[package | {"fileSha256": digest}])
    # The certificate is of another host than the one that was asked.
    code, status, links = folder.links(file, "--server", folder.entry)
    assert (code, links["digest"]) == (10, "verified")
    assert status == "unverifiable"
    assert [each.partition("?")[0] for each in server.paths()] == [path]
