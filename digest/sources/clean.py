"""Outside text → plain text: what reaches a reader is words, never markup or hidden characters.

In: a string from anywhere, at most the 10 MB that fetch and folder let through. Out: NFC text,
each paragraph on one line, one blank line between paragraphs. Keeps law 8: every field is made
plain text; entities are decoded once, and what was escaped twice is mended but for a < or >
that a tag could come of (`mending`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.sources.errors import Unreadable
from digest.sources.mending import ENTITY, composed, entity_of, mended, seen

DROPPED = "script, style, template, noscript, iframe, object, svg, button, head"
BLOCKS = (
    "address, article, aside, blockquote, dd, details, div, dl, dt, fieldset, figcaption, figure, "
    "footer, form, h1, h2, h3, h4, h5, h6, header, hr, li, main, nav, ol, p, pre, section, "
    "summary, table, td, th, tr, ul"
)
# Unicode's own marks for breaks stand in for <br> and block elements until white space is folded.
LINE, PARAGRAPH = "\u2028", "\u2029"
# Elements whose end tag may be left out do not nest; the parser's time grows with the square of
# the depth of the others (200,000 open <div> took it two minutes).
FLAT = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dd dt option optgroup "  # noqa: SIM905
    "tr td th thead tbody tfoot colgroup rp rt html head body".split()
)
DEEPEST, MOST_TAGS = 500, 100_000
TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)(?:[^<>]*?(/?)>)?")
# Possessive (*+) where a hostile field could make the pattern look at it again and again.
MARKUP = re.compile(
    r"<(?=[a-z/!?])(?:/?(?:script|style|iframe|object|svg|template|noscript)\b[^<>]*+>"
    r"|/?(?:p|br|hr|div|span|em|i|b|strong|u|a|ul|ol|li|dl|dt|dd|h[1-6]|sup|sub|small|font|img"
    r"|section|article|aside|header|footer|main|blockquote|pre|code|table|tbody|tr|td|th|form"
    r"|input|button|video|audio|math|link|meta|html|body|head|title)"
    r"(?:\s*+/?|\s[^<>=]*+=[^<>]*+)>"
    r"|!--(?:[^<-]|<(?!!--)|-(?!->))*+-->"
    r"|!\[[^<>\[\]]*+\]>|!doctype\b[^<>]*+>|\?[a-z][^<>]*+>)",
    re.IGNORECASE,
)
# A tag as HTML's tokenizer reads it. The parser's time grows with the square of the attributes of
# one tag (142,000 of them took it 100 seconds).
ATTRIBUTE = r"=?[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"?|'[^']*+'?|[^\s>\"'][^\s>]*+)?)?"
ATTRIBUTES = re.compile(rf"<[A-Za-z][^\s/>]*+((?:[\s/]++|{ATTRIBUTE}|=)*+)")
ATTRIBUTE_NAME = re.compile(rf"{ATTRIBUTE}|=")
MOST_ATTRIBUTES = 3000  # in one tag, or as many squared in several
CDATA = re.compile(r"<!\[CDATA\[|\]\]>")


def plain_text(raw: str, *, html: bool = False) -> str:
    """Paragraphs of plain text; idempotent on its own output when `html` is False.

    With `html`, block elements and double <br> part paragraphs, script and style content goes,
    and entities are decoded once. Raises Unreadable when markup nests absurdly deep or has more
    tags than any page.
    """
    text = _text_of(markup(raw).body) if html else raw
    # Our own marks of breaks go first: text that is all ASCII beside them needs no mending.
    return _folded(mended(text.replace(PARAGRAPH, "\n\n").replace(LINE, "\n")))


def one_line(raw: str) -> str:
    """Plain text on one line, whatever breaks it held."""
    return plain_text(raw).replace("\n\n", " ")


def to_the_letter(raw: str) -> str:
    """An identity (an address, a DOI, a guid) on one line: nothing in it is mended.

    NFC, and without what is not seen.
    """
    return _folded(composed(seen(composed(raw)))).replace("\n\n", " ")


def loose_text(raw: str) -> str:
    """Plain text of a field that may or may not hold markup, such as a record's or a feed title.

    Only known tags and complete entities count as markup, so "p < 0.05" and "Q&A" survive.
    """
    raw = _without_cdata(raw)
    if MARKUP.search(raw):
        raw = re.sub(r"\n[^\S\n]*\n", PARAGRAPH, raw.replace("\r\n", "\n"))
        return plain_text(_known_markup_only(raw), html=True)
    return plain_text(ENTITY.sub(lambda entity: entity_of(entity[0]), raw))


def holds_markup(raw: str) -> bool:
    """True when `raw` holds an HTML tag that we know."""
    return MARKUP.search(raw) is not None


def text_of_node(node: LexborNode | None) -> str:
    """Plain text of one element of a parsed page; "" for None. Changes the element."""
    return plain_text(_text_of(node))


def markup(raw: str) -> LexborHTMLParser:
    """The parsed page. Raises Unreadable when it nests deeper or has more tags than any page."""
    raw = _without_cdata(raw)
    if sum(1 for _ in TAG.finditer(raw)) > MOST_TAGS:
        raise Unreadable(
            f"it has more than {MOST_TAGS:,} tags", "Split it into pages, or leave the page out"
        )
    if nesting(raw, flat=FLAT) > DEEPEST:
        raise Unreadable(
            f"its elements nest deeper than {DEEPEST}", "Close its elements, or leave the page out"
        )
    if _attributes(raw) > MOST_ATTRIBUTES**2:
        raise Unreadable(
            "its tags have more attributes than any page's", "Mend them, or leave the page out"
        )
    return LexborHTMLParser(raw)


def nesting(raw: str, *, flat: Iterable[str] = ()) -> int:
    """How deep the elements of HTML or XML stand open at most, not counting those in `flat`."""
    depth = deepest = 0
    for closes, name, empty in TAG.findall(raw):
        if empty or name.lower() in flat:
            continue
        depth = max(0, depth - 1) if closes else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _folded(text: str) -> str:
    """Each paragraph on one line, one blank line between them."""
    text = text.replace(PARAGRAPH, "\n\n")
    text = re.sub("\r\n|[\r\v\f\x85\u2028]", "\n", text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n\n".join(" ".join(group) for filled, group in groupby(lines, bool) if filled)


def _without_cdata(raw: str) -> str:
    """What is marked as text for XML is text; the HTML parser would take it for a comment."""
    return CDATA.sub("", raw) if "<![CDATA[" in raw else raw


def _attributes(raw: str) -> int:
    """The squares of the numbers of attributes, one tag after the other."""
    return sum(
        sum(1 for _ in ATTRIBUTE_NAME.finditer(tag[1])) ** 2
        for tag in ATTRIBUTES.finditer(raw)
        if len(tag[1]) > MOST_ATTRIBUTES // 10
    )


def _known_markup_only(raw: str) -> str:
    """Escapes each < that starts no known tag, so that the parser takes it for a character."""
    parts, end = [], 0
    for tag in MARKUP.finditer(raw):
        parts += [raw[end : tag.start()].replace("<", "&lt;"), tag[0]]
        end = tag.end()
    return "".join(parts) + raw[end:].replace("<", "&lt;")


def _text_of(node: LexborNode | None) -> str:
    if node is None:
        return ""
    for dropped in node.css(DROPPED):
        dropped.decompose()
    for br in node.css("br"):
        br.insert_before(LINE)
    for block in node.css(BLOCKS):
        block.insert_before(PARAGRAPH)
        block.insert_after(PARAGRAPH)
    return re.sub(r"[ \t\n\r\v\f\x85]+", " ", node.text(deep=True))
