"""What a BOM is worth to a judge.

`read` gives back what a document says. Whoever wrote it may have written anything, and
a word such as `local` or `bundled` excuses a package from checks. Here each such word
is held against the rest of the document. What is not borne out by it is read as if
another tool had written the entry, by its purl, version and digests alone, and leaves a
gap: somebody changed it, or it came from where we do not know.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Algorithm, identified
from mcpchain.bom import carry
from mcpchain.bom.encode import OTHER
from mcpchain.bom.foreign import (
    OTHERS,
    UNEXAMINED_SERVICE,
    as_stated,
    facts_of,
    full_name,
    may_be_model,
    pinned,
    unexamined,
)
from mcpchain.bom.tally import Tally
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import Gap, Inventory, RelationKind, State
from mcpchain.naming import fetched_from, is_commit

_FORMATS: Final = frozenset(
    {
        "gguf",
        "joblib",
        "numpy",
        "numpy-object",
        "pickle",
        "safetensors",
        "torch-legacy",
        "torch-zip",
    }
)
"""The formats that discoverers recognise. A rule objects to none but those it knows."""
_FIRM: Final = frozenset({Pin.EXACT, Pin.COMMIT, Pin.DIGEST})
_LOOKED_UP: Final = frozenset({"npm", "pypi"})
"""The ecosystems whose packages are looked up by the name of the component."""
_SHOWN: Final = 140


def declared(inventory: Inventory) -> Inventory:
    """Return *inventory*, which was read from a BOM, as far as it can be believed.

    Nothing in it counts as observed: that was done by whoever wrote it, if by anybody.
    An entry that says more than the document bears out says less afterwards, and has
    a gap. What the document leaves out, nobody can see.
    """
    edges = _Edges.of(inventory)
    gaps = dict.fromkeys(inventory.gaps)
    components = []
    for each in inventory.components:
        problem = _problem(each, edges)
        believed = each
        if problem is not None:
            gaps[_gap(each, problem, edges)] = None
            believed = _doubted(each)
        elif each.kind is Kind.APPLICATION and not edges.is_main(each):
            # Installed beside the package that a server runs: held to what any is.
            believed = replace(each, kind=Kind.LIBRARY)
        if believed.basis is Basis.OBSERVED:
            believed = replace(believed, basis=Basis.DECLARED)
        components.append(believed)
    believed_all = replace(inventory, components=tuple(components), gaps=tuple(gaps))
    gaps |= dict.fromkeys(_unexamined(believed_all, edges))
    return replace(believed_all, gaps=tuple(gaps))


@dataclass(frozen=True, slots=True)
class _Edges:
    """Who leads to whom, as far as a claim can rest on it."""

    starters: dict[str, list[Component]] = field(default_factory=dict)
    """The servers that start a component, by its ref."""
    started: dict[str, list[Component]] = field(default_factory=dict)
    """The packages that a server starts, by its ref."""
    carried: frozenset[str] = frozenset()
    """The refs of what can be inside the archive of a package that has a digest."""
    inside: dict[str, Component] = field(default_factory=dict)
    """The package that contains it, by the ref of a part that was bundled."""

    @classmethod
    def of(cls, inventory: Inventory) -> "_Edges":
        known = {each.ref: each for each in inventory.components}
        edges = cls()
        targets: dict[str, list[str]] = {}
        held: dict[str, list[str]] = {}
        for each in inventory.relations:
            source, target = known.get(each.source), known.get(each.target)
            if source is None or target is None:
                continue
            targets.setdefault(source.ref, []).append(target.ref)
            if each.kind is RelationKind.CONTAINS:
                held.setdefault(source.ref, []).append(target.ref)
            if source.kind is Kind.MCP_SERVER and target.kind is Kind.APPLICATION:
                edges.starters.setdefault(target.ref, []).append(source)
                edges.started.setdefault(source.ref, []).append(target)
        carried = frozenset(_carried(known, targets))
        return replace(edges, carried=carried, inside=_inside(known, held))

    def is_main(self, package: Component) -> bool:
        """Say whether *package* is the project itself, or what a server runs."""
        starters = self.starters.get(package.ref, ())
        return package.purl is None or any(
            each.purl is None or each.purl == package.purl for each in starters
        )

    def lists(self, server: Component) -> bool:
        """Say whether the package that *server* starts is listed, as firmly pinned."""
        return any(
            (each.purl, each.pin, each.version)
            == (server.purl, server.pin, server.version)
            for each in self.started.get(server.ref, ())
        )


def _carried(
    known: dict[str, Component], targets: dict[str, list[str]]
) -> Iterator[str]:
    """Yield what a chain of bundled packages leads to from one that has a digest."""
    pending = [
        ref
        for ref, each in known.items()
        if each.kind in {Kind.APPLICATION, Kind.LIBRARY}
        and not _is_bundled(each)
        and identified(each.artifacts)
    ]
    seen: set[str] = set()
    while pending:
        for ref in targets.get(pending.pop(), ()):
            if ref not in seen and _is_bundled(known[ref]):
                seen.add(ref)
                pending.append(ref)
                yield ref


def _inside(
    known: dict[str, Component], held: dict[str, list[str]]
) -> dict[str, Component]:
    """Return which package contains a part, itself or by way of other parts."""
    found: dict[str, Component] = {}
    for ref in held:
        package = known[ref]
        if package.kind is not Kind.LIBRARY or _is_bundled(package):
            continue
        pending = [ref]
        while pending:
            for each in held.get(pending.pop(), ()):
                if each not in found and _is_bundled(known[each]):
                    found[each] = package
                    pending.append(each)
    return found


def _is_bundled(component: Component) -> bool:
    return _facts(component).origin is Origin.BUNDLED


def _facts(package: Component) -> PackageFacts:
    facts = package.facts
    return facts if isinstance(facts, PackageFacts) else PackageFacts()


def _problem(component: Component, edges: _Edges) -> str | None:
    """Say what *component* claims without bearing it out; `None` if nothing."""
    match component.kind:
        case Kind.MCP_SERVER:
            checks: tuple[Callable[[Component, _Edges], str | None], ...] = (_server,)
        case Kind.MODEL:
            checks = (_model,)
        case Kind.OTHER:
            checks = (_other,)
        case _:
            checks = (_identity, _origin, _role, _pin)
    return next((said for check in checks if (said := check(component, edges))), None)


def _server(server: Component, edges: _Edges) -> str | None:
    facts = server.facts
    if not isinstance(facts, ServerFacts):
        return "is a server of which the BOM does not say how it is reached"
    if server.pin is Pin.REMOTE and facts.endpoint is None:
        return "is said to be `remote`, and has no address"
    if server.purl is None:
        if server.pin in _FIRM:
            return f"is said to be pinned as `{server.pin.value}`, and names no package"
        return None
    if server.pin is not None and not edges.lists(server):
        return "starts a package that the BOM does not list in the same way"
    return None


def _model(model: Component, _edges: _Edges) -> str | None:
    facts = model.facts
    if not isinstance(facts, ModelFacts) or facts.format not in _FORMATS:
        return "is a model whose file format the BOM does not tell"
    digests = [digest for each in model.artifacts for digest in each.digests]
    if [each.algorithm for each in digests] != [Algorithm.SHA256]:
        return "is a model whose format is said of no one file: it needs one SHA-256"
    checksum = {"checksum": str(digests[0])}
    own = PackageURL(type="generic", name=model.name, qualifiers=checksum)
    if model.purl not in {None, own}:
        return "is a model of one name, and a purl of another"
    return None


def _other(thing: Component, edges: _Edges) -> str | None:
    if _is_part(thing, edges):
        return None
    known = OTHERS | {carry.SERVICE}
    if thing.purl is None and _type(thing) in known and thing.pin is None:
        return None
    return "is said to be neither loaded nor run, and is called what is"


def _is_part(thing: Component, edges: _Edges) -> bool:
    """Say whether it is a part of a package, and nothing that is looked up for itself.

    A part of which the package itself is the purl is looked up with the package.
    """
    package, purl = edges.inside.get(thing.ref), thing.purl
    if package is None or purl is None or purl.type not in _LOOKED_UP:
        return package is not None
    whole = package.purl
    # Type, namespace, name and version.
    return whole is not None and purl[:4] == whole[:4]


def _type(thing: Component) -> str:
    given = carry.load(thing.carried).get("type", OTHER)
    return given if isinstance(given, str) else ""


def _unexamined(inventory: Inventory, edges: _Edges) -> Iterator[Gap]:
    """Yield a gap for what nobody examined, unless the BOM says so itself."""
    tally = Tally("")
    for gap in inventory.gaps:
        tally.said(gap)
    for each in inventory.components:
        if each.kind is Kind.OTHER and each.ref not in edges.inside:
            kind = _type(each)
            what = UNEXAMINED_SERVICE if kind == carry.SERVICE else unexamined(kind)
            tally.note_at(what, each.location)
    yield from tally.gaps()


def _identity(package: Component, _edges: _Edges) -> str | None:
    """Check that what is looked up is what is named."""
    if not isinstance(package.facts, PackageFacts):
        return "is a package of which the BOM does not say where it comes from"
    purl = package.purl
    if purl is None:
        return None
    # Old npm packages have capitals in their names, which no purl has.
    same = package.name.lower() == full_name(purl).lower()
    if purl.type in _LOOKED_UP and not same:
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
    if purl.type in _LOOKED_UP and named.registry not in {None, registry}:
        return "has another registry than its purl"
    return None


def _origin(package: Component, edges: _Edges) -> str | None:
    """Check an origin, since only what a registry delivers is compared with one."""
    origin, purl = _facts(package).origin, package.purl
    whole = purl is not None and package.version and identified(package.artifacts)
    match origin:
        case Origin.PATH:
            sound = package.pin is Pin.LOCAL if purl is None else bool(whole)
        case Origin.BUNDLED:
            # No registry is asked about what is neither of npm nor of PyPI.
            part = _is_part(package, edges) or package.ref in edges.carried
            sound = part and purl is not None
        case _:
            # Without a purl, a rule objects to it wherever it comes from.
            sound = purl is None or facts_of(purl).origin is origin
    return None if sound else _more(f"comes from `{origin.value}`")


def _role(package: Component, edges: _Edges) -> str | None:
    """Check that an application is the project itself, or what a server starts."""
    if package.kind is not Kind.APPLICATION:
        return None
    if package.purl is None:
        own = package.pin is Pin.LOCAL
    else:
        own = bool(edges.starters.get(package.ref))
    return None if own else _more("is an `application`")


def _pin(package: Component, _edges: _Edges) -> str | None:
    """Check a pin; one that moves needs no proof."""
    purl, pin = package.purl, package.pin
    if _is_bundled(package) and pin in {None, Pin.EXACT}:
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
        case Pin.LOCAL:
            sound = _facts(package).origin is Origin.PATH
        case _:
            sound = False
    return None if sound else _more(f"is pinned as `{pin.value}`")


def _more(claim: str) -> str:
    return f"is said to be one that {claim}, and nothing in the BOM bears that out"


def _doubted(component: Component) -> Component:
    """Return *component* without what it claims beyond its purl and digests."""
    facts = component.facts
    if component.kind is Kind.MCP_SERVER:
        if not isinstance(facts, ServerFacts):
            facts = ServerFacts(client="", transport=Transport.UNKNOWN)
        return replace(component, pin=None, facts=facts)
    kind = component.kind
    if kind is not Kind.MODEL or not may_be_model(component.purl):
        kind = Kind.LIBRARY
    stated = as_stated(replace(component, kind=kind))
    if kind is Kind.MODEL:
        return stated
    # Whatever registry it names is for a rule to judge.
    claimed, plain = _facts(component), _facts(stated)
    registry = claimed.registry or plain.registry
    if plain.origin is not Origin.REGISTRY:
        registry = plain.registry
    more = claimed.extra_registries
    return replace(
        stated, facts=replace(plain, registry=registry, extra_registries=more)
    )


def _gap(component: Component, problem: str, edges: _Edges) -> Gap:
    state = State.UNMATCHED
    if component.ref in edges.inside:
        # From here on it is held to what any package is, and nothing goes unseen.
        state = State.PARTIAL
    if component.kind is Kind.MODEL:
        state = State.UNSUPPORTED
    return Gap(
        stage="discover",
        location=component.location,
        reason=f"`{component.name[:_SHOWN]}` {problem}",
        state=state,
        hint="examine the files that the BOM was made from",
        ref=component.ref,
    )
