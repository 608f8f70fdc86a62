"""Whether a text names a diagnosis (law 7), however it is written.

In: plain text, and the words of `privacy.diagnosis_words`. Out: the first of these words that the
text names, or None. Full-width letters are read as letters, "M.S." as MS, and case tells nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONG_WORD = 5  # letters; in an address a shorter one stands by chance in other words
LONG_IN_TEXT = 8  # the same in a sentence, whose words are many
_DOTTED = re.compile(r"(?<![^\W_])[^\W\d_](?:\.[^\W\d_])+(?![^\W_])")  # M.S
_LETTERS = re.compile(r"[^\W\d_]+")
# A title before a name and a degree after it, in these very letters; "Ms News" has no dot.
_BESIDE_A_NAME = re.compile(r"\bMs\.(?= ?[^\W\d_])|(?<=\s)MSc\b")


def diagnosis_in(text: str, words: Iterable[str]) -> str | None:
    """The first word that stands in `text`: whole, joined to an affix ("MSers"), or run together.

    A short form counts in any case as a whole word, in capitals beside small letters too; one of
    eight letters or more counts anywhere within a word.
    """
    plain = _plain(text)
    tokens = _LETTERS.findall(plain.casefold())
    chunks = ["".join(_LETTERS.findall(chunk)) for chunk in plain.casefold().split()]
    for word in words:
        parts = _LETTERS.findall(_plain(word).casefold())
        if _stand_in(parts, tokens) or _with_affix(word, plain):
            return word
        joined = "".join(parts)
        if len(joined) >= LONG_IN_TEXT and any(joined in chunk for chunk in chunks):
            return word
    return None


def diagnosis_in_name(name: str, words: Iterable[str]) -> str | None:
    """The same for a sender's name, where "Ms." before a name is a title."""
    return diagnosis_in(_BESIDE_A_NAME.sub(" ", name), words)


def diagnosis_in_address(address: str, words: Sequence[str]) -> str | None:
    """The same for an e-mail or web address: words run together there, long ones count within."""
    address = _seen(address).casefold()  # its dots part words: m.s.patel@ are initials
    parts, letters = _LETTERS.findall(address), "".join(_LETTERS.findall(address))
    alone = (word for word in words if word.casefold() in parts)
    plain = {word: "".join(_LETTERS.findall(word.casefold())) for word in words}
    within = (w for w, joined in plain.items() if len(joined) >= LONG_WORD and joined in letters)
    return next(alone, None) or next(within, None)


def _plain(text: str) -> str:
    """As a reader sees it, and without dots inside a short form."""
    return _DOTTED.sub(lambda match: match[0].replace(".", ""), _seen(text))


def _seen(text: str) -> str:
    """Letters as a reader sees them (NFKC), and nothing invisible."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(char for char in normal if unicodedata.category(char) != "Cf")


def _stand_in(parts: Sequence[str], tokens: Sequence[str]) -> bool:
    size = len(parts)
    return bool(parts) and any(
        parts == tokens[start : start + size] for start in range(len(tokens) - size + 1)
    )


def _with_affix(word: str, plain: str) -> bool:
    """A short form in capitals that small letters lean on: MSers, pwMS, MSnews; but not SMS."""
    if not (word.isalpha() and word.isupper()):
        return False
    return re.search(rf"(?<![A-Z]){word}(?![A-Z])", plain) is not None
