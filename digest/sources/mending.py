"""Words that were broken on their way → as they were written. Part of cleaning (see `clean`).

Mends what a careless program does to good text: UTF-8 read as Windows-1252, entities escaped
twice, ligatures and marks of typesetting, sentences glued where a line break was. Each step is a
fixed point of itself and of the ones after it, so that cleaning is idempotent; none makes a tag:
of a doubled < or > only one that compares is mended.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from html import unescape
from html.entities import html5

# Only these: Unicode's own way (NFKC) would make ² a 2 and ½ a 1⁄2.
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_SPELLED = str.maketrans(LIGATURES)
_LIGATED = re.compile(f"[{''.join(LIGATURES)}]")

MOST_MARKS = 8  # on one letter; real writing has four at most, and sorting more takes time
_ASCII_PART = re.compile(r"[A-Za-z0-9#;]")

# Two patterns each, because one that reaches beyond U+FFFF is searched 50 times slower.
_PLANE_0, _BEYOND = range(0x80, 0x10000), range(0x10000, 0x1E950)


def _all(codes: range, which: Callable[[str], object]) -> str:
    return "".join(char for char in map(chr, codes) if which(char))


def _is_format(char: str) -> bool:  # zero-width, bidi, soft hyphen
    return unicodedata.category(char) == "Cf"


_MANY_MARKS = tuple(
    re.compile(f"[{_all(codes, unicodedata.combining)}]{{{MOST_MARKS + 1},}}")
    for codes in (_PLANE_0, _BEYOND)
)
# Controls but for breaks; surrogates, private use, what is no character; and what Unicode does not
# count among these though nobody sees it: fillers, blank pattern, joiners, variation selectors
# (they choose between two pictures of one sign), tags.
_UNSEEN = (
    re.compile(
        "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef"
        "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
        f"\ufff0-\ufff8\ufffe\uffff{_all(_PLANE_0, _is_format)}]"
    ),
    re.compile(
        "[\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
        + "".join(
            f"{chr(code + 0xFFFE)}{chr(code + 0xFFFF)}" for code in range(0x10000, 0xF0000, 0x10000)
        )
        + f"{_all(_BEYOND, _is_format)}]"
    ),
)

_AMPERSANDS = re.compile(r"&(?:(?:amp|AMP|#0{0,5}38|#[xX]0{0,4}26);)+")
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Signs that compare: no tag begins so (WHATWG HTML 13.2.5.6), whatever comes before it.
_COMPARES = r"(?=[0-9=.]|\s++\S)"
_LT = r"&(?:lt|LT|#0{0,5}60|#[xX]0{0,4}3[cC]);"
_LESS = re.compile(_LT + _COMPARES)
_GREATER = re.compile(r"&(?:gt|GT|#0{0,5}62|#[xX]0{0,4}3[eE]);" + _COMPARES)
_TAG_OPENS = re.compile(rf"(?:<|{_LT})[A-Za-z/!?]")
_OPEN_ENTITY = re.compile(r"&[#A-Za-z0-9]{0,32}\Z")

# What English medical prose holds beyond ASCII; a sequence that stands for none of these is left.
_PUNCTUATION = "‘’‚“”„–—―‐‑‒…•†‡‰‹›′″€™−≤≥≈≠→←↑↓∼\u2009\u200a\u202f"
_SIGNS = "\x81\x8d\x8f\x90\x9d\xa0\xad¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿"
_LETTERS = "".join(map(chr, range(0xC0, 0x100)))
_GREEK = "αβγδεθκλμπστχωΔ"
_NEVER_SEEN = "\u200b\u200c\u200d\u200e\u200f\ufeff"
_FURTHER = "šžŠŽčćłńőąęśğışőœŒŸˆ˜"
# Â and Ã are letters that words end with in capitals ("IRMÃ”"): their sequences need more to go by.
_DOUBTFUL = "‘’“”–—…›•™"
_LEAD = "ÂÃÄÅËÎÏâï"
_LEADS, _FAR = re.compile(f"[{_LEAD}]"), re.compile("[\U00010000-\U0010ffff]")


def _misread(char: str) -> str:
    """UTF-8 of `char`, read as Windows-1252; its five empty places are read as Latin-1 has them."""
    return "".join(
        bytes([byte]).decode("cp1252" if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "latin-1")
        for byte in char.encode()
    )


_MENDED = {_misread(char): char for char in _PUNCTUATION + _SIGNS + _LETTERS + _GREEK + _FURTHER}
_MENDED |= {char.encode().decode("latin-1"): char for char in _PUNCTUATION + _LETTERS + _NEVER_SEEN}


_TRAIL = re.escape("".join(_misread(chr(byte))[1] for byte in range(0x80, 0xC0)))
_TRAIL += "\x80-\x9f"  # as Latin-1 has them
_SEQUENCE = re.compile(rf"(?<![{_LEAD}])(?:[ÂÃÄÅËÎÏ][{_TRAIL}]|[âï][{_TRAIL}]{{2}})")
_CAPITAL = re.compile("[A-ZÀ-Þ]")
_NUMBER_FOLLOWS = re.compile(r"\s*+[0-9]")

# A sentence's last word (or number), its end, and the capital that begins the next.
_WORD = (
    r"(?:(?<![^\W\d_])(?:(?<![a-z]\.)[a-zß-ÿ]{3,}+|[A-ZÀ-Þ][a-zß-ÿ]{3,}+|[A-Z]{2,}+"
    r"|(?:it|us|so|up|in|on|do|go|me|we|be|is|to))"
    r"|(?<![\w.])[0-9]++(?:\.[0-9]++)?+%?+|(?<=[”’)\]]))"
)
_SHORTENED = re.compile(
    r"(?:etc|figs?|approx|prof|mrs|vol|est|inc|ltd|resp|incl|min|max|ref|refs|eds?|dept|univ|suppl"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|tab|eqs?|vers|var|spp|subsp|www)",
    re.IGNORECASE,
)
_ENDING = (
    r"(?:com|org|net|edu|gov|info|html?|pdf|docx?|xlsx?|txt|csv|jpe?g|png|gif|zip|exe|js|py|md)"
)
_NEXT = rf"[“‘(]?(?!(?i:{_ENDING})\b)(?:[A-ZÀ-Þ][a-zß-ÿ]|[AI](?=[\s’]|\Z)|[A-Z]{{2}})"
_SEAM = re.compile(rf"(?P<word>{_WORD})(?P<end>[.!?][”’)\]]*+)(?={_NEXT})")
_TOKEN = re.compile(r"\S+")
_NO_PROSE = re.compile(r"[/@\\_]|www\.", re.IGNORECASE)


def mended(text: str) -> str:
    """`text` in NFC without what is not seen; misread, doubly escaped and ligated words mended.

    Line breaks stay as they are. Linear in time, whatever the text.
    """
    if text.isascii() and "&" not in text and text.replace("\n", "").isprintable():
        return text
    text = composed(seen(_unmisread(composed(text))))
    if _LIGATED.search(text):  # a translation reads every letter: slow where there is none
        text = text.translate(_SPELLED)
    if "&" in text:
        text = composed(_unescaped(text))
    text = composed(_unmisread(text))
    return _compared(text) if "&" in text else text


def composed(text: str) -> str:
    """`text` in NFC, with at most eight marks on any letter."""
    if text.isascii():
        return text
    return _few_marks(unicodedata.normalize("NFC", _few_marks(text)))


def seen(text: str) -> str:
    """`text` without characters that no reader sees; tabs and line breaks stay."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNSEEN[0].sub("", text)
    return _UNSEEN[1].sub("", text) if _reaches_beyond(text) else text


def entity_of(written: str) -> str:
    """What a complete entity ("&eacute;", "&#233;") stands for; as written when for nothing."""
    if written[1] == "#":
        return unescape(written)
    return html5.get(written[1:], written)


def parted(text: str) -> str:
    """`text` with a blank between sentences that were glued: "tissue.Lesions". Idempotent.

    Left alone: abbreviations, initials, names of files and genes, numbers, and every word that
    holds a / or @, as addresses do.
    """
    if not _SEAM.search(text):
        return text
    return _TOKEN.sub(lambda token: _parted(token[0]), text)


def _parted(token: str) -> str:
    if _NO_PROSE.search(token):
        return token
    return _SEAM.sub(
        lambda seam: seam[0] if _SHORTENED.fullmatch(seam["word"]) else f"{seam[0]} ", token
    )


def _few_marks(text: str) -> str:
    for form in _MANY_MARKS if _reaches_beyond(text) else _MANY_MARKS[:1]:
        text = form.sub(lambda marks: marks[0][:MOST_MARKS], text)
    return text


def _reaches_beyond(text: str) -> bool:
    return _FAR.search(text) is not None


def _unmisread(text: str) -> str:
    """Again until nothing changes: text is also misread twice. Each time at least halves it."""
    if text.isascii() or not _LEADS.search(text):
        return text
    before = ""
    while before != text:
        before, text = text, _SEQUENCE.sub(_meant, text)
    return text


def _meant(found: re.Match[str]) -> str:
    """The character that was misread; the sequence itself where it may be right as it stands."""
    text, end = found.string, found.end()
    meant = _MENDED.get(found[0], found[0])
    if found[0][0] not in "ÂÃ":
        return meant
    in_capitals = found.start() and _CAPITAL.match(text, found.start() - 1)
    in_a_word = text[end : end + 1].islower() or _SEQUENCE.match(text, end)
    if found[0][1] in _DOUBTFUL:
        counts = meant == "×" and _NUMBER_FOLLOWS.match(text, end)
        return meant if not in_capitals and (in_a_word or counts) else found[0]
    return meant if in_a_word or not in_capitals else found[0]


def _compared(text: str) -> str:
    """< and > that were escaped twice, where they compare ("p &lt; 0.05") and can make no tag."""
    text = _LESS.sub("<", text)
    opens = _TAG_OPENS.search(text)
    safe = opens.start() if opens else len(text)  # what follows could end a tag
    return _GREATER.sub(">", text[:safe]) + text[safe:]


def _unescaped(text: str) -> str:
    """Entities that still stand after the one decoding, but for those of < and >.

    What would complete another entity with what stands before it is left, so that there is no
    end of it to look for.
    """
    text = _AMPERSANDS.sub("&", text)

    def one(entity: re.Match[str]) -> str:
        char = composed(entity_of(entity[0])).translate(_SPELLED)
        if char == entity[0] or "<" in char or ">" in char or "&" in char:
            return entity[0]
        char = seen(char)
        joins = not char or _ASCII_PART.search(char)
        before = text[max(0, entity.start() - 33) : entity.start()]
        return entity[0] if joins and _OPEN_ENTITY.search(before) else char

    return ENTITY.sub(one, text)
