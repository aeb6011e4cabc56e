"""What lies in an environment beside its distributions."""

import base64
import hashlib
import json
import time
from pathlib import Path

import pytest

from mcpchain.discover.environment import makers
from mcpchain.discover.environment.installed import read_environment
from mcpchain.inventory import Gap, State

ALONE = "include-system-site-packages = false\n"
SHIM = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; "
    "enabled = os.environ.get(var, 'local') == 'local'; "
    "enabled and __import__('_distutils_hack').add_shim(); "
)
PATH = "environment/lib/python3.11/site-packages"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The site-packages of a virtual environment."""
    site = tmp_path / "project/venv/lib/python3.11/site-packages"
    put(site, {"../../../pyvenv.cfg": ALONE})
    return site


def put(site: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def install(site: Path, name: str, **files: str) -> None:
    """Install a distribution with these *files* beside its METADATA."""
    info = f"{name}-1.0.dist-info"
    metadata = f"Name: {name}\nVersion: 1.0\n"
    put(site, {f"{info}/METADATA": metadata})
    put(site, {f"{info}/{each}": text for each, text in files.items()})


def gaps(site: Path) -> tuple[Gap, ...]:
    return read_environment(site.parents[2]).gaps


def told(site: Path) -> str:
    (gap,) = gaps(site)
    return gap.reason


def hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.mark.parametrize(
    "files",
    [
        {"a/__init__.py": "", "a/b/c.py": ""},
        {"a.py": ""},
        {"a.cpython-311-x86_64-linux-gnu.so": ""},
        {"b/x.py": "", "d.py": ""},
        {"q,r.py": ""},
        {"README.txt": "", "x-y/a.py": "", "a.libs/x.so": "", "1.py": ""},
        {"__pycache__/a.cpython-311.pyc": "", "a/__pycache__/b.cpython-311.pyc": ""},
        {"_virtualenv.pth": "import _virtualenv"},
        {"distutils-precedence.pth": SHIM},
        {"distutils-precedence.pth": SHIM.replace("'local')", "'stdlib')")},
        {"left/__pycache__/x.cpython-311.pyc": "", "left/data/x.txt": ""},
        {"x.pth": "# import os\n\n  \na/b\n.\n"},
        {"x.pth": "./e-1-py3.egg\n"},
    ],
)
def test_what_a_distribution_owns_or_a_tool_leaves_behind_is_no_gap(
    site: Path, files: dict[str, str]
) -> None:
    install(
        site, "own",
        RECORD="a/__init__.py,,\na/b/c.py,,\na.py,,\nb/x.py,,\nd.py,,\n"
        'a.cpython-311-x86_64-linux-gnu.so,,\n"q,r.py",,\n../../../bin/a,,\n',
    )  # fmt: skip
    put(site, files)
    assert gaps(site) == ()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"bare/__init__.py": ""}, "no installed distribution owns `bare`"),
        ({"bare/deep/er/x.so": ""}, "no installed distribution owns `bare`"),
        ({"bare.py": ""}, "no installed distribution owns `bare.py`"),
        ({"bare.pyc": ""}, "no installed distribution owns `bare.pyc`"),
        ({"bare.abi3.so": ""}, "no installed distribution owns `bare.abi3.so`"),
        ({"sitecustomize.py": ""}, "no installed distribution owns `sitecustomize.py`"),
        ({"OWN/x.py": ""}, "no installed distribution owns `OWN`"),
        ({"ow/x.py": ""}, "no installed distribution owns `ow`"),
        ({"own_/x.py": ""}, "no installed distribution owns `own_`"),
        ({"evil.egg-link": "/srv/evil\n."}, "leads to a folder whose"),
        ({"evil-1.0-py3.11.egg": "PK"}, "an egg in an archive"),
        ({"evil-1.0-py3.11.egg/x.py": ""}, "cannot be read"),
        *(({"x.pth": text}, "runs code at every start") for text in (
            "import os; os.system('x')", "import\tos", "\ufeffimport os",
            "# x\r\nimport os\n", "#\fimport os",
            "own\nimport os\n", "import _virtualenv\n",
        )),
        ({"_virtualenv.pth": "import _virtualenv", "_virtualenv.py": "evil()"},
         "runs at every start, and is of no known virtualenv or uv"),
        ({"_virtualenv.py": "x" * (2 << 20)}, "larger than"),
        ({"_virtualenv/__init__.py": ""}, "no installed distribution owns"),
        ({"_virtualenv.pth": "import _virtualenv\nimport os"}, "runs code"),
        ({"_virtualenv.pth": "import _virtualenv; import os"}, "runs code"),
        ({"distutils-precedence.pth": SHIM + "import os"}, "runs code"),
        ({"distutils-precedence.pth": SHIM + "\nimport os"}, "runs code"),
        *(({"x.pth": text}, "leads to a folder") for text in (
            "/srv/evil", "own\n/srv/evil\n", "../evil", "own/../../evil", "evil",
            "own/../evil", "own\f/srv/evil", "own\v\nown\x85/../../evil",
            "evil-stuff/x", " import os", "x.zip", "..", "/", "~/evil",
        )),
        ({"x.pth": "x" * (2 << 20)}, "larger than"),
    ],
)  # fmt: skip
def test_what_no_distribution_owns_is_a_gap(
    site: Path, files: dict[str, str], reason: str
) -> None:
    install(site, "own", RECORD="own/__init__.py,,\nown.py,,\n")
    put(site, files)
    assert reason in told(site)


@pytest.mark.parametrize(
    "name",
    ["evil-1.0.DIST-INFO/METADATA", "evil-1.0.Egg-Info/PKG-INFO",
     "evil-1.0.EGG/EGG-INFO/PKG-INFO"],
)  # fmt: skip
def test_a_distribution_is_known_in_upper_case_as_python_knows_it(
    site: Path, name: str
) -> None:
    put(site, {name: "Name: evil\nVersion: 1.0\n"})
    inventory = read_environment(site.parents[2])
    assert [each.ref for each in inventory.components] == ["pkg:pypi/evil@1.0"]
    assert inventory.gaps == ()


def test_an_egg_in_an_archive_is_a_gap_in_upper_case(site: Path) -> None:
    put(site, {"evil-1.0-py3.11.EGG": "PK"})
    assert told(site) == "an egg in an archive is not read"


def test_names_are_written_so_that_they_can_be_printed(site: Path) -> None:
    put(site, {"evil\n.egg-link": "x"})
    (gap,) = gaps(site)
    assert gap.location.path == f"{PATH}/evil%0A.egg-link"


@pytest.mark.parametrize("name", ["bare", "x.pth"])
def test_a_link_that_leads_out_is_a_gap(site: Path, name: str) -> None:
    outside = site.parents[2] / name
    put(outside, {"x.py": ""}) if name == "bare" else outside.touch()
    install(site, "own", RECORD="")
    (site / name).symlink_to(outside)
    assert len(gaps(site)) == 1


def test_a_folder_with_too_much_in_it_is_not_searched_to_its_end(site: Path) -> None:
    install(site, "own", RECORD="")
    put(site, {f"data/{n}.txt": "" for n in range(1001)})
    assert told(site) == "no installed distribution owns `data`"


def test_many_modules_without_an_owner_are_one_gap(site: Path) -> None:
    put(site, {f"m{n}.py": "" for n in range(9)})
    (gap,) = gaps(site)
    assert gap.reason.endswith("`m4.py` and 4 more")
    assert (gap.state, gap.location.path) == (State.UNMATCHED, PATH)


@pytest.mark.parametrize(
    ("lists", "module"),
    [
        ({}, "own"),
        ({"top_level.txt": "_own_c\nother\n"}, "other"),
        ({"top_level.txt": ""}, "own"),
    ],
)
def test_a_distribution_without_record_owns_what_it_names(
    site: Path, lists: dict[str, str], module: str
) -> None:
    install(site, "own", **lists)
    put(site, {f"{module}/x.py": ""})
    assert gaps(site) == ()
    put(site, {"evil.py": ""})
    assert told(site) == "no installed distribution owns `evil.py`"


def test_a_distribution_with_record_owns_nothing_else(site: Path) -> None:
    install(site, "own", RECORD="a.py,,\n", **{"top_level.txt": "evil\n"})
    put(site, {"a.py": "", "evil.py": ""})
    assert told(site) == "no installed distribution owns `evil.py`"


def test_installed_files_are_read_as_a_record(site: Path) -> None:
    info = "own-1.0.egg-info"
    put(site, {f"{info}/PKG-INFO": "Name: own\nVersion: 1.0\n"})
    put(site, {f"{info}/installed-files.txt": "../a/x.py\n../b.py\nPKG-INFO\n"})
    put(site, {"a/x.py": "", "b.py": ""})
    assert gaps(site) == ()


def test_a_record_that_is_too_large_is_a_gap(site: Path) -> None:
    install(site, "own")
    with (site / "own-1.0.dist-info/RECORD").open("wb") as file:
        file.truncate(65 << 20)
    (gap,) = gaps(site)
    assert (gap.state, gap.location.path) == (
        State.LIMIT,
        f"{PATH}/own-1.0.dist-info/RECORD",
    )


@pytest.mark.parametrize("changed", [False, True])
def test_code_at_every_start_belongs_to_a_distribution_as_it_was_installed(
    site: Path, *, changed: bool
) -> None:
    text = "import coverage_hook"
    install(site, "own", RECORD=f"hook.pth,{hashed(text)},20\nown.pth,,\n")
    put(site, {"hook.pth": text + ("; evil()" if changed else ""), "own.pth": text})
    reasons = [gap.reason for gap in gaps(site)]
    assert reasons == ["was changed after its distribution was installed"] * changed


@pytest.mark.parametrize(
    ("url", "editable", "line", "accepted"),
    [
        ("file:///srv/my%20app", True, "/srv/my app", True),
        ("file:///srv/my%20app", True, "/srv/my app/src", True),
        ("file:///srv/my%20app/", True, "/srv/my app/x/../src", True),
        ("file:///srv/my%20app", True, "/srv/my app2", False),
        ("file:///srv/my%20app", True, "/srv/my app/../evil", False),
        ("file:///srv/my%20app", False, "/srv/my app", False),
        ("https://h.example/x.whl", True, "/srv/my app", False),
    ],
)
def test_what_is_being_edited_may_lead_to_its_folder_and_nowhere_else(
    site: Path, url: str, line: str, *, editable: bool, accepted: bool
) -> None:
    direct = json.dumps({"url": url, "dir_info": {"editable": editable}})
    record = f"_own.pth,{hashed(line)},9\nown-1.0.dist-info/RECORD,,\n"
    install(site, "own", RECORD=record, **{"direct_url.json": direct})
    put(site, {"_own.pth": line})
    assert len(gaps(site)) == (not accepted)
    put(site, {"other.pth": line})
    assert f"{PATH}/other.pth" in {gap.location.path for gap in gaps(site)}


@pytest.mark.parametrize(
    ("above", "line", "accepted"),
    [
        ("/", "/srv/evil", False),
        ("//", "/srv/evil", False),
        ("/srv/..", "/srv/evil", False),
        ("{project}", "{project}/src", True),
        ("{project}/..", "{project}/../evil", False),
        ("{project}/root", "{project}/root/evil", False),
    ],
)
def test_what_holds_the_environment_is_no_project_unless_it_looks_like_one(
    site: Path, above: str, line: str, *, accepted: bool
) -> None:
    project = site.parents[3]
    (project / "pyproject.toml").touch()
    (project / "root").symlink_to("/")
    text = line.format(project=project)
    url = f"file://{above.format(project=project)}"
    direct = json.dumps({"url": url, "dir_info": {"editable": True}})
    install(site, "own", RECORD="_own.pth,,\n", **{"direct_url.json": direct})
    put(site, {"_own.pth": text})
    assert len(gaps(site)) == (not accepted)


def test_300_distributions_take_a_fraction_of_a_second(site: Path) -> None:
    for n in range(300):
        record = "".join(f"p{n}/sub/m{m}.py,sha256=x,1\n" for m in range(150))
        install(site, f"p{n}", RECORD=record)
        put(site, {f"p{n}/__init__.py": ""})
    best = 9.0
    for _ in range(3):
        start = time.perf_counter()
        assert gaps(site) == ()
        best = min(best, time.perf_counter() - start)
    assert best < 1  # a tenth of that on a quiet machine


def test_what_makers_of_environments_write_is_known_by_digests() -> None:
    assert all(len(each) == 64 and int(each, 16) for each in makers.KNOWN)
    assert hashlib.sha256(b"").hexdigest() not in makers.KNOWN
