"""Make what a test is about, and say only that."""

import base64
import datetime as dt
import hashlib
import io
import zipfile
from typing import Any

from packageurl import PackageURL

from mcpchain.case import Case
from mcpchain.component import Component, Kind, Location
from mcpchain.finding import Finding
from mcpchain.inventory import Gap, State
from mcpchain.verdict import Waiver

NOW = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
TOMORROW = TODAY + dt.timedelta(days=1)


def component(
    purl: str | None = "pkg:npm/files@1.2.0",
    kind: Kind = Kind.LIBRARY,
    **fields: Any,  # noqa: ANN401 - the fields of Component
) -> Component:
    parsed = PackageURL.from_string(purl) if purl else None
    given: dict[str, Any] = {
        "name": "/".join(filter(None, [parsed.namespace, parsed.name]))
        if parsed
        else "thing",
        "version": parsed.version if parsed else None,
        "locations": (Location(path="package-lock.json", pointer="/packages/x"),),
    }
    return Component(kind=kind, purl=parsed, **(given | fields))


def case(about: Component | None = None, **fields: Any) -> Case:  # noqa: ANN401 - Case's
    return Case(component=about or component(), now=NOW, **fields)


def gap(state: State = State.UNREADABLE, **fields: Any) -> Gap:  # noqa: ANN401 - Gap's
    given: dict[str, Any] = {
        "stage": "discover",
        "location": Location(path="x.json"),
        "reason": "not JSON",
        "hint": "repair it",
    }
    return Gap(state=state, **(given | fields))


def finding(
    rule: str = "unpinned-server",
    variant: str = "floating",
    purl: str | None = "pkg:npm/files@1.2.0",
    **fields: Any,  # noqa: ANN401 - the fields of Finding
) -> Finding:
    given: dict[str, Any] = {"about": component(purl), "message": "m", "hint": "h"}
    return Finding(rule=rule, variant=variant, **(given | fields))


def waiver(
    rule: str = "unpinned-server",
    purl: str = "pkg:npm/files@1.2.0",
    **fields: Any,  # noqa: ANN401 - the fields of Waiver
) -> Waiver:
    given: dict[str, Any] = {
        "reason": "upstream is fixing it",
        "owner": "platform",
        "expires": TOMORROW,
    }
    return Waiver(rule=rule, purl=PackageURL.from_string(purl), **(given | fields))


def wheel(name: str, version: str) -> bytes:
    """Return a wheel with one module, as installers want it (PEP 427)."""
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}/__init__.py": b"x = 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\n"
        f"Version: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\n",
    }
    rows = [
        f"{path},sha256={_record(data)},{len(data)}" for path, data in members.items()
    ]
    members[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return stream.getvalue()


def _record(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
