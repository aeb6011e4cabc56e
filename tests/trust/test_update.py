"""Newer roots come by TUF alone, and are verified anew on every use."""

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpchain import trust
from mcpchain.errors import McpchainError, UnavailableError
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.trust_update import update
from mcpchain.pipeline.trusting import updated
from mcpchain.trust import Source, TrustFile
from mcpchain.trust.folder import Folder
from mcpchain.trust.updated import Record, read, verify, write
from tests.world.server import Server
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.tuf import NPM, Repository, repository

NOW = dt.datetime.now(dt.UTC)
INSTANCE = Instance(NOW)
OTHER = Instance(NOW, host="evil.example")


@pytest.fixture
def ours() -> Repository:
    return repository(INSTANCE)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "trust"


def ask(
    server: Server, repo: Repository, folder: Path, *, offline: bool = False
) -> dict[str, TrustFile]:
    repo.place(server)
    return again(server, repo.bootstrap, folder, offline=offline)


def again(
    server: Server, bootstrap: bytes, folder: Path, *, offline: bool = False
) -> dict[str, TrustFile]:
    terms = Circumstances(
        now=NOW,
        version="1",
        environ={},
        home=folder,
        cache=folder,
        projects=(),
        trust=folder,
        offline=offline,
    )
    found = update(folder, terms, server.address, bootstrap)
    return {each.name: each for each in found}


def kept(folder: Path) -> Record:
    return read((folder / "updated.json").read_bytes())


def put(folder: Path, record: Record) -> None:
    (folder / "updated.json").write_bytes(write(record))


def test_an_update_brings_the_root_and_the_keys_of_npm(
    server: Server, ours: Repository, folder: Path
) -> None:
    found = ask(server, ours, folder)
    assert {*found} == {"sigstore", "npm"}
    assert found["sigstore"].data == INSTANCE.trusted_root()
    assert found["sigstore"].source is Source.UPDATED
    assert found["sigstore"].date == NOW.date()
    assert found["npm"].data == ours.files[f"{NPM}/keys.json"]
    assert {e.name: e for e in updated(Folder(folder), ours.bootstrap)} == found
    assert [each.name for each in folder.iterdir()] == ["updated.json"]
    assert (folder / "updated.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_newer_takes_its_place(
    server: Server, ours: Repository, folder: Path
) -> None:
    ask(server, ours, folder)
    ours.files["trusted_root.json"] = OTHER.trusted_root()
    ours.rotate("root", "timestamp", "snapshot", "targets")
    ours.rotate("root")
    ours.publish()
    found = ask(server, ours, folder)
    assert found["sigstore"].data == OTHER.trusted_root()
    assert sorted(kept(folder).roots) == [1, 2, 3]


def test_nothing_new_is_no_error(
    server: Server, ours: Repository, folder: Path
) -> None:
    assert ask(server, ours, folder) == ask(server, ours, folder)


def test_no_keys_of_npm_are_none(
    server: Server, ours: Repository, folder: Path
) -> None:
    del ours.files[f"{NPM}/keys.json"]
    ours.publish()
    assert {*ask(server, ours, folder)} == {"sigstore"}


def test_offline_nothing_is_asked(
    server: Server, ours: Repository, folder: Path
) -> None:
    with pytest.raises(McpchainError, match="was not asked"):
        ask(server, ours, folder, offline=True)
    assert server.asked == []
    assert not folder.exists()


def swapped(role: str) -> Callable[[Server, Repository], None]:
    """Return an attack: the metadata of *role* are signed by somebody else."""

    def attack(server: Server, ours: Repository) -> None:
        theirs = repository(OTHER)
        theirs.publish()
        name = "timestamp.json" if role == "timestamp" else f"2.{role}.json"
        ours.publish()
        ours.published[name] = theirs.published.get(name) or theirs.bootstrap
        ours.place(server)

    return attack


def truncated(server: Server, ours: Repository) -> None:
    ours.published[ours.target("trusted_root.json")] = INSTANCE.trusted_root()[:-9]
    ours.place(server)


def exchanged(server: Server, ours: Repository) -> None:
    ours.published[ours.target("trusted_root.json")] = OTHER.trusted_root()
    ours.place(server)


def other_keys(server: Server, ours: Repository) -> None:
    ours.published[ours.target(f"{NPM}/keys.json")] = b"{}"
    ours.place(server)


def endless(path: str) -> Callable[[Server, Repository], None]:
    def attack(server: Server, ours: Repository) -> None:
        ours.place(server)
        where = ours.target("trusted_root.json") if path == "target" else path
        server.place(f"/{where}").endless()

    return attack


def failing(path: str, status: int) -> Callable[[Server, Repository], None]:
    def attack(server: Server, ours: Repository) -> None:
        ours.place(server)
        server.place(f"/{path}").answer(status)

    return attack


def expired(server: Server, ours: Repository) -> None:
    ours.days = -1
    ours.publish()
    ours.place(server)


def skipped(server: Server, ours: Repository) -> None:
    ours.rotate("root")
    ours.rotate("timestamp")
    ours.publish()
    del ours.published["2.root.json"]
    ours.place(server)


def unsigned_by_the_old(server: Server, ours: Repository) -> None:
    ours.signers["root"] = repository(OTHER).signers["root"]
    ours.rotate("timestamp")
    ours.publish()
    ours.place(server)


def no_root(server: Server, ours: Repository) -> None:
    del ours.files["trusted_root.json"]
    ours.publish()
    ours.place(server)


def a_root_that_is_none(server: Server, ours: Repository) -> None:
    ours.files["trusted_root.json"] = b"{}"
    ours.publish()
    ours.place(server)


ATTACKS: dict[str, tuple[Callable[[Server, Repository], None], str]] = {
    "timestamp of another": (swapped("timestamp"), "timestamp was signed by 0/1"),
    "snapshot of another": (swapped("snapshot"), "refused"),
    "targets of another": (swapped("targets"), "refused"),
    "keys' role of another": (swapped(NPM), "refused"),
    "root of another": (swapped("root"), "root was signed by 0/1"),
    "root not signed by the last": (unsigned_by_the_old, "root was signed by"),
    "root in between missing": (skipped, "timestamp was signed by 0/1"),
    "target cut": (truncated, "refused"),
    "target of other bytes": (exchanged, "refused"),
    "keys of other bytes": (other_keys, "refused"),
    "endless timestamp": (endless("timestamp.json"), "answered more than"),
    "endless root": (endless("2.root.json"), "answered more than"),
    "endless target": (endless("target"), "answered more than"),
    "expired": (expired, "expired"),
    "no trusted root": (no_root, "has no `trusted_root.json`"),
    "a root that is none": (a_root_that_is_none, "cannot be used"),
    "server fails": (failing("timestamp.json", 500), "answered 500"),
    "no repository": (failing("timestamp.json", 404), "is not there"),
    "login page": (failing("2.root.json", 401), "answered 401"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_offered_by_somebody_else_is_refused_and_nothing_changes(
    attack: str, server: Server, ours: Repository, folder: Path
) -> None:
    before = ask(server, ours, folder)
    spoil, words = ATTACKS[attack]
    server.places.clear()
    spoil(server, ours)
    with pytest.raises(McpchainError) as caught:
        again(server, ours.bootstrap, folder)
    assert words in str(caught.value)
    assert caught.value.hint
    assert {e.name: e for e in updated(Folder(folder), ours.bootstrap)} == before


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_what_was_newer_before_is_not_rolled_back(
    role: str, server: Server, ours: Repository, folder: Path
) -> None:
    old = ours.published["timestamp.json"]
    ours.publish()
    ask(server, ours, folder)
    before = kept(folder)
    if role == "timestamp":
        ours.published["timestamp.json"] = old
    else:  # signed as it should be, and with a version that was there before
        ours.versions[role] = 0
        ours.publish()
    server.places.clear()
    with pytest.raises(UnavailableError, match=r"must be >=|[Ee]xpected .*version"):
        ask(server, ours, folder)
    assert kept(folder) == before


def test_time_goes_by_and_the_update_stays_with_its_date(
    server: Server, folder: Path
) -> None:
    ours = repository(INSTANCE, days=1)
    ask(server, ours, folder)
    (found, _) = updated(Folder(folder), ours.bootstrap)
    assert found.expires == (NOW + dt.timedelta(days=1)).replace(microsecond=0)


def test_what_came_with_mcpchain_since_is_newer(
    server: Server, ours: Repository, folder: Path
) -> None:
    ask(server, ours, folder)
    old = min(each.date for each in trust.shipped()) - dt.timedelta(days=1)
    put(folder, replace(kept(folder), date=old))
    assert updated(Folder(folder), ours.bootstrap) == ()


def test_an_old_update_is_no_newer_for_a_date_that_somebody_wrote(folder: Path) -> None:
    ours = repository(Instance(NOW - dt.timedelta(days=3650)))
    record = replace(record_of(ours), date=dt.date(2999, 1, 1))
    verify(record, ours.bootstrap)
    folder.mkdir(mode=0o700)
    put(folder, record)
    assert updated(Folder(folder), ours.bootstrap) == ()


def poisons() -> Iterator[tuple[str, Callable[[Record, Record], Record]]]:
    """Yield what an attacker may put in the place of each part of the update."""

    def metadata(role: str) -> Callable[[Record, Record], Record]:
        return lambda ours, theirs: replace(
            ours, metadata={**ours.metadata, role: theirs.metadata[role]}
        )

    def file(path: str) -> Callable[[Record, Record], Record]:
        return lambda ours, theirs: replace(
            ours, files={**ours.files, path: theirs.files[path]}
        )

    def without(role: str) -> Callable[[Record, Record], Record]:
        return lambda ours, _: replace(
            ours, metadata={k: v for k, v in ours.metadata.items() if k != role}
        )

    def as_root(role: str) -> Callable[[Record, Record], Record]:
        return lambda ours, _: replace(
            ours, metadata={**ours.metadata, role: ours.roots[1]}
        )

    yield "all of it", lambda _, theirs: theirs
    yield (
        "all but the roots",
        lambda ours, theirs: replace(theirs, roots=ours.roots),
    )
    yield (
        "a further root",
        lambda ours, theirs: replace(ours, roots={**ours.roots, 2: theirs.roots[1]}),
    )
    for role in ("timestamp", "snapshot", "targets", NPM):
        yield role, metadata(role)
    for path in ("trusted_root.json", f"{NPM}/keys.json"):
        yield path, file(path)
    yield (
        "the root under another name",
        lambda ours, _: replace(
            ours,
            files={**ours.files, "trusted_root.json": ours.files[f"{NPM}/keys.json"]},
        ),
    )
    for role in ("timestamp", "snapshot", "targets"):
        yield f"no {role}", without(role)
        yield f"{role} of another kind", as_root(role)
    yield "no file", lambda ours, _: replace(ours, files={})


POISONS = dict(poisons())


@pytest.mark.parametrize("poison", POISONS)
def test_a_poisoned_update_is_refused_on_use(
    poison: str, server: Server, ours: Repository, folder: Path, tmp_path: Path
) -> None:
    ask(server, ours, folder)
    theirs, other = repository(OTHER), tmp_path / "other"
    server.places.clear()
    ask(server, theirs, other)
    put(folder, POISONS[poison](kept(folder), kept(other)))
    with pytest.raises(
        UnavailableError, match="not what its owner has signed"
    ) as found:
        updated(Folder(folder), ours.bootstrap)
    assert "mcpchain trust update" in found.value.hint
    server.places.clear()
    with pytest.raises(UnavailableError, match="not what its owner has signed"):
        ask(server, ours, folder)


def record_of(ours: Repository, *roots: int, **versions: int) -> Record:
    """Return an update as it would be kept, with older *versions* of some metadata."""
    made, said = ours.published, ours.versions | versions
    metadata = {
        role: made[f"{said[role]}.{role}.json"] for role in ("snapshot", "targets", NPM)
    }
    return Record(
        date=NOW.date(),
        url="https://mirror.example",
        roots={each: made[f"{each}.root.json"] for each in (1, *roots)},
        metadata={"timestamp": made["timestamp.json"], **metadata},
        files=dict(ours.files),
    )


@pytest.mark.parametrize("sparse", [False, True], ids=["named whole", "by version"])
@pytest.mark.parametrize("role", ["snapshot", "targets", NPM])
def test_what_is_signed_and_not_of_one_time_is_refused(
    role: str,
    sparse: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    ours = repository(INSTANCE, sparse=sparse)
    ours.publish()
    verify(record_of(ours), ours.bootstrap)
    with pytest.raises(UnavailableError, match=r"version|length|hash"):
        verify(record_of(ours, **{role: 1}), ours.bootstrap)


@pytest.mark.parametrize("sparse", [False, True], ids=["named whole", "by version"])
def test_an_older_snapshot_of_the_same_targets_is_refused(
    sparse: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    ours = repository(INSTANCE, sparse=sparse)
    ours.snap()
    verify(record_of(ours), ours.bootstrap)
    with pytest.raises(UnavailableError, match=r"version|length|hash"):
        verify(record_of(ours, snapshot=1), ours.bootstrap)


def test_another_snapshot_of_the_same_version_is_refused() -> None:
    ours = repository(INSTANCE)
    before = ours.published["1.snapshot.json"]
    ours.versions["snapshot"], ours.days = 0, 8
    ours.snap()
    record = record_of(ours)
    verify(record, ours.bootstrap)
    mixed = replace(record, metadata={**record.metadata, "snapshot": before})
    with pytest.raises(UnavailableError, match=r"length|hash"):
        verify(mixed, ours.bootstrap)


@pytest.mark.parametrize("role", ["snapshot", "targets", NPM])
def test_what_is_signed_twice_under_one_version_is_refused(role: str) -> None:
    ours = repository(INSTANCE)
    before = ours.published[f"1.{role}.json"]
    ours.versions = dict.fromkeys(ours.versions, 0)
    ours.days = 8
    ours.publish()
    record = record_of(ours)
    verify(record, ours.bootstrap)
    mixed = replace(record, metadata={**record.metadata, role: before})
    with pytest.raises(UnavailableError, match="not what its owner has signed"):
        verify(mixed, ours.bootstrap)


@pytest.mark.parametrize(
    ("role", "other"),
    [
        ("timestamp", "root"),
        ("timestamp", "snapshot"),
        ("snapshot", "timestamp"),
        ("snapshot", "targets"),
        ("targets", "root"),
        ("targets", "snapshot"),
        (NPM, "timestamp"),
    ],
)
def test_what_one_key_signs_for_two_ends_is_good_for_one(role: str, other: str) -> None:
    ours = repository(INSTANCE, sparse=True)
    record = record_of(ours)
    verify(record, ours.bootstrap)
    data = {**record.metadata, "root": ours.bootstrap}[other]
    mixed = replace(record, metadata={**record.metadata, role: data})
    with pytest.raises(UnavailableError, match="are of another kind"):
        verify(mixed, ours.bootstrap)


@pytest.mark.parametrize("by", ["old", "new"])
def test_a_new_root_is_signed_by_the_one_before_and_by_itself(by: str) -> None:
    ours = repository(INSTANCE)
    ours.rotate("root", "timestamp", "snapshot", "targets", by=by)
    ours.publish()
    with pytest.raises(UnavailableError, match="root was signed by 0/1 keys"):
        verify(record_of(ours, 2), ours.bootstrap)


def test_a_root_is_the_next_of_the_one_before() -> None:
    ours = repository(INSTANCE)
    ours.rotate("timestamp")
    ours.rotate("snapshot")
    ours.publish()
    record = record_of(ours, 2, 3)
    verify(record, ours.bootstrap)
    skipping = replace(record, roots={1: record.roots[1], 2: record.roots[3]})
    with pytest.raises(UnavailableError, match="says that it is another version"):
        verify(skipping, ours.bootstrap)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"version": 2}',
        b'{"version": 1, "date": "x", "url": "", "roots": {}, "metadata": {}}',
        b"[" * 100_000,
        json.dumps(
            {
                "version": 1,
                "date": "2999-01-01",
                "url": "",
                "roots": {"x": ""},
                "metadata": {},
                "files": {},
            }
        ).encode(),
        json.dumps(
            {
                "version": 1,
                "date": "2999-01-01",
                "url": "",
                "roots": {},
                "metadata": {"timestamp": base64.b64encode(b"[" * 9999).decode()},
                "files": {"trusted_root.json": "*"},
            }
        ).encode(),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_any_bytes_in_the_place_of_an_update_are_refused(
    data: bytes, folder: Path
) -> None:
    folder.mkdir(mode=0o700)
    (folder / "updated.json").write_bytes(data)
    with pytest.raises(UnavailableError):
        updated(Folder(folder))


@pytest.mark.parametrize("data", [b"[" * 9999, b"\xff", b"{}", b"null"], ids=repr)
@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "root"])
def test_any_bytes_in_the_place_of_metadata_are_refused(
    role: str, data: bytes, server: Server, ours: Repository, folder: Path
) -> None:
    ask(server, ours, folder)
    record = kept(folder)
    if role == "root":
        record = replace(record, roots={**record.roots, 2: data})
    else:
        record = replace(record, metadata={**record.metadata, role: data})
    put(folder, record)
    with pytest.raises(UnavailableError, match="not what its owner has signed"):
        updated(Folder(folder), ours.bootstrap)


def test_the_public_root_of_tuf_is_what_updates_are_verified_with(
    server: Server, ours: Repository, folder: Path
) -> None:
    ask(server, ours, folder)
    with pytest.raises(UnavailableError, match="not what its owner has signed"):
        updated(Folder(folder))
