"""Outside text becomes plain text, once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sources.clean import loose_text, one_line, plain_text
from digest.sources.errors import Unreadable


def test_paragraphs_are_parted_by_one_blank_line_and_each_is_one_line() -> None:
    assert plain_text("  One\r\n  goes on.\n\n\n\tTwo. \n") == "One goes on.\n\nTwo."


def test_hidden_characters_go_and_letters_are_composed() -> None:
    raw = "a\u200bb\u202ec\u00add\ufeffe\x00f\x1b[1m caf\u0065\u0301\u00a0x\ud800"
    assert plain_text(raw) == "abcdef[1m café x"


def test_scripts_and_tags_go_and_entities_are_decoded_once() -> None:
    raw = (
        "<p>p &lt; 0.05 &amp;amp; Q&A</p><script>alert(1)</script><style>p{}</style><div>n<5</div>"
    )
    assert plain_text(raw, html=True) == "p < 0.05 &amp; Q&A\n\nn<5"


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
        plain_text("<div>" * 200_000, html=True)


@pytest.mark.parametrize("hostile", ["<" * 1_000_000, "<a " + "=" * 500_000, "<p" * 100_000])
def test_hostile_fields_come_to_an_end(hostile: str) -> None:
    assert loose_text(hostile) == hostile


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_cleaning_is_idempotent(raw: str) -> None:
    once = plain_text(raw)
    assert plain_text(once) == once
    assert one_line(one_line(raw)) == one_line(raw)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>/&;apbrdivscript lt!-=\"'\n\u2029x", max_size=60))
def test_no_markup_breaks_the_cleaner(raw: str) -> None:
    for cleaned in (plain_text(raw, html=True), loose_text(raw)):
        assert plain_text(cleaned) == cleaned
