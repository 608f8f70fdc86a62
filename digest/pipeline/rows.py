"""Where rows and values meet: a stored row → the frozen value of a stage, and back as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

from digest.models import IssueItem, StoredSummary
from digest.pipeline.approval import another_version
from digest.values import (
    AUDIENCES,
    Audience,
    EntryKind,
    Evidence,
    Fact,
    Item,
    Splicing,
    Summary,
    Teaser,
    ThemeCount,
    ThemeVerdict,
)


def summary_value(row: StoredSummary, *, body: bool = True) -> Summary:
    """The stored summary as the editorial stage reads it.

    Without its `body` (which only an article has) where the row was read without it.
    """
    return Summary(
        slug=row.slug,
        kind=cast(EntryKind, row.kind),
        title=row.title,
        first_seen=row.first_seen,
        headline=row.headline,
        found=row.found,
        why=row.why,
        limits=row.limits,
        body=row.body if body else "",
        journal=row.journal,
        doi=row.doi,
        url=row.url,
        published_at=row.published_at,
        date_problem=row.date_problem,
    )


def item_value(row: IssueItem) -> Item:
    """A composed item as it was stored."""
    return Item(
        summary=summary_value(row.summary),
        verdict=ThemeVerdict(row.theme, row.also, row.margin, tuple(row.terms)),
        evidence=evidence_value(row.evidence),
        teasers=teasers_value(row.teasers),
    )


def evidence_json(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Each fact as an object with `value` and `from`."""
    facts: dict[str, Fact[Any]] = {
        "kind": evidence.kind,
        "participants": evidence.participants,
        "species": Fact(list(evidence.species.value), evidence.species.read_from),
        "caveat": evidence.caveat,
        "results": evidence.results,
    }
    return {name: {"value": fact.value, "from": fact.read_from} for name, fact in facts.items()}


def evidence_value(stored: Mapping[str, Mapping[str, Any]]) -> Evidence:
    """The reverse of `evidence_json`."""
    facts = {name: Fact(fact["value"], fact["from"]) for name, fact in stored.items()}
    species = facts["species"]
    return Evidence(**{**facts, "species": Fact(tuple(species.value), species.read_from)})


def teasers_json(teasers: Mapping[Audience, Teaser]) -> dict[str, dict[str, str | None]]:
    """Per audience the parts of its teaser; under `shared`, once, those that are all the same."""
    whole = {audience: asdict(teaser) for audience, teaser in teasers.items()}
    first = whole[AUDIENCES[0]]
    shared = {
        part: text
        for part, text in first.items()
        if all(parts[part] == text for parts in whole.values())
    }
    own: dict[str, dict[str, str | None]] = {
        audience: {part: text for part, text in parts.items() if part not in shared}
        for audience, parts in whole.items()
    }
    return {"shared": shared, **own}


def teasers_value(stored: Mapping[str, Mapping[str, str | None]]) -> dict[Audience, Teaser]:
    """The reverse of `teasers_json`; rows of before had no `shared`, and each part thrice."""
    shared = stored.get("shared", {})
    parts = {audience: {**shared, **stored[audience]} for audience in AUDIENCES}
    return {
        audience: Teaser(lead=own["lead"] or "", audience=own["audience"], caveat=own["caveat"])
        for audience, own in parts.items()
    }


def as_composed(one: Item | Summary) -> tuple[str, dict[str, str | None]]:
    """The slug, and what a study or article says of itself now: a source may change it later."""
    summary = one.summary if isinstance(one, Item) else one
    said = {
        "title": summary.title,
        "published": instant(summary.published_at),
        "journal": summary.journal or None,
        "doi": summary.doi or None,
        "url": summary.url or None,
    }
    return summary.slug, said


def instant(moment: datetime | None) -> str | None:
    """An instant for JSON: ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def splicing_value(stored: Mapping[str, Any]) -> Splicing:
    """The splicing of a frozen rendition, as `asdict` stored it. Raises Refused for another."""
    try:
        themes = tuple(
            ThemeCount(**{**one, "animals": tuple(tuple(species) for species in one["animals"])})
            for one in stored["themes"]
        )
        return Splicing(**{**stored, "themes": themes})
    except (KeyError, TypeError):
        raise another_version() from None
