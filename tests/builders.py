"""Every builder of test values and rows, each with sensible defaults. Append, do not fork."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from digest.config import Config
from digest.shipped import shipped
from digest.values import (
    AUDIENCES,
    Audience,
    Edition,
    Entry,
    Evidence,
    Fact,
    Item,
    Personal,
    Publication,
    Rendition,
    Summary,
    Teaser,
    Theme,
    ThemeGroup,
    ThemeVerdict,
    Word,
    Wording,
)

if TYPE_CHECKING:
    from digest.models import Flag, Issue, StoredSummary
    from subscribers.models import Subscriber

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def an_entry(**changes: Any) -> Entry:
    """A summary as a source states it."""
    return Entry(
        **{
            "kind": "summary",
            "title": "A Walk a Day Eases Tiredness",
            "place": "incoming/walk.html",
            "headline": "Walking every day went along with less tiredness.",
            "found": "Doctors followed 120 people for a year. Those who walked were less tired.",
            "why": "Patients may try a short walk. Caregivers can come along.",
            "limits": "Only one clinic took part.",
            "journal": "Sample Journal of Walking",
            "url": "https://news.example.org/walk",
            "published_at": datetime(2026, 11, 10, 5, 0, tzinfo=UTC),
            **changes,
        }
    )


def a_summary(**changes: Any) -> Summary:
    """A stored summary as the editorial stage reads it."""
    return Summary(
        **{
            "slug": "a-walk-a-day",
            "kind": "summary",
            "title": "A Walk a Day Eases Tiredness",
            "first_seen": NOW,
            "headline": "Walking every day went along with less tiredness.",
            "found": "Doctors followed 120 people for a year. Those who walked were less tired.",
            "why": "Patients may try a short walk. Caregivers can come along.",
            "limits": "Only one clinic took part.",
            "journal": "Sample Journal of Walking",
            "url": "https://news.example.org/walk",
            "published_at": datetime(2026, 11, 10, 5, 0, tzinfo=UTC),
            **changes,
        }
    )


def an_evidence(**changes: Any) -> Evidence:
    """An observational study of 120 people."""
    return Evidence(
        **{
            "kind": Fact("observational", "Doctors followed 120 people for a year."),
            "participants": Fact(120, "Doctors followed 120 people for a year."),
            "species": Fact(("human",), "Doctors followed 120 people for a year."),
            "caveat": Fact("Only one clinic took part.", "Only one clinic took part."),
            "results": Fact(True, ""),
            **changes,
        }
    )


def a_teaser(**changes: Any) -> Teaser:
    """Lead, audience sentence and caveat."""
    return Teaser(
        **{
            "lead": "Walking every day went along with less tiredness.",
            "audience": "Patients may try a short walk.",
            "caveat": "Only one clinic took part.",
            **changes,
        }
    )


def an_item(*, summary: Summary | None = None, theme: str = "symptoms", **changes: Any) -> Item:
    """A summary as it stands in an issue."""
    return Item(
        **{
            "summary": summary or a_summary(),
            "verdict": ThemeVerdict(theme, None, 0.6, ("tiredness",)),
            "evidence": an_evidence(),
            "teasers": dict.fromkeys(AUDIENCES, a_teaser()),
            **changes,
        }
    )


def a_theme(theme_id: str = "symptoms", name: str = "Everyday symptoms") -> Theme:
    """One theme with the same words for each audience."""
    line = f"What belongs to {name.lower()}"
    return Theme(theme_id, dict.fromkeys(AUDIENCES, name), dict.fromkeys(AUDIENCES, line))


def a_publication(**changes: Any) -> Publication:
    """The publication of the shipped config.yaml."""
    return Publication(
        **{
            "name": "MS Research Digest",
            "site_url": "https://digest.example.org",
            "language": "en",
            "timezone": "America/New_York",
            "postal_address": "1 Example Street, Springfield, IL 62701, USA",
            **changes,
        }
    )


def a_wording(**changes: Any) -> Wording:
    """The patient edition's words."""
    return Wording(
        **{
            "audience": "patient",
            "readers": "people living with MS",
            "subject": "{month}: what {studies} found",
            "preheader": "{studies} in {themes}, each with what to keep in mind.",
            "intro": "What {studies} found",
            "audience_label": "For you:",
            "caveat_label": "Keep in mind:",
            **changes,
        }
    )


def an_edition(*, cards: int = 2, **changes: Any) -> Edition:
    """An edition of one theme with `cards` cards, each a summary of its own."""
    items = tuple(
        an_item(
            summary=a_summary(
                slug=f"study-{n}",
                title=f"Study {n} on Walking",
                url=f"https://news.example.org/study-{n}",
            )
        )
        for n in range(1, cards + 1)
    )
    return Edition(
        **{
            "number": 12,
            "dated": NOW,
            "publication": a_publication(),
            "wording": a_wording(),
            "groups": (ThemeGroup(a_theme(), items, named="Everyday symptoms"),),
            "articles": (),
            **changes,
        }
    )


def a_month(
    *, cards: int, themes: int = 6, audience: Audience = "patient", **changes: Any
) -> Edition:
    """An edition of real size: `cards` cards of everyday length, dealt out to `themes` themes."""
    names = [f"{what} & well-being" for what in _THEMES_OF_A_MONTH[:themes]]
    groups = tuple(
        ThemeGroup(
            a_theme(f"theme-{t}", name),
            tuple(_a_card_of_everyday_length(n) for n in range(t, cards, themes)),
            named=name,
        )
        for t, name in enumerate(names)
    )
    return an_edition(**{"groups": groups, "wording": a_wording(audience=audience), **changes})


_THEMES_OF_A_MONTH = (
    "Walking", "Resting", "Swimming", "Reading", "Cooking", "Gardening",
    "Singing", "Painting", "Writing", "Sewing", "Cycling", "Dancing",
)  # fmt: skip


def _a_card_of_everyday_length(n: int) -> Item:
    teaser = a_teaser(
        lead=f"Group {n}, who walked every day for a year, felt less tired by evening than the "
        "group that did not.",
        audience="Patients who tire early may ask at their next visit how to begin in small steps.",
        caveat="Only one clinic took part, and the walkers had chosen for themselves to walk.",
    )
    return an_item(
        summary=a_summary(
            slug=f"walk-{n}",
            title=f"A Daily Walk Went Along With Less Tiredness in Group {n}",
            url=f"https://news.example.org/research/daily-walk-and-tiredness-{n}",
        ),
        teasers=dict.fromkeys(AUDIENCES, teaser),
    )


def a_config(folder: Path = Path("site"), **changes: Any) -> Config:
    """The shipped configuration with whole sections changed."""
    raw = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
    merged = {
        key: {**raw[key], **value}
        if isinstance(raw.get(key), dict) and key != "transport"
        else value
        for key, value in changes.items()
    }
    return Config.model_validate({**raw, **merged, "folder": folder})


def a_draft(number: int = 1, **changes: Any) -> Issue:
    """An open draft with nothing in it."""
    from digest.models import Issue

    return Issue.objects.create(
        **{
            "number": number,
            "window_start": NOW - timedelta(days=31),
            "cut_off": NOW,
            "composed_at": NOW,
            **changes,
        }
    )


def a_stored_summary(slug: str = "a-walk-a-day", **changes: Any) -> StoredSummary:
    """A gathered summary of the symptoms theme."""
    from digest.models import StoredSummary

    plain = a_summary()
    return StoredSummary.objects.create(
        **{
            "slug": slug,
            "identity": f"test:{slug}",
            "text_key": slug,
            "kind": "summary",
            "source": "drop",
            "place": f"incoming/{slug}.html",
            "title": f"{plain.title} ({slug})",
            "headline": plain.headline,
            "found": plain.found,
            "why": plain.why,
            "limits": plain.limits,
            "journal": plain.journal,
            "url": f"https://news.example.org/{slug}",
            "published_at": plain.published_at,
            "first_seen": NOW,
            "content_hash": slug,
            **changes,
        }
    )


def a_subscriber(
    address: str = "ann@example.org",
    *,
    lists: tuple[str, ...] = ("patient",),
    state: str = "confirmed",
    **changes: Any,
) -> Subscriber:
    """A subscriber on `lists`, all in one state, each with its consent record."""
    from subscribers.addresses import address_key
    from subscribers.consent import Circumstances, append
    from subscribers.models import Membership, Subscriber

    key = address_key(address)
    subscriber = Subscriber.objects.create(
        **{
            "address": address,
            "address_key": key,
            "public_id": key[:22],
            "created_at": NOW,
            **changes,
        }
    )
    joined_at = None if state == "pending" else NOW
    event = "asked" if state == "pending" else "confirmed"
    for name in lists:
        Membership.objects.create(
            subscriber=subscriber,
            list_name=name,
            state=state,
            joined_at=joined_at,
            changed_at=NOW,
        )
        append(event, [subscriber.pk], name, Circumstances("test"), at=NOW, text="Yes.")
    return subscriber


def an_approved_issue(number: int = 1, **changes: Any) -> Issue:
    """An approved issue with a small rendition per audience, slots and all."""
    from digest.mail.slots import BROWSER_URL, JOINED, UNSUBSCRIBE_URL
    from digest.models import StoredRendition
    from digest.pipeline.approval import approval_hash

    made = [
        Rendition(
            audience,
            f"November for {audience}",
            "What was found",
            f'<p>Hello.</p><a href="{UNSUBSCRIBE_URL}">Leave</a> <a href="{BROWSER_URL}">Read</a>',
            f"Hello.\nSince {JOINED}\nLeave: {UNSUBSCRIBE_URL}\nRead: {BROWSER_URL}\n",
        )
        for audience in AUDIENCES
    ]
    fresh = {"state": "approved", "approved_by": "Ada", "approved_hash": approval_hash(made)}
    issue = a_draft(number, **{**fresh, **changes})
    for rendition in made:
        StoredRendition.objects.create(
            issue=issue,
            audience=rendition.audience,
            subject=rendition.subject,
            preheader=rendition.preheader,
            html=rendition.html,
            text=rendition.text,
            content_hash=rendition.content_hash,
        )
    return issue


def a_stored_drug_trial(slug: str = "a-drug", **changes: Any) -> StoredSummary:
    """A gathered summary of the treatment theme, unlike the one of `a_stored_summary`."""
    return a_stored_summary(
        slug,
        **{
            "title": f"An Infusion Drug Cut Relapses in a Trial ({slug})",
            "headline": "Ocrelizumab, an infusion drug, led to fewer relapses than interferon.",
            "found": "In a trial 400 people got ocrelizumab or interferon. Relapses were fewer "
            "with ocrelizumab.",
            "limits": "It lasted two years only.",
            "journal": "Sample Journal of Drugs",
            **changes,
        },
    )


def a_personal(**changes: Any) -> Personal:
    """What fills the slots for one reader."""
    site = "https://digest.example.org"
    return Personal(
        **{
            "unsubscribe_url": f"{site}/leave/{'x' * 50}",
            "preferences_url": f"{site}/preferences/{'x' * 50}",
            "browser_url": f"{site}/issues/12/patient",
            "joined": "3 March 2026",
            **changes,
        }
    )


def with_words(edition: Edition, *, each: int = 2) -> Edition:
    """`edition` with words to explain in every theme, their lines as long as ours on average."""
    seen = ("tired", "visit", "clinic", "walkers")[:each]
    meaning = "what is said of it in one plain line, in everyday words"
    words = tuple(Word(f"{form} term", form, meaning) for form in seen)
    return replace(edition, groups=tuple(replace(group, words=words) for group in edition.groups))


def a_flag(summary: StoredSummary, kind: str = "similar", **changes: Any) -> Flag:
    """An open flag about `summary`."""
    from digest.models import Flag

    return Flag.objects.create(
        **{"summary": summary, "kind": kind, "detail": "", "raised_at": NOW, **changes}
    )
