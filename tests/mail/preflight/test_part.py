"""Telling the sources' words from ours in a part of the mail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.mail.preflight.part import Part, Quoted

TEXT = "For readers\n\nA walk a\nday\nhttps://a.example/walk\n\nIt helps.\n\nKeep in mind: few."


def test_a_sentence_is_found_whatever_its_lines_and_its_case() -> None:
    part = Part("text part", TEXT, ())
    assert part.count("a walk a day") == 1
    assert part.count("A WALK\tA DAY") == 1
    assert part.count("a run a day") == 0


def test_our_words_are_what_is_left_of_the_text() -> None:
    title = Quoted("A walk a day", before="https://a.example/walk")
    part = Part("text part", TEXT, [title, Quoted("It helps.")])
    assert " ".join(part.ours.split()) == "For readers https://a.example/walk Keep in mind: few."


def test_a_quote_that_is_not_there_takes_nothing_away() -> None:
    assert Part("text part", TEXT, [Quoted("A run"), Quoted("")]).ours == TEXT


def test_a_quote_is_taken_once_and_after_the_one_before_it() -> None:
    part = Part("text part", "one two one two", [Quoted("two"), Quoted("one")])
    assert part.ours.split() == ["one", "two"]


def test_one_letter_of_a_source_does_not_break_an_address() -> None:
    quoted = [Quoted("p", before="https://a.example"), Quoted("h")]
    part = Part("text part", "Keep this\n\np\nhttps://a.example\nh", quoted)
    assert part.ours.split() == ["Keep", "this", "https://a.example"]


def test_a_title_whose_address_stands_elsewhere_is_found_all_the_same() -> None:
    part = Part("text part", "ours Walk ours", [Quoted("Walk", before="https://a.example")])
    assert part.ours.split() == ["ours", "ours"]


@given(st.lists(st.text(max_size=8), max_size=6), st.text(max_size=5))
def test_what_stands_between_quotes_is_kept(quotes: list[str], ours: str) -> None:
    text = f" {ours} ".join(quotes)
    part = Part("text part", text, [Quoted(quote) for quote in quotes])
    kept = sum(len(quote.split()) > 0 for quote in quotes)
    letters = "".join(text.split())
    assert len("".join(part.ours.split())) <= len(letters)
    assert kept == 0 or len("".join(part.ours.split())) < len(letters)
