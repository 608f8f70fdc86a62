"""Editions to inspect: the examples', composed without a database, and small ones of our own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from digest.config import Config
from digest.editorial.evidence import read_evidence
from digest.editorial.glossary import find_words, load_glossary
from digest.editorial.readability import reading_grade
from digest.editorial.teasers import make_teasers
from digest.editorial.themes import classify, load_taxonomy
from digest.mail.preflight import Finding, Rules, inspect
from digest.mail.render import mail_environment, render
from digest.shipped import shipped
from digest.sources.files import harvest_folder
from digest.values import Audience, Edition, Item, Rendition, Summary, Teaser, ThemeGroup
from tests.builders import NOW, a_config, a_summary, a_teaser, an_edition, an_item

CONFIG: Config = a_config()
STATED = ("kind", "title", "headline", "found", "why", "limits", "journal", "doi", "url")
RULES = Rules(CONFIG.privacy.diagnosis_in, lambda text: reading_grade(text) or 0.0)


def found(edition: Edition, rendition: Rendition | None = None) -> tuple[Finding, ...]:
    """What preflight says of an edition, or of a mail that should be it."""
    return inspect(edition, rendition or rendered(edition), RULES)


def of(check: str, findings: Iterable[Finding]) -> list[Finding]:
    """Those of one check."""
    return [finding for finding in findings if finding.check == check]


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep an edition from being approved."""
    return [finding for finding in findings if finding.level == "blocks"]


def rendered(edition: Edition) -> Rendition:
    """The frozen mail of an edition, by our own templates."""
    return render(edition, mail_environment())


def a_study(n: int = 1, *, teaser: Teaser | None = None, **texts: Any) -> Item:
    """A study with an address of its own, and the texts given."""
    own = {"slug": f"study-{n}", "title": f"Study {n} on Walking", "headline": f"Headline {n}."}
    own["url"] = f"https://news.example.org/study-{n}"
    item = an_item(summary=a_summary(**{**own, **texts}))
    return replace(item, teasers=dict.fromkeys(item.teasers, teaser or a_teaser()))


def with_items(*items: Item, **changes: Any) -> Edition:
    """A patient edition of one theme with these studies."""
    edition = an_edition(**changes)
    return replace(edition, groups=(replace(edition.groups[0], items=items),))


def with_texts(**texts: Any) -> Edition:
    """An edition of one study, whose summary or teaser holds the texts given."""
    parts = {key: texts.pop(key) for key in ("lead", "audience", "caveat") if key in texts}
    return with_items(a_study(teaser=a_teaser(**parts), **texts))


@cache
def example_items() -> tuple[Item, ...]:
    """The studies of the examples' folder, as composing reads them."""
    entries = harvest_folder(shipped("examples") / "incoming", ZoneInfo("America/New_York")).entries
    return tuple(
        item_of(
            Summary(
                slug=entry.slug or f"example-{n}",
                first_seen=NOW,
                **{name: getattr(entry, name) for name in STATED},
            )
        )
        for n, entry in enumerate(entries, 1)
        if entry.kind == "summary"
    )


def item_of(summary: Summary) -> Item:
    """A summary as composing reads it."""
    evidence = read_evidence(summary)
    verdict = classify(summary, load_taxonomy())
    return Item(summary, verdict, evidence, make_teasers(summary, evidence))


def composed(items: Iterable[Item], audience: Audience, **changes: Any) -> Edition:
    """An edition as the pipeline groups it, in the words of the shipped config.yaml."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.verdict.theme, []).append(item)
    return an_edition(
        **{
            "wording": CONFIG.audiences[audience].wording(audience),
            "groups": tuple(_group(name, group, audience) for name, group in groups.items()),
            **changes,
        }
    )


def _group(name: str, items: list[Item], audience: Audience) -> ThemeGroup:
    theme = load_taxonomy().themes[name]
    shown = theme.names[audience]
    teasers = [item.teasers[audience] for item in items]
    texts = (text for one in teasers for text in (one.lead, one.audience, one.caveat) if text)
    words = () if audience == "clinician" else find_words(texts, load_glossary())
    named = "" if CONFIG.privacy.diagnosis_in(shown) else shown
    return ThemeGroup(theme, tuple(items), words, named)
