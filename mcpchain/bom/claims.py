"""What a component of a BOM claims to be, and whether the rest of the BOM shows it.

Each kind is excused from something: a part of an archive from being looked up, a folder
from having a digest, a prompt from all that is asked of a package. `problem` says where
such a claim rests on nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Algorithm, identified
from mcpchain.bom import carry
from mcpchain.bom.encode import OTHER
from mcpchain.bom.foreign import (
    ACTIONS,
    IMAGES,
    OTHERS,
    facts_of,
    full_name,
    names_data_set,
    pinned,
)
from mcpchain.bom.ties import Ties, facts_as_package, is_bundled
from mcpchain.component import (
    BuildFacts,
    Component,
    DataFacts,
    FileFacts,
    Kind,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    UsedServiceFacts,
)
from mcpchain.folder_name import by_files
from mcpchain.naming import fetched_from, is_commit

FORMATS: Final = frozenset(
    {
        *("catboost", "coreml", "executorch", "gguf", "hdf5", "joblib", "keras"),
        *(
            "modelfile",
            "nemo",
            "numpy",
            "numpy-object",
            "onnx",
            "openvino",
            "ort",
            "pickle",
        ),
        *("flax", "pt2", "safetensors", "saved-model", "skops", "tflite"),
        *("torch-legacy", "torch-zip", "torchscript"),
    }
)
"""The formats of single files that discoverers recognise. A rule objects to none but
those it knows."""
FOLDERS: Final = frozenset(
    {"coreml", "gguf", "hugging-face", "openvino", "saved-model"}
)
"""The formats of folders and of split files, of which each file is a component with a
digest."""
_HUBS: Final[Mapping[str, frozenset[str]]] = {
    "hugging-face": frozenset({"huggingface"}),
    "oci": IMAGES,
    "torch-hub": frozenset({"github"}),
}
"""The formats of what is fetched from a hub, and the types of purl that name it."""
_FIRM: Final = frozenset({Pin.EXACT, Pin.COMMIT, Pin.DIGEST})
LOOKED_UP: Final = frozenset({"npm", "pypi"})
"""The ecosystems whose packages are looked up by the name of the component."""
BUILDS: Final = IMAGES | {
    ACTIONS,
    "bitbucket",
    "generic",
    "github",
    "gitlab",
    "terraform",
}
"""The types of purl that name what a build runs, and no package."""


def problem(component: Component, ties: Ties) -> str | None:
    """Say what *component* claims without bearing it out; `None` if nothing."""
    checks = _CHECKS.get(component.kind, (_identity, _origin, _role, _pin))
    return next((said for check in checks if (said := check(component, ties))), None)


def is_examined(component: Component) -> bool:
    """Say whether a file or data set is more than a name: somebody looked into it."""
    return isinstance(component.facts, DataFacts | FileFacts)


def _server(server: Component, ties: Ties) -> str | None:
    facts = server.facts
    if not isinstance(facts, ServerFacts):
        return "is a server of which the BOM does not say how it is reached"
    if server.pin is Pin.REMOTE and facts.endpoint is None:
        return "is said to be `remote`, and has no address"
    if server.purl is None:
        if server.pin in _FIRM:
            return f"is said to be pinned as `{server.pin.value}`, and names no package"
        return None
    if server.pin is not None and not ties.lists(server):
        return "starts a package that the BOM does not list in the same way"
    return None


def _model(model: Component, ties: Ties) -> str | None:
    facts = model.facts
    if not isinstance(facts, ModelFacts):
        return "is a model whose file format the BOM does not tell"
    if model.artifacts:
        return _file_of_model(model, facts)
    if parts := ties.parts.get(model.ref):
        return _folder_of_model(model, facts, parts)
    types = _HUBS.get(facts.format, frozenset())
    if model.purl is None or model.purl.type not in types:
        return "is a model whose format is said of no file that the BOM lists"
    return None if model.pin is None else _pin(model, ties)


def _file_of_model(model: Component, facts: ModelFacts) -> str | None:
    if facts.format not in FORMATS:
        return "is a model whose file format the BOM does not tell"
    digests = [digest for each in model.artifacts for digest in each.digests]
    if [each.algorithm for each in digests] != [Algorithm.SHA256]:
        return "is a model whose format is said of no one file: it needs one SHA-256"
    if model.purl not in {None, _by_bytes(model)}:
        return "is a model of one name, and a purl of another"
    return None


def _folder_of_model(
    model: Component, facts: ModelFacts, parts: Sequence[Component]
) -> str | None:
    """Check a model that is a folder; a folder in it is checked by itself."""
    if facts.format not in FOLDERS:
        return "is a model of a format that no folder has"
    files = [each for each in parts if each.artifacts or each.kind is not Kind.MODEL]
    if not files or not all(identified(each.artifacts) for each in files):
        return "is a model that is a folder, of which not every file has a digest"
    hub = model.purl is None or model.purl.type in _HUBS["hugging-face"]
    if not hub and model.purl != by_files(model, parts):
        return "is a model of one name, and a purl of another"
    return None if model.pin is None else _pin(model, Ties())


def _data(data: Component, ties: Ties) -> str | None:
    if data.purl is None or data.purl == _by_bytes(data):
        return None
    if not names_data_set(data.purl):
        return "is said to be data, and is called what is installed"
    return None if data.pin is None else _pin(data, ties)


def _file(file: Component, _ties: Ties) -> str | None:
    if file.purl in {None, _by_bytes(file)}:
        return None
    return "is said to be a file, and is called what is installed"


def _service(service: Component, _ties: Ties) -> str | None:
    if not isinstance(service.facts, UsedServiceFacts):
        return "is a service of which the BOM does not say who runs it"
    if service.purl is not None:
        return "is said to be a service, and is called what is installed"
    return None


def _build(step: Component, ties: Ties) -> str | None:
    if not isinstance(step.facts, BuildFacts):
        return "is a part of the build of which the BOM does not say what it is for"
    types = IMAGES if step.kind is Kind.CONTAINER else BUILDS
    if step.purl is not None and step.purl.type not in types:
        return "is said to be a part of the build, and is called what is installed"
    if step.pin is None:
        return "is pinned in no way that is known here"
    return _pin(step, ties)


def _by_bytes(file: Component) -> PackageURL | None:
    """Return the purl of a file that is called by its only digest."""
    digests = [digest for each in file.artifacts for digest in each.digests]
    if len(digests) != 1 or not file.name:
        return None
    checksum = {"checksum": str(digests[0])}
    return PackageURL(type="generic", name=file.name, qualifiers=checksum)


def _other(thing: Component, ties: Ties) -> str | None:
    if _is_part(thing, ties):
        return None
    known = OTHERS | {carry.SERVICE}
    if thing.purl is None and type_of(thing) in known and thing.pin is None:
        return None
    return "is said to be neither loaded nor run, and is called what is"


def _is_part(thing: Component, ties: Ties) -> bool:
    """Say whether it is a part of a package, and nothing that is looked up for itself.

    A part of which the package itself is the purl is looked up with the package.
    """
    package, purl = ties.inside.get(thing.ref), thing.purl
    if package is None or purl is None or purl.type not in LOOKED_UP:
        return package is not None
    whole = package.purl
    # Type, namespace, name and version.
    return whole is not None and purl[:4] == whole[:4]


def type_of(thing: Component) -> str:
    """Return the `type` that a BOM gave to what is none of our kinds."""
    given = carry.load(thing.carried).get("type", OTHER)
    return given if isinstance(given, str) else ""


def _identity(package: Component, _ties: Ties) -> str | None:
    """Check that what is looked up is what is named."""
    if not isinstance(package.facts, PackageFacts):
        return "is a package of which the BOM does not say where it comes from"
    purl = package.purl
    if purl is None:
        return None
    # Old npm packages have capitals in their names, which no purl has.
    same = package.name.lower() == full_name(purl).lower()
    if purl.type in LOOKED_UP and not same:
        return "has another name than its purl"
    if package.version and purl.version and package.version != purl.version:
        return "has another version than its purl"
    return _place(package.facts, purl)


def _place(facts: PackageFacts, purl: PackageURL) -> str | None:
    """Check whence it comes. An address that is missing is for a rule to judge."""
    named, registry = facts_of(purl), facts.registry
    if named.origin is not Origin.REGISTRY:
        if registry is None or fetched_from(registry, purl):
            return None
        return "is fetched from another address than its purl says"
    if purl.type in LOOKED_UP and named.registry not in {None, registry}:
        return "has another registry than its purl"
    return None


def _origin(package: Component, ties: Ties) -> str | None:
    """Check an origin, since only what a registry delivers is compared with one."""
    origin, purl = facts_as_package(package).origin, package.purl
    whole = purl is not None and package.version and identified(package.artifacts)
    match origin:
        case Origin.PATH:
            sound = package.pin is Pin.LOCAL if purl is None else bool(whole)
        case Origin.BUNDLED:
            # No registry is asked about what is neither of npm nor of PyPI.
            part = _is_part(package, ties) or package.ref in ties.carried
            sound = part and purl is not None
        case _:
            # Without a purl, a rule objects to it wherever it comes from.
            sound = purl is None or facts_of(purl).origin is origin
    return None if sound else _more(f"comes from `{origin.value}`")


def _role(package: Component, ties: Ties) -> str | None:
    """Check that an application is the project itself, or what a server starts."""
    if package.kind is not Kind.APPLICATION:
        return None
    if package.purl is None:
        own = package.pin is Pin.LOCAL
    else:
        own = bool(ties.starters.get(package.ref))
    return None if own else _more("is an `application`")


def _pin(package: Component, _ties: Ties) -> str | None:
    """Check a pin; one that moves needs no proof."""
    purl, pin = package.purl, package.pin
    if is_bundled(package) and pin in {None, Pin.EXACT}:
        # A part is as firm as what it is a part of.
        return None
    if pin is None:
        # Only what names no package has none; a rule objects to that.
        return None if purl is None else "is pinned in no way that is known here"
    if pin.moves:
        return None
    version = package.version or (purl.version if purl else None)
    stated, exact, _ = pinned(purl, version, package.artifacts)
    match pin:
        case Pin.EXACT:
            sound = exact is not None and stated is Pin.EXACT
        case Pin.DIGEST:
            sound = stated is Pin.DIGEST or identified(package.artifacts)
        case Pin.COMMIT:
            sound = stated is Pin.COMMIT or (purl is None and is_commit(version or ""))
        case Pin.LOCAL if package.kind in {Kind.BUILD, Kind.CONTAINER}:
            sound = purl is None
        case Pin.LOCAL:
            sound = facts_as_package(package).origin is Origin.PATH
        case _:
            sound = False
    return None if sound else _more(f"is pinned as `{pin.value}`")


def _more(claim: str) -> str:
    return f"is said to be one that {claim}, and nothing in the BOM bears that out"


_CHECKS: Final[Mapping[Kind, tuple[Callable[[Component, Ties], str | None], ...]]] = {
    Kind.MCP_SERVER: (_server,),
    Kind.MODEL: (_model,),
    Kind.DATA: (_data,),
    Kind.FILE: (_file,),
    Kind.SERVICE: (_service,),
    Kind.CONTAINER: (_build,),
    Kind.BUILD: (_build,),
    Kind.OTHER: (_other,),
}
"""What is asked of each kind but packages."""
