"""The text part of a rendition: whole, in order, in lines that every mail program can show."""

from __future__ import annotations

import re
from pathlib import Path

from digest.mail.slots import personalise
from digest.values import Audience
from tests.builders import a_month, a_summary, with_words
from tests.mail.test_render import EDITIONS, PERSONAL, SIZES, of_summary, rendered

GOLDEN = Path(__file__).parent / "golden" / "patient.txt"


@SIZES
@EDITIONS
def test_the_text_part_has_each_title_and_address_once_and_in_order(
    audience: Audience, cards: int
) -> None:
    edition = a_month(cards=cards, audience=audience)
    text = rendered(edition).text
    lines = text.splitlines()
    places = []
    for item in edition.items:
        assert lines.count(item.summary.title) == 1
        assert lines.count(item.summary.url) == 1
        places += [lines.index(item.summary.title), lines.index(item.summary.url)]
    assert places == sorted(places)
    assert all(len(line) <= 78 or "://" in line for line in lines)
    assert not re.search(r"[<>{}]|&\w+;|[ \t]$|\n{4}", text, re.MULTILINE)


def test_a_long_word_is_broken_and_a_long_address_is_not() -> None:
    address = "https://news.example.org/" + "x" * 100
    text = rendered(of_summary(title="W" * 100, url=address)).text
    assert f"\n{address}\n" in text
    assert "W" * 76 + "\n" + "W" * 24 in text


def test_the_text_part_reads_well() -> None:
    """A person read the golden file; renew it by hand when the template changes."""
    round_up = a_summary(kind="article", slug="up", title="A Round-Up", url="")
    edition = with_words(a_month(cards=3, themes=2, articles=(round_up,)))
    text = personalise(rendered(edition), PERSONAL)[1]
    assert text == GOLDEN.read_text(encoding="utf-8")
