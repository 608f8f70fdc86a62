"""A labelled JSONL file → summaries and what a person said of each; bad lines are listed.

The texts go through the product's own reader of records, so that what is scored is what would be
composed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

from digest.errors import Refused
from digest.sources.clean import one_line
from digest.sources.errors import Unreadable
from digest.sources.record import read_record
from digest.values import Refusal, StudyKind, Summary

TEXTS = ("title", "headline", "found", "why", "limits")
KINDS: tuple[str, ...] = get_args(StudyKind)
SPECIES = ("human", "mouse", "rat", "zebrafish", "animal")
FIRST_SEEN = datetime(2026, 1, 1, tzinfo=UTC)  # nothing that is scored reads it


@dataclass(frozen=True, slots=True)
class Gold:
    """What a person said of a summary."""

    theme: str
    also: str | None
    kind: StudyKind
    participants: int | None
    species: frozenset[str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A summary and its labels."""

    summary: Summary
    gold: Gold

    @property
    def slug(self) -> str:
        """The name by which disagreements are listed."""
        return self.summary.slug


def read_labelled(path: Path, themes: Collection[str]) -> tuple[list[Labelled], list[Refusal]]:
    """The labelled summaries of `path` in file order, and the lines that are wrong.

    Raises Refused when the file cannot be read at all.
    """
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    except OSError as error:
        raise Refused(
            f"cannot be read ({error.strerror})",
            where=str(path),
            mend="Name a JSONL file of labelled summaries",
        ) from None
    found: dict[str, Labelled] = {}
    refusals: list[Refusal] = []
    for number, line in enumerate(lines, start=1):
        place = f"{path} line {number}"
        if not line.strip():
            continue
        try:
            labelled = _read_line(line, place, themes)
            if labelled.slug in found:
                raise Unreadable(
                    f"`slug` '{labelled.slug}' stands in an earlier line", "Give it another"
                )
            found[labelled.slug] = labelled
        except Unreadable as error:
            refusals.append(Refusal(place, error.problem, error.mend))
    return list(found.values()), refusals


def _read_line(line: bytes, place: str, themes: Collection[str]) -> Labelled:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise Unreadable("is no JSON", "Write one object a line, in UTF-8") from None
    if not isinstance(record, dict):
        raise Unreadable("is no JSON object", "Write one object a line")
    _require(record, ("slug", *TEXTS, "gold"), "")
    if not isinstance(record["slug"], str) or not one_line(record["slug"]):
        raise Unreadable("`slug` is no text", "Give each summary a name of its own")
    if not isinstance(record["gold"], dict):
        raise Unreadable("`gold` is no object", "Write the labels as an object")
    texts = {name: record[name] for name in TEXTS}
    entry = read_record({**texts, "kind": "summary"}, place, zone=ZoneInfo("UTC"))
    summary = Summary(
        slug=one_line(record["slug"]),
        kind="summary",
        first_seen=FIRST_SEEN,
        **{name: getattr(entry, name) for name in TEXTS},
    )
    return Labelled(summary, _read_gold(record["gold"], themes))


def _read_gold(gold: Mapping[str, Any], themes: Collection[str]) -> Gold:
    _require(gold, ("theme", "kind", "participants", "species"), "gold.")
    _one_of(gold, "theme", themes)
    if gold.get("also") is not None:
        _one_of(gold, "also", themes)
    _one_of(gold, "kind", KINDS)
    participants = gold["participants"]
    if participants is not None and (type(participants) is not int or participants < 1):
        raise Unreadable("`gold.participants` is no whole number", "Write a number, or null")
    species = gold["species"]
    if not isinstance(species, list) or not all(one in SPECIES for one in species):
        raise Unreadable("`gold.species` is no list of known ones", f"Known: {', '.join(SPECIES)}")
    return Gold(
        theme=gold["theme"],
        also=gold.get("also"),
        kind=cast(StudyKind, gold["kind"]),
        participants=participants,
        species=frozenset(species),
    )


def _require(mapping: Mapping[str, Any], keys: Collection[str], prefix: str) -> None:
    for key in keys:
        if key not in mapping:
            raise Unreadable(f"has no `{prefix}{key}`", "Add it, or null where nothing is stated")


def _one_of(gold: Mapping[str, Any], key: str, known: Collection[str]) -> None:
    value = gold[key]
    if not isinstance(value, str) or value not in known:
        shown = value if isinstance(value, str) else json.dumps(value)
        raise Unreadable(
            f"`gold.{key}` '{one_line(shown)[:40]}' is not known", f"Known: {', '.join(known)}"
        )
