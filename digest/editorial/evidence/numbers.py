"""Reads whole numbers in a sentence's tokens: "1,861", "1.2 million", "a hundred and ten"."""

from __future__ import annotations

import re

UNITS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
LONGEST_IN_WORDS = 8  # "two hundred and fifty thousand one hundred and"
SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000}
HALF_A_MILLION = ["half", "a", "million"]
SHARES = ("%", "percent", "per")  # "30 per cent"
STARTS = frozenset({*UNITS, *TENS, "a", "half", "pair"})
DIGITS = re.compile(r"\d{1,3}(?:,\d{3}){1,3}|\d{1,9}", re.ASCII)
DECIMAL = re.compile(r"\d{1,4}\.\d{1,3}", re.ASCII)
HOLDS_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"
    r"|million|pair|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety))\b"
)


def number_places(lower: list[str]) -> list[int]:
    """Where numbers may start: every place that `read_number` has to look at."""
    return [i for i, word in enumerate(lower) if word in STARTS or word[0].isdigit() or "-" in word]


def read_number(lower: list[str], place: int) -> tuple[int, int] | None:
    """The whole number that starts at token `place`, and the place after it.

    `lower` are the tokens in lower case. None for percentages, decimals ("7.5"), a scale alone
    ("hundreds") and everything that only holds digits ("12-week", "CD20").
    """
    word = lower[place]
    following = lower[place + 1] if place + 1 < len(lower) else ""
    if following in SHARES:
        return None
    if word[0].isdigit():
        return _number_in_digits(word, following, place)
    if lower[place : place + 3] == HALF_A_MILLION:
        return 500_000, place + 3
    if word == "pair" and following == "of":
        return 2, place + 2
    if word in UNITS or word in TENS or "-" in word or _opens_with_a(lower, place):
        return _number_in_words(lower, place)
    return None


def _opens_with_a(lower: list[str], place: int) -> bool:
    """ "a hundred", but not "a third of a million"."""
    return lower[place : place + 1] == ["a"] and (
        lower[place + 1 : place + 2] in (["dozen"], ["hundred"], ["thousand"], ["million"])
        and lower[place - 1 : place] != ["of"]
    )


def _number_in_digits(token: str, following: str, place: int) -> tuple[int, int] | None:
    if DECIMAL.fullmatch(token):
        scale = SCALES.get(following, 0)
        return (round(float(token) * scale), place + 2) if scale > 100 else None
    if DIGITS.fullmatch(token):
        scale = SCALES.get(following, 1)
        return integer(token) * scale, place + 1 + (scale > 1)
    return None


def _number_in_words(lower: list[str], place: int) -> tuple[int, int] | None:
    total, current, end = 0, 0, place
    if lower[place] == "a":
        current, end = 1, place + 1
    while end < min(len(lower), place + LONGEST_IN_WORDS):
        value = _word_value(lower[end])
        if value is not None:
            if current % 10 or (value > 9 and current % 100):
                break  # "two three": two numbers side by side
            current += value
        elif lower[end] in SCALES and current:
            current *= SCALES[lower[end]]
            if lower[end] != "hundred":
                total, current = total + current, 0
        elif not (lower[end] == "and" and end > place and lower[end - 1] in SCALES
                  and _word_value(lower[end + 1] if end + 1 < len(lower) else "")):  # fmt: skip
            break
        end += 1
    return (total + current, end) if total + current and end > place else None


def _word_value(word: str) -> int | None:
    if word in UNITS or word in TENS:
        return UNITS.get(word, TENS.get(word))
    ten, dash, unit = word.partition("-")
    return TENS[ten] + UNITS[unit] if dash and ten in TENS and unit in UNITS else None


def integer(digits: str) -> int:
    """The value of digits with commas between thousands."""
    return int(digits.replace(",", "") or 0)
