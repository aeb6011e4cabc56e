"""Inventories of every shape, for laws about BOMs."""

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st
from packageurl import PackageURL

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.bom.write import write
from mcpchain.component import (
    Attester,
    BaseModel,
    Basis,
    BuildFacts,
    Component,
    DataFacts,
    FileFacts,
    Kind,
    LicenseText,
    Location,
    Metric,
    ModelCard,
    ModelFacts,
    Origin,
    PackageFacts,
    Pin,
    Role,
    ServerFacts,
    Tool,
    Transport,
    UsedServiceFacts,
)
from mcpchain.inventory import Collector, Gap, Inventory, RelationKind, State

NOW = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def written(inventory: Inventory) -> bytes:
    return write(inventory, timestamp=NOW, version="1.2.3", reproducible=True)


# Half a surrogate pair is what Python makes of a file name that is not UTF-8.
TEXT = st.text(
    st.characters() | st.sampled_from("\\\"'#%{}/@:\n\u202e\udc80é"), max_size=8
)
SOME_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
WORDS = st.text("abcxyz019", min_size=1, max_size=6)
URLS = st.builds("https://files.example/{}".format, TEXT) | TEXT
NUMBERS = st.integers(min_value=0, max_value=2**70)

LOCATIONS = st.builds(
    Location, path=TEXT, pointer=TEXT, line=st.none() | st.integers(1, 2**31)
)
DIGESTS = st.sampled_from(Algorithm).flatmap(
    lambda algorithm: st.builds(
        Digest,
        algorithm=st.just(algorithm),
        value=st.text(
            "0123456789abcdef",
            min_size=algorithm.hex_length,
            max_size=algorithm.hex_length,
        ),
    )
)
ARTIFACTS = st.builds(
    Artifact,
    name=st.just("") | TEXT,
    digests=st.lists(DIGESTS, max_size=2, unique_by=lambda d: d.algorithm).map(tuple),
    url=st.none() | URLS | st.just("urn:mcpchain:artifact:0"),
    size=st.none() | NUMBERS,
    published=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
    withdrawn=st.none() | TEXT,
)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
PURLS = st.sampled_from(
    [PackageURL.from_string(f"pkg:huggingface/o/m{end}") for end in ("", "@0a", "#x")]
)
SETTINGS = st.lists(
    st.tuples(
        st.builds("_undefined:{}".format, TEXT)
        | st.sampled_from(["hidden_size", "quantization"]),
        TEXT | st.just("Q4_K"),
    ),
    max_size=3,
).map(tuple)
SUBJECTS = st.sampled_from(
    [
        *("users", "useCases", "technicalLimitations", "performanceTradeoffs"),
        *(
            "ethicalConsiderations",
            "fairnessAssessments",
            "environmentalConsiderations",
        ),
        *("other", ""),
    ]
)
CARDS = st.builds(
    ModelCard,
    task=TEXT | st.sampled_from(["text-generation", "image-to-text"]),
    languages=TEXTS,
    metrics=st.lists(
        st.builds(Metric, type=TEXT, value=TEXT, slice=TEXT), max_size=2
    ).map(tuple),
    considerations=st.lists(st.tuples(SUBJECTS, TEXT), max_size=3).map(
        lambda pairs: tuple(sorted(pairs))
    ),
)
MODELS = st.builds(
    ModelFacts,
    format=TEXT | st.sampled_from(["gguf", "hugging-face"]),
    parameters=st.none() | NUMBERS,
    tensors=st.none() | NUMBERS,
    architecture=st.none() | TEXT,
    family=TEXT,
    license=st.none() | TEXT,
    imports=TEXTS,
    operators=TEXTS,
    remote_code=TEXTS,
    quantization=TEXT | st.just("Q4_K"),
    hyperparameters=SETTINGS,
    chat_template=st.none() | DIGESTS,
    bases=st.lists(
        st.builds(
            BaseModel,
            name=TEXT | st.just("o/m"),
            relation=TEXT | st.just("adapter"),
            purl=st.none() | PURLS,
        ),
        max_size=2,
    ).map(tuple),
    card=st.none() | CARDS,
)
ATTESTERS = st.builds(
    Attester,
    kind=TEXT | st.just("GitHub"),
    claims=st.dictionaries(TEXT | st.just("repository"), TEXT, max_size=2).map(
        lambda claims: tuple(sorted(claims.items()))
    ),
)
# Only what is no service has a place for what a card says.
FACTS = st.one_of(
    st.none(),
    st.builds(
        PackageFacts,
        origin=st.sampled_from(Origin),
        registry=st.none() | URLS,
        extra_registries=TEXTS,
        development=st.booleans(),
        optional=st.booleans(),
        peer=st.booleans(),
        workspace=st.booleans(),
        alias=TEXT,
        groups=TEXTS,
        extras=TEXTS,
        with_extras=TEXTS,
        marker=TEXT,
        attested_by=st.lists(ATTESTERS, max_size=2).map(tuple),
    ),
    st.builds(
        ServerFacts,
        client=TEXT,
        transport=st.sampled_from(Transport),
        scope=st.sampled_from(["project", "user", "managed"]) | TEXT,
        disabled=st.booleans(),
        wrappers=TEXTS,
        launcher=TEXT,
        endpoint=st.none() | URLS,
        env=TEXTS,
        headers=TEXTS | st.just(("Authorization",)),
        registry=st.none() | URLS,
        extra_registries=TEXTS,
        swayed_by=TEXTS,
    ),
    st.builds(
        DataFacts,
        format=TEXT,
        description=TEXT,
        records=st.none() | NUMBERS,
        columns=TEXTS,
        tasks=TEXTS,
        languages=TEXTS,
        sensitive=TEXTS,
        remote_code=TEXTS,
    ),
    st.builds(
        UsedServiceFacts,
        provider=TEXT,
        category=TEXT,
        endpoint=st.none() | URLS,
        models=TEXTS,
        env=TEXTS,
        authenticated=st.none() | st.booleans(),
        external=st.booleans(),
        packages=TEXTS,
    ),
    st.builds(FileFacts, role=TEXT, description=TEXT, tools=TEXTS, models=TEXTS),
    st.builds(
        BuildFacts,
        role=st.sampled_from(Role),
        stage=TEXT,
        platform=TEXT,
        registry=st.none() | URLS,
    ),
)
LICENSES = st.lists(
    st.sampled_from(["MIT", "mit", "MIT OR Apache-2.0", "LicenseRef-x", "llama3.1"])
    | SOME_TEXT,
    max_size=3,
).map(tuple)
SUPPLIERS = TEXT | st.sampled_from(
    [
        *("Ann Lee", "Ann Lee <ann@acme.example>", "Acme Inc. <https://acme.example/>"),
        *("s", "Acme <oss@acme.example>", "A <a@b.example> <c@d.example>", "A <x>"),
    ]
)
LICENSE_TEXTS = st.lists(st.builds(LicenseText, name=TEXT, text=TEXT), max_size=2).map(
    tuple
)
# What says of a component what we have words for too must agree with those: the laws
# about strangers' documents look at that.
CARRIED = st.sampled_from(
    [
        "",
        '{"cpe":"x"}',
        '{"colour":["red",{}]}',
        '{"properties":[{"name":"mcpchain:pin","value":"exact"},{"name":"x","value":""}]}',
        '{"signature":{"value":"x"},"supplier":{"name":"\\\\ \udc80"}}',
        '{"authors":[{"name":"s"}],"supplier":{"name":"s"}}',
        '{"manufacturer":{"name":"s"},"supplier":{"name":"s"}}',
        '{"authors":[{"name":"t"}]}',
        '{"releaseNotes":null}',
        '{"pedigree":{"ancestors":[{"name":"a","type":"library"}]}}',
        '{"data":[{"type":"dataset"}],"provider":{"name":"x"}}',
    ]
)
OF_WHOLE = st.sampled_from(
    [
        "",
        '{"annotations":[],"version":3}',
        '{"metadata":{"authors":[{"name":"x"}],"component":{"bom-ref":"r"}}}',
        '{"metadata":{"component":{"cpe":"x"},"tools":[{"name":"t"}]}}',
        '{"dependencies":[{"dependsOn":["x"],"ref":"nowhere"}]}',
        '{"compositions":[{"aggregate":"complete","assemblies":["nowhere"]}]}',
    ]
)
TOOLS = st.lists(
    st.builds(Tool, name=TEXT | st.just(""), digest=DIGESTS), max_size=2
).map(tuple)


@st.composite
def components(draw: st.DrawFn) -> Component:
    """Any component whose pin is borne out by its version, purl or digests."""
    version = draw(st.none() | WORDS | st.sampled_from([COMMIT, "sha256:" + "0" * 64]))
    kinds = st.sampled_from(["pypi", "npm", "generic", "oci", "huggingface"])
    purl = draw(
        st.none()
        | st.builds(
            PackageURL,
            type=kinds,
            namespace=st.none() | st.builds("@{}".format, WORDS),
            name=WORDS,
            version=st.just(version),
            qualifiers=st.just({}) | st.fixed_dictionaries({"tag": SOME_TEXT}),
        )
    )
    artifacts = draw(st.lists(ARTIFACTS, max_size=3).map(tuple))
    if version is None:
        pins = [None, Pin.TAG, Pin.RANGE, Pin.FLOATING, Pin.LOCAL, Pin.REMOTE]
    elif version == COMMIT:
        pins = [Pin.COMMIT, Pin.EXACT]
    else:
        pins = [Pin.DIGEST] if version.startswith("sha256") else [Pin.EXACT]
    kind = draw(st.sampled_from(Kind))
    facts = draw(FACTS if kind in {Kind.MCP_SERVER, Kind.SERVICE} else FACTS | MODELS)
    if kind is Kind.MCP_SERVER and isinstance(facts, ServerFacts):
        facts = replace(facts, tools=draw(TOOLS))
    return draw(
        st.builds(
            Component,
            kind=st.just(kind),
            name=TEXT | st.just("") | st.just("@acme/files"),
            locations=st.lists(LOCATIONS, min_size=1, max_size=3, unique=True).map(
                tuple
            ),
            version=st.just(version),
            purl=st.just(purl if purl is None or stable(purl) else None),
            pin=st.sampled_from(pins),
            requested=TEXT,
            basis=st.sampled_from(Basis),
            artifacts=st.just(artifacts),
            licenses=LICENSES,
            concluded=LICENSES,
            license_texts=LICENSE_TEXTS,
            supplier=SUPPLIERS,
            graph=st.booleans(),
            carried=st.just("") if kind in {Kind.MCP_SERVER, Kind.SERVICE} else CARRIED,
            facts=st.just(facts),
        )
    )


def stable(purl: PackageURL) -> bool:
    return PackageURL.from_string(purl.to_string()) == purl


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any inventory that a collector makes."""
    found = Collector(draw(TEXT))
    drawn = draw(st.lists(components(), max_size=4, unique_by=lambda c: c.name))
    refs = [found.add(each) for each in drawn] + ["nowhere"]
    ends = st.sampled_from(refs)
    for source, target, kind in draw(
        st.lists(st.tuples(ends, ends, st.sampled_from(RelationKind)), max_size=6)
    ):
        found.relate(source, target, kind)
    gaps = st.builds(
        Gap,
        stage=st.sampled_from(["discover", "resolve"]),
        location=LOCATIONS,
        reason=TEXT,
        state=st.sampled_from(State),
        hint=TEXT,
        ref=st.none() | ends,
    )
    for gap in draw(st.lists(gaps, max_size=3)):
        found.gap(gap)
    return replace(found.inventory(), carried=draw(OF_WHOLE), resolved_for=draw(TEXT))
