"""Whether a request is as `mail_send.yaml` describes it.

It knows the few words of JSON Schema that stand there, and fails on any other, so that none is
passed over in silence. SendGrid's rules that no schema can tell are written out below.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool}
KNOWN = {
    "$ref", "type", "enum", "pattern", "minLength", "maxLength", "minItems", "maxItems",
    "uniqueItems", "items", "required", "properties", "additionalProperties", "propertyNames",
}  # fmt: skip


@cache
def description() -> dict[str, Any]:
    """The whole of mail_send.yaml."""
    text = (Path(__file__).parent / "mail_send.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def faults_in(path: str, body: Any) -> list[str]:
    """What is wrong with the body of a POST to `path`; empty when nothing is."""
    operation = description()["paths"][path]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    found = _faults(schema, body, "body")
    return found if path != "/v3/mail/send" or found else _rules(body)


def _rules(body: dict[str, Any]) -> list[str]:
    found, addresses = [], set()
    for place, one in enumerate(body["personalizations"]):
        address = one["to"][0]["email"].lower()
        if address in addresses:
            found.append(f"personalizations.{place}: an address stands twice")
        addresses.add(address)
        for part in ("substitutions", "custom_args"):
            if sum(len(f"{k}{v}".encode()) for k, v in one[part].items()) > 10_000:
                found.append(f"personalizations.{place}.{part}: more than 10,000 bytes")
    if body["content"][0]["type"] != "text/plain":
        found.append("content: plain text does not come first")
    return found


def _faults(schema: dict[str, Any], value: Any, at: str) -> list[str]:
    if unknown := set(schema) - KNOWN:
        raise NotImplementedError(f"the schema says {min(unknown)}")
    if "$ref" in schema:
        return _faults(
            description()["components"]["schemas"][schema["$ref"].split("/")[-1]], value, at
        )
    if "type" in schema and type(value) is not TYPES[schema["type"]]:
        return [f"{at}: is no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: is none of {schema['enum']}"]
    if isinstance(value, str):
        return _in_text(schema, value, at)
    if isinstance(value, list):
        return _in_list(schema, value, at)
    return _in_object(schema, value, at) if isinstance(value, dict) else []


def _in_text(schema: dict[str, Any], value: str, at: str) -> list[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{at}: does not match {schema['pattern']}"]
    return _size(len(value), schema.get("minLength"), schema.get("maxLength"), at)


def _in_list(schema: dict[str, Any], value: list[Any], at: str) -> list[str]:
    found = _size(len(value), schema.get("minItems"), schema.get("maxItems"), at)
    if schema.get("uniqueItems") and len({repr(one) for one in value}) < len(value):
        found.append(f"{at}: holds one thing twice")
    for place, one in enumerate(value):
        found += _faults(schema.get("items", {}), one, f"{at}.{place}")
    return found


def _in_object(schema: dict[str, Any], value: dict[str, Any], at: str) -> list[str]:
    found = [f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value]
    for name, one in value.items():
        found += _faults(schema.get("propertyNames", {}), name, f"{at} (name)")
        of_one = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
        if of_one is False:
            found.append(f"{at}: holds {name}, which we do not use")
        else:
            found += _faults(of_one, one, f"{at}.{name}")
    return found


def _size(size: int, least: int | None, most: int | None, at: str) -> list[str]:
    fits = (least or 0) <= size and (most is None or size <= most)
    return [] if fits else [f"{at}: has {size}, not {least or 0} to {most}"]
