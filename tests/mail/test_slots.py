"""What differs per recipient, and the public page, which holds none of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from digest.errors import Refused
from digest.mail import links
from digest.mail.render import mail_environment, render
from digest.mail.slots import (
    BROWSER_URL,
    JOINED,
    PREFERENCES_URL,
    UNSUBSCRIBE_URL,
    personalise,
    public_page,
)
from digest.values import Edition, Item, Personal, Rendition, Summary, Word
from tests.builders import a_summary, a_teaser, a_theme, a_wording, an_edition, an_item

PERSONAL = Personal(
    unsubscribe_url="https://digest.example.org/leave/abc?x=1&y=2",
    preferences_url="https://digest.example.org/preferences/abc",
    browser_url="https://digest.example.org/issues/12/patient",
    joined="3 March 2026",
)


def rendered(edition: Edition | None = None) -> Rendition:
    return render(edition or an_edition(), mail_environment())


def with_item(item: Item) -> Edition:
    edition = an_edition()
    return replace(edition, groups=(replace(edition.groups[0], items=(item,)),))


def test_slots_survive_inlining_in_an_address_and_in_text() -> None:
    rendition = rendered()
    assert f'href="{UNSUBSCRIBE_URL}"' in rendition.html
    assert f'href="{BROWSER_URL}"' in rendition.html
    assert f'href="{PREFERENCES_URL}"' in rendition.html
    assert f"living with MS on {JOINED}." in rendition.html
    for slot in (UNSUBSCRIBE_URL, PREFERENCES_URL, BROWSER_URL, JOINED):
        assert rendition.text.count(slot) == 1


def test_every_slot_is_filled_and_escaped_in_the_html_alone() -> None:
    html, text = personalise(rendered(), PERSONAL)
    assert 'href="https://digest.example.org/leave/abc?x=1&amp;y=2"' in html
    assert "on 3 March 2026." in html
    assert "https://digest.example.org/leave/abc?x=1&y=2\n" in text
    assert "__DIGEST" not in html + text
    assert "<!--mail-only" not in html
    assert "<!--theme" not in html


def test_a_value_that_looks_like_a_slot_is_not_filled_again() -> None:
    personal = replace(PERSONAL, joined=UNSUBSCRIBE_URL)
    assert f"on {UNSUBSCRIBE_URL}." in personalise(rendered(), personal)[0]


def test_filling_changes_the_slots_and_nothing_else() -> None:
    rendition = rendered()
    one = personalise(rendition, PERSONAL)[1]
    for value, slot in (
        (PERSONAL.unsubscribe_url, UNSUBSCRIBE_URL),
        (PERSONAL.preferences_url, PREFERENCES_URL),
        (PERSONAL.browser_url, BROWSER_URL),
        (PERSONAL.joined, JOINED),
    ):
        one = one.replace(value, slot)
    # The browser address is the beginning of no other address in this edition.
    marks = re.compile(r"^__DIGEST_(?:/?THEME|/?SAY)[ a-z0-9]*__\n", re.MULTILINE)
    assert one == marks.sub("", rendition.text)


def test_the_public_page_holds_nothing_personal() -> None:
    page = public_page(rendered())
    assert page.startswith("<!DOCTYPE html>")
    for word in (
        "__DIGEST",
        "Leave this list",
        "Your page: themes, lists, a pause",
        "<!--say",
        "<!--theme",
        "You get this",
        "Read in your browser",
        "<!--mail",
    ):
        assert word not in page
    assert "1 Example Street" in page
    assert "Study 1 on Walking" in page


def test_the_public_page_shows_in_full_what_has_no_address() -> None:
    lone = a_summary(slug="lone", url="", found="First <b>.\n\nSecond.", why="Why so.")
    round_up = a_summary(
        kind="article", slug="up", url="", body="The body.", found="", why="", limits=""
    )
    edition = replace(with_item(an_item(summary=lone)), articles=(round_up,))
    rendition = rendered(edition)
    assert "First" not in personalise(rendition, PERSONAL)[0]
    assert "full-text" not in personalise(rendition, PERSONAL)[0]
    page = public_page(rendition, links.full_texts(edition))
    card = page[page.index('id="study-1"') : page.index('id="article-1"')]
    assert "First &lt;b&gt;.</p>" in card
    assert "Second.</p>" in card
    assert "Only one clinic took part." in card
    assert "The body.</p>" in page[page.index('id="article-1"') :]
    assert "full-text" not in page


@pytest.mark.parametrize("field", ["title", "headline", "found", "journal", "url"])
def test_a_summary_that_holds_a_slot_is_refused_by_its_slug(field: str) -> None:
    summary = a_summary(slug="sly", **{field: f"x {UNSUBSCRIBE_URL} y"})
    with pytest.raises(Refused, match=r"^sly: .*exclude the summary"):
        rendered(with_item(an_item(summary=summary)))


def test_a_teaser_or_subject_that_holds_a_slot_is_refused() -> None:
    sly = an_item(teasers={"patient": a_teaser(caveat=f"{JOINED}.")})
    with pytest.raises(Refused, match="a-walk-a-day"):
        rendered(with_item(sly))
    for part in ("subject", "preheader", "intro"):
        with pytest.raises(Refused, match=f"issue 12: the {part} holds"):
            rendered(an_edition(wording=a_wording(**{part: f"For {JOINED}"})))


def test_a_theme_or_publication_that_holds_a_slot_is_refused_in_any_case() -> None:
    edition = an_edition()
    themed = replace(edition.groups[0], theme=a_theme("sly", "Walking __digest_/theme__"))
    with pytest.raises(Refused, match=r"theme sly: its name or line in themes\.yaml"):
        rendered(replace(edition, groups=(themed,)))
    sly = replace(edition.publication, name="__Digest_Unsubscribe_Url__")
    with pytest.raises(Refused, match=r"issue 12: config\.yaml, in publication"):
        rendered(replace(edition, publication=sly))


def test_a_glossary_that_holds_a_slot_is_refused() -> None:
    edition = an_edition()
    group = replace(edition.groups[0], words=(Word("walk", "walk", f"see {BROWSER_URL}"),))
    with pytest.raises(Refused, match="walk: its line in the glossary"):
        rendered(replace(edition, groups=(group,)))


def test_a_slot_outside_of_the_marks_is_refused_on_the_public_page() -> None:
    rendition = rendered()
    with pytest.raises(Refused, match="mail-only"):
        public_page(replace(rendition, html=rendition.html.replace("<!--mail-only-->", "")))


def test_an_article_that_holds_a_slot_is_refused() -> None:
    article: Summary = a_summary(kind="article", slug="up", body=f"See {BROWSER_URL}")
    with pytest.raises(Refused, match=r"^up: "):
        rendered(an_edition(articles=(article,)))
