"""Where two texts part is shown in a line that one can take in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.pipeline.keeping.sentences import LONGEST, first_difference

LONG = "word " * 100


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("One. Two 2.", "One! Two 3.", ("Two 2.", "Two 3.")),
        ("One.", "One. Two.", ("", "Two.")),
        ("One. Two. Three.", "One. Three.", ("Two.", "")),
        ("A b. C d.", "E f. G h.", ("A b.", "E f.")),
        ("", "One.", ("", "One.")),
    ],
)
def test_the_first_sentence_that_differs_is_told(
    before: str, after: str, told: tuple[str, str]
) -> None:
    assert first_difference(before, after) == told


def test_of_a_long_sentence_the_place_of_the_difference_is_told() -> None:
    before, after = first_difference(f"{LONG}fell {LONG}", f"{LONG}rose {LONG}")
    assert before.startswith("…word word")
    assert (before.find("fell"), after.find("rose")) == (61, 61)
    assert before.endswith("…")


@settings(max_examples=100, deadline=None)
@given(st.text("ab. 1", max_size=500), st.text("ab. 1", max_size=500))
def test_it_is_never_longer_than_said(before: str, after: str) -> None:
    assert max(map(len, first_difference(before, after))) <= LONGEST


def test_a_text_made_by_a_machine_takes_no_time_to_speak_of() -> None:
    one, other = ("".join(f"S{n} {end}. " for n in range(100_000)) for end in "ab")
    assert first_difference(one, other) == ("S0 a.", "S0 b.")
