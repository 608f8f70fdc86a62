"""A card, the articles, the facts; and words from outside, which are shown and do nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.mail.slots import personalise
from digest.values import Fact
from tests.builders import (
    a_month,
    a_personal,
    a_summary,
    a_teaser,
    a_wording,
    an_edition,
    an_evidence,
    an_item,
)
from tests.mail.material import (
    ANY_BUT_A_SLOT,
    Mail,
    attribute,
    of_items,
    of_summary,
    rendered,
    texts,
)


def test_a_card_shows_title_lead_audience_caveat_and_evidence_in_this_order() -> None:
    card = LexborHTMLParser(rendered(an_edition(cards=1)).html).css_first("#study-1")
    assert card is not None
    assert [line.strip() for line in card.text(separator="\n").split("\n") if line.strip()] == [
        "Study 1 on Walking",
        "Walking every day went along with less tiredness.",
        "For you:",
        "Patients may try a short walk.",
        "Keep in mind:",
        "Only one clinic took part.",
        "People observed · 120 people · Sample Journal of Walking",
    ]


def test_every_card_of_every_edition_has_its_caveat(mail: Mail) -> None:
    label = mail.edition.wording.caveat_label
    for number, item in enumerate(mail.edition.items, 1):
        card = mail.page.css_first(f"#study-{number}")
        assert card is not None
        stated = item.teasers[mail.audience].caveat or "The summary names no limits."
        assert [text for text in texts_of(card) if text.startswith(label)] == [f"{label} {stated}"]


def texts_of(card: LexborNode) -> list[str]:
    return [one.text() for one in card.css("p")]


def test_mice_are_never_lost_in_any_edition(mail: Mail) -> None:
    card = mail.page.css_first("#study-1")
    assert card is not None
    assert "Laboratory study · mice, not people · Sample Journal of Walking" in texts_of(card)
    assert "One was done in mice, not people." in texts(mail.page, "h1 + p")[0]
    assert "Laboratory study · mice, not people" in mail.text


def test_a_card_without_audience_sentence_or_caveat_says_so() -> None:
    html = rendered(
        of_items(an_item(teasers={"patient": a_teaser(audience=None, caveat=None)}))
    ).html
    assert "For you:" not in html
    assert "<b>Keep in mind:</b> The summary names no limits.</p>" in html


def test_a_hairline_stands_between_cards_and_not_after_the_last() -> None:
    page = LexborHTMLParser(rendered(a_month(cards=6, themes=2)).html)
    lined = ["border-bottom" in attribute(td, "style") for td in page.css("td[id]")]
    assert lined == [True, True, False, True, True, False]


def test_articles_stand_under_also_worth_reading_and_only_when_there_are_any() -> None:
    round_up = a_summary(kind="article", slug="up", title="A Round-Up", url="")
    html = rendered(an_edition(articles=(round_up,))).html
    assert "Also worth reading</h2>" in html
    assert 'href="https://digest.example.org/issues/12/patient#article-1"' in html
    assert "Also worth reading" not in rendered(an_edition()).html


def test_our_own_addresses_never_hold_a_slug() -> None:
    rendition = rendered(of_summary(slug="multiple-sclerosis-relapse", url=""))
    assert "multiple-sclerosis-relapse" not in rendition.html + rendition.text
    assert 'href="https://digest.example.org/issues/12/patient#study-1"' in rendition.html


def test_the_facts_say_what_is_new_what_was_in_mice_and_how_long_it_takes() -> None:
    mice = an_item(evidence=an_evidence(species=Fact(("mouse",), "In mice.")))
    edition = an_edition(cards=4)
    group = replace(edition.groups[0], items=(mice, *edition.groups[0].items[1:]))
    page = LexborHTMLParser(rendered(replace(edition, groups=(group,))).html)
    assert texts(page, "h1 + p") == [
        "4 new studies in 1 theme. One was done in mice, not people. Reading time: 1 minute."
    ]


# ── words from outside ────────────────────────────────────────────────────────────────────


def test_a_subject_is_one_line_and_escaped_in_the_page() -> None:
    rendition = rendered(an_edition(wording=a_wording(subject="Walk & co\r\nBcc: a@example.org")))
    assert rendition.subject == "Walk & co Bcc: a@example.org"
    assert "<title>Walk &amp; co Bcc: a@example.org</title>" in rendition.html


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        "{{ 7*7 }} {% raw %} ${x} %s",
        "\"quoted\" & 'apostrophe' --> </style> <!-- x",
        'say style="a; b" and class="c d"',
        "&amp; &lt;b&gt; &nbsp;",
        "<!--/mail-only--> <!--full-text study-1-->",
        "<!--/theme--> <!--theme 1--> <!--say facts-->x<!--/say-->",
        "<![endif]--> <!--[if mso]>",
        "@import url(x)",
    ],
)
def test_a_hostile_title_is_shown_and_does_nothing(title: str) -> None:
    rendition = rendered(of_summary(title=title))
    page = LexborHTMLParser(personalise(rendition, a_personal())[0])
    assert texts(page, "h3") == [title]
    assert not page.css("script")
    assert title in rendition.text


@given(title=st.text(ANY_BUT_A_SLOT, max_size=60), lead=st.text(ANY_BUT_A_SLOT, max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_words_leave_the_page_whole(title: str, lead: str) -> None:
    item = an_item(
        summary=a_summary(title=f"T {title}"), teasers={"patient": a_teaser(lead=f"L {lead}")}
    )
    rendition = rendered(of_items(item))
    page = LexborHTMLParser(rendition.html)
    written = re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", " ", f"T {title}")
    assert texts(page, "h3") == [" ".join(written.split())]
    assert len(page.css("h1, h2, h3")) == 3
    assert rendition.html.encode("utf-8").endswith(b"</html>")
