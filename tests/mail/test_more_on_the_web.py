"""A mail that no inbox would take whole: fewer cards a theme, the rest on our page."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest
from selectolax.lexbor import LexborHTMLParser

from digest.mail.render import LARGEST, size_as_sent
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.values import Audience, Edition
from tests.builders import a_month, a_personal, a_summary, a_teaser, an_item, with_words
from tests.mail.material import (
    EDITIONS,
    Mail,
    attribute,
    made,
    of_items,
    said,
    shipped_wording,
    texts,
)

LONG = "A sentence of a teaser that goes on for longer than most of them do, word for word. " * 4


def of_long_cards(audience: Audience, cards: int, themes: int = 6) -> Edition:
    edition = a_month(cards=cards, themes=themes, wording=shipped_wording(audience))
    teasers = dict.fromkeys((audience,), a_teaser(lead=LONG.strip(), caveat=LONG.strip()))
    groups = tuple(
        replace(group, items=tuple(replace(item, teasers=teasers) for item in group.items))
        for group in edition.groups
    )
    return with_words(replace(edition, groups=groups))


@cache
def large(audience: Audience) -> Mail:
    return made(of_long_cards(audience, 120))


def shown_of(mail: Mail) -> list[int]:
    """The cards that each theme shows."""
    titles = set(texts(mail.page, "h3"))
    return [sum(i.summary.title in titles for i in group.items) for group in mail.edition.groups]


@EDITIONS
def test_a_mail_too_large_shows_fewer_cards_of_each_theme_and_fits(audience: Audience) -> None:
    mail = large(audience)
    assert size_as_sent(mail.html) <= LARGEST
    shown = shown_of(mail)
    assert 1 <= min(shown) == max(shown) < 20
    roomy = LARGEST - size_as_sent(mail.html)
    assert roomy < 2 * LARGEST / sum(shown) * len(shown)  # no card a theme was left out in vain


@EDITIONS
def test_each_theme_leads_to_its_first_hidden_card_on_our_page(audience: Audience) -> None:
    mail = large(audience)
    page, first, expected = f"https://digest.example.org/issues/12/{audience}", 1, []
    for group, shown in zip(mail.edition.groups, shown_of(mail), strict=True):
        name = group.theme.names[audience]
        hidden = f"{len(group.items) - shown} more on the web: {name}"
        expected.append((hidden, f"{page}#study-{first + shown}"))
        first += len(group.items)
    links = [(node.text(), attribute(node, "href")) for node in mail.page.css("a")]
    assert [link for link in links if "more on the web" in link[0]] == expected
    for text, address in expected:
        assert f"\n{text}\n{address}\n" in mail.text
        anchor = address.partition("#")[2]
        assert LexborHTMLParser(mail.rendition.page).css(f"[id={anchor}]")
        assert not mail.page.css(f"[id={anchor}]")


@EDITIONS
def test_our_page_shows_every_card_and_no_more_link(audience: Audience) -> None:
    mail = large(audience)
    titles = [item.summary.title for item in mail.edition.items]
    page = LexborHTMLParser(mail.rendition.page)
    assert texts(page, "h3") == titles
    assert [attribute(node, "id") for node in page.css("[id]")] == [
        f"study-{n}" for n in range(1, 121)
    ]
    assert "more on the web" not in mail.rendition.page


@EDITIONS
def test_the_counts_still_tell_all(audience: Audience) -> None:
    mail = large(audience)
    assert "120 studies" in mail.rendition.subject
    assert "120 studies in 6 themes" in mail.rendition.preheader
    facts = said(" ".join(texts(mail.page, "h1 + p")))
    assert facts.startswith("120 new studies in 6 themes.")
    whole = made(of_long_cards(audience, 12))
    minutes = [re.findall(r"Reading time: (\d+)", one.text) for one in (whole, mail)]
    assert int(minutes[1][0]) > 5 * int(minutes[0][0])
    assert {said(line).rpartition("— ")[2] for line in texts(mail.page, "ul > li")} == {
        "20 studies"
    }


def test_reading_order_and_headings_hold_in_what_is_left() -> None:
    mail = large("patient")
    titles = [item.summary.title for item in mail.edition.items]
    shown = texts(mail.page, "h3")
    assert shown == [title for title in titles if title in set(shown)]
    assert len(texts(mail.page, "h2")) == 6
    names = texts(mail.page, "a")
    assert len(set(names)) == len(names)


def test_the_text_part_shows_the_same_cards() -> None:
    mail = large("patient")
    shown = texts(mail.page, "h3")
    lines = mail.text.splitlines()
    assert [line for line in lines if line in set(shown)] == shown
    assert all(len(line) <= 78 or "://" in line for line in lines)


def test_a_theme_that_fits_has_no_link_beside_one_that_does_not() -> None:
    edition = of_long_cards("patient", 120, themes=2)
    short = replace(edition.groups[1], items=edition.groups[1].items[:1])
    mail = made(replace(edition, groups=(edition.groups[0], short)))
    found = [name for name in texts(mail.page, "a") if "on the web" in name]
    assert found == [f"{60 - shown_of(mail)[0]} more on the web: Walking & well-being"]


def test_a_choice_of_themes_keeps_its_links_and_its_counts() -> None:
    mail = large("patient")
    chosen = for_themes(mail.rendition, frozenset({"theme-1"}))
    assert chosen is not None
    html, text = personalise(chosen, a_personal())
    assert "what 20 studies found" in chosen.subject
    for part in (html, text):
        assert part.count("more on the web") == 1


@pytest.mark.parametrize("cards", [1, 3])
def test_the_last_card_of_a_theme_is_never_cut(cards: int) -> None:
    huge = "Long words of one summary stand here. " * 2_500
    items = [
        an_item(
            summary=a_summary(slug=f"s{n}", title=f"Title {n}", url=f"https://x.example/{n}"),
            teasers={"patient": a_teaser(lead=huge)},
        )
        for n in range(cards)
    ]
    mail = made(of_items(*items))
    assert size_as_sent(mail.html) > LARGEST
    assert texts(mail.page, "h3") == ["Title 0"]
    assert said(huge) in said(" ".join(texts(mail.page, "#study-1")))
    assert mail.html.count("more on the web") == (cards > 1)


@EDITIONS
def test_a_mail_that_fits_is_whole(audience: Audience) -> None:
    mail = made(of_long_cards(audience, 30))
    assert shown_of(mail) == [5] * 6
    assert "more on the web" not in mail.html + mail.text


def test_the_readers_own_addresses_do_not_push_a_mail_over_the_edge() -> None:
    """Around the very size at which a second card has no room any more."""

    def of_letters(count: int) -> Mail:
        cards = [
            an_item(summary=a_summary(slug="s1"), teasers={"patient": a_teaser(lead="x " * count)}),
            an_item(summary=a_summary(slug="s2", title="The Second")),
        ]
        return made(of_items(*cards))

    site = "https://digest.example.org/a-folder-of-the-site"
    ann = a_personal(
        unsubscribe_url=f"{site}/leave/{'x' * 150}", preferences_url=f"{site}/p/{'x' * 150}"
    )
    bytes_a_letter = 2 * 76 / 73  # "x " and the line ends of quoted-printable
    most = int((LARGEST - size_as_sent(of_letters(1).rendition.html)) / bytes_a_letter)
    whole = set()
    for count in range(most - 900, most + 300, 100):
        mail = of_letters(count)
        assert size_as_sent(personalise(mail.rendition, ann)[0]) <= LARGEST
        whole.add(len(shown_titles(mail)))
    assert whole == {1, 2}


def shown_titles(mail: Mail) -> list[str]:
    return texts(mail.page, "h3")
