"""pip-audit is played by a script, which is started just as the real one would be."""

import json
import stat
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpchain.advisory import Advisory
from mcpchain.audit.advisories import Lookup, Package, merge
from mcpchain.audit.advisories.pip_audit import run_pip_audit
from mcpchain.inventory import State

TOOL = Package("pypi", "tool", "1.0")
LIB = Package("pypi", "lib", "2.0")
BUG = {
    "id": "PYSEC-2024-1",
    "aliases": ["CVE-2024-1"],
    "description": "It is\nbroken.",
    "fix_versions": ["0.9.1", "1.2", "2.1"],
}


def dependency(name: str, version: str, *vulns: object) -> dict[str, object]:
    return {"name": name, "version": version, "vulns": list(vulns)}


CLEAN = [dependency("tool", "1.0"), dependency("lib", "2.0")]
Ask = Callable[..., Lookup]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Run a script in the place of pip-audit: it has `pins`, `answer(...)`, `args`."""

    def run(
        body: str,
        *packages: Package,
        timeout: float = 30.0,
        environ: dict[str, str] | None = None,
    ) -> Lookup:
        script = tmp_path / "python"
        prelude = f"""\
            #!{sys.executable}
            import json, os, sys, time
            args = dict(a.partition("=")[::2] for a in sys.argv[1:])
            pins = open(sys.argv[sys.argv.index("--requirement") + 1]).read().split()
            record = {str(tmp_path)!r}
            def answer(*dependencies, **more):
                with open(args["--output"], "w") as stream:
                    json.dump(dict(dependencies=dependencies, fixes=[], **more), stream)
            """
        text = textwrap.dedent(prelude) + textwrap.dedent(body)
        script.write_text(text, encoding="utf-8")
        script.chmod(0o700)
        return run_pip_audit(
            packages or (TOOL, LIB),
            python=script,
            environ=environ or {},
            timeout=timeout,
            cache=tmp_path / "cache",
        )

    return run


def answering(*dependencies: object, status: int = 0) -> str:
    return f"answer(*{list(dependencies)!r})\nsys.exit({status})\n"


def test_nothing_found_is_an_answer(ask: Ask) -> None:
    assert ask(answering(*CLEAN)) == Lookup(answered=frozenset({TOOL, LIB}))


def test_what_is_found_is_told_with_the_smallest_fixed_version_above_ours(
    ask: Ask,
) -> None:
    lookup = ask(answering(dependency("tool", "1.0", BUG), CLEAN[1], status=1))
    assert lookup.gaps == ()
    assert lookup.answered == {TOOL, LIB}
    assert lookup.advisories == {
        TOOL: (
            Advisory(
                id="CVE-2024-1",
                aliases=("PYSEC-2024-1",),
                summary="It is broken.",
                fixed_in=("1.2",),
                sources=("pip-audit",),
            ),
        )
    }


def test_it_gets_exact_pins_and_can_neither_resolve_nor_run_anything(
    ask: Ask, tmp_path: Path
) -> None:
    body = """
    json.dump([sys.argv[1:], pins, os.listdir(), sys.stdin.read()],
              open(record + "/seen", "w"))
    answer(dict(name="tool", version="1.0", vulns=[]))
    """
    ask(body, TOOL, Package("pypi", "A_b", "v1.0-1"))
    argv, pins, here, stdin = json.loads((tmp_path / "seen").read_text())
    assert pins == ["a-b==1.0.post1", "tool==1.0"]
    assert argv[:4] == ["-P", "-m", "pip_audit", "--requirement"]
    assert argv[5:11] == [
        "--no-deps",
        "--disable-pip",
        "--progress-spinner=off",
        "--vulnerability-service=pypi",
        "--format=json",
        "--aliases=on",
    ]
    assert f"--cache-dir={tmp_path / 'cache'}" in argv
    assert (here, stdin) == ([], "")


def test_it_gets_the_way_to_the_network_and_nothing_that_steers_it(
    ask: Ask, tmp_path: Path
) -> None:
    environ = {
        "HTTPS_PROXY": "http://proxy.example:3128",
        "no_proxy": "localhost",
        "REQUESTS_CA_BUNDLE": "/etc/ca.pem",
        "HOME": "/home/x",
        "PATH": "/bin",
        "PIP_AUDIT_VULNERABILITY_SERVICE": "osv",
        "PIP_AUDIT_OUTPUT": "/dev/null",
        "PIP_INDEX_URL": "https://user:secret@registry.example/simple",
        "PYTHONPATH": "/evil",
        "PYTHONSTARTUP": "/evil",
        "LD_PRELOAD": "/evil",
        "GITHUB_TOKEN": "secret",
        "NETRC": "/evil",
    }
    body = """
    json.dump(dict(os.environ), open(record + "/seen", "w"))
    answer()
    """
    ask(body, environ=environ)
    seen = json.loads((tmp_path / "seen").read_text())
    for key in ("HTTPS_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "HOME", "PATH"):
        assert seen.pop(key) == environ[key]
    assert seen.pop("PIP_CONFIG_FILE") == seen.pop("NETRC") == "/dev/null"
    assert {seen.pop(key) for key in ("TMPDIR", "TEMP", "TMP")}
    assert seen.pop("PYTHONSAFEPATH") == seen.pop("PYTHONUTF8") == "1"
    assert not set(seen) - {"LC_CTYPE"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        # a crash, with a traceback, and with a status of our own choice
        (
            "raise RuntimeError('no way')",
            "with status 1 and without an answer: Runtime",
        ),
        ("sys.exit(0)", "status 0 and without an answer: it said nothing"),
        ("sys.exit(7)", "status 7 and without an answer"),
        ("os.kill(os.getpid(), 9)", "status -9 and without an answer"),
        # an answer that is none
        ("open(args['--output'], 'w').write('')", "without an answer"),
        ("open(args['--output'], 'w').write('{\"dependencies\": [')", "not JSON"),
        ("open(args['--output'], 'w').write('[]')", "expected an object"),
        ("open(args['--output'], 'w').write('{}')", "expected a list, got nothing"),
        ("open(args['--output'], 'wb').write(b'\\xff\\xfe')", "not UTF-8"),
        ("open(args['--output'], 'w').write('[' * 100000)", "nested too deeply"),
        ("open(args['--output'], 'w').write('{\"dependencies\": null}')", "a list"),
        # an answer that does not fit the status, or does not speak of what was asked
        (answering(*CLEAN, status=1), "status 1 though it reports nothing"),
        (answering(*CLEAN, status=2), "ended with status 2"),
        (answering(), "did not speak of it"),
    ],
)
def test_a_run_that_fails_is_a_gap_for_all_that_was_asked(
    ask: Ask, body: str, reason: str
) -> None:
    lookup = ask(body)
    assert (lookup.answered, dict(lookup.advisories)) == (frozenset(), {})
    (gap,) = lookup.gaps
    assert gap.state is State.UNREACHABLE
    assert gap.reason.startswith("`lib@2.0`, `tool@1.0`: ")
    assert reason in gap.reason
    assert gap.hint


def test_what_a_crashed_run_has_found_is_told_and_the_rest_is_a_gap(ask: Ask) -> None:
    lookup = ask(answering(dependency("tool", "1.0", BUG), CLEAN[1], status=3))
    assert lookup.answered == {TOOL}
    assert len(lookup.advisories[TOOL]) == 1
    (gap,) = lookup.gaps
    assert gap.reason == "`lib@2.0`: pip-audit ended with status 3"


def test_a_run_that_hangs_is_ended_with_all_that_it_started(
    ask: Ask, tmp_path: Path
) -> None:
    body = """
    if os.fork():
        time.sleep(60)
    time.sleep(2)
    open(record + "/alive", "w")
    """
    start = time.monotonic()
    (gap,) = ask(body, timeout=1.0).gaps
    assert time.monotonic() - start < 10
    assert gap.state is State.UNREACHABLE
    assert "took too long and was stopped" in gap.reason
    time.sleep(1.5)
    assert not (tmp_path / "alive").exists()


@pytest.mark.parametrize("target", ["args['--output']", "sys.stderr.fileno()"])
def test_a_run_that_says_too_much_is_ended(ask: Ask, target: str) -> None:
    body = f"""
    stream = open({target}, "wb")
    stream.truncate((64 << 20) + 1)
    stream.flush()
    time.sleep(20)
    """
    start = time.monotonic()
    (gap,) = ask(body).gaps
    assert time.monotonic() - start < 15
    assert "said too much and was stopped" in gap.reason


def test_an_answer_that_is_too_large_is_not_read(ask: Ask) -> None:
    body = """open(args["--output"], "wb").truncate((64 << 20) + 1)"""
    (gap,) = ask(body).gaps
    assert "too large" in gap.reason or "said too much" in gap.reason


def test_words_on_stderr_are_told_in_short_and_without_secrets(ask: Ask) -> None:
    body = """
    sys.stderr.write("x" * 100000 + "\\n")
    sys.exit("\\x1b[31mno https://user:hunter2@proxy.example/?token=s3cret here")
    """
    (gap,) = ask(body).gaps
    assert gap.reason.endswith("without an answer: [31mno https://proxy.example/ here")
    body = "sys.exit('https://' + 'a' * 5000)"
    assert len(ask(body).gaps[0].reason) < 300


def test_a_skipped_package_is_a_gap_and_not_clean(ask: Ask) -> None:
    skip = {"name": "tool", "skip_reason": "Dependency not found on PyPI"}
    lookup = ask(answering(skip, CLEAN[1]))
    assert lookup.answered == {LIB}
    (gap,) = lookup.gaps
    assert gap.state is State.MISSING
    assert gap.reason == (
        "`tool@1.0`: pip-audit skipped it: Dependency not found on PyPI"
    )


def test_a_service_that_knows_none_of_the_packages_was_not_reached(ask: Ask) -> None:
    skips = [{"name": each, "skip_reason": f"no {each}"} for each in ("tool", "lib")]
    (gap,) = ask(answering(*skips)).gaps
    assert gap.state is State.UNREACHABLE
    assert gap.reason == (
        "`lib@2.0`, `tool@1.0`: pip-audit skipped all that it was asked about: no lib"
    )


@pytest.mark.parametrize(
    "also", [CLEAN[0], {"name": "tool", "version": "1.0", "skip_reason": "s"}]
)
def test_whoever_is_answered_and_skipped_was_not_answered(
    ask: Ask, also: object
) -> None:
    skip = {"name": "Tool", "skip_reason": "s"}
    lookup = ask(answering(skip, also, CLEAN[1]))
    assert lookup.answered == {LIB}
    assert len(lookup.gaps) == 1


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (dependency("evil", "1.0"), "nobody asked about `evil`"),
        (dependency("tool", "9.9"), "asked about `tool@1.0`, not about `9.9`"),
        (dependency("tool", ""), "asked about `tool@1.0`, not about ``"),
        (dependency("tool", "latest"), "asked about `tool@1.0`, not about `latest`"),
        ({"name": "tool", "version": "1.0"}, "expected a list, got nothing"),
        ({"name": "tool", "version": "1.0", "vulns": {}}, "expected a list"),
        ({"name": "tool", "version": 1, "vulns": []}, "expected a string"),
        ({"name": "tool", "skip_reason": 1}, "expected a string"),
        ({"name": None}, "expected a string"),
        ("tool", "expected an object"),
        (None, "expected an object"),
    ],
)
def test_an_odd_entry_is_a_gap_and_leaves_its_neighbours(
    ask: Ask, odd: object, reason: str
) -> None:
    lookup = ask(answering(odd, CLEAN[1]))
    assert lookup.answered == {LIB}
    trouble, silence = lookup.gaps
    assert reason in trouble.reason
    assert silence.reason == "`tool@1.0`: pip-audit did not speak of it"
    assert lookup.general == lookup.gaps


@pytest.mark.parametrize(
    "bug",
    [
        None,
        {},
        {"id": 1},
        {"id": "../x"},
        {"id": "a", "aliases": ["b\n"]},
        {"id": "a", "aliases": "b"},
        {"id": "a", "fix_versions": ["latest"]},
        {"id": "a", "fix_versions": [1]},
        {"id": "a", "description": 5},
    ],
)
def test_an_odd_advisory_is_a_gap_and_leaves_its_neighbours(
    ask: Ask, bug: object
) -> None:
    lookup = ask(answering(dependency("tool", "1.0", bug, BUG), CLEAN[1], status=1))
    assert [each.id for each in lookup.advisories[TOOL]] == ["CVE-2024-1"]
    assert lookup.answered == {LIB}
    assert len(lookup.gaps) == 2


def test_many_odd_entries_are_one_gap(ask: Ask) -> None:
    odd = [dependency(f"evil{n}", "1") for n in range(50)]
    lookup = ask(answering(*odd, *CLEAN))
    (gap,) = lookup.gaps
    assert gap.reason.endswith("nobody asked about `evil0` (and 49 more)")
    assert lookup.answered == {TOOL, LIB}


def test_two_versions_of_one_package_are_two_questions(
    ask: Ask, tmp_path: Path
) -> None:
    body = """
    open(record + "/seen", "a").write(" ".join(sorted(pins)) + "\\n")
    answer(*[dict(zip(("name", "version"), p.split("==")), vulns=[]) for p in pins])
    """
    packages = [TOOL, LIB, Package("pypi", "tool", "2.0"), Package("pypi", "Tool", "1")]
    lookup = ask(body, *packages)
    assert lookup.answered == set(packages)
    lines = (tmp_path / "seen").read_text().splitlines()
    assert sorted(lines) == ["lib==2.0 tool==1", "tool==1.0", "tool==2.0"]


def test_a_local_version_is_asked_about_by_its_public_part(ask: Ask) -> None:
    torch = Package("pypi", "torch", "2.1.0+cpu")
    body = "assert pins == ['torch==2.1.0']\n" + answering(
        dependency("torch", "2.1.0", BUG), status=1
    )
    lookup = ask(body, torch)
    assert lookup.gaps == ()
    (advisory,) = lookup.advisories[torch]
    assert advisory.confidence == "low"
    assert advisory.fixed_in == ()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("-r evil.txt", "1.0"),
        ("--index-url=https://evil.example", "1.0"),
        ("tool\n-e .", "1.0"),
        ("tool", "1.0\n-e ."),
        ("tool", "1.0 --hash=x"),
        ("tool", "1.0; python_version<'3'"),
        ("tool", "${HOME}"),
        ("tool @ file:///evil", "1.0"),
        ("", "1.0"),
        ("tool", ""),
        ("tool", None),
        ("tool", ">=1.0"),
        ("tool", "latest"),
    ],
)
def test_no_name_or_version_can_be_more_than_a_pin(
    ask: Ask, name: str, version: str | None
) -> None:
    odd = Package("pypi", name, version)
    body = "assert pins == ['lib==2.0'], pins\n" + answering(CLEAN[1])
    lookup = ask(body, odd, LIB)
    assert lookup.answered == {LIB}
    (gap,) = lookup.gaps
    assert gap.state is State.UNMATCHED


@pytest.mark.parametrize(
    "package", [Package("npm", "files", "1.0.0"), Package("pypi", "old", "0.8.7p1")]
)
def test_what_pip_audit_cannot_know_is_a_gap(ask: Ask, package: Package) -> None:
    lookup = ask(answering(CLEAN[0]), package, TOOL)
    assert lookup.answered == {TOOL}
    assert [gap.state for gap in lookup.gaps] == [State.NO_SOURCE]
    other = Lookup(answered=frozenset({package}))
    assert merge([package, TOOL], lookup, other).gaps == ()


def test_nothing_is_run_where_nothing_can_be_asked(ask: Ask, tmp_path: Path) -> None:
    ask("open(record + '/ran', 'w')", Package("npm", "files", "1.0.0"))
    assert not (tmp_path / "ran").exists()


def test_offline_nothing_is_run_and_that_is_one_gap(tmp_path: Path) -> None:
    lookup = run_pip_audit(
        [TOOL, LIB],
        python=tmp_path / "nothing",
        environ={},
        timeout=1,
        cache=tmp_path / "cache",
        offline=True,
    )
    (gap,) = lookup.gaps
    assert gap.state is State.OFFLINE
    assert lookup.answered == frozenset()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("obstacle", ["no program", "no folder"])
def test_a_program_that_cannot_be_started_is_a_gap(
    tmp_path: Path, obstacle: str
) -> None:
    cache = tmp_path / "cache"
    if obstacle == "no folder":
        cache.write_bytes(b"")
    lookup = run_pip_audit(
        [TOOL], python=tmp_path / "nothing", environ={}, timeout=9, cache=cache
    )
    (gap,) = lookup.gaps
    assert gap.state is State.UNREACHABLE
    assert "could not be run" in gap.reason


def test_its_downloads_are_ours_alone(ask: Ask, tmp_path: Path) -> None:
    ask(answering(*CLEAN))
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_the_real_pip_audit_takes_our_command_line(tmp_path: Path) -> None:
    """It asks a proxy that is not there, and must fail there and not before."""
    lookup = run_pip_audit(
        [TOOL],
        environ={"HTTPS_PROXY": "http://127.0.0.1:9", "PATH": "/nowhere"},
        timeout=60,
        cache=tmp_path / "cache",
    )
    (gap,) = lookup.gaps
    assert gap.state is State.UNREACHABLE
    assert "ProxyError" in gap.reason
