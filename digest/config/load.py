"""Reads config.yaml: YAML → `Config`, or one `ConfigError` with the path of the key."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from digest.config.settings import (
    AudienceSettings,
    Config,
    MaildirTransport,
    SendgridTransport,
    SmtpTransport,
)
from digest.config.yaml_file import read_mapping
from digest.errors import ConfigError
from digest.shipped import shipped
from digest.sources import KINDS
from digest.values import AUDIENCES

# The tags that pydantic puts in the location of a tagged union; they are no keys of the file.
TAGGED: dict[str, dict[str, type[BaseModel]]] = {
    "transport": {
        "maildir": MaildirTransport, "smtp": SmtpTransport, "sendgrid": SendgridTransport,
    },
    "sources": {kind.name: kind.settings for kind in KINDS},
}  # fmt: skip
NO_MAPPING = ("dict_type", "model_type", "model_attributes_type")
WORDS = {"missing": "is missing", "tuple_type": "must be a list", "string_type": "must be text"}


def load_config(path: Path) -> Config:
    """The settings in `path`. Raises ConfigError: file, key, what is wrong, the mend."""
    raw = _read(path)
    raw["audiences"] = _with_our_words(raw.get("audiences"))
    try:
        return Config.model_validate({**raw, "folder": path.parent.resolve()})
    except ValidationError as error:
        details = error.errors()
        # A misspelt key comes first: it may well be why another one is missing.
        unknown = (detail for detail in details if detail["type"] == "extra_forbidden")
        raise _explain(next(unknown, details[0]), path) from None


def _read(path: Path) -> dict[str, Any]:
    raw = read_mapping(path, mend="Run `digest init` to make one, or name it with --config")
    if "folder" in raw:
        raise ConfigError("unknown key `folder`", where=str(path), mend="Remove it")
    return raw


def _with_our_words(given: object) -> object:
    """Fill each audience's missing words from the shipped config.yaml; keep the site's order."""
    if not isinstance(given, dict | None):
        return given
    shipped_file = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
    ours: dict[str, dict[str, object]] = shipped_file["audiences"]
    merged: dict[object, object] = {}
    for name, words in (given or {}).items():
        merged[name] = {**ours.get(str(name), {}), **words} if isinstance(words, dict) else (
            ours.get(str(name), words) if words is None else words
        )  # fmt: skip
    return merged | {name: ours[name] for name in AUDIENCES if name not in merged}


def _explain(detail: ErrorDetails, path: Path) -> ConfigError:
    keys, model = _walk(detail["loc"])
    dotted = ".".join(keys).replace(".[", "[")
    if detail["type"] == "extra_forbidden":
        return _unknown_key(path, dotted, keys[-1], list(model.model_fields))
    if dotted.startswith("audiences.") and dotted.endswith("[key]"):
        return _unknown_key(path, f"audiences.{keys[1]}", keys[1], list(AUDIENCES))
    problem, mend = _told(detail, keys)
    if detail["type"].startswith("union_tag"):
        dotted = f"{dotted}.kind"
    if not mend:
        mend = f"Mend `{dotted}`; `digest init` writes a commented example" if dotted else "Mend it"
    return ConfigError(problem, where=f"{path}: {dotted}" if dotted else str(path), mend=mend)


def _told(detail: ErrorDetails, keys: list[str]) -> tuple[str, str]:
    """What is wrong in words of ours, and its own mend, if it has one."""
    kind, problem = detail["type"], detail["msg"].removeprefix("Value error, ")
    if kind == "union_tag_invalid":
        known = f"Known are {detail['ctx']['expected_tags']}"
        return f"'{detail['ctx']['tag']}' is not known", known
    if kind == "union_tag_not_found":
        return "is missing", f"Write one of {', '.join(TAGGED[keys[0]])}"
    if kind in NO_MAPPING:
        of_a_source = keys[0] == "sources" and len(keys) == 2
        return "must be a mapping" + " with name and kind" * of_a_source, ""
    if kind in WORDS:
        return WORDS[kind], ""
    if not keys and "; " in problem:  # a rule across keys brings its mend
        problem, _, mend = problem.partition("; ")
        return problem, mend[:1].upper() + mend[1:]
    return problem, ""


def _unknown_key(path: Path, dotted: str, key: str, known: list[str]) -> ConfigError:
    known = [name for name in known if name != "folder"]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    mend = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}"
    return ConfigError(f"unknown key `{dotted}`", where=str(path), mend=mend)


def _walk(location: tuple[int | str, ...]) -> tuple[list[str], type[BaseModel]]:
    """The location as keys of the file, and the model that holds the last of them."""
    keys: list[str] = []
    model: type[BaseModel] = Config
    for part in location:
        if keys and model is Config and str(part) in TAGGED.get(keys[0], {}):
            model = TAGGED[keys[0]][str(part)]
            continue
        keys.append(f"[{part}]" if isinstance(part, int) else str(part))
        field = model.model_fields.get(str(part))
        if field is not None and isinstance(field.annotation, type):
            nested = field.annotation
            model = nested if issubclass(nested, BaseModel) else model
        elif keys[0] == "audiences" and len(keys) == 2:
            model = AudienceSettings
    return keys, model
