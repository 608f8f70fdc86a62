"""Render: the composed draft → one rendition per audience; approval freezes them (law 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from django.db.models import F

from digest.config import Config
from digest.editorial.themes import load_taxonomy
from digest.errors import Refused
from digest.mail.render import mail_environment, render
from digest.models import Issue, StoredRendition
from digest.pipeline.rows import item_value, summary_value
from digest.values import Audience, Edition, Item, Rendition, Theme, ThemeGroup


def renditions(issue: Issue, config: Config) -> list[Rendition]:
    """The renditions in the order of the configuration: the frozen ones, or a draft's fresh ones.

    Nothing is stored, so that looking changes nothing. Raises Refused when the issue was skipped
    (it has nothing in it) or when a summary changed since it was composed.
    """
    if issue.state == Issue.State.SKIPPED:
        raise Refused(
            f"issue {issue.number} was skipped: too few items",
            mend="Gather more and run `digest compose` again, or lower issue.min_items",
        )
    stored = {row.audience: rendition_value(row) for row in issue.renditions.all()}
    if stored:
        return [stored[audience] for audience in config.audience_order]
    _refuse_changed_at_source(issue)
    environment = mail_environment(config.templates_path)
    made = [render(edition, environment) for edition in editions(issue, config)]
    for rendition in made:
        _refuse_diagnosis(rendition, config)
    return made


def _refuse_changed_at_source(issue: Issue) -> None:
    """A new title over an old teaser would be nobody's words (law 9)."""
    changed = issue.ledger.filter(state="in").exclude(content_hash=F("summary__content_hash"))
    slugs = sorted(set(changed.values_list("summary__slug", flat=True)))
    if slugs:
        raise Refused(
            f"changed at the source since issue {issue.number} was composed: {', '.join(slugs)}",
            mend="Run `digest compose` again, and look at it once more",
        )


def freeze(issue: Issue, config: Config) -> list[Rendition]:
    """Store the renditions of an issue whose row the caller holds, for approval (law 2)."""
    issue.renditions.all().delete()
    made = renditions(issue, config)
    StoredRendition.objects.bulk_create(
        StoredRendition(issue=issue, content_hash=rendition.content_hash, **asdict(rendition))
        for rendition in made
    )
    return made


def rendition_value(row: StoredRendition) -> Rendition:
    """The stored rendition as the value that mail and delivery read."""
    audience = cast(Audience, row.audience)
    return Rendition(audience, row.subject, row.preheader, row.html, row.text, row.page)


def _refuse_diagnosis(rendition: Rendition, config: Config) -> None:
    """An inbox is seen by others: no diagnosis in subject or preheader (law 7)."""
    for part, text in (("subject", rendition.subject), ("preheader", rendition.preheader)):
        word = config.privacy.diagnosis_in(text)
        if word:
            raise Refused(
                f"the {part} names a diagnosis ('{word}')",
                where=f"the {rendition.audience} edition",
                mend=f"Change audiences.{rendition.audience}.{part} in config.yaml, "
                f"or the subject with `digest subject`",
            )


def editions(issue: Issue, config: Config) -> list[Edition]:
    """All that is needed to render the issue, an edition per audience."""
    taxonomy = load_taxonomy(config.themes_path)
    items = {row.summary_id: item_value(row) for row in issue.items.select_related("summary")}
    return [
        _edition(issue, audience, items, taxonomy.themes, config)
        for audience in config.audience_order
    ]


def _edition(
    issue: Issue,
    audience: Audience,
    items: Mapping[int, Item],
    themes: Mapping[str, Theme],
    config: Config,
) -> Edition:
    entries = issue.ledger.filter(audience=audience, state="in").order_by("position", "pk")
    placed = [items[entry.summary_id] for entry in entries if entry.summary_id in items]
    articles = [
        summary_value(entry.summary)
        for entry in entries.filter(summary__kind="article").select_related("summary")
    ]
    return Edition(
        number=issue.number,
        dated=issue.cut_off,
        publication=config.publication_value(),
        wording=config.audiences[audience].wording(audience),
        groups=_grouped(placed, themes),
        articles=tuple(articles),
        subject=issue.subjects.get(audience),
    )


def _grouped(items: list[Item], themes: Mapping[str, Theme]) -> tuple[ThemeGroup, ...]:
    """Items in reading order → groups in reading order; a theme stands together by selection."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.verdict.theme, []).append(item)
    return tuple(ThemeGroup(themes[theme], tuple(group)) for theme, group in groups.items())
