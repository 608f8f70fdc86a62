"""The patients of a case report that gives no number, counted as they are introduced."""

from __future__ import annotations

import re

from digest.editorial.evidence.reading import GAP, Reading
from digest.editorial.evidence.vocabulary import cue
from digest.values import Fact

A_PERSON = (
    r"an? (?!second|third|fourth|further|different)(?:[\w-]+ ){0,3}(?:woman|man|girl|boy|patient"
    r"|mother|father|teacher|nurse|teenager)"
)
AGED = re.compile(
    rf"\b{A_PERSON},? (?:of |aged |, )?(?:\d\d?|(?:twen|thir|for|fif|six|seven"
    rf"|eigh)ty(?:-[a-z]+)?)\b|\ban? (?:\w+-?)+-year-old\b"
    rf"|\b{A_PERSON} in (?:her|his) "
)
KIN_OF = (
    r"(?:twin |older |younger )?(?:sister|brother|mother|father|daughter|son|cousin|aunt|niece)"
)
TWO_PATIENTS = cue(
    rf"(?:she|he|a \w+) and (?:her|his) {KIN_OF}|twin (?:sisters|brothers)|a (?:brother|mother"
    rf"|father) and (?:sister|son|daughter)|an? {KIN_OF} and {KIN_OF}",
    rf"{A_PERSON} (?:[\w-]+ ){{0,4}}and {A_PERSON}",
)
ONE_PATIENT = cue(
    r"(?:she|he) (?:was|had|came|felt)",
    r"(?:one|a single|1) (?:patient|person|woman|man|child|girl|boy|case)",
    r"an? (?:\d+|\w+)-year-old",
    A_PERSON,
)


def patients_described(reading: Reading) -> Fact[int | None]:
    """Those whose ages are told one after the other, or two, or one; None when nobody is."""
    for part in reading.parts:
        aged = list(AGED.finditer(part.plain))
        if part.field == "found" and len(aged) > 1:
            sentences = dict.fromkeys(part.sentence_at(match.start()) for match in aged)
            return Fact(len(aged), GAP.join(sentences))
    if two := reading.first(TWO_PATIENTS):
        return Fact(2, two)
    sentence = reading.first(ONE_PATIENT)
    return Fact(1, sentence) if sentence else Fact(None)
