"""How hard a text is to read, for the editor's eye: the Flesch–Kincaid grade.

In: plain English text. Out: the US school grade by Kincaid, Fishburne, Rogers and Chissom (1975),
or None where there is no word. Syllables are counted by spelling, as far as English allows: a few
words in a hundred are out by one, which the averages of a teaser bear.
"""

from __future__ import annotations

import re
from functools import lru_cache

from digest.editorial.sentences import split_sentences

# "6,800", "3.5"; "plain-language" and "don't" are one word each, as Flesch counts them.
WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:[-‐‑'’][^\W_]+)*")
# Figures and short forms (MS, MRIs, mRNA, CD20) are read by sight: one syllable, however spoken.
# Letter by letter, every sentence that names MS would look harder than it is.
BY_SIGHT = re.compile(r".*\d.*|[a-z]{0,2}[A-Z]{2,5}s?")

IRREGULAR = {"business": 2, "maybe": 2, "hundred": 2, "diabetes": 4, "acne": 2, "argue": 2}
# Letters that stand for no sound of their own, in the order in which they are taken out.
SILENT = (
    (re.compile(r"eye"), "i"),
    (re.compile(r"qu"), "q"),
    (re.compile(r"gue(?=[sd]?$)"), "g"),  # fatigue
    (re.compile(r"(?<![aeioutd])(?<![^aeioulrwy]l)ed$"), ""),  # linked; not treated, doubled
    (re.compile(r"(?<![aeiouscgxz])(?<![sc]h)(?<![^aeioulrwy]l)es$"), ""),  # genes; not causes
    (re.compile(r"(?<![^aeioulrwy]l)e$"), ""),  # time; not little
    # … and inside: lifetime, safely, movement (but supplement), something
    (re.compile(r"(?:(?<=[aeiouy][^aeiouy])|(?<=[aeiouy][^aeiouy]{2}))(?<!l)e(?=ments?$)"), ""),
    (
        re.compile(
            r"(?:(?<=[aeiouy][^aeiouy])|(?<=[aeiouy][^aeiouy]{2}))"
            r"e(?=ly$|ful|less|ness|ty$|for$|tim|styl|giv|taker|thing|what|wher|one?$|bod)"
        ),
        "",
    ),
)
SOUND = re.compile(r"[aeiouy]+")
# Vowels side by side that are spoken apart, and endings with a sound that no vowel is written for.
APART = re.compile(
    r"(?<![tcg])ia(?!ge?$)|ia(?=t[ei]|t$)|(?<![tscgxln])io(?!r)|(?<=r)io(?=r)"  # trial, biology
    r"|iet|(?<![tc])(?<!fr)ien|(?<=sc)ien|(?<=[a-z]{3})ie(?=r|st)|iu"  # diet, science, easier
    r"|(?<!g)ua|(?<!g)uo|(?<!g)uen|uing|luid"  # gradual, influence, fluid
    r"|(?<![gm])eo(?!pl)|crea(?=t[ei]|t$)|^rea(?=ct|ss|pp)|eu[sm]$"  # video, react, nucleus
    r"|(?<=[a-z]{2})ea$|(?<=ar|id)eas$"  # nausea, areas
    r"|[eo]ing|aic|oim|roin|(?<=c)oo(?=p|rd)"  # being, autoimmune, neuroinflammation
    r"|(?<=[a-z])y(?=[aiou]|e[a-z])|[st]h?ms?$"  # myelin, studying; mechanism, rhythm
)


def reading_grade(text: str) -> float | None:
    """0.39 words a sentence + 11.8 syllables a word − 15.59, to one decimal; None without a word.

    8.0 reads like eighth grade; very short, plain texts fall below 0.
    """
    words = WORD.findall(text)
    if not words:
        return None
    sentences = max(1, len(split_sentences(text)))
    spoken = sum(syllables(word) for word in words)
    return round(0.39 * len(words) / sentences + 11.8 * spoken / len(words) - 15.59, 1)


@lru_cache(maxsize=20_000)
def syllables(word: str) -> int:
    """Syllables of one word, at least 1; the parts of a hyphenated one are added up."""
    return sum(_of_part(part) for part in re.split(r"[-‐‑]", word))


def _of_part(part: str) -> int:
    if BY_SIGHT.fullmatch(part):
        return 1
    letters = re.sub(r"(?<=[dsz])n['’]t$", "nit", part.lower())  # does-nt; but don't is one
    letters = re.sub(r"['’]\w*", "", letters)
    if letters in IRREGULAR:
        return IRREGULAR[letters]
    for pattern, instead in SILENT:
        letters = pattern.sub(instead, letters)
    return max(1, len(SOUND.findall(letters)) + len(APART.findall(letters)))
