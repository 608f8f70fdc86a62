"""Render: the composed draft → one rendition per audience; approval freezes them (law 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import cast

from django.db.models import F

from digest.config import Config
from digest.editorial.glossary import Glossary, find_words, load_glossary
from digest.editorial.themes import load_taxonomy
from digest.errors import ConfigError, DigestError, Refused
from digest.mail.contents import contents_of
from digest.mail.render import mail_environment, render
from digest.models import Issue, StoredRendition
from digest.pipeline.rows import item_value, splicing_value, summary_value
from digest.values import AUDIENCES, Audience, Edition, Item, Rendition, Theme, ThemeGroup, Word

State = Issue.State


def renditions(issue: Issue, config: Config) -> list[Rendition]:
    """The renditions in the order of the configuration: the frozen ones, or a draft's fresh ones.

    An audience for which no study is in has none, and its readers get no mail of this issue.
    Nothing is stored, so that looking changes nothing. Raises Refused when the issue has nothing
    in it or was skipped, or when a summary changed since it was composed.
    """
    if issue.state == State.SKIPPED:
        raise Refused(
            f"issue {issue.number} was skipped: too few items",
            mend="Gather more and run `digest compose` again, or lower issue.min_items",
        )
    stored = {row.audience: rendition_value(row) for row in issue.renditions.all()}
    if stored:
        return [stored[audience] for audience in config.audience_order if audience in stored]
    _refuse_changed_at_source(issue)
    environment = mail_environment(config.templates_path)
    return [render(edition, environment) for edition in _filled(issue, config)]


def _filled(issue: Issue, config: Config) -> list[Edition]:
    """The editions that have a study in them. Raises Refused when there is none."""
    filled = [edition for edition in editions(issue, config) if edition.items]
    if not filled:
        raise Refused(
            f"issue {issue.number} has nothing in it", mend="Gather, then run `digest compose`"
        )
    return filled


@dataclass(frozen=True, slots=True)
class Lines:
    """Subject, preheader and intro of each edition as they would be read now.

    `proposed` are the machine's own, `own` the editor's where there are any. `problem` is the
    line that says why an open issue has none: it cannot be rendered.
    """

    proposed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problem: str = ""


def lines_of(issue: Issue, config: Config) -> Lines:
    """What an inbox would show of an open issue; nothing of one that is no longer open."""
    if issue.state not in (State.DRAFT, State.APPROVED, State.SCHEDULED):
        return Lines()
    try:
        filled = _filled(issue, config)
    except DigestError as error:
        return Lines(problem=error.line())
    proposed: dict[str, Mapping[str, str]] = {}
    own: dict[str, Mapping[str, str]] = {}
    for edition in filled:
        audience = edition.wording.audience
        ours = config.audiences[audience].wording(audience)
        proposed[audience] = _lines(replace(edition, wording=ours))
        if parts := issue.wording.get(audience):
            read = _lines(edition)
            own[audience] = {part: read[part] for part in parts}
    return Lines(proposed, own)


def proposals(issue: Issue, config: Config) -> Mapping[str, Mapping[str, str]]:
    """The machine's own subject, preheader and intro of each edition, as they would be read now.

    None for an issue that is no longer open, or that cannot be rendered.
    """
    return lines_of(issue, config).proposed


def _lines(edition: Edition) -> dict[str, str]:
    said = contents_of(edition, joined="")
    return {"subject": said.subject, "preheader": said.preheader, "intro": said.intro}


def _refuse_changed_at_source(issue: Issue) -> None:
    """A new title over an old teaser would be nobody's words (law 9)."""
    changed = issue.ledger.filter(state="in").exclude(content_hash=F("summary__content_hash"))
    slugs = sorted(set(changed.values_list("summary__slug", flat=True)))
    if slugs:
        raise Refused(
            f"changed at the source since issue {issue.number} was composed: {', '.join(slugs)}",
            mend="Run `digest compose` again, and look at it once more",
        )


def _refuse_gone_themes(issue: Issue, items: Iterable[Item], themes: Mapping[str, Theme]) -> None:
    """The site's themes.yaml may have changed since."""
    gone = sorted({item.verdict.theme for item in items} - set(themes))
    if gone:
        raise Refused(
            f"issue {issue.number} has items of a theme that is no more: {', '.join(gone)}",
            mend="Run `digest compose` again, or bring the theme back to themes.yaml",
        )


def freeze(issue: Issue, config: Config) -> list[Rendition]:
    """Store the renditions of an issue whose row the caller holds, for approval (law 2).

    The caller lets none stay that preflight blocks.
    """
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
    splicing = splicing_value(row.splicing) if row.splicing else None
    return Rendition(audience, row.subject, row.preheader, row.html, row.text, row.page, splicing)


def editions(issue: Issue, config: Config, *, frozen: bool = False) -> list[Edition]:
    """All that is needed to render the issue, an edition per audience.

    Beside mails that are `frozen` a theme that is gone is read by its id, and a glossary that
    cannot be read as an empty one: these mails need neither.
    """
    themes = load_taxonomy(config.themes_path).themes
    glossary = _glossary(config, frozen)
    items = {row.summary_id: item_value(row) for row in issue.items.select_related("summary")}
    if frozen:
        themes = {**_named_by_id(items.values()), **themes}
    else:
        _refuse_gone_themes(issue, items.values(), themes)
    return [
        _edition(issue, audience, items, themes, glossary, config)
        for audience in config.audience_order
    ]


def _named_by_id(items: Iterable[Item]) -> dict[str, Theme]:
    """A theme of nothing but its id for each that the items name."""
    no_line = dict.fromkeys(AUDIENCES, "")
    ids = {item.verdict.theme for item in items}
    return {one: Theme(one, dict.fromkeys(AUDIENCES, one), no_line) for one in ids}


def _glossary(config: Config, frozen: bool) -> Glossary:
    try:
        return load_glossary(config.glossary_path)
    except ConfigError:
        if frozen:
            return Glossary({}, {})
        raise


def _edition(
    issue: Issue,
    audience: Audience,
    items: Mapping[int, Item],
    themes: Mapping[str, Theme],
    glossary: Glossary,
    config: Config,
) -> Edition:
    entries = issue.ledger.filter(audience=audience, state="in").order_by("position", "pk")
    placed = [items[entry.summary_id] for entry in entries if entry.summary_id in items]
    articles = [
        summary_value(entry.summary)
        for entry in entries.filter(summary__kind="article").select_related("summary")
    ]
    # The editor's words stand in the place of ours, and their {fields} are filled alike.
    words = replace(config.audiences[audience].wording(audience), **issue.wording.get(audience, {}))
    return Edition(
        number=issue.number,
        dated=issue.cut_off,
        publication=config.publication_value(),
        wording=words,
        groups=_grouped(placed, audience, themes, glossary, config),
        articles=tuple(articles),
    )


def _grouped(
    items: list[Item],
    audience: Audience,
    themes: Mapping[str, Theme],
    glossary: Glossary,
    config: Config,
) -> tuple[ThemeGroup, ...]:
    """Items in reading order → groups in reading order; a theme stands together by selection.

    A name that tells a diagnosis is not `named`: an inbox is seen by others (law 7).
    """

    def named(theme: str) -> str:
        name = themes[theme].names[audience]
        return "" if config.privacy.diagnosis_in(name) else name

    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.verdict.theme, []).append(item)
    return tuple(
        ThemeGroup(themes[theme], tuple(group), _words(group, audience, glossary), named(theme))
        for theme, group in groups.items()
    )


def _words(items: list[Item], audience: Audience, glossary: Glossary) -> tuple[Word, ...]:
    """The hard words of one theme; clinicians need none explained."""
    if audience == "clinician":
        return ()
    teasers = (item.teasers[audience] for item in items)
    parts = (part for teaser in teasers for part in (teaser.lead, teaser.audience, teaser.caveat))
    return find_words((part for part in parts if part), glossary)
