"""Reads whole numbers in a sentence's tokens: "1,861", "1.2 million", "two hundred and ten"."""

from __future__ import annotations

import re

UNITS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "one": 1,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
LONGEST_IN_WORDS = 8  # "two hundred and fifty thousand one hundred and"
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
DIGITS = re.compile(r"\d{1,3}(?:,\d{3}){1,3}|\d{1,9}", re.ASCII)
DECIMAL = re.compile(r"\d{1,4}\.\d{1,3}", re.ASCII)


def read_number(lower: list[str], place: int) -> tuple[int, int] | None:
    """The whole number that starts at token `place`, and the place after it.

    `lower` are the tokens in lower case. None for percentages, decimals ("7.5"), a scale alone
    ("a million") and everything that only holds digits ("12-week", "CD20").
    """
    token = lower[place]
    following = lower[place + 1] if place + 1 < len(lower) else ""
    if following in ("%", "percent") or token in SCALES:
        return None
    if DECIMAL.fullmatch(token):
        scale = SCALES.get(following, 0)
        return (round(float(token) * scale), place + 2) if scale > 100 else None
    if DIGITS.fullmatch(token):
        scale = SCALES.get(following, 1)
        return integer(token) * scale, place + 1 + (scale > 1)
    return _number_in_words(lower, place)


def _number_in_words(lower: list[str], place: int) -> tuple[int, int] | None:
    total, current, end = 0, 0, place
    while end < min(len(lower), place + LONGEST_IN_WORDS):
        value = _word_value(lower[end])
        if value is not None:
            current += value
        elif lower[end] in SCALES and end > place:
            current *= SCALES[lower[end]]
            if lower[end] != "hundred":
                total, current = total + current, 0
        elif not (lower[end] == "and" and end > place and lower[end - 1] in SCALES
                  and _word_value(lower[end + 1] if end + 1 < len(lower) else "")):  # fmt: skip
            break
        end += 1
    return (total + current, end) if end > place else None


def _word_value(word: str) -> int | None:
    if word in UNITS or word in TENS:
        return UNITS.get(word, TENS.get(word))
    ten, dash, unit = word.partition("-")
    return TENS[ten] + UNITS[unit] if dash and ten in TENS and unit in UNITS else None


def integer(digits: str) -> int:
    """The value of digits with commas between thousands."""
    return int(digits.replace(",", "") or 0)
