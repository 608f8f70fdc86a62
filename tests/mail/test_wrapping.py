"""Lines of the text part, held against textwrap: slower, and right."""

from __future__ import annotations

from textwrap import TextWrapper

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.text import LINE, wrapped

NO_BLANKS = st.characters(exclude_categories=("Z", "C"))
WORDS = st.lists(st.text(NO_BLANKS, min_size=1, max_size=LINE - 2), max_size=40)
INDENTS = st.sampled_from([("", ""), ("* ", "  "), ("- ", "  "), ("> ", "> ")])


@given(words=WORDS, indents=INDENTS)
@settings(max_examples=150, deadline=None)
def test_texts_of_words_are_laid_out_as_textwrap_does(
    words: list[str], indents: tuple[str, str]
) -> None:
    first, rest = indents
    like = TextWrapper(
        LINE, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ).fill(" ".join(words))
    assert wrapped(" ".join(words), first, rest) == like


@given(text=st.text(max_size=300), first=st.sampled_from(["", "* ", "    "]))
@settings(max_examples=100, deadline=None)
def test_any_text_keeps_every_letter_and_no_line_is_too_long(text: str, first: str) -> None:
    lines = wrapped(text, first, "  ").split("\n")
    assert all(len(line) <= LINE or "://" in text for line in lines)
    read = [lines[0].removeprefix(first), *(line.removeprefix("  ") for line in lines[1:])]
    assert "".join("".join(read).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        (" \n\t ", [""]),
        ("two  blanks,\nand a line", ["two blanks, and a line"]),
        ("w" * 77, ["w" * 76, "w"]),
        ("a " + "w" * 77 + " b", ["a", "w" * 76, "w b"]),
        ("see https://example.org/" + "x" * 80, ["see", "https://example.org/" + "x" * 80]),
        ("w" * 76 + " " + "w" * 76, ["w" * 76, "w" * 76]),
    ],
)
def test_blanks_long_words_and_addresses(text: str, lines: list[str]) -> None:
    assert wrapped(text).split("\n") == lines
