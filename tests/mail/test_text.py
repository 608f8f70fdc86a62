"""The text part of a rendition: whole, in order, in lines that every mail program can show."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.mail.slots import personalise
from tests.builders import a_month, a_personal, a_summary, a_teaser, an_item, with_words
from tests.mail.material import (
    ANY_BUT_A_SLOT,
    Mail,
    in_reading_order,
    made,
    of_items,
    of_summary,
    rendered,
    said,
)

GOLDEN = Path(__file__).parent / "golden" / "patient.txt"
DEBRIS = {
    "a template's braces": r"\{\{|\}\}|\{%|%\}",
    "a mark or slot": r"__DIGEST|<!--|-->",
    "a tag or an entity": r"</?[a-z][^>\n]*>|&(?:[a-z]+|#\d+|#x[0-9a-f]+);",
    "nothing said": r"\bNone\b|\bundefined\b|\bMarkup\b",
    "a blank at the end of a line": r"[^\S\n]$",
    "a tab": r"\t",
    "three empty lines": r"\n{4}",
    "a line end of another kind": r"\r",
    "an empty label": r"^(?:For you|Keep in mind|Words|[*-]) *:?\s*$\n\n",
}


def test_each_title_and_address_stands_once_and_in_order(mail: Mail) -> None:
    lines, places = mail.text.splitlines(), []
    studies = [item.summary for item in mail.edition.items]
    page = f"https://digest.example.org/issues/12/{mail.audience}"
    kinds = (("study", studies), ("article", mail.edition.articles))
    for kind, summaries in kinds:
        for n, summary in enumerate(summaries, 1):
            for part in (summary.title, summary.url or f"{page}#{kind}-{n}"):
                assert lines.count(part) == 1
                places.append(lines.index(part))
    assert places == sorted(places)
    assert [places[n + 1] - places[n] for n in range(0, len(places), 2)] == [1] * (len(places) // 2)


def test_the_text_part_is_read_in_the_models_order(mail: Mail) -> None:
    text = said(mail.text).casefold()  # headings stand in capitals
    at = text.index("reading time:")
    for group in mail.edition.groups:
        at = text.index(f"* {group.theme.names[mail.audience]}".casefold(), at) + 1
    for part in in_reading_order(mail.edition):
        at = text.index(said(part).casefold(), at) + len(part)
    for part in ("about this research", "you get this because", "leave this list", "1 example"):
        at = text.index(part, at) + len(part)


def test_both_parts_say_the_same(mail: Mail) -> None:
    """Each paragraph of the HTML stands in the text part, whatever the lines it fills there."""
    text = said(mail.text).casefold()
    page = LexborHTMLParser(mail.html.replace("<br>", "\n"))
    for node in page.css("[role=article] p:not(:has(a)), h1, h2, h3"):
        for part in node.text().casefold().split("\n"):
            assert said(part).removeprefix("about this research. ") in text


def test_lines_are_short_but_for_one_that_holds_an_address(mail: Mail) -> None:
    long = [line for line in mail.text.splitlines() if len(line) > 78]
    assert [line for line in long if not re.fullmatch(r"https?://\S+", line)] == []


def test_there_is_no_debris(mail: Mail) -> None:
    found = [what for what, debris in DEBRIS.items() if re.search(debris, mail.text, re.MULTILINE)]
    assert found == []
    assert mail.text == mail.text.strip() + "\n"


def test_every_heading_has_a_rule_of_its_own_length(mail: Mail) -> None:
    lines = mail.text.splitlines()
    rules = [n for n, line in enumerate(lines) if re.fullmatch(r"={2,}|-{2,}", line)]
    headed = [n for n in rules if lines[n - 1]]  # the one above the footer has nothing above it
    assert len(headed) == len(rules) - 1 == 1 + len(mail.edition.groups) + 2
    assert all(len(lines[n]) == len(lines[n - 1]) for n in headed)


def test_a_long_word_is_broken_and_a_long_address_is_not() -> None:
    address = "https://news.example.org/" + "x" * 100
    text = rendered(of_summary(title="W" * 100, url=address)).text
    assert f"\n{address}\n" in text
    assert "W" * 76 + "\n" + "W" * 24 in text


def test_an_address_in_a_sentence_is_not_broken() -> None:
    address = "https://news.example.org/" + "y" * 80
    item = an_item(
        teasers={"patient": a_teaser(lead=f"Those who walked wrote at {address} of it.")}
    )
    assert address in rendered(of_items(item)).text


@given(title=st.text(ANY_BUT_A_SLOT, max_size=120), lead=st.text(ANY_BUT_A_SLOT, max_size=300))
@settings(max_examples=40, deadline=None)
def test_any_words_stand_in_lines_without_debris(title: str, lead: str) -> None:
    summary = a_summary(title=f"T {title}", url="https://news.example.org/walk")
    item = an_item(summary=summary, teasers={"patient": a_teaser(lead=f"L {lead}")})
    text = made(of_items(item)).text
    for line in text.split("\n"):
        assert len(line) <= 78 or "://" in line
        assert line == line.rstrip(" \t")
    assert "\n\n\n\n" not in text
    assert text.count("https://news.example.org/walk\n") >= 1


def test_the_text_part_reads_well() -> None:
    """A person read the golden file; renew it by hand when the template changes."""
    round_up = a_summary(kind="article", slug="up", title="A Round-Up", url="")
    edition = with_words(a_month(cards=3, themes=2, articles=(round_up,)))
    site = "https://digest.example.org"
    ann = a_personal(unsubscribe_url=f"{site}/leave/abc", preferences_url=f"{site}/preferences/abc")
    text = personalise(rendered(edition), ann)[1]
    assert text == GOLDEN.read_text(encoding="utf-8")
