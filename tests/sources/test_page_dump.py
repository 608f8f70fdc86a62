"""Pages as text dumps: the content, and never the cards or the disclaimer."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from digest.sources.errors import Unreadable
from digest.sources.page import read_dump, read_html
from digest.values import Entry
from tests.sources.samples import (
    CARDS,
    CUT,
    DISCLAIMER,
    DUMP,
    FOUND,
    HEADLINE,
    JOURNAL,
    LIMITS,
    NO_CONTENT,
    TITLE,
    WHY,
    ZONE,
)

CARD_PARAGRAPHS = "".join(f"<p>{line}</p>" for line in CARDS.split("\n"))


def dump(text: str) -> Entry:
    return read_dump(text, "incoming/walk.txt", zone=ZONE)


def page(html: str) -> Entry:
    return read_html(html, "incoming/walk.html", zone=ZONE)


def assert_is_the_walk(entry: Entry, *, title: str) -> None:
    assert (entry.kind, entry.title, entry.headline) == ("summary", title, HEADLINE)
    assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)
    assert (entry.journal, entry.body) == (JOURNAL, "")
    for words in NO_CONTENT:
        assert words not in str(asdict(entry))


def test_a_dump_gives_its_four_parts_and_the_journal_but_no_card() -> None:
    entry = dump(DUMP)
    assert_is_the_walk(entry, title=HEADLINE)
    assert entry.published_at is None
    assert entry.place == "incoming/walk.txt"


@pytest.mark.parametrize(
    "text",
    [
        DUMP.replace("\n", "\r\n"),
        DUMP.replace("\n", "\n\n"),
        DUMP.replace("Read More5", "Read More\n5"),
        DUMP.replace("Read MoreWhether", "READ MORE »\nWhether"),
        DUMP.replace(f"{LIMITS}\n12", f"{LIMITS}12"),
        DUMP.replace(f"{CARDS}", ""),
        f"{TITLE}\n{DUMP.lstrip()}".replace(TITLE, ""),
        DUMP.replace(f"12/31/2026\n{CUT}\nRead More", f"12/31/2026 {CUT} Read More\n"),
    ],
    ids=[
        "crlf",
        "blank lines",
        "unglued",
        "unglued end",
        "glued date",
        "no cards",
        "blank",
        "one line",
    ],
)
def test_the_frame_is_known_in_every_form(text: str) -> None:
    assert_is_the_walk(dump(text), title=HEADLINE)


def test_a_dump_cut_off_inside_a_card_gives_no_card_text() -> None:
    entry = dump(f"{HEADLINE}\n{FOUND}\n{WHY}\n{LIMITS}\n12/31/2026\n{CUT}")
    assert entry.limits == LIMITS
    assert CUT not in str(asdict(entry))


def test_a_dump_with_a_title_keeps_it() -> None:
    assert_is_the_walk(dump(f"{TITLE}\n{DUMP.lstrip()}"), title=TITLE)


def test_a_round_up_is_an_article_whole() -> None:
    paragraphs = [f"Paragraph {n} tells of a finding." for n in range(7)]
    entry = dump("\n\n".join(["The Latest in Walking", *paragraphs]))
    assert (entry.kind, entry.title) == ("article", "The Latest in Walking")
    assert entry.body == "\n\n".join(paragraphs)
    assert (entry.headline, entry.found, entry.why, entry.limits) == ("", "", "", "")


def test_an_article_that_mentions_read_more_loses_nothing_else() -> None:
    paragraphs = ["One short line.", "Read More", "Two.", "Three.", "Four.", "Five."]
    entry = dump("\n\n".join(["The Latest in Walking", *paragraphs]))
    assert entry.body.split("\n\n") == ["One short line.", "Two.", "Three.", "Four.", "Five."]


def test_lines_wrapped_by_hand_are_joined_again() -> None:
    entry = dump(f"{HEADLINE}\n\nDoctors followed\n120 people.\n\n{WHY}\n\n{LIMITS}\n")
    assert (entry.kind, entry.found, entry.limits) == (
        "summary",
        "Doctors followed 120 people.",
        LIMITS,
    )


def test_headings_in_a_dump_part_it() -> None:
    entry = dump(f"{TITLE}\n{HEADLINE}\nWhat was found\n{FOUND}\nMore.\nLimits:\n{LIMITS}")
    assert (entry.title, entry.headline) == (TITLE, HEADLINE)
    assert (entry.found, entry.why, entry.limits) == (f"{FOUND}\n\nMore.", "", LIMITS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" \n\u200b\n", "is empty"),
        (f"{CARDS}{DISCLAIMER}", "holds related cards and a disclaimer but no content"),
        (f"{FOUND}\n{WHY}\n{LIMITS}\n{CARDS}{DISCLAIMER}", "has no headline"),
        (f"{FOUND * 5}\n{FOUND}\n{WHY}\n{LIMITS}\n{CARDS}{DISCLAIMER}", "has no headline"),
        (f"{HEADLINE}\n{CARDS}{DISCLAIMER}", "does not say what was found"),
        (f"{HEADLINE}\n{FOUND}\n{FOUND}\n{WHY}\n{LIMITS}\n{CARDS}{DISCLAIMER}", "no telling which"),
        ("A title alone", "does not say what was found"),
    ],
)
def test_a_dump_that_cannot_be_read_says_why(text: str, problem: str) -> None:
    with pytest.raises(Unreadable) as caught:
        dump(text)
    assert problem in caught.value.problem
    assert caught.value.mend
