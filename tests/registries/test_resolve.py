"""What registries answer, honest or not, through a real socket."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from mcpchain.artifact import Algorithm
from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.inventory import Gap, State
from mcpchain.registries import Resolution, resolve
from mcpchain.release import Release, Withdrawal
from tests.making import component
from tests.world.npm import NpmPackage
from tests.world.pypi import PypiProject, PypiWorld
from tests.world.world import World

NPM = "pkg:npm/files@1.2.0"
PYPI = "pkg:pypi/files@1.2.0"
WHEEL = "files-1.2.0-py3-none-any.whl"


def package(purl: str = NPM, **fields: Any) -> Component:  # noqa: ANN401 - Component's
    return component(purl, ref=purl, **fields)


def ask(
    world: World,
    *components: Component,
    trusted: frozenset[str] = frozenset(),
    offline: bool = False,
    **environ: str,
) -> Resolution:
    with world.fetcher(offline=offline) as fetcher:
        return resolve(
            components,
            settings=world.settings(**environ),
            trusted=trusted,
            fetcher=fetcher,
        )


def one(world: World, about: Component | None = None) -> Release:
    about = about or package()
    answer = ask(world, about)
    assert answer.gaps == ()
    return answer.releases[about.ref]


def gap(world: World, about: Component | None = None) -> Gap:
    about = about or package()
    answer = ask(world, about)
    assert about.ref not in answer.releases
    (found,) = answer.gaps
    assert found.ref == about.ref
    assert found.reason in answer.unasked.values()
    return found


def test_an_npm_release_has_its_tarball_digests_and_time(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    release = one(world)
    (tarball,) = release.artifacts
    assert release.registry == world.npm.address
    assert tarball.name == "files-1.2.0.tgz"
    assert tarball.url == f"{world.npm.address}/files/-/files-1.2.0.tgz"
    assert {d.algorithm for d in tarball.digests} == {Algorithm.SHA1, Algorithm.SHA512}
    assert tarball.size is None
    assert release.published == dt.datetime(
        2024, 3, 1, 10, 20, 30, 456000, tzinfo=dt.UTC
    )
    assert release.withdrawal is None


def test_a_pypi_release_has_its_files_digests_sizes_and_times(world: World) -> None:
    world.pypi.upload("files", WHEEL)
    world.pypi.upload("files", "files-1.2.0.tar.gz")
    world.pypi.upload("files", "files-1.3.0.tar.gz")
    release = one(world, package(PYPI))
    wheel, sdist = release.artifacts
    assert (wheel.name, sdist.name) == (WHEEL, "files-1.2.0.tar.gz")
    assert wheel.url == f"{world.server.address}/files/{WHEEL}"
    assert wheel.digest(Algorithm.SHA256) is not None
    assert wheel.size == len(WHEEL)
    assert wheel.published == dt.datetime(2024, 3, 1, 10, 20, 30, 456789, tzinfo=dt.UTC)


def test_a_scoped_name_stays_one_segment_of_the_path(world: World) -> None:
    world.npm.publish("@acme/files", "1.2.0")
    release = one(world, package("pkg:npm/%40acme/files@1.2.0"))
    assert release.name == "@acme/files"
    assert world.server.paths() == ["/npm/@acme%2Ffiles"]


def test_pypi_is_asked_for_the_normalised_name_and_for_json_alone(
    world: World,
) -> None:
    world.pypi.upload("my-files", "my_files-1.0-py3-none-any.whl")
    one(world, package("pkg:pypi/my-files@1.0", name="My.Files"))
    (asked,) = world.server.asked
    assert asked.path == "/pypi/simple/my-files/"
    assert asked.headers["Accept"] == "application/vnd.pypi.simple.v1+json"
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize("spelling", ["1.0", "1.0.0", "v1", "1.0.0.0"])
def test_versions_are_compared_as_pep_440_does(world: World, spelling: str) -> None:
    world.pypi.upload("files", "files-1.0-py3-none-any.whl")
    assert one(world, package("pkg:pypi/files", version=spelling)).artifacts


def test_a_package_is_asked_for_once_however_many_need_it(world: World) -> None:
    world.npm.publish("files", "1.2.0").publish("1.3.0")
    every = [package(), package("pkg:npm/files@1.3.0"), package("pkg:npm/files@9")]
    answer = ask(world, *every)
    assert len(world.server.asked) == 1
    assert answer.releases["pkg:npm/files@1.3.0"].version == "1.3.0"
    assert answer.releases["pkg:npm/files@9"].withdrawal is Withdrawal.MISSING


def test_one_that_fails_never_loses_another(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    world.npm.publish("broken", "1.0.0").answer(500)
    answer = ask(world, package("pkg:npm/broken@1.0.0"), package())
    assert set(answer.releases) == {NPM}
    assert [each.ref for each in answer.gaps] == ["pkg:npm/broken@1.0.0"]


@pytest.mark.parametrize(
    ("attack", "state", "words"),
    [
        (lambda p: p.answer(404), State.MISSING, "404"),
        (lambda p: p.answer(410), State.MISSING, "410"),
        (lambda p: p.answer(401), State.UNREACHABLE, "401 (not allowed)"),
        (lambda p: p.answer(403), State.UNREACHABLE, "403 (not allowed)"),
        (lambda p: p.answer(418), State.UNREACHABLE, "418"),
        (lambda p: p.answer(500), State.UNREACHABLE, "500"),
        (lambda p: p.answer(503), State.UNREACHABLE, "503"),
        (lambda p: p.answer(204), State.UNREACHABLE, "204"),
        (lambda p: p.answer(304), State.UNREACHABLE, "304"),
        (lambda p: p.answer_html(), State.UNREADABLE, "HTML, not JSON"),
        (lambda p: p.answer(200, b"<html>"), State.UNREADABLE, "HTML, not JSON"),
        (lambda p: p.answer(200, b""), State.UNREADABLE, "not JSON"),
        (lambda p: p.answer(200, b"{"), State.UNREADABLE, "not JSON"),
        (lambda p: p.answer(200, b"\xff\xfe{}"), State.UNREADABLE, "UTF-16"),
        (lambda p: p.answer(200, b"[" * 100_000), State.UNREADABLE, "not JSON"),
        (lambda p: p.answer_json([]), State.UNREADABLE, "expected an object"),
        (lambda p: p.answer_json({}), State.UNREADABLE, "/name"),
        (lambda p: p.answer_json({"name": 1}), State.UNREADABLE, "/name"),
        (lambda p: p.other_package(), State.UNREADABLE, "another package, `evil`"),
        (lambda p: p.other_package("Files"), State.UNREADABLE, "another package"),
        (
            lambda p: p.document.update(versions=[]),
            State.UNREADABLE,
            "/versions: expected an object",
        ),
        (
            lambda p: p.document["versions"].update({"1.2.0": None}),
            State.UNREADABLE,
            "/versions/1.2.0: expected an object",
        ),
        (
            lambda p: p.version("1.2.0").update(name="evil"),
            State.UNREADABLE,
            "`evil` where `files`",
        ),
        (
            lambda p: p.version("1.2.0").update(version="1.2.1"),
            State.UNREADABLE,
            "`1.2.1` where `1.2.0`",
        ),
        (lambda p: p.promise(-5), State.UNREADABLE, "not JSON"),
        (lambda p: p.promise(5), State.UNREACHABLE, "broke off"),
        (lambda p: p.hang_up(), State.UNREACHABLE, "broke off"),
        (lambda p: p.raw(b"SSH-2.0-x\r\n"), State.UNREACHABLE, "broke off"),
        (lambda p: p.gzip_bomb(65 << 20), State.LIMIT, "more than 67,108,864"),
        (lambda p: p.encoded("br", b"{}"), State.UNREADABLE, "`br`"),
        (lambda p: p.encoded("gzip", b"{}"), State.UNREADABLE, "gzip"),
    ],
)
def test_no_bad_answer_of_npm_is_a_release(
    world: World, attack: Callable[[NpmPackage], object], state: State, words: str
) -> None:
    attack(world.npm.publish("files", "1.2.0"))
    found = gap(world)
    assert (found.state, found.stage) == (state, "resolve")
    assert words in found.reason
    assert found.hint


@pytest.mark.parametrize(
    ("attack", "state", "words"),
    [
        (lambda p: p.answer(404), State.MISSING, "404"),
        (lambda p: p.answer(406), State.UNSUPPORTED, "does not offer JSON"),
        (lambda p: p.answer_html(), State.UNREADABLE, "HTML, not JSON"),
        (lambda p: p.answer_json({}), State.UNREADABLE, "/meta"),
        (
            lambda p: p.document["meta"].update({"api-version": "2.0"}),
            State.UNSUPPORTED,
            "version `2.0`",
        ),
        (
            lambda p: p.document["meta"].update({"api-version": 1.1}),
            State.UNREADABLE,
            "/meta/api-version",
        ),
        (lambda p: p.other_package(), State.UNREADABLE, "another package, `evil`"),
        (lambda p: p.document.update(files={}), State.UNREADABLE, "/files"),
        (lambda p: p.document.update(versions=[1]), State.UNREADABLE, "/versions/0"),
        (
            lambda p: p.document.update({"project-status": "active"}),
            State.UNREADABLE,
            "/project-status",
        ),
    ],
)
def test_no_bad_answer_of_an_index_is_a_release(
    world: World, attack: Callable[[PypiProject], object], state: State, words: str
) -> None:
    attack(world.pypi.upload("files", WHEEL))
    found = gap(world, package(PYPI))
    assert found.state is state
    assert words in found.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"integrity": "sha512-AAAA"}, "/dist/integrity"),
        ({"integrity": "sha512-" + "\u00e9" * 5}, "/dist/integrity"),
        ({"integrity": 5}, "/dist/integrity"),
        ({"integrity": "md6-AAAA"}, "/dist/integrity"),
        (
            {"integrity": f"sha256-{'A' * 43}= sha256-{'B' * 43}="},
            "/dist/integrity",
        ),
        ({"shasum": "xyz"}, "/dist/shasum"),
        ({"tarball": "file:///etc/passwd"}, "/dist/tarball"),
        ({"tarball": "http://[bad/x.tgz"}, "/dist/tarball"),
        ({"tarball": 7}, "/dist/tarball"),
    ],
)
def test_a_bad_field_of_a_tarball_leaves_a_gap_and_no_digest(
    world: World, change: dict[str, object], words: str
) -> None:
    files = world.npm.publish("files", "1.2.0")
    files.version("1.2.0")["dist"].update(change)
    answer = ask(world, package())
    (found,) = answer.gaps
    assert found.state is State.PARTIAL
    assert words in found.reason
    (tarball,) = answer.releases[NPM].artifacts
    assert tarball.digests == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hashes": {"sha256": "abc"}}, "/files/0/hashes/sha256"),
        ({"hashes": {"sha256": 1}}, "/files/0/hashes/sha256"),
        ({"hashes": []}, "/files/0/hashes"),
        ({"hashes": {"sha256": "a" * 64, "SHA256": "b" * 64}}, "several digests"),
        ({"filename": "files-1.2.0-bad-py3-none-any.whl"}, "not the name of a file"),
        ({"url": "javascript:alert(1)"}, "/files/0/url"),
        ({"size": -1}, "/files/0/size"),
        ({"size": 10**30}, "/files/0/size"),
        ({"size": "5"}, "/files/0/size"),
        ({"size": True}, "/files/0/size"),
        ({"upload-time": "yesterday"}, "/files/0/upload-time"),
        ({"upload-time": "99999-01-01T00:00:00Z"}, "/files/0/upload-time"),
        ({"upload-time": "0001-01-01T00:00:00+23:00"}, "/files/0/upload-time"),
        ({"upload-time": "2024-01-01T00:00:00"}, "no time zone"),
        ({"upload-time": 1700000000}, "/files/0/upload-time"),
        ({"yanked": 1}, "/files/0/yanked"),
    ],
)
def test_a_bad_field_of_a_file_leaves_a_gap_and_its_siblings(
    world: World, change: dict[str, object], words: str
) -> None:
    world.pypi.upload("files", WHEEL).file(WHEEL).update(change)
    world.pypi.upload("files", "files-1.2.0.tar.gz")
    answer = ask(world, package(PYPI))
    (found,) = answer.gaps
    assert found.state is State.PARTIAL
    assert words in found.reason
    wheel, sdist = answer.releases[PYPI].artifacts
    assert wheel.published is None
    assert sdist.digests


def test_what_a_registry_does_not_say_is_unknown_and_no_gap(world: World) -> None:
    page = world.pypi.upload("files", WHEEL).upload("files-1.2.0.tar.gz")
    for name in ("size", "upload-time", "yanked"):
        del page.file(WHEEL)[name]
    page.file(WHEEL)["hashes"] = {"blake2b_256": "x"}
    wheel = one(world, package(PYPI)).artifacts[0]
    assert (wheel.size, wheel.published, wheel.withdrawn) == (None, None, None)
    assert wheel.digests == ()
    files = world.npm.publish("files", "1.2.0")
    del files.document["time"]
    del files.version("1.2.0")["dist"]["integrity"]
    (tarball,) = one(world).artifacts
    assert tarball.published is None
    assert [each.algorithm for each in tarball.digests] == [Algorithm.SHA1]


def test_the_last_upload_dates_a_release_and_the_future_stays(world: World) -> None:
    page = world.pypi.upload("files", WHEEL).upload("files-1.2.0.tar.gz")
    page.file(WHEEL)["upload-time"] = "2999-01-01T00:00:00+01:00"
    published = one(world, package(PYPI)).published
    assert published == dt.datetime(2998, 12, 31, 23, tzinfo=dt.UTC)


def test_a_bad_answer_about_yanking_does_not_make_a_release_newest(
    world: World,
) -> None:
    world.pypi.upload("files", WHEEL)
    later = "files-2.0.0-py3-none-any.whl"
    world.pypi.upload("files", later).file(later)["yanked"] = 5
    about = package("pkg:pypi/files", pin=Pin.FLOATING)
    assert one(world, about).version == "1.2.0"


def test_a_name_that_leaves_the_path_is_not_asked_for(world: World) -> None:
    names = ["../../x", "@acme/..", "@../x", "a/b", "x?y", "x#y", ".x", "x\\y", "x%2e"]
    every = [
        component(NPM, name=each, version="1", ref=f"n{n}")
        for n, each in enumerate(names)
    ]
    every.append(component(PYPI, name="../x", ref="p"))
    answer = ask(world, *every)
    assert {each.state for each in answer.gaps} == {State.UNMATCHED}
    assert len(answer.gaps) == len(every)
    assert world.server.asked == []


@pytest.mark.parametrize("version", ["9.9.9", "__proto__", "1.2", "v1.2.0", "latest"])
def test_a_version_that_is_not_listed_is_missing(world: World, version: str) -> None:
    world.npm.publish("files", "1.2.0")
    release = one(world, package(version=version))
    assert release.withdrawal is Withdrawal.MISSING
    assert release.artifacts == ()


def test_a_missing_version_says_how_many_names_could_not_be_read(
    world: World,
) -> None:
    world.pypi.upload("files", "files-1.0.egg")
    world.pypi.upload("files", "evil-1.2.0-py3-none-any.whl")
    world.pypi.upload("files", "files-x-py3-none-any.whl")
    world.pypi["files"].document["files"].append({"filename": 5})
    release = one(world, package(PYPI))
    assert release.withdrawal is Withdrawal.MISSING
    assert "4 files have names" in release.reason


@pytest.mark.parametrize("status", ["active", "deprecated"])
def test_of_a_version_that_is_listed_without_files_nothing_can_be_installed(
    world: World, status: str
) -> None:
    files = world.pypi.upload("files", "files-1.2.0.egg")
    files.document["versions"] = ["1.2.0", "?"]
    files.document["project-status"] = {"status": status}
    release = one(world, package(PYPI))
    assert release.withdrawal is Withdrawal.MISSING
    assert release.reason.startswith("listed at `")


@pytest.mark.parametrize("status", ["active", "deprecated"])
def test_a_version_that_is_not_there_is_missing_whatever_the_project_is(
    world: World, status: str
) -> None:
    files = world.pypi.upload("files", "files-1.0.tar.gz")
    files.document["project-status"] = {"status": status}
    assert one(world, package(PYPI)).withdrawal is Withdrawal.MISSING


@pytest.mark.parametrize(
    ("value", "withdrawal"),
    [
        ("use other", Withdrawal.DEPRECATED),
        (True, Withdrawal.DEPRECATED),
        ("", None),
        (False, None),
        (None, None),
    ],
)
def test_npm_deprecates_with_a_reason(
    world: World, value: object, withdrawal: Withdrawal | None
) -> None:
    world.npm.publish("files", "1.2.0").version("1.2.0")["deprecated"] = value
    release = one(world)
    assert release.withdrawal is withdrawal
    assert release.reason == (value if isinstance(value, str) else "")


def test_a_release_is_yanked_only_if_all_of_its_files_are(world: World) -> None:
    files = world.pypi.upload("files", WHEEL).upload("files-1.2.0.tar.gz")
    files.file(WHEEL)["yanked"] = ""
    release = one(world, package(PYPI))
    assert release.withdrawal is None
    assert release.artifacts[0].withdrawn == ""
    files.file("files-1.2.0.tar.gz")["yanked"] = "broken"
    release = one(world, package(PYPI))
    assert (release.withdrawal, release.reason) == (Withdrawal.YANKED, "broken")


@pytest.mark.parametrize(
    ("status", "withdrawal"),
    [
        ("quarantined", Withdrawal.QUARANTINED),
        ("deprecated", Withdrawal.DEPRECATED),
        ("archived", None),
        ("active", None),
    ],
)
def test_a_project_has_a_status(
    world: World, status: str, withdrawal: Withdrawal | None
) -> None:
    files = world.pypi.upload("files", WHEEL)
    files.document["project-status"] = {"status": status, "reason": "why"}
    assert one(world, package(PYPI)).withdrawal is withdrawal


def test_a_quarantined_project_without_files_is_not_just_missing(
    world: World,
) -> None:
    files = world.pypi.upload("files", WHEEL)
    files.document.update({"files": [], "project-status": {"status": "quarantined"}})
    assert one(world, package(PYPI)).withdrawal is Withdrawal.QUARANTINED
    floating = package("pkg:pypi/files", pin=Pin.FLOATING)
    assert one(world, floating).withdrawal is Withdrawal.QUARANTINED


@pytest.mark.parametrize(
    ("requested", "version"),
    [("", "2.0"), ("latest", "2.0"), ("<2", "1.5"), ("==1.*", "1.5"), (">3", "4.0a1")],
)
def test_a_floating_python_package_is_what_pip_would_choose(
    world: World, requested: str, version: str
) -> None:
    for each in ("1.0", "1.5", "2.0", "3.0", "4.0a1"):
        world.pypi.upload("files", f"files-{each}-py3-none-any.whl")
    world.pypi["files"].file("files-3.0-py3-none-any.whl")["yanked"] = True
    about = package("pkg:pypi/files", pin=Pin.RANGE, requested=requested)
    assert one(world, about).version == version


@pytest.mark.parametrize(
    "file",
    [
        *(f"files-2.0.{suffix}" for suffix in (
            "tar.gz", "tar.bz2", "tar.xz", "tar.lz", "tar.lzma", "tar", "tgz", "tbz",
            "txz", "tlz", "zip",
        )),
        "Files-2.0.tar.gz",
        "files-2.0-rc1.tar.gz",
        "files-v2.0.tar.gz",
        "files-2.0-py3.9.tgz",
        "files-2.0-1.zip",
    ],
)  # fmt: skip
def test_whatever_pip_takes_for_a_source_distribution_counts(
    world: World, file: str
) -> None:
    world.pypi.upload("files", "files-0.9rc1.tar.gz").upload(file)
    about = package("pkg:pypi/files", pin=Pin.FLOATING, requested=">=0.5rc1")
    answer = ask(world, about)
    (release,) = answer.releases.values()
    assert release.version.startswith("2.0")
    assert [each.name for each in release.artifacts] == [file]
    assert not answer.gaps


@pytest.mark.parametrize(
    "file",
    [
        "files-2.0.egg", "files-2.0.exe", "files-2.0.tar.Z", "files-2.0.TGZ", "files",
        "files-2.0.linux-x86_64.tar.gz", "files-two-2.0.tar.gz", "files--2.0.tar.gz",
        "evil-2.0.tar.gz", "files2.0.tar.gz", "files-2.0-cp311-any.whl", ".zip",
        "-.tar", "files-2.0-py3.11.tgz", "f\u0131les-2.0.tar.gz",
        "files-" + "-" * 2000 + "2.0.zip",
    ],
)  # fmt: skip
def test_what_pip_passes_over_does_not_count(world: World, file: str) -> None:
    world.pypi.upload("files", "files-1.2.0.tar.gz")
    world.pypi["files"].document["files"].append({"filename": file, "yanked": False})
    about = package("pkg:pypi/files", pin=Pin.FLOATING)
    assert one(world, about).version == "1.2.0"


@pytest.mark.parametrize("file", ["a-b_c-2.0.tgz", "A__B.c-2.0.tgz", "a.b-.c-2.0.zip"])
def test_a_name_with_dashes_ends_where_pip_lets_it_end(world: World, file: str) -> None:
    world.pypi.upload("a-b-c", "a_b_c-1.0.tar.gz").upload(file)
    about = package("pkg:pypi/a-b-c", pin=Pin.FLOATING)
    assert one(world, about).version == "2.0"


def test_a_version_of_which_one_file_is_yanked_is_still_the_newest(
    world: World,
) -> None:
    world.pypi.upload("files", WHEEL)
    later = "files-2.0.0-py3-none-any.whl"
    world.pypi["files"].upload(later).upload("files-2.0.0.tar.gz")
    world.pypi["files"].file(later)["yanked"] = True
    assert one(world, package("pkg:pypi/files", pin=Pin.FLOATING)).version == "2.0.0"


def test_a_specifier_that_nothing_satisfies_is_missing(world: World) -> None:
    world.pypi.upload("files", WHEEL)
    about = package("pkg:pypi/files", pin=Pin.RANGE, requested=">9")
    assert one(world, about).withdrawal is Withdrawal.MISSING


@pytest.mark.parametrize("requested", ["^1.2", "~1.2"])
def test_a_range_of_poetry_names_no_one_release(world: World, requested: str) -> None:
    world.pypi.upload("files", WHEEL)
    about = package("pkg:pypi/files", pin=Pin.RANGE, requested=requested)
    assert requested in ask(world, about).unasked[about.ref]


@pytest.mark.parametrize("requested", ["evil", "1.2 ||"])
def test_what_is_no_specifier_is_a_gap(world: World, requested: str) -> None:
    world.pypi.upload("files", WHEEL)
    about = package("pkg:pypi/files", pin=Pin.RANGE, requested=requested)
    assert "not a version specifier" in gap_reason(world, about)


def gap_reason(world: World, about: Component) -> str:
    (found,) = ask(world, about).gaps
    assert found.state is State.UNREADABLE
    return found.reason


def test_what_is_no_version_is_a_gap(world: World) -> None:
    world.pypi.upload("files", WHEEL)
    about = package("pkg:pypi/files", version="one")
    assert "`one` is not a version" in gap_reason(world, about)


@pytest.mark.parametrize(
    ("requested", "version"), [("", "2.0.0"), ("latest", "2.0.0"), ("next", "3.0.0-b")]
)
def test_a_tag_of_npm_is_what_it_stands_for_now(
    world: World, requested: str, version: str
) -> None:
    files = world.npm.publish("files", "3.0.0-b").publish("2.0.0")
    files.document["dist-tags"]["next"] = "3.0.0-b"
    about = package("pkg:npm/files", pin=Pin.TAG, requested=requested)
    assert one(world, about).version == version


def test_a_tag_that_is_not_there_is_missing(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    about = package("pkg:npm/files", pin=Pin.TAG, requested="next")
    assert one(world, about).withdrawal is Withdrawal.MISSING


@pytest.mark.parametrize("tags", [{"latest": 5}, []])
def test_tags_of_another_shape_are_a_gap(world: World, tags: object) -> None:
    world.npm.publish("files", "1.2.0").document["dist-tags"] = tags
    about = package("pkg:npm/files", pin=Pin.FLOATING)
    if tags == []:
        assert one(world, about).withdrawal is Withdrawal.MISSING
    else:
        assert "/dist-tags/latest" in gap_reason(world, about)


@pytest.mark.parametrize("requested", ["^1.2.0", "1.x", ">=1 <2", "~1", "1 - 2", "1"])
def test_a_range_of_npm_names_no_one_release(world: World, requested: str) -> None:
    world.npm.publish("files", "1.2.0")
    about = package("pkg:npm/files", pin=Pin.RANGE, requested=requested)
    answer = ask(world, about)
    assert (answer.releases, answer.gaps) == ({}, ())
    assert requested in answer.unasked[about.ref]


def test_offline_there_is_one_gap_for_each_kind_and_no_question(
    world: World,
) -> None:
    every = [package(), package("pkg:npm/b@1"), package(PYPI)]
    answer = ask(world, *every, offline=True)
    assert world.server.asked == []
    assert [each.reason for each in answer.gaps] == [
        "npm: 2 packages were not compared with a registry (offline)",
        "PyPI: 1 package was not compared with a registry (offline)",
    ]
    assert {each.state for each in answer.gaps} == {State.OFFLINE}
    assert set(answer.unasked) == {each.ref for each in every}


def test_without_a_registry_there_is_one_gap_for_its_kind(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    answer = ask(world, package(), package(PYPI), PIP_NO_INDEX="1")
    (found,) = answer.gaps
    assert found.state is State.NO_SOURCE
    assert "PyPI: 1 package" in found.reason
    assert set(answer.releases) == {NPM}


def named(registry: str, purl: str = NPM) -> Component:
    return package(purl, facts=PackageFacts(registry=registry))


def test_a_registry_that_nobody_trusts_is_not_asked(world: World) -> None:
    evil = f"{world.server.address}/evil"
    answer = ask(world, named(evil))
    assert (answer.releases, answer.gaps) == ({}, ())
    assert "not a trusted registry" in answer.unasked[NPM]
    assert world.server.asked == []


@pytest.mark.parametrize("suffix", ["", "/"])
def test_a_registry_that_is_trusted_is_asked(world: World, suffix: str) -> None:
    world.npm.publish("files", "1.2.0")
    trusted = frozenset({world.npm.address})
    elsewhere = f"{world.server.address}/mine"
    answer = ask(
        world,
        named(world.npm.address + suffix),
        trusted=trusted,
        npm_config_registry=elsewhere,
    )
    assert set(answer.releases) == {NPM}


def test_the_users_own_registry_may_be_named(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    assert set(ask(world, named(f"{world.npm.address}/")).releases) == {NPM}


def extra(world: World) -> PypiWorld:
    return world.pypi.beside("extra")


def test_the_files_of_all_indexes_are_one_release(world: World) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL)
    second.upload("files", "files-1.2.0.tar.gz")
    answer = ask(world, package(PYPI), PIP_EXTRA_INDEX_URL=second.address)
    release = answer.releases[PYPI]
    assert {a.name for a in release.artifacts} == {WHEEL, "files-1.2.0.tar.gz"}
    assert release.registry == f"{world.pypi.address} {second.address}"


def test_an_index_that_does_not_know_a_package_leaves_the_others_their_word(
    world: World,
) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL)
    answer = ask(world, package(PYPI), PIP_EXTRA_INDEX_URL=second.address)
    assert answer.gaps == ()
    assert answer.releases[PYPI].registry == world.pypi.address


def test_while_one_of_several_indexes_fails_nothing_is_known(world: World) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL)
    second.upload("files", WHEEL).answer(500)
    answer = ask(world, package(PYPI), PIP_EXTRA_INDEX_URL=second.address)
    assert answer.releases == {}
    assert [each.state for each in answer.gaps] == [State.UNREACHABLE]


def test_the_newest_of_all_indexes_would_be_delivered(world: World) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL)
    second.upload("files", "files-99.0-py3-none-any.whl")
    about = package("pkg:pypi/files", pin=Pin.FLOATING)
    answer = ask(world, about, PIP_EXTRA_INDEX_URL=second.address)
    release = answer.releases[about.ref]
    assert (release.version, release.registry) == ("99.0", second.address)


def test_a_version_is_missing_only_if_no_index_has_it(world: World) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL)
    second.upload("files", "files-9.0-py3-none-any.whl")
    every = [package(PYPI), package("pkg:pypi/files@5")]
    answer = ask(world, *every, PIP_EXTRA_INDEX_URL=second.address)
    assert answer.releases[PYPI].withdrawal is None
    assert answer.releases["pkg:pypi/files@5"].withdrawal is Withdrawal.MISSING


@pytest.mark.parametrize("both", [True, False])
def test_a_release_of_several_indexes_is_yanked_if_all_of_it_is(
    world: World, *, both: bool
) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL).file(WHEEL)["yanked"] = "bad"
    second.upload("files", WHEEL).file(WHEEL)["yanked"] = both
    answer = ask(world, package(PYPI), PIP_EXTRA_INDEX_URL=second.address)
    assert answer.releases[PYPI].withdrawal is (Withdrawal.YANKED if both else None)


def test_what_one_index_holds_back_is_held_back(world: World) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL)
    second.upload("files", WHEEL).document["project-status"] = {"status": "quarantined"}
    answer = ask(world, package(PYPI), PIP_EXTRA_INDEX_URL=second.address)
    assert answer.releases[PYPI].withdrawal is Withdrawal.QUARANTINED


def test_an_extra_index_of_the_source_is_asked_only_if_trusted(world: World) -> None:
    second = extra(world)
    world.pypi.upload("files", WHEEL)
    second.upload("files", "files-1.2.0.tar.gz")
    about = package(PYPI, facts=PackageFacts(extra_registries=(second.address,)))
    assert len(one(world, about).artifacts) == 1
    answer = ask(world, about, trusted=frozenset({second.address}))
    assert len(answer.releases[PYPI].artifacts) == 2


@pytest.mark.parametrize(
    "about",
    [
        package(facts=PackageFacts(origin=Origin.VCS)),
        package(facts=PackageFacts(origin=Origin.PATH)),
        package(facts=PackageFacts(origin=Origin.BUNDLED)),
        package("pkg:github/acme/files@1"),
        package("pkg:pypi/files@1?vcs_url=git%2Bhttps://host.example/x"),
        package(kind=Kind.MCP_SERVER),
        component(None, ref="x"),
    ],
)
def test_what_comes_from_no_registry_is_not_asked_for(
    world: World, about: Component
) -> None:
    assert ask(world, about) == Resolution(releases={}, gaps=(), unasked={})
    assert world.server.asked == []


def test_a_login_goes_to_its_own_registry_and_no_other(world: World) -> None:
    world.npm.publish("files", "1.2.0")
    world.pypi.upload("files", WHEEL)
    host = world.server.address.removeprefix("http:")
    settings = world.settings(**{f"npm_config_{host}/npm/:_authToken": "secret"})
    with world.fetcher() as fetcher:
        resolve(
            [package(), package(PYPI)],
            settings=settings,
            trusted=frozenset(),
            fetcher=fetcher,
        )
    sent = {each.path: each.headers.get("Authorization") for each in world.server.asked}
    assert sent == {"/npm/files": "Bearer secret", "/pypi/simple/files/": None}
