"""What `mcpchain verify` is told twice, or in vain, is refused: never swallowed."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mcpchain.cli import main
from tests.verify.test_mcpb_signature import certificate, framed, message
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, Minter
from tests.world.sigstore.minting import statement as statement_of
from tests.world.sigstore.models import lay, statement

INSTANCE = Instance()
MINTER = Minter(instance=INSTANCE, managed=True, entries=())
LEAF = certificate("Acme", "Acme")
SPKI = PublicFormat.SubjectPublicKeyInfo
DIGEST = "9f" * 32
IDLE = {
    *("mcpchain.component", "mcpchain.discover", "mcpchain.fetch", "mcpchain.policy"),
    *("mcpchain.pipeline.knowledge", "mcpchain.verify.second_opinion"),
    *("cryptography.x509", "importlib.resources", "packageurl", "tomllib", "urllib3"),
    *("cyclonedx", "jsonschema_rs", "requests", "rich", "sigstore", "tuf", "yaml"),
}
"""What a key, a bundle and some bytes have no use for."""
ACME = ("--repository", "acme/files")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with something signed of every kind, and who signed it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    Path("root.json").write_bytes(INSTANCE.trusted_root())
    Path("acme.pem").write_bytes(LEAF.public_bytes(Encoding.PEM))
    for name, minter in (("acme", MINTER), ("other", Minter(instance=INSTANCE))):
        public = minter.key.public_key().public_bytes(Encoding.PEM, SPKI)
        Path(f"{name}.pub").write_bytes(public)
    Path("model.bin").write_bytes(ARTIFACT)
    Path("model.bin.sigstore.json").write_text(json.dumps(MINTER.sign()))
    lay(Path("llama"))
    Path("llama/model.sig").write_text(json.dumps(MINTER.attest(statement())))
    Path("files.mcpb").write_bytes(framed(message(by=LEAF, others=())))
    Path("requirements.txt").write_text("six==1.17.0\n")
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["verify", *args])


def refused(*args: str) -> tuple[str, str]:
    """Return what is wrong, and what to do about it."""
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    problem, hint = result.stderr.splitlines()
    return problem.removeprefix("error: "), hint.removeprefix("hint: ")


@pytest.mark.parametrize("target", ["model.bin", "llama", "files.mcpb"])
@pytest.mark.parametrize(
    "option", ["identity", "issuer", "repository", "workflow", "ref"]
)
def test_a_key_has_no_identity(option: str, target: str) -> None:
    assert refused(target, "--key", "acme.pub", "--no-log", f"--{option}", "a/b") == (
        f"a key has no identity: `--key` and `--{option}` exclude each other",
        "name the key, or whom a certificate has to be of",
    )


@pytest.mark.parametrize(
    "others",
    [
        ("--identity", "nobody", "--issuer", "https://x.example"),
        ACME,
        ("--key", "acme.pub"),
        ("--ca", "acme.pem"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("target", ["files.mcpb", "model.bin"])
def test_a_certificate_says_by_itself_who_signs(
    target: str, others: tuple[str, ...]
) -> None:
    assert refused(target, "--certificate", "acme.pem", *others) == (
        (
            "`--certificate` says by itself who signs MCP bundles, and "
            f"`{others[0]}` says it too"
        ),
        "name one of the two; what is signed otherwise, verify by itself",
    )


@pytest.mark.parametrize(
    "option",
    [("--key", "acme.pub"), ("--issuer", "https://x.example"), ACME, ("--ref", "x")],
    ids=" ".join,
)
def test_an_authority_stands_in_place_of_an_identity(option: tuple[str, str]) -> None:
    problem, _ = refused("llama", "--ca", "acme.pem", *option)
    assert problem == "`--ca` stands in place of an issuer, a repository and a key"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (
            ("model.bin", "--no-log", *ACME),
            "`--no-log` is for signatures by a key",
        ),
        (
            ("llama", "--ca", "acme.pem", "--trusted-root", "root.json"),
            "`--ca` stands in place of a trusted root",
        ),
        (
            ("files.mcpb", "--certificate", "acme.pem", "--root", "sigstore"),
            "`--certificate` stands in place of a trusted root",
        ),
        (
            ("model.bin", "--certificate", "acme.pem"),
            "`--certificate` is for MCP bundles (`.mcpb`), and TARGET is none",
        ),
        (
            ("model.bin", "--key", "acme.pub", "--ignore", "x"),
            "`--ignore` is for folders of models, and TARGET is none",
        ),
        (
            ("pkg:pypi/six@1.17.0", "--bundle", "model.bin.sigstore.json"),
            (
                "`--bundle` is for files, folders of models, and digests, and TARGET "
                "is none"
            ),
        ),
        (
            ("--packages", "requirements.txt", "--bundle", "model.bin.sigstore.json"),
            (
                "`--bundle` is for files, folders of models, and digests, and TARGET "
                "is none"
            ),
        ),
        (
            ("model.bin", *ACME, "--registry-keys", "root.json"),
            "`--registry-keys` is for packages of a registry, and TARGET is none",
        ),
        (
            ("llama", "--key", "acme.pub", "--predicate-type", "x"),
            "`--predicate-type` is for files, digests and images, and TARGET is none",
        ),
        (
            ("pkg:pypi/six@1.17.0", "--predicate-type", "x"),
            "`--predicate-type` is for files, digests and images, and TARGET is none",
        ),
        (
            ("model.bin", *ACME, "--verify-installed"),
            "`--verify-installed` needs an environment",
        ),
        (
            ("model.bin", *ACME, "--server", "root.json", "--packages"),
            "with `--server` each TARGET is a file of a package, or an image",
        ),
        (("--offline",), "no TARGET is named"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_would_not_be_looked_at_is_refused(
    args: tuple[str, ...], problem: str
) -> None:
    assert refused(*args)[0] == problem


@pytest.mark.parametrize("target", [("pkg:pypi/six@1.17.0",), ("--packages", ".")])
@pytest.mark.parametrize(
    ("option", "file"),
    [("--key", "acme.pub"), ("--ca", "acme.pem"), ("--certificate", "acme.pem")],
)
def test_no_key_of_the_user_signs_packages_of_a_registry(
    option: str, file: str, target: tuple[str, ...]
) -> None:
    assert refused(*target, option, file) == (
        f"packages of a registry are signed by certificates, and not by `{option}`",
        (
            "name an identity: `--repository OWNER/NAME`; the signature in a BOM: "
            "`mcpchain bom validate FILE --key KEY`"
        ),
    )


@pytest.mark.parametrize(
    "repository", ["acme", "notarepo", "*", "/", "acme/", "/files", "https://x.example"]
)
def test_what_is_no_repository_is_refused(repository: str) -> None:
    assert refused("model.bin", "--repository", repository) == (
        f"`--repository {repository}` is no repository",
        "write `OWNER/NAME`, or its address: `https://HOST/OWNER/NAME`",
    )


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        (DIGEST, f"for a digest write `sha256:{DIGEST[:8]}...`, and name its bundle"),
        ("sha512:abcd", "only `sha256:` and its digest is looked up in a bundle"),
        ("six==1.17.0", "for a package write `pkg:pypi/six@1.17.0`"),
        ("@acme/files@1.2.0", "for a package write `pkg:npm/@acme/files@1.2.0`"),
        (
            "r.example/acme/app:1.4",
            "for an image write `pkg:oci/app@1.4?repository_url=r.example/acme/app`",
        ),
        (
            f"r.example/acme/app@sha256:{DIGEST}",
            (
                f"for an image write `pkg:oci/app@sha256:{DIGEST}?repository_url="
                "r.example/acme/app`"
            ),
        ),
        ("gone.txt", "name a file that was signed, or `sha256:` and its digest"),
    ],
    ids=["hex", "sha512", "pip", "npm", "image", "image by digest", "gone"],
)
def test_what_is_nothing_is_told_how_to_write_it(target: str, hint: str) -> None:
    assert refused(target, *ACME) == (f"`{target}` is no file", hint)


def test_a_package_of_another_kind_is_told_which_there_are() -> None:
    assert refused("pkg:cargo/serde@1.0.0") == (
        "`pkg:cargo/serde@1.0.0`: no signatures of packages of that kind are known",
        "write `pkg:pypi/...`, `pkg:npm/...`, `pkg:oci/...` or `pkg:huggingface/...`",
    )


def test_a_server_without_its_registry_is_told_to_name_one() -> None:
    assert refused("files.mcpb", "--server", "io.github.acme/files") == (
        "`io.github.acme/files` is no file, and no registry is named that knows it",
        "name a `server.json`, or the registry too: `--mcp-registry URL`",
    )


def test_a_key_that_signs_without_a_log_is_told_so() -> None:
    lines = run("model.bin", "--key", "acme.pub").stdout.splitlines()
    assert lines[:3] == [
        "invalid: model.bin",
        "  why: it is in no transparency log",
        "  hint: if that key signs without a log, say so: `--no-log`",
    ]


def test_of_what_a_key_signs_no_root_is_told() -> None:
    result = run("model.bin", "--key", "acme.pub", "--no-log")
    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[0], lines[2:]) == (
        0,
        "verified: model.bin",
        ["", "1 verified"],
    )
    assert lines[1].startswith("  key: sha256:")
    assert lines[1].endswith(" (of its DER)")


def test_another_key_may_be_the_mistake() -> None:
    lines = run("model.bin", "--key", "other.pub").stdout.splitlines()
    assert lines[:3] == [
        "invalid: model.bin",
        "  why: the signature over the artifact does not hold",
        (
            "  hint: find out whether that is the key of its maker: `--key`; if it is, "
            "do not use it, get it again, and ask them"
        ),
    ]


def test_the_key_that_a_bundle_names_is_told_where_it_is_another() -> None:
    bundle = MINTER.sign()
    bundle["verificationMaterial"]["publicKey"] = {"hint": DIGEST}
    Path("model.bin.sigstore.json").write_text(json.dumps(bundle))
    why = run("model.bin", "--key", "other.pub").stdout.splitlines()[1]
    assert why.startswith(
        "  why: the signature over the artifact does not hold: it says that a key made "
        f"it whose PEM has the SHA-256 `{DIGEST}`, and that of the one you name has `"
    )
    hint = run("model.bin", "--key", "other.pub").stdout.splitlines()[2]
    assert hint.startswith("  hint: if it is of somebody else whom you trust too, ")


@pytest.mark.parametrize("who", [(), ("--key", "acme.pub"), ACME], ids=str)
def test_other_bytes_than_were_signed_are_invalid_whoever_signed_them(
    who: tuple[str, ...],
) -> None:
    Path("model.bin").write_text("other")
    theirs = hashlib.sha256(ARTIFACT).hexdigest()
    ours = hashlib.sha256(b"other").hexdigest()
    assert run("model.bin", *who).stdout.splitlines()[:3] == [
        "invalid: model.bin",
        (
            f"  why: the bundle is about another digest: `sha256:{theirs}`, and not "
            f"`sha256:{ours}`"
        ),
        "  hint: do not use it; get it again from its maker, and ask them",
    ]


def test_other_files_than_are_attested_are_invalid_whoever_attests_them() -> None:
    Path("model.bin.sigstore.json").write_text(json.dumps(MINTER.attest()))
    assert run("model.bin").stdout.startswith("untrusted-identity: model.bin\n")
    Path("model.bin").write_text("other")
    assert run("model.bin").stdout.splitlines()[:2] == [
        "invalid: model.bin",
        "  why: the statement is about other artifacts",
    ]


def test_another_model_than_was_signed_is_invalid_whoever_signed_it() -> None:
    assert run("llama").stdout.startswith("untrusted-identity: llama\n")
    Path("llama/extra.txt").write_text("more")
    lines = run("llama").stdout.splitlines()
    assert (lines[0], "extra.txt" in lines[1]) == ("invalid: llama", True)


@pytest.mark.parametrize("name", ["dist.sigstore.json", "dist/a.whl.sig"])
def test_a_folder_of_files_that_are_signed_is_no_model_with_a_bad_signature(
    name: str,
) -> None:
    Path("dist").mkdir()
    for each in ("dist/a.whl", "dist/a.whl.sigstore.json", name):
        Path(each).write_bytes(Path("model.bin.sigstore.json").read_bytes())
    result = run("dist", "--key", "acme.pub", "--no-log")
    assert (result.exit_code, result.stdout.splitlines()[:4]) == (
        10,
        [
            "missing: dist",
            "  why: no signature of a model lies in it or beside it",
            "  hint: ask its maker to sign it, or name the bundle: `--bundle`",
            (
                "  note: files in it are signed, each by itself: `mcpchain verify "
                "dist/*`"
            ),
        ],
    )


def test_what_is_no_signature_of_a_model_is_named() -> None:
    name = Path("llama/model.sig")
    name.write_bytes(Path("model.bin.sigstore.json").read_bytes())
    assert run("llama", "--key", "acme.pub").stdout.splitlines()[1] == (
        "  why: `model.sig`: it signs bytes, and is no model signature"
    )


@pytest.mark.parametrize(
    ("option", "first", "second"),
    [
        ("--key", "acme.pub", "other.pub"),
        ("--repository", "acme/files", "acme/files"),
        ("--predicate-type", "vsa", "spdx"),
        ("--second-opinion", "required", "off"),
        ("--server", "server.json", "other.json"),
    ],
)
def test_of_two_answers_to_one_question_none_is_swallowed(
    option: str, first: str, second: str
) -> None:
    assert refused("model.bin", option, first, option, second) == (
        f"`{option}` is given more than once: `{first}`, `{second}`",
        "give it once; what others have signed, verify by itself",
    )


def test_statements_have_the_short_names_that_attest_gives_them() -> None:
    kind = "https://cyclonedx.org/bom"
    bundle = MINTER.attest(statement_of(predicate_type=kind))
    Path("model.bin.sigstore.json").write_text(json.dumps(bundle))
    by = ("model.bin", "--key", "acme.pub", "--no-log", "--predicate-type")
    assert (run(*by, "cyclonedx").exit_code, run(*by, kind).exit_code) == (0, 0)
    assert run(*by, "spdx").stdout.startswith("missing: ")
    assert refused(*by, "cyclonedx2") == (
        "`--predicate-type cyclonedx2` is no type of statement",
        (
            "one of slsaprovenance1, cyclonedx, spdx, vsa, vuln, or its address: "
            "`https://...`"
        ),
    )


def test_what_is_left_aside_is_told_by_its_kind() -> None:
    kinds = ("https://b.example/b", "https://a.example/a", "https://a.example/a")
    for number, kind in enumerate(kinds):
        bundle = MINTER.attest(statement_of(predicate_type=kind))
        Path(f"model.bin.{number}.sigstore.json").write_text(json.dumps(bundle))
    by = ("--key", "acme.pub", "--no-log", "--predicate-type", "https://b.example/b")
    assert (
        "  note: left aside: it is a `https://a.example/a` (2); it is a signature over "
        "the file, and no statement (1)\n" in run("model.bin", *by).stdout
    )


def test_a_second_opinion_on_a_key_is_none_and_told_so() -> None:
    by = ("model.bin", "--key", "acme.pub", "--no-log", "--second-opinion")
    why = "a managed key has signed it, which sigstore-python is not asked about"
    result = run(*by, "when-supported")
    assert result.exit_code == 0
    assert f"  note: nobody else was asked: {why}\n" in result.stdout
    assert run(*by, "required").stdout.splitlines()[:3] == [
        "unverifiable: model.bin",
        f"  why: a second opinion is required, and there is none: {why}",
        (
            "  hint: if one verifier is enough: `--second-opinion when-supported`, or "
            "`off`"
        ),
    ]


def test_of_a_file_in_a_signed_folder_the_folder_is_told() -> None:
    (name, *_) = sorted(each.name for each in Path("llama").glob("*.json"))
    told = "  note: the folder that it lies in has a signature, `model.sig`: `mcpchain "
    result = run(f"llama/{name}", "--key", "acme.pub")
    assert f"{told}verify llama`\n" in result.stdout


@pytest.mark.parametrize("at", ["@", "%40"])
def test_the_digest_of_an_image_is_told_as_it_has_to_be_named(at: str) -> None:
    image = f"pkg:oci/app{at}sha256:{DIGEST}?repository_url=r.example/app"
    _, hint = refused(image, "--bundle", "model.bin.sigstore.json")
    told = f"with `--bundle`, name the digest of the image: `sha256:{DIGEST}`"
    assert hint == told


def test_what_is_ignored_in_vain_is_told() -> None:
    Path("llama/extra.txt").write_text("more")
    options = ("llama", "--key", "acme.pub", "--ignore")
    told = "  note: `--ignore` leaves out nothing: `llama/extra.txt`; it is seen from "
    result = run(*options, "llama/extra.txt")
    assert result.exit_code == 10
    assert f"{told}the folder\n" in result.stdout
    result = run(*options, "extra.txt")
    assert (result.exit_code, "leaves out nothing" in result.stdout) == (0, False)


def test_what_is_the_same_of_many_is_told_once() -> None:
    names = ["a.txt", "b.txt"]
    for each in names:
        Path(each).write_text("hello")
    result = run(*names, "--key", "acme.pub")
    assert result.stdout.splitlines() == [
        "missing: a.txt",
        "missing: b.txt",
        "  why: no bundle or attestation lies beside it",
        "  hint: ask its maker to sign it, or name the bundle: `--bundle`",
        "",
        "2 missing",
    ]


def test_a_bom_that_is_signed_in_itself_is_for_another_command() -> None:
    Path("bom.json").write_text('{"bomFormat": "CycloneDX"}')
    result = run("bom.json", "--key", "acme.pub")
    assert result.exit_code == 10
    assert result.stdout.splitlines()[3:5] == [
        "  note: its packages are verified with `--packages`",
        "  note: a signature in a BOM itself is for `mcpchain bom validate FILE --key`",
    ]


@pytest.mark.parametrize("args", [("llama",), ("model.bin", "--no-log")])
def test_no_more_is_loaded_than_the_target_needs(args: tuple[str, ...]) -> None:
    script = (
        "import sys\n"
        "from mcpchain.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(*sys.modules, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script, "verify", *args, "--key", "acme.pub"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.endswith("1 verified\n")
    assert not IDLE.intersection(done.stderr.split())


LOCAL = (
    ("model.bin", "--key", "acme.pub", "--no-log"),
    ("model.bin", *ACME, "--trusted-root", "root.json"),
    ("llama", "--key", "acme.pub"),
    ("files.mcpb", "--certificate", "acme.pem"),
    (f"sha256:{DIGEST}", "--bundle", "model.bin.sigstore.json", *ACME),
)
ASKING = (
    ("acme.pem", *ACME),
    (f"sha256:{DIGEST}", *ACME),
    ("requirements.txt",),
    ("bom.json",),
    ("--environment", "venv"),
    ("pkg:pypi/six@1.17.0",),
    ("pkg:npm/%40acme/files@1.2.0", *ACME),
    (f"pkg:oci/app@sha256:{DIGEST}?repository_url=r.example/acme/app", *ACME),
    ("pkg:huggingface/acme/llama@main",),
    ("llama", "--hub", "acme/llama"),
    ("files.mcpb", "--server", "io.x/files", "--mcp-registry", "https://r.example"),
)
OF_IMPORTS = {"socket.__new__", "socket.bind"}
"""urllib3 tries `::1` when it is imported, to see whether there is IPv6."""


@pytest.mark.parametrize(
    ("targets", "codes", "allowed"),
    [
        (LOCAL, [0, 10, 0, 10, 10], set()),
        (ASKING, [4] * len(ASKING), OF_IMPORTS),
    ],
    ids=["what lies here", "what others are asked about"],
)
def test_offline_no_connection_is_opened(
    targets: tuple[tuple[str, ...], ...], codes: list[int], allowed: set[str]
) -> None:
    purl = "pkg:pypi/six@1.17.0"
    listed = {"type": "library", "name": "six", "version": "1.17.0", "purl": purl}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [listed]}
    Path("bom.json").write_text(json.dumps(bom))
    info = Path("venv/lib/python3.11/site-packages/six-1.17.0.dist-info")
    info.mkdir(parents=True)
    Path("venv/pyvenv.cfg").write_text("include-system-site-packages = false\n")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: six\nVersion: 1.17.0\n"
    )
    script = (
        "import json, sys\n"
        "from mcpchain.cli import main\n"
        "opened, codes = [], []\n"
        "def hook(event, args):\n"
        "    if event.startswith('socket.'): opened.append(event)\n"
        "sys.addaudithook(hook)\n"
        "for each in json.loads(sys.argv[1]):\n"
        "    try: main(['verify', '--offline', *each])\n"
        "    except SystemExit as end: codes.append(end.code)\n"
        "print(json.dumps([opened, codes]))\n"
    )
    command = [sys.executable, "-c", script, json.dumps(targets)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    opened, ended = json.loads(done.stdout.splitlines()[-1])
    assert (ended, set(opened) - allowed) == (codes, set()), done.stdout
