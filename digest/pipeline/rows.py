"""Where rows and values meet: a stored row → the frozen value of a stage, and back as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from digest.models import IssueItem, StoredSummary
from digest.values import (
    AUDIENCES,
    Audience,
    EntryKind,
    Evidence,
    Fact,
    Item,
    Summary,
    Teaser,
    ThemeVerdict,
)


def summary_value(row: StoredSummary) -> Summary:
    """The stored summary as the editorial stage reads it."""
    return Summary(
        slug=row.slug,
        kind=cast(EntryKind, row.kind),
        title=row.title,
        first_seen=row.first_seen,
        headline=row.headline,
        found=row.found,
        why=row.why,
        limits=row.limits,
        body=row.body,
        journal=row.journal,
        doi=row.doi,
        url=row.url,
        published_at=row.published_at,
    )


def item_value(row: IssueItem) -> Item:
    """A composed item as it was stored."""
    return Item(
        summary=summary_value(row.summary),
        verdict=ThemeVerdict(row.theme, row.also, row.margin, tuple(row.terms)),
        evidence=evidence_value(row.evidence),
        teasers={audience: Teaser(**row.teasers[audience]) for audience in AUDIENCES},
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
    """Per audience an object with `lead`, `audience` and `caveat`."""
    return {
        audience: {"lead": t.lead, "audience": t.audience, "caveat": t.caveat}
        for audience, t in teasers.items()
    }


def instant(moment: datetime | None) -> str | None:
    """An instant for JSON: ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
