"""`mcpchain verify` on what lists packages: locks, BOMs, projects, environments."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.pipeline.test_registry_signatures import PYPI, WHEEL, upload
from tests.world.signed import INSTANCE
from tests.world.sigstore.minting import WORKFLOW, Minter
from tests.world.world import World

BY_INDEX = "  note: the index names this signer; you have not said whom you expect"
INSTALLED = (
    "note: of what is installed names and versions were asked about: the release is "
    "verified, and not the bytes that were installed"
)
UNSIGNED = "  why: no bundle or attestation lies beside it"
INFO = "acme_files-1.2.0.dist-info"


class User:
    """Somebody with a project that pins one package, which its index attests."""

    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.home = home
        self.root = home / "root.json"
        self.root.write_bytes(INSTANCE.trusted_root())
        self.project = home / "project"
        self.project.mkdir()
        self.digest = upload(world)
        self.lock = self.project / "requirements.txt"
        self.lock.write_text(f"acme-files==1.2.0 --hash={self.digest}\n")

    def run(self, *args: str | Path, **environ: str) -> Result:
        env: dict[str, str | None] = {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "VIRTUAL_ENV": None,
            **self.world.environ,
            **environ,
        }
        words = ["verify", *(str(each) for each in args)]
        return CliRunner().invoke(
            main, [*words, "--trusted-root", str(self.root)], env=env
        )

    def environment(self) -> Path:
        """Install the package."""
        env = self.home / "venv"
        site = env / "lib/python3.11/site-packages"
        (site / INFO).mkdir(parents=True)
        (site / "acme_files.py").write_text("import os\n")
        metadata = "Metadata-Version: 2.4\nName: acme-files\nVersion: 1.2.0\n"
        (site / INFO / "METADATA").write_text(metadata)
        digest = hashlib.sha256(b"another").hexdigest()
        (site / INFO / "RECORD").write_text(
            f"acme_files.py,sha256={digest},10\n{INFO}/METADATA,,\n{INFO}/RECORD,,\n"
        )
        (env / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
        return env


@pytest.fixture
def user(world: World, tmp_path: Path) -> User:
    return User(world, tmp_path)


def bom(purl: str = PYPI) -> str:
    entry = {"type": "library", "name": "acme-files", "version": "1.2.0", "purl": purl}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [entry]}
    return json.dumps(document)


@pytest.mark.parametrize("kind", ["lock", "project", "bom"])
@pytest.mark.parametrize("forced", [(), ("--packages",)], ids=["plain", "--packages"])
def test_what_lists_packages_stands_for_them(
    forced: tuple[str, ...], kind: str, user: User
) -> None:
    (user.home / "bom.json").write_text(bom())
    places = {"lock": user.lock, "project": user.project, "bom": user.home / "bom.json"}
    result = user.run(places[kind], *forced)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"verified: {WHEEL}", f"  signed by: {WORKFLOW}"]
    assert (BY_INDEX in lines, lines[-1]) == (True, "1 verified")


@pytest.mark.parametrize("kind", ["lock", "project", "bom"])
@pytest.mark.parametrize(
    "named",
    [
        ("--repository", "acme/files"),
        ("--identity", WORKFLOW, "--issuer", "https://x.example"),
        ("--key", "KEY"),
    ],
    ids=["repository", "identity", "key"],
)
def test_who_takes_the_signature_of_a_lock_away_asks_no_other_question(
    named: tuple[str, ...], kind: str, user: User
) -> None:
    """Not even one whose answer would be yes: the package is of acme/files."""
    (user.home / "bom.json").write_text(bom())
    (user.home / "acme.pub").write_bytes(public())
    places = {"lock": user.lock, "project": user.project, "bom": user.home / "bom.json"}
    given = [str(user.home / "acme.pub") if e == "KEY" else e for e in named]
    github = user.world.server.address.removeprefix("http://")
    result = user.run(places[kind], *given, GH_HOST=github)
    assert result.exit_code == 10
    assert result.stdout.startswith(f"missing: {places[kind]}\n")
    assert "  note: its packages are verified with `--packages`\n" in result.stdout
    asked = [each.rpartition("sha256:")[0] for each in user.world.server.paths()]
    of_file = ["/api/v3/repos/acme/files/attestations/"] if kind != "project" else []
    assert asked == (of_file if "--repository" in named else [])


def public() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Minter(instance=INSTANCE).key.public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_with_packages_the_named_have_to_stand_for_each(user: User) -> None:
    packages = (user.lock, "--packages", "--repository")
    assert user.run(*packages, "acme/files").exit_code == 0
    result = user.run(*packages, "evil/files")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        10,
        "1 untrusted-identity",
    )


def test_a_bundle_beside_a_lock_is_about_the_lock(user: User) -> None:
    beside = user.lock.with_name("requirements.txt.sigstore.json")
    data = user.lock.read_bytes()
    beside.write_text(json.dumps(Minter(instance=INSTANCE).sign(data)))
    result = user.run(user.lock)
    assert result.stdout.startswith(f"untrusted-identity: {user.lock}\n")
    assert not user.world.server.asked
    assert user.run(user.lock, "--repository", "acme/files").exit_code == 0


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("model.safetensors", b"weights"),
        ("model_index.json", b"{}"),
        ("tokenizer.json", b"{}"),
        ("model.safetensors.index.json", b"{}"),
        ("model.gguf", b"GGUF"),
        ("model.pt", b"weights"),
    ],
    ids=str,
)
def test_a_model_with_a_list_of_packages_is_a_model(
    path: str, data: bytes, user: User
) -> None:
    (user.project / path).write_bytes(data)
    result = user.run(user.project)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[:2] == [
        f"missing: {user.project}",
        "  why: no signature of a model lies in it or beside it",
    ]
    assert not user.world.server.asked
    assert user.run(user.project, "--packages").exit_code == 0


def test_what_no_registry_is_asked_about_is_told(user: User) -> None:
    lock: dict[str, Any] = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "project"},
            "node_modules/ours": {
                "version": "1.0.0",
                "resolved": "git+https://git.example/ours.git#" + "1" * 40,
            },
        },
    }
    (user.project / "package-lock.json").write_text(json.dumps(lock))
    (user.project / "poetry.lock").write_text("not = [toml")
    result = user.run(user.project)
    assert result.exit_code == 4, result.output
    lines = result.stdout.splitlines()
    at = lines.index("error: poetry.lock")
    assert lines[at + 2] == "  hint: `mcpchain gate` says what to do about it"
    told = f"note: `{user.project}`: no registry was asked about "
    assert any(each.startswith(told) for each in lines)
    assert lines[-1] == "1 verified, 1 error"


def test_packages_that_nobody_attested_are_told_in_one_block(user: User) -> None:
    for name in ("a", "b"):
        user.world.pypi.upload(name, f"{name}-1.0-py3-none-any.whl")
    user.lock.write_text("a==1.0\nb==1.0\nc\nd==1.0\nacme-files==9\n")
    result = user.run(user.lock)
    assert result.exit_code == 10
    lines = result.stdout.splitlines()
    at = lines.index("missing: a==1.0")
    assert lines[at + 1] == "missing: b==1.0"
    assert lines[at + 3] == (
        "  hint: ask its maker to attest it, or the registry itself in place of a "
        "mirror"
    )
    hint = (
        "  hint: name one version that the registry has; check the name too, and which "
        "registry is asked"
    )
    for title, why in (
        ("c", "it names no version, so that nothing says which one runs"),
        ("acme-files==9", "the registry does not know this version"),
    ):
        at = lines.index(f"unverifiable: {title}")
        assert lines[at + 1 : at + 3] == [f"  why: {why}", hint]


@pytest.mark.parametrize("how", ["option", "VIRTUAL_ENV", "beside a project"])
def test_the_packages_of_an_environment_are_verified_and_not_their_bytes(
    how: str, user: User
) -> None:
    env = user.environment()
    if how == "option":
        result = user.run("--environment", env)
    elif how == "VIRTUAL_ENV":
        result = user.run(VIRTUAL_ENV=str(env))
    else:
        result = user.run(user.project, VIRTUAL_ENV=str(env))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert f"verified: {WHEEL}" in lines
    assert INSTALLED in lines
    noted = "VIRTUAL_ENV names it; `--no-environment` leaves it out" in result.stderr
    assert noted == (how != "option")


def test_an_environment_is_left_out_where_the_user_says_so(user: User) -> None:
    env = user.environment()
    result = user.run(user.project, "--no-environment", VIRTUAL_ENV=str(env))
    assert (result.exit_code, INSTALLED in result.stdout) == (0, False)
    result = user.run("--no-environment", VIRTUAL_ENV=str(env))
    assert (result.exit_code, "no TARGET is named" in result.stderr) == (2, True)
    # Beside a file or a purl nobody meant it.
    result = user.run(PYPI, VIRTUAL_ENV=str(env))
    assert (result.exit_code, INSTALLED in result.stdout) == (0, False)


def test_a_file_that_is_not_as_installed_is_invalid(user: User) -> None:
    env = user.environment()
    result = user.run("--environment", env, "--verify-installed")
    assert result.exit_code == 10
    lines = result.stdout.splitlines()
    assert f"verified: {WHEEL}" in lines
    assert "invalid: environment/lib/python3.11/site-packages/acme_files.py" in lines


def test_an_environment_without_packages_is_nothing_to_verify(user: User) -> None:
    env = user.home / "venv"
    (env / "lib/python3.11/site-packages").mkdir(parents=True)
    result = user.run("--environment", env)
    assert (result.exit_code, result.stdout) == (3, "")


def test_a_model_lists_no_packages(user: User) -> None:
    model = user.home / "llama"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "llama"}')
    (model / "model.gguf").write_bytes(b"GGUF" + b"\0" * 20)
    result = user.run(model, "--packages")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        f"error: `{model}` is a model, and names no package of a registry\n"
        f"hint: without `--packages`, its signature is verified: `mcpchain verify "
        f"{model}`\n"
    )


def test_a_bom_of_other_packages_is_nothing_to_verify(user: User) -> None:
    file = user.home / "bom.json"
    file.write_text(bom("pkg:cargo/acme-files@1.2.0"))
    result = user.run(file)
    assert (result.exit_code, result.stdout) == (3, "")
    only = (
        "names no package of PyPI or npm, only: 1 package of cargo: `acme-files@1.2.0`"
    )
    assert only in result.stderr


def test_what_is_of_no_registry_is_named(user: User) -> None:
    commit = "0123456789" * 4
    user.lock.write_text(f"evil @ git+https://git.example/acme/evil@{commit}\n")
    for target in (user.lock, user.project):
        result = user.run(target)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "only: 1 package from a vcs: `evil" in result.stderr


@pytest.mark.parametrize("place", ["", "package-lock.json"])
def test_a_lock_that_cannot_be_read_is_no_lack_of_packages(
    place: str, tmp_path: Path, user: User
) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js/package-lock.json").write_text("{")
    result = user.run(tmp_path / "js" / place)
    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[0]) == (4, "error: package-lock.json")
    assert lines[1].startswith("  why: not JSON: ")


@pytest.mark.parametrize("listed", [True, False])
def test_a_version_that_an_index_does_not_have_is_not_missing_attestations(
    listed: bool,  # noqa: FBT001 - a parameter
    user: User,
) -> None:
    project = user.world.pypi["acme-files"]
    for each in project.document["files"]:
        each.pop("provenance", None)
    project.document.pop("versions", None)
    if listed:
        project.document["versions"] = ["1.2.0"]
    lines = user.run("pkg:pypi/acme-files@99.0").stdout.splitlines()
    assert lines[1] == "  why: the registry does not know this version"
    assert "offers no attestation" in user.run(PYPI).stdout


def test_packages_are_asked_about_once(user: User) -> None:
    (user.home / "bom.json").write_text(bom())
    again = user.project / "dev-requirements.txt"
    again.write_text(user.lock.read_text())
    result = user.run(PYPI, user.project, user.home / "bom.json")
    assert result.stdout.splitlines()[-1] == "2 verified"
    asked = [each for each in user.world.server.paths() if "acme-files" in each]
    assert len(asked) == len(set(asked))


def test_offline_every_package_is_an_error_that_says_so(user: User) -> None:
    result = user.run(user.lock, "--offline")
    assert (result.exit_code, user.world.server.asked) == (4, [])
    assert "  hint: run without `--offline`\n" in result.stdout


def test_offline_what_is_true_of_every_package_is_told_once(user: User) -> None:
    user.lock.write_text("six==1.17.0\nidna==3.10\n")
    assert user.run(user.lock, "--offline").stdout.splitlines() == [
        "error: idna==3.10",
        "error: six==1.17.0",
        "  why: the registry of pypi was not asked (offline)",
        "  hint: run without `--offline`",
        "",
        "2 error",
    ]


def test_an_environment_that_is_active_is_not_what_a_key_is_named_for(
    user: User,
) -> None:
    (user.home / "acme.pub").write_text("")
    env = str(user.environment())
    result = user.run("--key", user.home / "acme.pub", VIRTUAL_ENV=env)
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        2,
        "error: no TARGET is named",
    )
