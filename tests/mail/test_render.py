"""The rendition of an edition: structure, order, escaping and size."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from selectolax.lexbor import LexborNode as Node

from digest.errors import Refused
from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.mail.tokens import LOOKS
from digest.values import AUDIENCES, Audience, Edition, Fact, Personal, Rendition
from tests.builders import (
    a_month,
    a_publication,
    a_summary,
    a_teaser,
    a_wording,
    an_edition,
    an_evidence,
    an_item,
    with_words,
)

PERSONAL = Personal(
    "https://digest.example.org/leave/abc", "https://digest.example.org/issues/12/x", "3 March 2026"
)
ANY_BUT_A_SLOT = st.characters(exclude_characters="_")
SIZES = pytest.mark.parametrize("cards", [5, 15, 45])
EDITIONS = pytest.mark.parametrize("audience", AUDIENCES)


def rendered(edition: Edition) -> Rendition:
    return render(edition, mail_environment())


def of_summary(**changes: str) -> Edition:
    edition = an_edition()
    item = an_item(summary=a_summary(**changes))
    return replace(edition, groups=(replace(edition.groups[0], items=(item,)),))


def texts(page: HTMLParser, selector: str) -> list[str]:
    return [node.text() for node in page.css(selector)]


def attribute(node: Node | None, name: str) -> str:
    assert node is not None
    return node.attributes[name] or ""


@SIZES
@EDITIONS
def test_headings_follow_the_model_and_skip_no_level(audience: Audience, cards: int) -> None:
    edition = a_month(cards=cards, audience=audience)
    page = HTMLParser(rendered(edition).html)
    expected = [f"What {cards} studies found"]
    for group in edition.groups:
        expected.append(group.theme.names[audience])
        expected += [item.summary.title for item in group.items]
    assert texts(page, "h1, h2, h3") == expected
    assert len(page.css("h1")) == 1
    assert texts(page, "h2") == [group.theme.names[audience] for group in edition.groups]
    assert len(page.css("h3")) == cards
    assert [attribute(node, "id") for node in page.css("td[id]")] == [
        f"study-{n}" for n in range(1, cards + 1)
    ]


@SIZES
@EDITIONS
def test_the_page_holds_only_what_mail_clients_take(audience: Audience, cards: int) -> None:
    html = rendered(a_month(cards=cards, audience=audience)).html
    page = HTMLParser(html)
    assert html.startswith("<!DOCTYPE html>\n<html lang=")
    for tag in ("script", "form", "img", "iframe", "link", "base", "object", "video"):
        assert not page.css(tag), tag
    assert not re.search(r"var\(|flex|grid|url\(|@import|cdn|src=", html)
    assert all(attribute(table, "role") == "presentation" for table in page.css("table"))
    assert html.count("<table") == html.count('<table role="presentation"')
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") == 3
    for style in page.css("style"):
        assert style.parent is not None
        assert style.parent.tag == "head"
    assert sum(len(style.text()) for style in page.css("style")) < 16 * 1024
    assert max(_depth(table) for table in page.css("table")) <= 3


def test_dark_mode_is_asked_for_in_both_ways() -> None:
    html = rendered(a_month(cards=5)).html
    dark = LOOKS["patient"].dark
    assert '<meta name="color-scheme" content="light dark">' in html
    assert '<meta name="supported-color-schemes" content="light dark">' in html
    assert "@media (max-width:480px){.pad{padding-left:20px!important" in html
    media = html[html.index("@media (prefers-color-scheme:dark){") :].split("</style>")[0]
    assert f".sheet{{background-color:{dark.sheet}!important}}" in media
    assert f"[data-ogsc] .acc,[data-ogsc] .you{{color:{dark.accent}!important}}" in html
    assert f"[data-ogsb] .page{{background-color:{dark.page}!important}}" in html


def test_every_class_that_a_kept_sheet_names_is_on_an_element() -> None:
    page = HTMLParser(rendered(with_words(a_month(cards=15))).html)
    named = {
        name for style in page.css("style") for name in re.findall(r"\.([a-z]+)", style.text())
    }
    used = {name for node in page.css("[class]") for name in attribute(node, "class").split()}
    assert used == named


@EDITIONS
def test_language_direction_and_label_are_on_page_and_wrapper(audience: Audience) -> None:
    publication = a_publication(language="en-GB")
    page = HTMLParser(rendered(a_month(cards=5, audience=audience, publication=publication)).html)
    wrapper = page.css_first("[role=article]")
    for node in (page.css_first("html"), wrapper):
        assert (attribute(node, "lang"), attribute(node, "dir")) == ("en-GB", "ltr")
    assert attribute(wrapper, "aria-label") == "MS Research Digest, November 2026"
    assert texts(page, "title") == ["November 2026: what 5 studies found"]


@EDITIONS
def test_no_type_is_smaller_than_16_px_but_the_clinicians_footer(audience: Audience) -> None:
    html = rendered(a_month(cards=5, audience=audience)).html
    sizes = [int(size) for size in re.findall(r"font-size:(\d+)", html.split("</head>")[1])]
    small = [size for size in sizes if 0 < size < 16]  # 0: the accent bar, which holds no text
    assert small == ([14] if audience == "clinician" else [])
    assert LOOKS[audience].type.body == (16 if audience == "clinician" else 18)


@EDITIONS
def test_text_stands_out_from_its_ground(audience: Audience) -> None:
    least = 7.0
    for scheme in (LOOKS[audience].light, LOOKS[audience].dark):
        for ground in (scheme.sheet, scheme.tint):
            assert _contrast(scheme.ink, ground) >= least
            assert _contrast(scheme.muted_on_tint, ground) >= least
        assert _contrast(scheme.muted, scheme.sheet) >= least
        assert _contrast(scheme.accent, scheme.sheet) >= least


@SIZES
def test_the_preheader_comes_first_and_is_hidden(cards: int) -> None:
    rendition = rendered(a_month(cards=cards))
    assert 40 <= len(rendition.preheader) <= 110
    first = HTMLParser(rendition.html).css_first("body > *")
    assert first is not None
    assert first.text().rstrip("\u00a0\u034f") == rendition.preheader
    assert "display:none;max-height:0;overflow:hidden;mso-hide:all" in attribute(first, "style")


def test_counts_month_and_number_fill_subject_preheader_and_intro() -> None:
    wording = a_wording(
        subject="{month} #{number}: {studies}", preheader="{themes}", intro="{studies} in {themes}"
    )
    rendition = rendered(an_edition(cards=1, wording=wording))
    assert rendition.subject == "November 2026 #12: 1 study"
    assert rendition.preheader == "1 theme"
    assert "1 study in 1 theme</h1>" in rendition.html


def test_the_facts_say_what_is_new_what_was_in_mice_and_how_long_it_takes() -> None:
    mice = an_item(evidence=an_evidence(species=Fact(("mouse",), "In mice.")))
    edition = an_edition(cards=4)
    group = replace(edition.groups[0], items=(mice, *edition.groups[0].items[1:]))
    page = HTMLParser(rendered(replace(edition, groups=(group,))).html)
    assert texts(page, "h1 + p") == [
        "4 new studies in 1 theme. One was done in mice, not people. Reading time: 1 minute."
    ]


def test_a_subject_is_one_line_and_escaped_in_the_page() -> None:
    rendition = rendered(an_edition(wording=a_wording(subject="Walk & co\r\nBcc: a@example.org")))
    assert rendition.subject == "Walk & co Bcc: a@example.org"
    assert "<title>Walk &amp; co Bcc: a@example.org</title>" in rendition.html


def test_a_card_shows_title_lead_audience_caveat_and_evidence_in_this_order() -> None:
    card = HTMLParser(rendered(an_edition(cards=1)).html).css_first("#study-1")
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


def test_a_card_without_audience_sentence_or_caveat_says_so() -> None:
    edition = an_edition()
    item = an_item(teasers={"patient": a_teaser(audience=None, caveat=None)})
    html = rendered(replace(edition, groups=(replace(edition.groups[0], items=(item,)),))).html
    assert "For you:" not in html
    assert "<b>Keep in mind:</b> The summary names no limits.</p>" in html


def test_a_hairline_stands_between_cards_and_not_after_the_last() -> None:
    page = HTMLParser(rendered(a_month(cards=6, themes=2)).html)
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


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        "{{ 7*7 }} {% raw %} ${x} %s",
        "\"quoted\" & 'apostrophe' --> </style> <!-- x",
        'say style="a; b" and class="c d"',
        "&amp; &lt;b&gt; &nbsp;",
        "<!--/mail-only--> <!--full-text study-1-->",
        "@import url(x)",
    ],
)
def test_a_hostile_title_is_shown_and_does_nothing(title: str) -> None:
    rendition = rendered(of_summary(title=title))
    page = HTMLParser(personalise(rendition, PERSONAL)[0])
    assert texts(page, "h3") == [title]
    assert not page.css("script")
    assert title in rendition.text


@given(title=st.text(ANY_BUT_A_SLOT, max_size=60), lead=st.text(ANY_BUT_A_SLOT, max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_words_leave_the_page_whole(title: str, lead: str) -> None:
    edition = an_edition()
    item = an_item(
        summary=a_summary(title=f"T {title}"), teasers={"patient": a_teaser(lead=f"L {lead}")}
    )
    rendition = rendered(replace(edition, groups=(replace(edition.groups[0], items=(item,)),)))
    page = HTMLParser(rendition.html)
    written = re.sub(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]", " ", f"T {title}")
    assert texts(page, "h3") == [" ".join(written.split())]
    assert len(page.css("h1, h2, h3")) == 3
    assert rendition.html.encode("utf-8").endswith(b"</html>")


@EDITIONS
def test_the_same_edition_gives_the_same_bytes_and_opens_no_socket(
    audience: Audience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    edition = a_month(cards=15, audience=audience)
    first, again = rendered(edition), render(edition, mail_environment.__wrapped__())
    assert first == again
    assert first.content_hash == again.content_hash


@pytest.mark.parametrize(
    ("audience", "words", "a_theme_more"),
    [("patient", 2, 1_000), ("caregiver", 2, 1_000), ("clinician", 0, 700)],
)
def test_fifteen_cards_in_six_themes_stay_under_25_000_bytes(
    audience: Audience, words: int, a_theme_more: int
) -> None:
    def size(themes: int) -> int:
        edition = a_month(cards=15, themes=themes, audience=audience)
        return len(rendered(with_words(edition, each=words)).html.encode())

    assert size(themes=6) <= 25_000
    assert size(themes=7) - size(themes=6) <= a_theme_more


@EDITIONS
def test_most_of_a_mail_is_not_markup(audience: Audience) -> None:
    for cards, share in ((5, 0.2), (15, 0.25), (45, 0.25)):
        html = rendered(a_month(cards=cards, audience=audience)).html
        body = HTMLParser(html).css_first("[role=article]")
        assert body is not None
        visible = " ".join(body.text(separator=" ").split())
        assert len(visible.encode()) / len(html.encode()) >= share


def test_a_sites_own_part_goes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "email").mkdir()
    about = tmp_path / "email" / "about.html"
    about.write_text(
        "{% macro about(issue) %}<tr><td>Our own {{ issue.about }}</td></tr>{% endmacro %}"
    )
    html = render(an_edition(), mail_environment(tmp_path)).html
    assert "<td>Our own One study is one piece of a puzzle." in html
    assert "Study 1 on Walking" in html


@pytest.mark.parametrize(
    ("part", "source", "said"),
    [
        (
            "about.html",
            "{% macro about(issue) %}\n{{ issue.nonsense }}{% endmacro %}",
            "about.html line 2",
        ),
        ("about.html", "\n\n{% macro about(issue) %}", "about.html line 3"),
        ("about.html", "{% macro about() %}{% endmacro %}", "takes not more than 0 argument"),
        ("footer.html", "{% macro footer(a, b, c) %}{% endmacro %}", "no way to leave the list"),
        ("issue.txt", "Hello", "issue.txt: the mail has no way to leave"),
        ("inline.css", "@import 'x.css';", "@import"),
    ],
)
def test_a_sites_own_part_that_is_wrong_is_refused_in_one_line(
    part: str, source: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / part).write_text(source)
    with pytest.raises(Refused) as refused:
        render(an_edition(), mail_environment(tmp_path))
    assert said in refused.value.line()
    assert "\n" not in refused.value.line()


def _depth(table: Node) -> int:
    depth, node = 1, table.parent
    while node:
        depth += node.tag == "table"
        node = node.parent
    return depth


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two #rrggbb colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
