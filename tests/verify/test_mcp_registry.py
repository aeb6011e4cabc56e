"""Entries of MCP registries: each link by itself, and what must never pass for one."""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mcpchain.bundle.policy import Expected
from mcpchain.errors import MalformedError
from mcpchain.evidence import Outcome
from mcpchain.signature import Check, Identity, SanKind, Status, Verification
from mcpchain.verify.mcp_registry import (
    Link,
    Package,
    Seen,
    Server,
    expected_of,
    follow,
    marker,
    read_server,
    summary,
)

NAME = "io.github.acme/files"
GITHUB = "https://token.actions.githubusercontent.com"
BYTES = b"the bytes of a release\n"
SHA256 = hashlib.sha256(BYTES).digest()
NPM = Package(kind="npm", identifier="@acme/files", version="1.2.0")
SERVER = Server(
    name=NAME,
    version="1.2.0",
    repository="https://github.com/acme/files",
    repository_id="1001",
    packages=(NPM,),
)
ACME = Identity(
    issuer=GITHUB,
    san="https://github.com/acme/files/.github/workflows/release.yml@refs/tags/v1",
    kind=SanKind.URI,
    repository="https://github.com/acme/files",
    repository_id="1001",
    owner="https://github.com/acme",
    owner_id="2002",
)


def signed(
    status: Status = Status.VERIFIED,
    who: Identity | None = ACME,
    **more: Any,  # noqa: ANN401 - fields
) -> Verification:
    made = Verification(status=status, reason="so it is", identity=who)
    return replace(made, identity=replace(who, **more)) if who and more else made


SEEN = Seen(
    package=("@acme/files", "1.2.0"),
    markers=(NAME,),
    sha256=SHA256,
    verifications=(signed(),),
)


def outcomes(
    server: Server = SERVER, package: Package = NPM, seen: Seen = SEEN
) -> dict[str, Outcome]:
    return {each.id: each.outcome for each in follow(server, package, seen)}


def status(
    server: Server = SERVER, package: Package = NPM, seen: Seen = SEEN
) -> Status:
    return summary(server, package, follow(server, package, seen)).status


def test_a_package_whose_every_link_holds_is_verified() -> None:
    links = follow(SERVER, NPM, SEEN)
    assert links == (
        Link(
            id="package",
            outcome=Outcome.VERIFIED,
            detail="the file is `@acme/files` 1.2.0",
        ),
        Link(
            id="marker",
            outcome=Outcome.VERIFIED,
            detail="the package says that it is `io.github.acme/files`",
        ),
        Link(
            id="repository",
            outcome=Outcome.VERIFIED,
            detail="its certificate says `https://github.com/acme/files`",
        ),
        Link(
            id="repository-id",
            outcome=Outcome.VERIFIED,
            detail="its certificate says `1001`",
        ),
        Link(
            id="namespace",
            outcome=Outcome.VERIFIED,
            detail="its certificate says `https://github.com/acme`",
        ),
    )
    found = summary(SERVER, NPM, links)
    assert (found.status, found.kind, found.expected_by) == (
        *(Status.VERIFIED, "mcp-registry", "index"),
    )
    assert found.subject == "io.github.acme/files (npm @acme/files@1.2.0)"
    assert found.checks[1] == Check(
        id="marker",
        ok=True,
        detail="verified: the package says that it is `io.github.acme/files`",
    )


def test_a_bundle_is_held_by_its_digest() -> None:
    bundle = Package(kind="mcpb", identifier="https://x.example/f.mcpb", sha256=SHA256)
    found = outcomes(package=bundle, seen=replace(SEEN, markers=None))
    assert "marker" not in found
    assert found["digest"] is Outcome.VERIFIED
    assert status(package=bundle, seen=replace(SEEN, markers=None)) is Status.VERIFIED


V, R, A, U = Outcome.VERIFIED, Outcome.REFUTED, Outcome.ABSENT, Outcome.UNCHECKED
MCPB = Package(kind="mcpb", identifier="https://x.example/f.mcpb", sha256=SHA256)
BARE = replace(MCPB, sha256=b"")
UNTRUSTED = signed(Status.UNTRUSTED_IDENTITY)
CIRCLE = "https://oidc.circleci.com"
ROWS: dict[str, tuple[dict[str, Any], str, Outcome, Status]] = {
    "another name": (
        {"seen": {"markers": ("io.github.acme/other",)}},
        *("marker", R, Status.INVALID),
    ),
    "a longer name": (
        {"seen": {"markers": (f"{NAME}-evil",)}},
        *("marker", R, Status.INVALID),
    ),
    "another case": (
        {"seen": {"markers": ("io.github.Acme/files",)}},
        *("marker", R, Status.INVALID),
    ),
    "another package": (
        {"seen": {"package": ("@evil/files", "1.2.0")}},
        *("package", R, Status.INVALID),
    ),
    "another version": (
        {"seen": {"package": ("@acme/files", "1.2.1")}},
        *("package", R, Status.INVALID),
    ),
    "a name in another case": (
        {"seen": {"package": ("@Acme/files", "1.2.0")}},
        *("package", R, Status.INVALID),
    ),
    "a package that was not opened": (
        {"seen": {"package": None}},
        *("package", U, Status.UNVERIFIABLE),
    ),
    "an entry without version": (
        {"package": {"version": ""}},
        *("package", A, Status.MISSING),
    ),
    "another spelling of PyPI": (
        {
            "package": {"kind": "pypi", "identifier": "Acme_Files", "version": "1.2"},
            "seen": {"package": ("acme-files", "1.2")},
        },
        *("package", V, Status.VERIFIED),
    ),
    "no marker": ({"seen": {"markers": ()}}, *("marker", A, Status.MISSING)),
    "package unseen": (
        {"seen": {"markers": None}},
        *("marker", U, Status.UNVERIFIABLE),
    ),
    "cargo": (
        {"package": {"kind": "cargo"}},
        *("marker", U, Status.UNVERIFIABLE),
    ),
    "go": ({"package": {"kind": "go"}}, *("marker", U, Status.UNVERIFIABLE)),
    "a new kind": ({"package": {"kind": "x"}}, *("marker", U, Status.UNVERIFIABLE)),
    "another file": (
        {"package": MCPB, "seen": {"sha256": bytes(32)}},
        *("digest", R, Status.INVALID),
    ),
    "a file unseen": (
        {"package": MCPB, "seen": {"sha256": None}},
        *("digest", U, Status.UNVERIFIABLE),
    ),
    "a bundle without digest": (
        {"package": BARE},
        *("digest", A, Status.MISSING),
    ),
    "a package with a wrong digest": (
        {"package": {"sha256": bytes(32)}},
        *("digest", R, Status.INVALID),
    ),
    "nothing signed": (
        {"seen": {"verifications": ()}},
        *("repository", A, Status.MISSING),
    ),
    "signatures missing": (
        {"seen": {"verifications": (signed(Status.MISSING, None),)}},
        *("repository", A, Status.MISSING),
    ),
    "signatures unseen": (
        {"seen": {"verifications": None}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "an invalid one": (
        {"seen": {"verifications": (signed(Status.INVALID),)}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "an invalid one of another": (
        {
            "seen": {
                "verifications": (
                    signed(),
                    signed(Status.INVALID, repository="https://github.com/evil/x"),
                )
            }
        },
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "one that cannot be verified": (
        {"seen": {"verifications": (signed(), signed(Status.UNVERIFIABLE))}},
        *("namespace", U, Status.UNVERIFIABLE),
    ),
    "a network that failed": (
        {"seen": {"verifications": (signed(Status.ERROR, None),)}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "one that was not expected": (
        {"seen": {"verifications": (UNTRUSTED,)}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "one that was not expected, besides": (
        {"seen": {"verifications": (signed(), UNTRUSTED)}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "a key": (
        {"seen": {"verifications": (signed(who=None),)}},
        *("repository", A, Status.MISSING),
    ),
    "a person": (
        {"seen": {"verifications": (signed(repository="", owner=""),)}},
        *("repository", A, Status.MISSING),
    ),
    "another repository": (
        {"seen": {"verifications": (signed(repository="https://github.com/acme/x"),)}},
        *("repository", R, Status.UNTRUSTED_IDENTITY),
    ),
    "another repository, besides": (
        {
            "seen": {
                "verifications": (
                    signed(),
                    signed(repository="https://github.com/acme/x"),
                )
            }
        },
        *("repository", R, Status.UNTRUSTED_IDENTITY),
    ),
    "another repository that was not expected": (
        {
            "seen": {
                "verifications": (
                    signed(
                        Status.UNTRUSTED_IDENTITY,
                        repository="https://github.com/evil/files",
                    ),
                )
            }
        },
        *("repository", R, Status.UNTRUSTED_IDENTITY),
    ),
    "another host": (
        {
            "seen": {
                "verifications": (signed(repository="https://gitlab.com/acme/files"),)
            }
        },
        *("repository", R, Status.UNTRUSTED_IDENTITY),
    ),
    "an issuer that builds what is not its own": (
        {"seen": {"verifications": (signed(issuer=CIRCLE),)}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "an owner by such an issuer": (
        {"seen": {"verifications": (signed(issuer=CIRCLE),)}},
        *("namespace", U, Status.UNVERIFIABLE),
    ),
    "an issuer that begins alike": (
        {"seen": {"verifications": (signed(issuer=f"{GITHUB}.evil.example"),)}},
        *("repository-id", U, Status.UNVERIFIABLE),
    ),
    "a repository without a scheme": (
        {"seen": {"verifications": (signed(repository="github.com/acme/files"),)}},
        *("repository", A, Status.MISSING),
    ),
    "a repository of the same name, made anew": (
        {"seen": {"verifications": (signed(repository_id="9"),)}},
        *("repository-id", R, Status.UNTRUSTED_IDENTITY),
    ),
    "a certificate without number": (
        {"seen": {"verifications": (signed(repository_id=""),)}},
        *("repository-id", A, Status.VERIFIED),
    ),
    "an entry without number": (
        {"server": {"repository_id": ""}},
        *("repository-id", A, Status.VERIFIED),
    ),
    "a number of another host": (
        {"server": {"repository": "https://gitlab.com/acme/files"}},
        *("repository-id", U, Status.UNTRUSTED_IDENTITY),
    ),
    "an entry without repository": (
        {"server": {"repository": ""}},
        *("repository", A, Status.MISSING),
    ),
    "an entry with no clear repository": (
        {"server": {"repository": "https://github.com/acme/files/tree/main"}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "a repository behind a user name": (
        {"server": {"repository": "https://github.com@evil.example/acme/files"}},
        *("repository", R, Status.UNTRUSTED_IDENTITY),
    ),
    "another port": (
        {"server": {"repository": "https://github.com:8443/acme/files"}},
        *("repository", U, Status.UNVERIFIABLE),
    ),
    "an account of somebody else": (
        {"server": {"name": "io.github.evil/files"}, "seen": {"markers": None}},
        *("namespace", R, Status.UNTRUSTED_IDENTITY),
    ),
    "an account that begins alike": (
        {"server": {"name": "io.github.acm/files"}},
        *("namespace", R, Status.INVALID),
    ),
    "a domain": (
        {
            "server": {"name": "com.acme/files"},
            "seen": {"markers": ("com.acme/files",)},
        },
        *("namespace", U, Status.UNVERIFIABLE),
    ),
    "a domain below the account's": (
        {"server": {"name": "io.github.acme.x/files"}},
        *("namespace", U, Status.INVALID),
    ),
    "an account in another spelling": (
        {"server": {"name": "IO.github.acme/files"}},
        *("namespace", U, Status.INVALID),
    ),
    "a certificate without owner": (
        {"seen": {"verifications": (signed(owner=""),)}},
        *("namespace", A, Status.MISSING),
    ),
    "an owner elsewhere": (
        {"seen": {"verifications": (signed(owner="https://gitlab.com/acme"),)}},
        *("namespace", R, Status.UNTRUSTED_IDENTITY),
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_link_has_its_own_answer(row: str) -> None:
    shape, link, outcome, answer = ROWS[row]
    package = shape.get("package", {})
    package = package if isinstance(package, Package) else replace(NPM, **package)
    server = replace(SERVER, **shape.get("server", {}))
    seen = replace(SEEN, **shape.get("seen", {}))
    found = outcomes(server, package, seen)
    assert (found[link], status(server, package, seen)) == (outcome, answer)


def test_nothing_that_was_looked_at_is_no_yes() -> None:
    assert summary(SERVER, NPM, ()).status is Status.MISSING
    assert set(outcomes(seen=Seen()).values()) == {Outcome.UNCHECKED}


@pytest.mark.parametrize(
    ("declared", "certified"),
    [
        ("https://github.com/Acme/Files", "https://github.com/acme/files"),
        ("https://github.com/acme/files.git", "https://github.com/Acme/files"),
        ("https://github.com/acme/files/", "https://github.com/acme/files"),
        ("git+https://github.com/acme/files.git#main", "https://github.com/acme/files"),
        ("git@github.com:acme/files.git", "https://github.com/acme/files"),
        ("ssh://git@github.com/acme/files", "https://github.com/acme/files"),
    ],
)
def test_a_repository_has_many_spellings(declared: str, certified: str) -> None:
    seen = replace(SEEN, verifications=(signed(repository=certified),))
    found = outcomes(replace(SERVER, repository=declared), NPM, seen)
    assert found["repository"] is Outcome.VERIFIED


def test_an_entry_says_whom_to_expect() -> None:
    assert expected_of(SERVER) == Expected(
        issuer=GITHUB, repository="https://github.com/acme/files"
    )
    assert expected_of(replace(SERVER, repository="")) is None
    assert expected_of(replace(SERVER, repository="https://git.example/a/b")) is None


def entry(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    made = {
        "name": NAME,
        "version": "1.2.0",
        "repository": {"url": "https://github.com/acme/files", "id": "1001"},
        "packages": [
            {
                "registryType": "npm",
                "identifier": "@acme/files",
                "version": "1.2.0",
                "transport": {"type": "stdio"},
            }
        ],
    }
    return {**made, **more}


def read(document: object) -> Server:
    return read_server(json.dumps(document).encode(), source="server.json")


def test_an_entry_is_read_as_a_file_and_as_an_answer() -> None:
    assert read(entry()) == SERVER
    assert read({"server": entry(), "_meta": {}}) == SERVER


def test_an_entry_in_the_spelling_of_older_versions_is_read() -> None:
    older = [
        {
            "registry_type": "mcpb",
            "identifier": "https://x.example/f.mcpb",
            "file_sha256": SHA256.hex(),
        }
    ]
    assert read(entry(packages=older)).packages == (MCPB,)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ({}, "/name"),
        (entry(name="files"), "/name"),
        (entry(name="io.github.acme/files\n"), "/name"),
        (entry(name="io.github.acme/files/x"), "/name"),
        (entry(name=["io.github.acme/files"]), "/name"),
        (entry(Name=NAME), ""),
        (entry(repository="https://github.com/acme/files"), "/repository"),
        (entry(repository={"id": 1001}), "/repository/id"),
        (entry(packages={}), "/packages"),
        (entry(packages=[1]), "/packages/0"),
        (entry(packages=[{"registryType": "npm"}]), "/packages/0/identifier"),
        (
            entry(
                packages=[
                    {"registryType": "mcpb", "identifier": "x", "fileSha256": "ab"}
                ]
            ),
            "/packages/0/fileSha256",
        ),
        (
            entry(
                packages=[
                    {
                        "registryType": "mcpb",
                        "identifier": "x",
                        "fileSha256": SHA256.hex(),
                        "file_sha256": bytes(32).hex(),
                    }
                ]
            ),
            "/packages/0",
        ),
        (entry(packages=[{}] * 1001), ""),
    ],
    ids=[
        *("no object", "nothing", "no namespace", "a line break", "two slashes"),
        *("a list", "two names", "text", "a number", "no list", "no package"),
        *("no identifier", "a short digest", "two digests", "too many"),
    ],
)
def test_an_entry_that_cannot_be_read_says_where(
    document: object, pointer: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        read(document)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"mcp-name: {NAME}", (NAME,)),
        (f"# Files\n\n<!-- mcp-name: {NAME} -->\n", (NAME,)),
        (f"<!-- mcp-name: {NAME}-->", (NAME,)),
        (f"mcp-name: {NAME}<br>", (NAME,)),
        (f"mcp-name: {NAME}\r\n", (NAME,)),
        (f"mcp-name: {NAME}-evil", (f"{NAME}-evil",)),
        (f"mcp-name: {NAME}.evil ", (f"{NAME}.evil",)),
        (f"mcp-name: a.b/c mcp-name: {NAME} mcp-name: a.b/c", ("a.b/c", NAME)),
        (f"mcp-name: {NAME}/evil", ()),
        (f"mcp-name: {NAME}`", ()),
        (f"mcp-name: {NAME}--", (f"{NAME}--",)),
        (f"mcp-name:{NAME}", ()),
        (f"mcp-name:  {NAME}", ()),
        (f"MCP-NAME: {NAME}", ()),
        (f"no-mcp-name: {NAME}", ()),
        (f"xmcp-name: {NAME}", ()),
        ("mcp-name: " + "a" * 101 + "/b", ()),
        ("mcp-name: a/" + "b" * 101, ()),
        (NAME, ()),
        ("", ()),
    ],
    ids=str,
)
def test_a_marker_in_a_readme_is_exact(text: str, names: tuple[str, ...]) -> None:
    assert marker.of_readme(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "mcp-name: " * 400_000,
        "mcp-name: " + "a/" * 2_000_000,
        "mcp-name: a/b-" * 300_000,
    ],
    ids=["heads", "slashes", "names"],
)
def test_a_long_readme_is_read_in_short_time(text: str) -> None:
    assert len(marker.of_readme(text)) <= 1


def packed(*members: tuple[str, bytes] | tarfile.TarInfo) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for each in members:
            if isinstance(each, tarfile.TarInfo):
                archive.addfile(each)
                continue
            name, data = each
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made


def link(name: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, "package/other.json"
    return made


MANIFEST = json.dumps(
    {"name": "@acme/files", "version": "1.2.0", "mcpName": NAME}
).encode()
WHOLE = MANIFEST + b" " * (512 - len(MANIFEST))


@pytest.mark.parametrize(
    "members",
    [
        (("package/package.json", MANIFEST), ("package/index.js", b"x")),
        (("package/index.js", b"x" * 5000), ("package/package.json", WHOLE)),
        (("package/package.json", WHOLE), ("package/index.js", b"x")),
        (("package/lib/package.json", b"{}"), ("package/package.json", MANIFEST)),
        (("files/package.json", MANIFEST),),
        (("package/" + "x" * 300, b""), ("./package/package.json", MANIFEST)),
    ],
    ids=["usual", "last", "a whole block", "another below", "folder", "long name"],
)
def test_the_marker_of_an_npm_package_is_read(
    members: tuple[tuple[str, bytes], ...],
) -> None:
    assert marker.of_npm(packed(*members), source="x.tgz").markers == (NAME,)


def test_an_npm_package_without_a_marker_has_none() -> None:
    made = packed(("package/package.json", b'{"name": "x", "version": "1"}'))
    assert marker.of_npm(made, source="x.tgz").markers == ()


def bomb() -> io.BytesIO:
    """A header that says that the name of the next member is very long."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 64 << 20
    return io.BytesIO(gzip.compress(info.tobuf() + bytes(64 << 20), 1))


def followed(between: int) -> io.BytesIO:
    """Another archive behind the end of one, which some readers go on with."""
    first = gzip.decompress(packed(("package/package.json", MANIFEST)).getvalue())
    second = gzip.decompress(packed(("package/package.json", b"{}")).getvalue())
    return io.BytesIO(gzip.compress(first[:1024] + bytes(between) + second))


WRONG: dict[str, tuple[Callable[[], io.BytesIO], str]] = {
    "nothing": (io.BytesIO, "not a tar that can be read"),
    "no gzip": (lambda: io.BytesIO(b"hello"), "not a tar that can be read"),
    "no tar": (
        lambda: io.BytesIO(gzip.compress(b"hello" * 200)),
        "not a tar that can be read",
    ),
    "cut": (
        lambda: io.BytesIO(packed(("package/package.json", MANIFEST)).getvalue()[:-20]),
        "not a tar that can be read",
    ),
    "no manifest": (
        lambda: packed(("package/index.js", b"x")),
        "no `package.json` is in it",
    ),
    "one too deep": (
        lambda: packed(("package/x/package.json", MANIFEST)),
        "no `package.json` is in it",
    ),
    "one outside": (
        lambda: packed(("package.json", MANIFEST)),
        "no `package.json` is in it",
    ),
    "two": (
        lambda: packed(
            ("package/package.json", MANIFEST), ("package/package.json", b"{}")
        ),
        "which `package.json` is the package's cannot be told",
    ),
    "two folders": (
        lambda: packed(("package/package.json", MANIFEST), ("x/package.json", b"{}")),
        "which `package.json` is the package's cannot be told",
    ),
    "another case": (
        lambda: packed(
            ("package/package.json", MANIFEST), ("package/Package.json", b"{}")
        ),
        "which `package.json` is the package's cannot be told",
    ),
    "a way back": (
        lambda: packed(
            ("package/package.json", MANIFEST), ("package/x/../package.json", b"{}")
        ),
        "which `package.json` is the package's cannot be told",
    ),
    "a backslash": (
        lambda: packed(("package\\package.json", MANIFEST)),
        "which `package.json` is the package's cannot be told",
    ),
    "a symbolic link": (
        lambda: packed(link("package/package.json")),
        "which `package.json` is the package's cannot be told",
    ),
    "a hard link": (
        lambda: packed(
            ("package/package.json", MANIFEST),
            link("package/package.json", tarfile.LNKTYPE),
        ),
        "which `package.json` is the package's cannot be told",
    ),
    "no JSON": (lambda: packed(("package/package.json", b"{")), "not JSON"),
    "no text": (
        lambda: packed(("package/package.json", b'{"mcpName": 1}')),
        "expected a string",
    ),
    "no name": (
        lambda: packed(("package/package.json", b'{"version": "1"}')),
        "expected a string",
    ),
    "no version": (
        lambda: packed(("package/package.json", b'{"name": "x"}')),
        "expected a string",
    ),
    "two markers": (
        lambda: packed(
            ("package/package.json", b'{"mcpName": "a/b", "mcpName": "c/d"}')
        ),
        "this key appears twice",
    ),
    "a large one": (
        lambda: packed(("package/package.json", b" " * ((4 << 20) + 1))),
        "`package.json` of more than 4,194,304 bytes",
    ),
    "another archive behind a block of zeros": (
        lambda: followed(512),
        "something follows its end",
    ),
    "another archive behind the end": (
        lambda: followed(1024),
        "something follows its end",
    ),
    "bytes behind the gzip": (
        lambda: io.BytesIO(
            packed(("package/package.json", MANIFEST)).getvalue() + b"x"
        ),
        "not a tar that can be read",
    ),
    "a long name that is none": (bomb, "not a tar that can be read"),
}


@pytest.mark.parametrize("row", WRONG)
def test_an_npm_package_that_cannot_be_told_is_not_guessed(row: str) -> None:
    make, problem = WRONG[row]
    with pytest.raises(MalformedError, match=problem):
        marker.of_npm(make(), source="x.tgz")


HEADERS = b"Metadata-Version: 2.4\nName: files\nVersion: 1.2.0\n"
MARKED = f"# Files\n<!-- mcp-name: {NAME} -->\n".encode()


def wheel(**members: bytes) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made


METADATA = "files-1.2.0.dist-info/METADATA"


@pytest.mark.parametrize(
    "data",
    [
        HEADERS + b"\n" + MARKED,
        (HEADERS + b"\n" + MARKED).replace(b"\n", b"\r\n"),
        HEADERS + f"Description: Files\n        mcp-name: {NAME}\n".encode(),
    ],
    ids=["body", "other line breaks", "header"],
)
def test_the_marker_of_a_distribution_is_read(data: bytes) -> None:
    made = wheel(**{METADATA: data, "files/x.py": b""})
    said = marker.Said(name="files", version="1.2.0", markers=(NAME,))
    assert marker.of_pypi(made, source="files-1.2.0-py3-none-any.whl") == said
    source = packed(("files-1.2.0/PKG-INFO", data), ("files-1.2.0/x/PKG-INFO", b""))
    assert marker.of_pypi(source, source="files-1.2.0.tar.gz") == said


def test_only_the_description_counts() -> None:
    data = HEADERS + f"Summary: mcp-name: {NAME}\n\nFiles\n".encode()
    made = wheel(**{METADATA: data, "README.md": MARKED})
    said = marker.of_pypi(made, source="files-1.2.0-py3-none-any.whl")
    assert said.markers == ()


@pytest.mark.parametrize(
    ("made", "name", "problem"),
    [
        (wheel(), "x.whl", "0 METADATA are in it, not one"),
        (
            wheel(**{METADATA: b"", "evil-1.dist-info/METADATA": b""}),
            *("x.whl", "2 METADATA are in it, not one"),
        ),
        (wheel(**{f"x/{METADATA}": b""}), "x.whl", "0 METADATA are in it, not one"),
        (io.BytesIO(b"hello"), "x.whl", "not a zip that can be read"),
        (wheel(**{METADATA: b"\xff"}), "x.whl", "METADATA is not UTF-8"),
        (
            wheel(**{METADATA: b" " * ((4 << 20) + 1)}),
            *("x.whl", "a file of more than 4,194,304 bytes"),
        ),
        (io.BytesIO(b"hello"), "x.tar.gz", "not a tar that can be read"),
        (wheel(), "x.zip", "a distribution of a kind that is not read"),
        (wheel(), "x.egg", "a distribution of a kind that is not read"),
    ],
    ids=["none", "two", "deep", "no zip", "no text", "large", "no tar", "zip", "egg"],
)
def test_a_distribution_that_cannot_be_told_is_not_guessed(
    made: io.BytesIO, name: str, problem: str
) -> None:
    with pytest.raises(MalformedError, match=problem):
        marker.of_pypi(made, source=name)


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({"config": {"Labels": {marker.OCI_LABEL: NAME}}}, (NAME,)),
        ({"config": {"Labels": {marker.OCI_LABEL: f" {NAME}"}}}, (f" {NAME}",)),
        ({"config": {"Labels": {marker.OCI_LABEL.upper(): NAME}}}, ()),
        ({"config": {"Labels": None}}, ()),
        ({"config": {}}, ()),
        ({"config": {"Labels": {}}, "Labels": {marker.OCI_LABEL: NAME}}, ()),
    ],
    ids=["label", "blank", "case", "null", "none", "elsewhere"],
)
def test_the_label_of_an_image_is_read(config: object, names: tuple[str, ...]) -> None:
    data = json.dumps(config).encode()
    assert marker.of_image(data, source="config") == names


@pytest.mark.parametrize("data", [b"", b"[]", b'{"config": []}', b"{}", b"\xff"])
def test_what_is_no_configuration_of_an_image_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        marker.of_image(data, source="config")


NUSPEC = """\
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata><id>Acme.Files</id><version>1.2.0</version>{readme}</metadata>
</package>
"""
README = "<readme>docs\\README.md</readme>"


def nupkg(nuspec: str = NUSPEC.format(readme=README), **more: str) -> io.BytesIO:
    made = io.BytesIO()
    files = {"Acme.Files.nuspec": nuspec, "docs/README.md": f"mcp-name: {NAME} "} | more
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made


def test_a_package_of_nuget_says_which_server_it_is_in_its_readme() -> None:
    said = marker.of_nuget(nupkg(), source="x.nupkg")
    assert (said.name, said.version, said.markers) == ("Acme.Files", "1.2.0", (NAME,))
    package = Package(kind="nuget", identifier="acme.files", version="1.2.0+build")
    seen = replace(SEEN, package=(said.name, said.version), markers=said.markers)
    assert status(package=package, seen=seen) is Status.VERIFIED
    other = replace(seen, package=("Acme.Other", "1.2.0"))
    assert outcomes(package=package, seen=other)["package"] is Outcome.REFUTED
    assert not marker.of_nuget(nupkg(NUSPEC.format(readme="")), source="x").markers


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (nupkg(**{"b.nuspec": ""}), "2 .nuspec are in it, not one"),
        (nupkg("<package/>"), "its .nuspec names no package"),
        (nupkg("<package>"), "its .nuspec cannot be read: no element found"),
        (nupkg(NUSPEC.format(readme="<id>evil</id>")), "`id` is there twice"),
        (
            nupkg(f"<!DOCTYPE x [<!ENTITY a 'b'>]>{NUSPEC.partition('?>')[2]}"),
            "it declares what it is made of",
        ),
        (nupkg("<a>" * 99), "it is too deep"),
        (nupkg(NUSPEC.format(readme="<readme>x.md</readme>")), "0 readme are in it"),
        (nupkg(**{"Docs/../docs/README.md": ""}), ""),
        (io.BytesIO(b"hello"), "not a zip that can be read"),
    ],
    ids=[
        *("two", "empty", "cut", "twice", "doctype", "deep", "no-readme", "beside"),
        "no-zip",
    ],
)
def test_a_package_of_nuget_that_cannot_be_told_is_not_guessed(
    file: io.BytesIO, problem: str
) -> None:
    if not problem:
        assert marker.of_nuget(file, source="x.nupkg").markers == (NAME,)
        return
    with pytest.raises(MalformedError) as found:
        marker.of_nuget(file, source="x.nupkg")
    assert problem in str(found.value)


@pytest.mark.parametrize(
    ("identifier", "version", "seen", "outcome"),
    [
        ("r.example/acme/files:1.2.0", "", "1.2.0", Outcome.VERIFIED),
        ("r.example/acme/files", "1.2.0", "1.2.0", Outcome.VERIFIED),
        ("r.example/acme/files", "", "latest", Outcome.VERIFIED),
        (f"r.example/acme/files@sha256:{'a' * 64}", "", "A", Outcome.VERIFIED),
        (f"r.example/acme/files:1@sha256:{'b' * 64}", "", "A", Outcome.REFUTED),
        ("r.example/acme/files:1.2.0", "", "A", Outcome.REFUTED),
        ("r.example/acme/other:1.2.0", "", "1.2.0", Outcome.REFUTED),
        ("evil.example/acme/files:1.2.0", "", "1.2.0", Outcome.REFUTED),
        ("acme/files:1.2.0", "", "1.2.0", Outcome.UNCHECKED),
        ("not a name", "1.2.0", "1.2.0", Outcome.REFUTED),
    ],
)
def test_an_image_is_the_one_that_the_entry_names(
    identifier: str, version: str, seen: str, outcome: Outcome
) -> None:
    package = Package(kind="oci", identifier=identifier, version=version)
    told = f"sha256:{'a' * 64}" if seen == "A" else seen
    looked = replace(SEEN, package=("r.example/acme/files", told))
    assert outcomes(package=package, seen=looked)["package"] is outcome
