"""BOMs that say everything, and what is left of them."""

from typing import Any

HEX = "ab" * 64
PERSON = {"name": "Jane", "email": "jane@acme.example"}
ACME = {"name": "Acme", "contact": [{"email": "psirt@acme.example"}]}


def entry(ref: str = "a", **members: Any) -> dict[str, Any]:  # noqa: ANN401 - anything may be wrong
    """A component of which every profile learns what it asks for."""
    return {
        "type": "library",
        "bom-ref": ref,
        "name": ref,
        "version": "1.0",
        "manufacturer": ACME,
        "purl": f"pkg:npm/{ref}@1.0",
        "hashes": [{"alg": "SHA-512", "content": HEX}],
        "licenses": [{"license": {"id": "MIT", "acknowledgement": "concluded"}}],
        "externalReferences": [
            {
                "type": "distribution",
                "url": "https://packages.example/a",
                "hashes": [{"alg": "SHA-512", "content": HEX}],
            }
        ],
        "properties": [
            {"name": "bsi:component:filename", "value": "a.tgz"},
            {"name": "bsi:component:executable", "value": "non-executable"},
            {"name": "bsi:component:archive", "value": "archive"},
            {"name": "bsi:component:structured", "value": "structured"},
            {"name": "mcpchain:data:records", "value": "5"},
        ],
    } | members


def model(ref: str = "m", **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    card = {
        "modelParameters": {
            "architectureFamily": "llama",
            "inputs": [{"format": "text"}],
            "outputs": [{"format": "text"}],
            "datasets": [{"ref": "d"}],
        },
        "quantitativeAnalysis": {
            "performanceMetrics": [{"type": "accuracy", "value": "0.9"}]
        },
        "considerations": {"technicalLimitations": ["few"]},
    }
    ancestors = {"ancestors": [{"type": "machine-learning-model", "name": "base"}]}
    return (
        entry(ref)
        | {"type": "machine-learning-model", "modelCard": card, "pedigree": ancestors}
        | members
    )


def data(ref: str = "d", **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    said = {"type": "dataset", "description": "talk", "sensitiveData": ["names"]}
    return entry(ref) | {"type": "data", "data": [said]} | members


def whole(*components: Any, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """A BOM that meets every profile."""
    listed = components or (entry(), model(), data())
    refs = ["root", *(c.get("bom-ref") for c in listed if isinstance(c, dict))]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 1,
        "metadata": {
            "timestamp": "2030-01-01T00:00:00Z",
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": "x"}]},
            "authors": [PERSON],
            "manufacturer": ACME,
            "component": entry("root", type="application", description="a shop"),
        },
        "components": [*listed],
        "services": [
            {
                "bom-ref": "s",
                "name": "s",
                "data": [{"flow": "outbound", "classification": "public"}],
            }
        ],
        "dependencies": [
            {"ref": ref, "dependsOn": refs[1:] if ref == "root" else []} for ref in refs
        ],
        "compositions": [{"aggregate": "complete", "dependencies": refs}],
        "externalReferences": [
            {"type": "security-contact", "url": "https://acme.example/security"},
            {"type": "exploitability-statement", "url": "https://acme.example/vex"},
        ],
        "signature": {"algorithm": "ES256", "value": "x"},
    } | members
