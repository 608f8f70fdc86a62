"""Splits plain English text into its sentences.

In: the plain text of a summary's field. Out: its sentences, each verbatim but for folded white
space; nothing is dropped or added. Law 9 (teasers are verbatim) stands on this.
"""

from __future__ import annotations

import re

from digest.editorial.cues import words

PARAGRAPH = re.compile(r"\n\s*\n")
STOP = re.compile(r"""[.!?…]+["'”’»)\]]*""")
NEXT_WORD = re.compile(r"""\s*["'“‘«(\[]*(\w[\w'’-]*)""")
LAST_WORDS = re.compile(r"(?:([^\s(\[“\"]+)\s+)?([^\s(\[“\"]+)$")
LOWER_THEN_CAPITAL = re.compile(r"[a-zα-ω]{1,3}-?[A-Z\d]")  # mRNA, pH, miR-155, α4

NEVER_END = words("e.g i.e vs cf approx ca viz Dr Mr Mrs Ms Prof St Drs Profs")
NEVER_END_BEFORE_A_NUMBER = words("no nos fig figs vol p pp eq ref refs sec ch")
MAY_END = words("etc al Inc Ltd Jr Sr Co Corp")
DOTTED = re.compile(r"[A-Za-z]{1,2}(?:\.[A-Za-z]{1,2}){1,4}")  # U.S, a.m, Ph.D
# A letter after one of these ends a noun ("vitamin D."), it is no initial ("J. Smith").
LETTERED = words(
    "vitamin vitamins hepatitis type group phase stage factor immunoglobulin class arm part plan "
    "influenza interleukin grade level option category region apolipoprotein"
)
LONGEST_LINK = 200  # how far back a link is looked for
# Words that open a sentence and hardly ever stand, with a capital, in the middle of one.
OPENERS = words(
    "the this that these those it its in on at for from with when while after before as a an he "
    "she they we our their there here however but and so yet still also both such many most some "
    "more few all each every if because since although though to by of during among overall "
    "researchers scientists doctors patients people participants caregivers healthcare results "
    "study studies findings one two three only other others no not nobody what how why"
)


def split_sentences(text: str) -> list[str]:
    """The sentences of `text` in order, white space folded to single blanks.

    A blank line always ends a sentence. A full stop glued to the next word ("tissue.Lesions")
    ends one too. Joined again, the sentences hold every visible character of `text`.
    """
    sentences: list[str] = []
    for paragraph in PARAGRAPH.split(text):
        sentences.extend(_split_paragraph(" ".join(paragraph.split())))
    return sentences


def _split_paragraph(text: str) -> list[str]:
    sentences = []
    start = 0
    for stop in STOP.finditer(text):
        if _ends_sentence(text, start, stop):
            sentences.append(text[start : stop.end()].strip())
            start = stop.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    following = NEXT_WORD.match(text, stop.end())
    if following is None:
        return False  # the end of the text, or only signs are left
    word = following[1]
    if not text[stop.end()].isspace() and not _glued(text, stop, word):
        return False
    if not (word[0].isupper() or word[0].isdigit() or LOWER_THEN_CAPITAL.match(word)):
        return False
    if not stop[0].startswith(".") or stop[0].startswith(".."):
        return True
    return not _is_abbreviation(text[max(start, stop.start() - 60) : stop.start()], word)


def _glued(text: str, stop: re.Match[str], word: str) -> bool:
    """A full stop without a blank: between a whole word and a capitalised one, not in a link."""
    if not (word[0].isupper() and (word[1:2].islower() or word == "A")):
        return False
    token_start = text.rfind(" ", max(0, stop.start() - LONGEST_LINK), stop.start()) + 1
    before = text[token_start : stop.start()]
    if "://" in before or "@" in before or before.lower().startswith("www"):
        return False
    return bool(before) and (len(before) > 1 or before.isdigit()) and not DOTTED.fullmatch(before)


def _is_abbreviation(before: str, next_word: str) -> bool:
    """Whether the full stop after `before` belongs to a shortened word and the sentence goes on."""
    last = LAST_WORDS.search(before)
    if last is None:
        return False
    previous, word = last[1] or "", last[2]
    opens = next_word.lower() in OPENERS
    if word in NEVER_END or word.lower() in ("e.g", "i.e", "vs"):
        return True
    if word.lower() in NEVER_END_BEFORE_A_NUMBER:
        return next_word[0].isdigit()
    if word in MAY_END or DOTTED.fullmatch(word):
        return not opens
    if len(word) == 1 and word.isalpha() and word.isupper():
        return not opens and previous.lower() not in LETTERED
    return False
