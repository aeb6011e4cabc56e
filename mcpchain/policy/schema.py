"""The shape of a policy file as JSON Schema, for editors.

It is made from what the reader of policies goes by, so that an editor offers what there
is. The reader asks for more: a schema cannot say whether a stage exists, a condition
has the right types, or a waiver names its own approver.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mcpchain.component import Kind
from mcpchain.controls import FRAMEWORKS
from mcpchain.finding import Level
from mcpchain.policy import custom, publishers, reading, scope, waivers
from mcpchain.policy.levels import settings_of
from mcpchain.policy.limits import COUNTS, DAYS, DEFAULTS
from mcpchain.policy.values import AGE
from mcpchain.rules import Rule, all_rules, page
from mcpchain.signature import Demand

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_Schema = dict[str, Any]
_TEXT: Final[_Schema] = {"type": "string", "pattern": r"\S"}
_DAY: Final[_Schema] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_AGE: Final[_Schema] = {"type": "string", "pattern": rf"^{AGE.pattern}$"}
_PURL: Final[_Schema] = {"type": "string", "pattern": "^pkg:[^*]+$"}
_PATTERN: Final[_Schema] = {"type": "string", "pattern": r"^pkg:[^@]+$"}
_PATH: Final[_Schema] = {"type": "string", "pattern": r"^[^/*?\[\]\\][^*?\[\]\\]*$"}
_HTTPS: Final[_Schema] = {"type": "string", "pattern": r"^https://[^*? ]*$"}


def schema() -> _Schema:
    """Return the JSON Schema (2020-12) of a policy file."""
    parts = _parts()
    return {
        "$schema": DIALECT,
        "title": "A policy of mcpchain",
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "name"],
        "anyOf": [
            {"required": ["extends"]},
            {
                "required": ["rules"],
                "properties": {"rules": {"type": "object", "minProperties": 1}},
            },
            {
                "required": ["custom"],
                "properties": {"custom": {"type": "array", "minItems": 1}},
            },
        ],
        "properties": {key: parts[key] for key in sorted(reading.KEYS)},
        "$defs": {
            "level": {"enum": [each.value for each in Level]},
            "scope": _scope(),
        },
    }


def _parts() -> Mapping[str, _Schema]:
    rules = all_rules()
    return {
        "apiVersion": {"const": reading.API_VERSION},
        "name": {"type": "string"},
        "expires": {**_DAY, "description": "The last day on which it holds, in UTC."},
        "extends": _extends(),
        "extended-by": _object(
            {"may-loosen": _list({"enum": sorted({*rules, *reading.LISTS})})},
            optional=True,
        ),
        "defaults": _object(dict.fromkeys(DEFAULTS, _LEVEL), optional=True),
        "rules": _object(
            {rule_id: _rule(rule) for rule_id, rule in rules.items()}, optional=True
        ),
        "registries": _list(
            {
                "type": "string",
                "pattern": rf"^https://[^*?#@ ]*$|^{reading.CHANNEL.pattern}$",
            }
        ),
        "licenses": {
            **_object({"allow": _list(_TEXT), "deny": _list(_TEXT)}),
            "anyOf": [
                {
                    "required": [key],
                    "properties": {key: {"type": "array", "minItems": 1}},
                }
                for key in ("allow", "deny")
            ],
        },
        "publishers": _list(_signer({"packages": _some(_PATTERN)})),
        "signatures": _signatures(),
        "advisories": _object({"max-age": _AGE}, ["max-age"], optional=True),
        "verifiers": _list(_signer({"id": _HTTPS})),
        "stages": {
            "type": ["object", "null"],
            "additionalProperties": _stage(),
        },
        "limits": _limits(),
        "waivers": _list(_waiver()),
        "custom": _list(_custom()),
        "controls": {
            "type": ["object", "null"],
            "additionalProperties": _some({"type": "string", "pattern": _CONTROL}),
        },
    }


_CONTROL: Final = "^(?:{})$".format(
    "|".join(f"{key}:(?:{each.form.pattern})" for key, each in FRAMEWORKS.items())
)
_LEVEL: Final[_Schema] = {"$ref": "#/$defs/level"}


def _object(
    properties: Mapping[str, _Schema],
    required: Iterable[str] = (),
    *,
    optional: bool = False,
) -> _Schema:
    """Return what an object looks like; if *optional*, nothing at all does too."""
    made: _Schema = {
        "type": ["object", "null"] if optional else "object",
        "additionalProperties": False,
        "properties": dict(properties),
    }
    if needed := sorted(required):
        made["required"] = needed
    return made


def _list(items: _Schema) -> _Schema:
    return {"type": ["array", "null"], "items": items}


def _some(items: _Schema) -> _Schema:
    return {"type": "array", "minItems": 1, "items": items}


def _extends() -> _Schema:
    made = _object(
        {
            "file": _TEXT,
            "sha256": {"type": "string", "pattern": f"^{reading.SHA256.pattern}$"},
            "git": _TEXT,
            "commit": {"type": "string", "pattern": f"^(?:{reading.COMMIT.pattern})$"},
        },
        ["file", "sha256"],
    )
    return {**made, "dependentRequired": {"git": ["commit"], "commit": ["git"]}}


def _rule(rule: type[Rule]) -> _Schema:
    levels = _levels(rule)
    settings: dict[str, _Schema] = {}
    for name, setting in settings_of(rule).items():
        if setting.type is dt.timedelta:
            settings[name] = _AGE
        else:
            settings[name] = _whole(setting.metadata["range"])
    entry = _object({"level": levels, "scope": _SCOPE, **settings})
    one = {"anyOf": [_LEVEL, entry]}
    return {
        "description": page(rule).partition("\n")[0],
        "anyOf": [_LEVEL, entry, _some(one)],
    }


_SCOPE: Final[_Schema] = {"$ref": "#/$defs/scope"}


def _levels(rule: type[Rule]) -> _Schema:
    """Return one level for all variants, or one for each."""
    named = _object(dict.fromkeys((*rule.variants, "other"), _LEVEL))
    whole = [{"required": [*rule.variants]}, {"required": ["other"]}]
    return {"anyOf": [_LEVEL, {**named, "anyOf": whole}]}


def _scope() -> _Schema:
    items = {
        "kinds": {"enum": [each.value for each in Kind]},
        "packages": _PATTERN,
        "paths": _PATH,
        "stages": {"type": "string"},
    }
    made = _object({key: _some(items[key]) for key in scope.KEYS})
    return {**made, "minProperties": 1}


def _whole(allowed: range) -> _Schema:
    return {"type": "integer", "minimum": allowed[0], "maximum": allowed[-1]}


def _signer(beside: Mapping[str, _Schema]) -> _Schema:
    """Return somebody who signs, by a key or by what a certificate says."""
    number: _Schema = {"type": ["integer", "string"], "pattern": r"^[1-9]\d*$"}
    number["minimum"] = 1
    named: _Schema = {"type": "string", "pattern": r"^[^*?\[\]\s]+$"}
    fields: dict[str, _Schema] = {
        "issuer": {"type": "string", "pattern": "^https://"},
        "ref": {"type": "string", "pattern": r"^[^?\[\]]+$"},
        "runner": {"enum": sorted(publishers.RUNNERS)},
        "repository": {"type": "string", "pattern": r"^[^@\s]+/[^@\s]+$"},
        "repository-id": number,
        "owner-id": number,
    }
    identity = {each: fields.get(each, named) for each in sorted(publishers.IDENTITY)}
    made = _object({**beside, "key": _TEXT, **identity}, beside)
    others = publishers.IDENTITY - {"identity", "issuer"}
    return {
        **made,
        "oneOf": [
            {"required": ["key"], "properties": dict.fromkeys(sorted(identity), False)},
            {
                "required": ["identity", "issuer"],
                "properties": dict.fromkeys(sorted({*others, "key"}), False),
            },
            {
                "anyOf": [
                    {"required": ["repository"]},
                    {"required": ["repository-id", "issuer"]},
                    {"required": ["owner-id", "issuer"]},
                ],
                "properties": {"key": False, "identity": False},
            },
        ],
    }


def _signatures() -> _Schema:
    isolating = publishers.ISOLATING.pattern
    return _object(
        {
            "second-opinion": {"enum": [*(each.value for each in Demand), None]},
            "self-hosted-runners": {"type": ["boolean", "null"]},
            "isolating-workflows": _list(
                {"type": "string", "pattern": f"^{isolating}$"}
            ),
        },
        optional=True,
    )


def _stage() -> _Schema:
    rules = {rule_id: _levels(rule) for rule_id, rule in all_rules().items()}
    required = {"stage": {"type": "string"}, "verifier": _HTTPS, "max-age": _AGE}
    return _object(
        {
            "enforce": {"enum": ["block", "warn"]},
            "rules": _object(rules, optional=True),
            "requires": _object(required, required),
        }
    )


def _limits() -> _Schema:
    return _object(
        {
            "max-waiver-days": _whole(DAYS),
            "max-waivers": _whole(COUNTS),
            "approvers": {"type": ["boolean", "null"]},
            "unwaivable": _list({"enum": sorted(all_rules())}),
        },
        optional=True,
    )


def _waiver() -> _Schema:
    rules = all_rules()
    ours = sorted(set(rules) - set(waivers.UNWAIVABLE))
    own = {"pattern": f"^{custom.ID.pattern}$", "not": {"enum": sorted(rules)}}
    properties: dict[str, _Schema] = {
        "rule": {"type": "string", "anyOf": [{"enum": ours}, own]},
        "variant": {"type": ["string", "null"]},
        "purl": _PURL,
        "advisory": {"type": ["string", "null"]},
        "reason": _TEXT,
        "owner": _TEXT,
        "approver": _TEXT,
        "expires": _DAY,
        "until": {"const": "fixed"},
        "stages": _some({"type": "string"}),
    }
    made = _object(
        {key: properties[key] for key in sorted(waivers.KEYS)},
        ["rule", "purl", "reason", "owner", "expires"],
    )
    return {**made, "allOf": [*map(_of_rule, ours)]}


def _of_rule(rule_id: str) -> _Schema:
    """Return what a waiver of a rule has to say, and what it cannot."""
    variants = [*all_rules()[rule_id].variants]
    needed: _Schema = {"properties": {"variant": {"enum": [*variants, None]}}}
    if rule_id == "gap":
        needed = {
            "required": ["variant"],
            "properties": {"variant": {"enum": variants}},
        }
    if rule_id in waivers.NEEDS_ADVISORY:
        needed["required"] = ["advisory"]
        needed["properties"]["advisory"] = {"type": "string", "minLength": 1}
    else:
        needed["properties"]["until"] = False
    is_it = {"required": ["rule"], "properties": {"rule": {"const": rule_id}}}
    return {"if": is_it, "then": needed}


def _custom() -> _Schema:
    own = {"pattern": f"^{custom.ID.pattern}$", "not": {"enum": sorted(all_rules())}}
    return _object(
        {
            "id": {"type": "string", **own},
            "expr": {
                **_TEXT,
                "description": "A condition in CEL: what has to be true.",
            },
            "message": _TEXT,
            "hint": _TEXT,
            "level": _LEVEL,
            "scope": _SCOPE,
        },
        ["id", "expr", "message"],
    )
