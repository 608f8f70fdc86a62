"""Ink on ground in a finished mail: how it is read, and what our editions keep."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.mail.contrast import SCHEMES, Pair, Scheme, luminance, pairs, ratio
from digest.mail.render import mail_environment, render
from digest.mail.tokens import LOOKS
from digest.values import AUDIENCES, Audience
from tests.builders import a_month, a_summary, with_words

ALL_SCHEMES = pytest.mark.parametrize("scheme", SCHEMES)
EDITIONS = pytest.mark.parametrize("audience", AUDIENCES)
COLOUR = re.compile(r"#[0-9a-f]{6}")
KNOWS_THE_DARK = '<meta name="color-scheme" content="light dark">'


@lru_cache(maxsize=9)
def mail(audience: Audience, cards: int) -> str:
    """An edition with every part that shows words: hard words and articles among them."""
    edition = a_month(cards=cards, audience=audience, articles=(a_summary(kind="article"),))
    return render(with_words(edition), mail_environment()).html


def colours(html: str, scheme: Scheme = "light") -> tuple[str, str]:
    """Ink and ground of the one text of `html`."""
    (found,) = pairs(html, scheme)
    return found.ink, found.ground


def in_dark(rules: str) -> str:
    return f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"


# ── our editions ──────────────────────────────────────────────────────────────────────────


@EDITIONS
@pytest.mark.parametrize("cards", [5, 15, 45])
@ALL_SCHEMES
def test_every_text_of_an_edition_stands_out(
    audience: Audience, cards: int, scheme: Scheme
) -> None:
    least = 7.0 if scheme in ("light", "dark", "outlook") else 4.5
    html = mail(audience, cards)
    found = pairs(html, scheme)
    assert [pair for pair in found if pair.ratio < least] == []
    assert _letters("".join(pair.text for pair in found)) == _letters(_visible(html))


@EDITIONS
@pytest.mark.parametrize("scheme", ["dark", "outlook"])
def test_no_text_keeps_the_light_when_an_edition_turns_dark(
    audience: Audience, scheme: Scheme
) -> None:
    look, html = LOOKS[audience], mail(audience, 5)
    light, dark = pairs(html, "light"), pairs(html, scheme)
    assert {pair.ground for pair in light} == {look.light.sheet, look.light.tint}
    assert {pair.ground for pair in dark} == {look.dark.sheet, look.dark.tint}
    assert not {pair.ink for pair in light} & {pair.ink for pair in dark}


@EDITIONS
def test_the_tokens_stand_out_from_every_ground_they_may_meet(audience: Audience) -> None:
    least = 7.0
    for scheme in (LOOKS[audience].light, LOOKS[audience].dark):
        for ground in (scheme.sheet, scheme.tint):
            assert ratio(scheme.ink, ground) >= least
            assert ratio(scheme.muted_on_tint, ground) >= least
        assert ratio(scheme.muted, scheme.sheet) >= least
        assert ratio(scheme.accent, scheme.sheet) >= least


@ALL_SCHEMES
def test_a_faint_ink_in_an_edition_is_found_in_every_scheme(scheme: Scheme) -> None:
    look = LOOKS["patient"]
    faint = mail("patient", 5).replace(look.light.muted, "#9a9a9a").replace(look.dark.muted, "#555")
    low = [pair for pair in pairs(faint, scheme) if pair.ratio < 4.5]
    assert "1 Example Street, Springfield, IL 62701, USA" in {pair.text for pair in low}


# ── WCAG's numbers ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the two greys on either side of 4.5:1
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#00ff00", 2.91),
    ],
)
def test_the_ratio_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert round(ratio(one, other), 2) == round(ratio(other, one), 2) == expected


def test_luminance_weighs_green_most_and_takes_one_form_only() -> None:
    assert [round(luminance(one), 4) for one in ("#FF0000", "#00ff00", "#0000ff")] == [
        0.2126, 0.7152, 0.0722,
    ]  # fmt: skip
    for wrong in ("#fff", "white", "", "#gggggg", "#ffffff\n"):
        with pytest.raises(ValueError, match="not a colour"):
            luminance(wrong)


# ── what is read from a page ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("#123", "#112233"),
        ("#A1b2C3", "#a1b2c3"),
        ("rgb(1, 20,255)", "#0114ff"),
        ("RGB( 1 20 300 )", "#0114ff"),
        ("rgba(1,2,3,1)", "#010203"),
        ("Navy !important", "#000080"),
        ("rgba(1,2,3,.5)", None),
        ("#12345678", None),
        ("var(--ink)", None),
        ("rebeccapurple", None),
        ("", None),
    ],
)
def test_a_colour_is_read_or_its_declaration_passed_over(written: str, read: str | None) -> None:
    assert colours(f'<p style="color:red;color:{written}">x') == (read or "#ff0000", "#ffffff")
    shown = colours(f'<p style="background-color:red;background-color:{written}">x')
    assert shown == ("#000000", read or "#ff0000")


@pytest.mark.parametrize(
    ("background", "ground"),
    [
        ("url(white.png) no-repeat #222", "#222222"),
        ("rgb(1, 2, 3) url(x)", "#010203"),
        ("none", "#00ff00"),
        ("transparent", "#00ff00"),
        ("linear-gradient(rgb(1, 2, 3), blue 90%)", "#ff0000"),
        ("url(data:image/png;base64,iVBOR=)", "#ff0000"),
        ("url(x)" * 100 + " #222", "#ff0000"),
    ],
)
def test_the_colour_of_a_background_is_read(background: str, ground: str) -> None:
    style = f"background:red;background:{background}"
    assert colours(f'<div bgcolor="lime"><p style="{style}">x')[1] == ground


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>x", ("#000000", "#ffffff")),
        ('<a href="/">x</a>', ("#0000ee", "#ffffff")),
        ("<a>x</a>", ("#000000", "#ffffff")),
        ('<p style="color:red"><a href="/" style="color:inherit">x', ("#ff0000", "#ffffff")),
        ('<body bgcolor="222222"><p><font color="#EEE">x', ("#eeeeee", "#222222")),
        ('<p color="#EEE">x', ("#000000", "#ffffff")),
        ('<p bgcolor="red" style="background-color:navy">x', ("#000000", "#000080")),
        ('<div style="color:lime;background:navy"><p><b>x', ("#00ff00", "#000080")),
        ("<style>p{color:red}</style><p style='color:navy'>x", ("#000080", "#ffffff")),
        ("<style>p{color:red!important}</style><p style='color:navy'>x", ("#ff0000", "#ffffff")),
        ("<style>.a{color:red}p{color:lime}</style><p class='a'>x", ("#ff0000", "#ffffff")),
        ("<style>.a{color:red}.a{color:lime}</style><p class='b a'>x", ("#00ff00", "#ffffff")),
        ("<style>P.a.b , h1{color:red}</style><p class='a b'>x", ("#ff0000", "#ffffff")),
        ("<style>p.a.b{color:red}</style><p class='a'>x", ("#000000", "#ffffff")),
        ("<style>/* p{ */ p{color:red} /* open</style><p>x", ("#ff0000", "#ffffff")),
        ("<style>@import 'x';p{color:red}</style><p>x", ("#ff0000", "#ffffff")),
        ("<style>@media screen{p{color:red}}</style><p>x", ("#ff0000", "#ffffff")),
        ("<style>@media (max-width:9px){p{color:red}}</style><p>x", ("#000000", "#ffffff")),
        ("<style>div p,p>b,*,p:hover,#i{color:red}</style><p id=i>x", ("#000000", "#ffffff")),
        ("<style>}}p{color:red}{{</style><p>x", ("#ff0000", "#ffffff")),
    ],
)
def test_the_winning_declaration_gives_ink_and_ground(html: str, expected: tuple[str, str]) -> None:
    assert colours(html) == expected


def test_texts_come_in_reading_order_without_what_nobody_sees() -> None:
    html = """<title>T</title><style>.gone{display:none}</style>
    <div style="display:none">hidden <b style="display:block">too</b></div><p hidden>nor this</p>
    <p>one <b>two</b>\n three<!-- no --></p><p>&nbsp;&#847;&zwnj; </p><p class="gone">four</p>
    <!--[if mso]><p>Word</p><![endif]--><!--[if !mso]><!--><p>five</p><!--<![endif]-->
    <script>six</script>"""
    assert [pair.text for pair in pairs(html, "light")] == ["one", "two", "three", "five"]


# ── the five schemes ──────────────────────────────────────────────────────────────────────

RULES = """<style>.ink{color:#111}
@media screen and (prefers-color-scheme: dark) { .ink { color: #eee !important } }
[data-ogsc] .ink{color:#ddd!important}[data-ogsb] .sheet,u + .body .sheet{background-color:#222}
</style><style media="(prefers-color-scheme:dark)">.sheet{background-color:#333}</style>
<div class="sheet" bgcolor="#ffffff"><p class="ink">x"""


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("light", ("#111111", "#ffffff")),
        ("dark", ("#eeeeee", "#333333")),
        ("outlook", ("#dddddd", "#222222")),
    ],
)
def test_each_scheme_reads_its_own_rules(scheme: Scheme, expected: tuple[str, str]) -> None:
    assert colours(RULES, scheme) == expected


def test_outlooks_rule_goes_before_a_later_plain_one() -> None:
    page = "<style>[data-ogsc] .a{color:#ddd}.a{color:#111}</style><p class=a>x"
    assert colours(page, "outlook")[0] == "#dddddd"


def test_an_inline_colour_stays_in_the_dark_unless_the_rule_is_important() -> None:
    page = '<p class="a" style="color:#111111">x'
    assert colours(in_dark(".a{color:#eee}") + page, "dark")[0] == "#111111"
    assert colours(in_dark(".a{color:#eee!important}") + page, "dark")[0] == "#eeeeee"


def test_what_only_the_dark_shows_is_read_in_the_dark() -> None:
    page = in_dark(".n{display:block!important}") + '<p class="n" style="display:none">x'
    assert pairs(page, "light") == ()
    assert colours(page, "dark") == ("#000000", "#ffffff")


def test_a_mail_that_knows_the_dark_stands_on_the_clients_own_dark_canvas() -> None:
    assert colours(f"{KNOWS_THE_DARK}<p>x", "dark") == ("#ffffff", "#1e1e1e")
    assert colours(f'{KNOWS_THE_DARK}<a href="/">x', "dark") == ("#9e9eff", "#1e1e1e")
    assert colours(f"{KNOWS_THE_DARK}<p>x", "light") == ("#000000", "#ffffff")
    (lost,) = pairs(
        f'{KNOWS_THE_DARK}<p bgcolor="white">x', "dark"
    )  # a ground and no ink of its own
    assert lost == Pair("x", "#ffffff", "#ffffff", 1.0)


@pytest.mark.parametrize(
    ("ink", "ground", "whole", "part"),
    [
        ("#000000", "#ffffff", ("#ffffff", "#333333"), ("#ffffff", "#333333")),
        ("#ffffff", "#000000", ("#333333", "#ffffff"), ("#ffffff", "#000000")),
        ("#ffffff", "#0b5a60", ("#333333", "#7bbec4"), ("#ffffff", "#0b5a60")),
        ("#0000ff", "#ffffff", ("#0000ff", "#000000"), ("#0000ff", "#000000")),
        ("#050a05", "#ffffff", ("#f7fbf7", "#333333"), ("#f7fbf7", "#333333")),
        ("#ffff00", "#ffffff", ("#383e00", "#333333"), ("#ffff00", "#333333")),
        ("#999999", "#ffffff", ("#777777", "#333333"), ("#999999", "#333333")),
    ],
)
def test_a_client_that_recolours_turns_lightness_and_keeps_hue(
    ink: str, ground: str, whole: tuple[str, str], part: tuple[str, str]
) -> None:
    page = f'<p style="color:{ink};background-color:{ground}">x'
    assert colours(page, "inverted") == whole
    assert colours(page, "partly inverted") == part


# ── wild pages ────────────────────────────────────────────────────────────────────────────

SCRAPS = st.sampled_from(
    ["<p>", "</p>", "<b class=a>", "<td bgcolor=", "<a href style='", "'", '"', ">", "hidden",
     "<style>", "</style>", "<!--", "-->", "<svg>", "<template>", "<frameset>", "text", "\x00",
     "color:", "background:", "#abc", "white", "rgb(", "1,2,3", "²٣", ")", "url(", "!important",
     ".a", "[data-ogsc] .a", ",", "{", "}", ";", ":", "/*", "display:none",
     "@media", "(prefers-color-scheme:dark)"]
)  # fmt: skip


@given(html=st.lists(SCRAPS | st.text(max_size=8), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_page_is_too_wild(html: str) -> None:
    for scheme in SCHEMES:
        for pair in pairs(html, scheme):
            assert pair.text.strip()
            assert COLOUR.fullmatch(pair.ink)
            assert COLOUR.fullmatch(pair.ground)
            assert 1 <= pair.ratio <= 21


@given(numbers=st.lists(st.integers(0, 0xFFFFFF), min_size=2, max_size=2))
@settings(max_examples=100, deadline=None)
def test_any_two_colours_can_be_turned(numbers: list[int]) -> None:
    ink, ground = (f"#{number:06x}" for number in numbers)
    page = f'<p style="color:{ink};background-color:{ground}">x'
    for scheme in SCHEMES:
        assert all(COLOUR.fullmatch(one) for one in colours(page, scheme))


def test_a_page_may_be_empty_or_ten_thousand_elements_deep() -> None:
    assert pairs("", "light") == ()
    assert [pair.text for pair in pairs("<div>" * 10_000 + "x", "dark")] == ["x"]


def _visible(html: str) -> str:
    """The whole body's text but for the preheader, which is hidden."""
    page = LexborHTMLParser(html)
    for node in page.css('[style*="display:none"]'):
        node.decompose()
    assert page.body is not None
    return page.body.text()


def _letters(text: str) -> str:
    return re.sub(r"\s", "", text)
