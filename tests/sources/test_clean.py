"""Outside text becomes plain text, once."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.sources.clean import loose_text, one_line, plain_text, to_the_letter
from digest.sources.errors import Unreadable
from digest.sources.mending import parted, seen


def test_paragraphs_are_parted_by_one_blank_line_and_each_is_one_line() -> None:
    assert plain_text("  One\r\n  goes on.\n\n\n\tTwo. \n") == "One goes on.\n\nTwo."


def test_hidden_characters_go_and_letters_are_composed() -> None:
    raw = "a\u200bb\u202ec\u00add\ufeffe\x00f\x1b[1m caf\u0065\u0301\u00a0x\ud800"
    assert plain_text(raw) == "abcdef[1m café x"


def test_scripts_and_tags_go_and_entities_are_decoded() -> None:
    raw = (
        "<p>p &lt; 0.05 &amp;amp; Q&A</p><script>alert(1)</script><style>p{}</style><div>n<5</div>"
    )
    assert plain_text(raw, html=True) == "p < 0.05 & Q&A\n\nn<5"


def test_block_elements_and_double_br_part_paragraphs() -> None:
    raw = "<ul><li>One<li>Two</ul>three<br>four<br><br>five <b>b</b>old"
    assert plain_text(raw, html=True) == "One\n\nTwo\n\nthree four\n\nfive bold"


@pytest.mark.parametrize("text", ["p < 0.05", "Q&A", "a<b and c>d", "5 < 6 > 4", "AT&T; R&D"])
def test_plain_words_with_signs_survive(text: str) -> None:
    assert loose_text(text) == text
    assert plain_text(text) == text


def test_a_loose_field_is_parsed_only_where_it_holds_known_markup() -> None:
    assert loose_text("<p>if p < 0.05</p><script>x()</script>&amp;lt;") == "if p < 0.05\n\n&lt;"
    assert loose_text("Caf&eacute; &lt;b&gt;") == "Café <b>"
    assert loose_text("One <em>big</em>\n\ntwo") == "One big\n\ntwo"
    assert loose_text('<a href="javascript:x">y</a><x onclick=z>') == "y<x onclick=z>"


def test_one_line_has_no_breaks() -> None:
    assert one_line("a\n\nb\u2028c\u2029d") == "a b c d"


def test_markup_that_nests_absurdly_is_refused() -> None:
    with pytest.raises(Unreadable, match="nest deeper"):
        plain_text("<div>" * 50_000, html=True)


def test_a_page_of_nothing_but_tags_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 100,000 tags"):
        plain_text("<br>" * 100_001, html=True)


@pytest.mark.parametrize("parting", [" ", "/", '=">" ', "=x\n"])
def test_a_tag_of_nothing_but_attributes_is_refused(parting: str) -> None:
    attributes = parting.join(f"a{number}" for number in range(4_000))
    with pytest.raises(Unreadable, match="more attributes than any page's"):
        plain_text(f"<p {attributes}>x</p>", html=True)


def test_what_is_no_text_of_a_page_goes() -> None:
    raw = "<?xml version='1.0'?><!doctype html>a<!-- <b>not</b> seen --><![if !IE]>b<![endif]> c"
    assert loose_text(raw) == plain_text(raw, html=True) == "ab c"
    assert loose_text("a <!-- x --> b") == "a b"
    assert plain_text("<p><![CDATA[One]]> two</p>", html=True) == "One two"
    assert loose_text("<![CDATA[<p>One</p>]]>") == "One"


@pytest.mark.parametrize("hostile", ["<" * 1_000_000, "<a " + "=" * 500_000, "<p" * 100_000])
def test_hostile_fields_come_to_an_end(hostile: str) -> None:
    assert loose_text(hostile) == hostile


@pytest.mark.parametrize(
    "hostile",
    [
        "&" * 1_000_000, "&amp;" * 200_000, ".A" * 500_000, "a" + "\u0301\u0316" * 500_000,
        "&" + "amp;" * 250_000, "\u0344" * 1_000_000, "Ã" * 1_000_000, "<!--" * 250_000,
        "<p " + "a=" * 500_000, "tissue.Lesions" * 70_000, "&a" * 300_000 + "mp;" * 300_000,
    ],
    ids=lambda hostile: hostile[:6].encode("unicode_escape").decode(),
)  # fmt: skip
def test_a_megabyte_of_anything_comes_to_an_end(hostile: str) -> None:
    for cleaned in (parted(plain_text(hostile)), loose_text(hostile)):
        assert len(cleaned) <= 2 * len(hostile)


def test_a_letter_carries_no_more_marks_than_writing_has() -> None:
    assert plain_text("a" + "\u0316" * 9) == "a" + "\u0316" * 8


# ── mending ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("caf&amp;eacute; R&amp;amp;D &amp;ldquo;x&amp;rdquo;", "café R&D “x”"),
        ("5 &amp;amp;amp;plusmn; 1 in&amp;shy;flamed&amp;nbsp;x", "5 ± 1 inflamed x"),
        ("&amp;amp;lt;script&amp;amp;gt;", "&lt;script&gt;"),
        ("&amp;lt;b&amp;gt; &amp;#60;i&amp;#x3E;", "&lt;b&gt; &#60;i&#x3E;"),
        ("&amp;#0060;u&amp;LT;", "&#0060;u&LT;"),
        ("&amp;notit; &amp;copyx; AT&T; &;", "&notit; &copyx; AT&T; &;"),
    ],
)  # fmt: skip
def test_entities_that_were_escaped_twice_are_mended_but_make_no_tag(raw: str, text: str) -> None:
    assert loose_text(raw) == text
    assert plain_text(f"<p>{raw}</p>", html=True) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("p &amp;lt; 0.05 in 30 &amp;gt;= 12", "p < 0.05 in 30 >= 12"),
        ("p &amp;amp;lt;0.05, &amp;#60;.01 and &amp;#x3C;= 2", "p <0.05, <.01 and <= 2"),
        ("p &amp;lt;&amp;nbsp;0.05, alpha &amp;LT;\nbeta", "p < 0.05, alpha < beta"),
        ("a &amp;lt;b &amp;gt; 5", "a &lt;b &gt; 5"),
        ("a &amp;lt; b &amp;lt;!-- &amp;gt; 5", "a < b &lt;!-- &gt; 5"),
        ("x &amp;lt;/b&amp;gt; y &amp;lt;?p", "x &lt;/b&gt; y &lt;?p"),
        ("last &amp;lt;", "last &lt;"),
    ],
)
def test_a_sign_that_compares_is_mended_and_one_that_may_open_a_tag_is_not(
    raw: str, text: str
) -> None:
    assert loose_text(raw) == text
    assert plain_text(f"<p>{raw}</p>", html=True) == text
    assert plain_text(text) == text


def test_what_would_end_a_tag_that_stands_there_is_left() -> None:
    assert plain_text("a <b &gt; 5") == "a <b &gt; 5"
    assert plain_text("4 &gt; 3, a <b") == "4 > 3, a <b"


SIGNS = st.sampled_from(
    [
        "&lt;", "&gt;", "&#60;", "&amp;", "&nbsp;", "&Acirc;", "&shy;", "<", ">", " ", "\n",
        "5", "=", ".", "b", "/", "!", "?", "Â", "\xa0",
    ]
)  # fmt: skip


@given(st.lists(SIGNS, max_size=14).map("".join))
def test_mended_signs_never_make_a_tag_and_stay_as_they_are(raw: str) -> None:
    once = plain_text(raw)
    assert plain_text(once) == once
    opened = re.compile(r"<[A-Za-z/!?]")
    written = seen(raw).replace("&shy;", "")
    assert len(opened.findall(once)) <= len(opened.findall(written))


@pytest.mark.parametrize(
    "text",
    ["“don’t” – 5 … €", "café Müller Étude São", "±2 °C ½ x² β-interferon Δ", "≤ 5 ≥ 3 − 1 ™"],
)
@pytest.mark.parametrize("times", [1, 2])
def test_utf_8_that_was_read_as_windows_1252_is_mended(text: str, times: int) -> None:
    broken = text
    for _ in range(times):
        broken = "".join(
            bytes([byte]).decode("latin-1" if byte in b"\x81\x8d\x8f\x90\x9d" else "cp1252")
            for byte in broken.encode()
        )
    assert broken != text
    assert plain_text(broken) == text


@pytest.mark.parametrize(
    "text",
    [
        "SÃO PAULO", "IRMÃ” AMANHÃ… “Ã”", "CÂNCER ÂMBITO Â. Â", "ÎLE", "ÏAMBE",
        "château â", "Ångström",
        "LÅNG ÄR", "naïve", "PÂ—", "à É ’ “ ” – —",
    ],
)  # fmt: skip
def test_words_that_are_right_stay_as_they_are(text: str) -> None:
    assert plain_text(text) == text


def test_ligatures_are_spelled_out_and_other_signs_stay() -> None:
    assert (
        plain_text("eﬃcacy ﬁve ﬂow ﬀ ﬄ ﬅ ﬆ x² ½ ™ &#xFB01;n")
        == "efficacy five flow ff ffl st st x² ½ ™ fin"
    )


def test_what_nobody_sees_goes() -> None:
    raw = "a\u2060b\u2066c\ufe0f\U000e0041d\ue000e\ufdd0f\U0001fffeg\u3164h\u034fi&#8203;j&#x202E;k"
    assert plain_text(raw) == "abcdefghijk"


@pytest.mark.parametrize(
    ("glued", "text"),
    [
        ("tissue.Lesions", "tissue. Lesions"),
        ("mice.The", "mice. The"),
        ("mice.A second", "mice. A second"),
        ("treatment.”Patients", "treatment.” Patients"),
        ("said.“We", "said. “We"),
        ("(p < 0.05).Those", "(p < 0.05). Those"),
        ("with MS.The", "with MS. The"),
        ("IL-2.This", "IL-2. This"),
        ("by 50%.More", "by 50%. More"),
        ("in 2020.Results", "in 2020. Results"),
        ("work?Perhaps!Yes", "work? Perhaps! Yes"),
        ("tissue.MRI", "tissue. MRI"),
    ],
)
def test_glued_sentences_are_parted(glued: str, text: str) -> None:
    assert parted(glued) == text
    assert parted(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "e.g.The", "vs.Placebo", "U.S.Army", "Node.js", "Node.Js", "report.Pdf", "p.Arg123His",
        "0.5", "a@mice.The", "https://x.example/mice.The", "www.Mice.The", "Dr.Smith", "Prof.Smith",
        "fig.Two", "java.lang.String", "x_mice.The", "Example.Org", "etc.The", "Ph.D.Thesis",
        "...The",
    ],
)  # fmt: skip
def test_what_is_no_seam_of_sentences_stays(text: str) -> None:
    assert parted(text) == text


# ── what always holds ─────────────────────────────────────────────────────────────────────

PIECES = st.lists(
    st.sampled_from(
        [
            "&", "amp;", "&amp;", "a", "mp", ";", "#", "38", "&shy;", "&#97;", "&#59;", "&#38;",
            "&lt;",
            "&eacute;", "&#x301;", "&fflig;", "&#x37E;", "\u037e", "\u200b", "\xad", "ﬁ", "Ã", "Â",
            "©",
            "â", "€", "™", "¢", "‚", "¬", "„", "—", " ", "5", "\x80", "\x99", "\xa0", "\n", "A",
            "\u0303",
            "\u0301", "\u0344", "\r", "\x85", "\u2029", "<", ">", "mice", ".", "The", "”", "MS",
            "/",
        ]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.text() | PIECES)
@example("a\u200b\u0303")  # what is dropped stood between a letter and its mark
@example("&\n&shy;x;")
@example("&a&shy;mp;")
@example("A\u0303©")
def test_cleaning_is_idempotent(raw: str) -> None:
    for clean in (plain_text, one_line, to_the_letter, lambda text: parted(plain_text(text))):
        once = clean(raw)
        assert clean(once) == once
        assert unicodedata.is_normalized("NFC", once)
        assert plain_text(once) == once or clean is to_the_letter


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="<>/&;apbrdivscript lt!-=\"'\n\u2029x", max_size=60) | PIECES)
def test_no_markup_breaks_the_cleaner(raw: str) -> None:
    for cleaned in (plain_text(raw, html=True), loose_text(raw)):
        assert plain_text(cleaned) == cleaned
    if "<" not in loose_text(raw) and "&" not in loose_text(raw):
        assert loose_text(loose_text(raw)) == loose_text(raw)
