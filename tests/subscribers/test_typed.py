"""What is said of a typed address: plain words and a model, and one question about a slip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.typed import question_about, wrong_with


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a" * 65 + "@example.org", "it is too long"),
        ("ann@" + "a" * 63 + ".example" * 30, "it is too long"),
        ("ännchen@example.org", "before the @ it needs plain letters, without accents"),
        ("@example.org", "nothing stands before the @"),
        ("ann lee@example.org", "it holds a space"),
        ("ann@example", "a dot is missing after the @"),
        ("ann.@example.org", "it has a sign or a dot in a place where none can be"),
        ("ann@exam_ple.org", "it has a sign or a dot in a place where none can be"),
        ("Ann Lee ann@example.org>", "it holds a space"),
        ("ann\u200b@example.org", "it holds a line break or a sign that cannot be seen"),
    ],
)
def test_why_an_address_is_refused_is_told_in_plain_words(typed: str, told: str) -> None:
    said = f"We cannot write to this address: {told}. Please write it such as ann@example.org."
    assert wrong_with(typed) == said


@given(st.text(max_size=90) | st.from_regex(r"[^@]{0,70}@[^@]{0,9}", fullmatch=True))
def test_whatever_is_typed_is_an_address_or_told_in_words_of_ours(typed: str) -> None:
    said = wrong_with(typed)
    assert not said or said.endswith(" ann@example.org.")
    if not said:
        assert question_about(typed, typed) == ""


@pytest.mark.parametrize(
    ("typed", "asked", "domain"),
    [
        ("ann@gmial.com", "", "gmail.com"),
        (" Ann Lee <ann@GMIAL.com> ", "", "gmail.com"),
        ("ann@gmial.com", "bob@gmial.com", "gmail.com"),
        ("ann@gmial.com ", "ann@gmial.com", ""),
        ("ann@gmail.com", "", ""),
        ("info@example.org", "", ""),  # often shared; that is an operator's question
    ],
)
def test_a_likely_slip_is_asked_about_once(typed: str, asked: str, domain: str) -> None:
    said = f"Did you mean @{domain}? Send again to use what you wrote." if domain else ""
    assert question_about(typed, asked) == said
