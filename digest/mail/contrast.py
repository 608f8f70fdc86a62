"""How well the words of a finished mail stand out: each text with its ink, ground and contrast.

In comes a mail's HTML as it is sent (styles inlined, some sheets kept in the head), out go `Pair`s
in reading order, for a reader in the light, in the dark, in Outlook.com's dark mode, or in a
client that recolours the mail by itself. What cannot be read as a plain rule or colour is passed
over: a site's own templates may hold anything, and nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.mail.colours import (
    attribute_colour,
    colour,
    ground_colour,
    luminance,
    ratio,
    recoloured,
)

__all__ = ["SCHEMES", "Pair", "Scheme", "luminance", "pairs", "ratio"]

Scheme = Literal["light", "dark", "outlook", "inverted", "partly inverted"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark", "outlook", "inverted", "partly inverted")


@dataclass(frozen=True, slots=True)
class Pair:
    """One piece of visible text; `ink` and `ground` as #rrggbb, `ratio` from 1 to 21."""

    text: str
    ink: str
    ground: str
    ratio: float


def pairs(html: str, scheme: Scheme) -> tuple[Pair, ...]:
    """Each visible text of a mail, in reading order, with the colours that `scheme` gives it.

    - light: inline styles and the plain rules of kept sheets
    - dark: and what stands under `@media (prefers-color-scheme:dark)`
    - outlook: light, and the rules for `[data-ogsc]` and `[data-ogsb]`. Outlook.com would mend
      much of what these leave out; here it keeps its light colour, so that a gap is seen
    - inverted: the light colours, every one's lightness turned around
    - partly inverted: only light grounds are darkened, and only dark ink is lightened
    """
    page = LexborHTMLParser(html)
    if page.root is None:
        return ()
    return tuple(_pair(*found, scheme) for found in _texts(page.root, _Cascade(page, scheme)))


def _pair(text: str, ink: str, ground: str, scheme: Scheme) -> Pair:
    if scheme in ("inverted", "partly inverted"):
        ink, ground = recoloured(ink, ground, whole=scheme == "inverted")
    return Pair(text, ink, ground, ratio(ink, ground))


# ── what is on the page ───────────────────────────────────────────────────────────────────

_UNSEEN = {"head", "script", "style", "template", "title"}
# White space and what fills up a preheader: nothing of it is seen.
_FILLING = re.compile(r"[\s\u00ad\u034f\u200b-\u200f\u2060\ufeff]*")


def _texts(root: LexborNode, cascade: _Cascade) -> Iterator[tuple[str, str, str]]:
    """Each visible text with its ink and ground. No recursion: a page may be any depth."""
    waiting = [(root, cascade.ink, cascade.ground)]
    while waiting:
        node, ink, ground = waiting.pop()
        if node.is_text_node:
            text = node.text_content or ""
            if not _FILLING.fullmatch(text):
                yield " ".join(text.split()), ink, ground
        elif node.is_element_node and node.tag not in _UNSEEN:
            own = cascade.of(node)
            if own.get("display") != "none":
                ink, ground = own.get("color") or ink, own.get("background-color") or ground
                children = [(child, ink, ground) for child in node.iter(include_text=True)]
                waiting += reversed(children)


class _Declared(NamedTuple):
    """`value`: a colour as #rrggbb, "" for the parent's, or what display is."""

    name: str
    value: str
    important: bool


class _Rule(NamedTuple):
    tag: str
    classes: frozenset[str]
    weight: tuple[int, int]  # its specificity: classes and attributes, then tags
    declared: tuple[_Declared, ...]


_HINT, _INLINE = (0, 0), (1000, 0)


class _Cascade:
    """Which declarations win on an element (CSS Cascading 4, section 6)."""

    def __init__(self, page: LexborHTMLParser, scheme: Scheme) -> None:
        # A mail that says it knows the dark gets a dark canvas, light ink and light links of the
        # client's own (WebKit's, as in Apple Mail); all others are black on white.
        knows = scheme == "dark" and page.css_first('meta[name="color-scheme"][content*="dark"]')
        names = ("#ffffff", "#1e1e1e", "#9e9eff") if knows else ("#000000", "#ffffff", "#0000ee")
        self.ink, self.ground, self._link = names
        self._rules = [
            rule
            for style in page.css("style")
            for rule in _rules(style.text(), style.attributes.get("media") or "all", scheme)
        ]
        self._known: dict[tuple[str | bool | None, ...], dict[str, str]] = {}

    def of(self, node: LexborNode) -> dict[str, str]:
        """What is declared for `node` itself; a mail repeats few kinds of element many times."""
        given = node.attributes
        said = tuple(given.get(name) for name in ("class", "style", "bgcolor", "color"))
        key = (node.tag, *said, "href" in given, "hidden" in given)
        if key not in self._known:
            self._known[key] = self._won(node.tag or "", given)
        return self._known[key]

    def _won(self, tag: str, given: dict[str, str | None]) -> dict[str, str]:
        classes = set((given.get("class") or "").split())
        layers = [(_HINT, self._hints(tag, given))]
        layers += [
            (rule.weight, rule.declared)
            for rule in self._rules
            if rule.tag in ("", tag) and rule.classes <= classes
        ]
        layers.append((_INLINE, _declarations(given.get("style") or "")))
        layers.sort(key=lambda layer: layer[0])  # stable: of equals the later wins
        declared = [one for _, block in layers for one in block]
        declared.sort(key=lambda one: one.important)
        return {one.name: one.value for one in declared}

    def _hints(self, tag: str, given: dict[str, str | None]) -> tuple[_Declared, ...]:
        """What attributes ask for, and the colour of a link that nobody coloured."""
        asked = {
            "background-color": attribute_colour(given.get("bgcolor")),
            "color": attribute_colour(given.get("color")) if tag == "font" else None,
            "display": "none" if "hidden" in given else None,
        }
        if tag == "a" and "href" in given:
            asked["color"] = self._link
        return tuple(_Declared(name, value, False) for name, value in asked.items() if value)


# ── style sheets ──────────────────────────────────────────────────────────────────────────

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_BRACE = re.compile(r"([{}])")
_MEDIA = re.compile(r"@media(?:only)?(?:screen|all)")
_DARK = re.compile(r"@media(?:(?:only)?(?:screen|all)and)?\(prefers-color-scheme:dark\)")
_SELECTOR = re.compile(r"(\[data-og[sa][cb]\]\s+)?([a-z][a-z0-9]*)?((?:\.[\w-]+)*)", re.IGNORECASE)


def _rules(css: str, media: str, scheme: Scheme) -> Iterator[_Rule]:
    """The rules of one sheet that hold in `scheme`, one for each selector that can be read."""
    for selectors, block in _blocks(f"@media {media}{{{_COMMENT.sub('', css)}}}", scheme):
        declared = _declarations(block)
        for selector in selectors.split(",") if declared else ():
            found = _SELECTOR.fullmatch(selector.strip())
            if not found or not (found[2] or found[3]) or (found[1] and scheme != "outlook"):
                continue
            classes = frozenset(found[3].split(".")[1:])
            weight = (len(classes) + bool(found[1]), int(bool(found[2])))
            yield _Rule((found[2] or "").lower(), classes, weight, declared)


def _blocks(css: str, scheme: Scheme) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) of each rule whose media queries hold."""
    heads: list[str] = []
    pieces = _BRACE.split(css)
    for piece, brace in zip(pieces[::2], pieces[1::2], strict=False):
        if brace == "{":
            heads.append(piece.rpartition(";")[2].strip())
        elif heads:
            head = heads.pop()
            if not head.startswith("@") and all(_holds(outer, scheme) for outer in heads):
                yield head, piece


def _holds(head: str, scheme: Scheme) -> bool:
    query = re.sub(r"\s", "", head.lower())
    return bool(_MEDIA.fullmatch(query) or (scheme == "dark" and _DARK.fullmatch(query)))


_LONGEST = 200  # characters of a value that is looked at: a colour is short, an image is not
_PARENTS = {"inherit", "unset", "currentcolor"}
_SEE_THROUGH = {"transparent", "none", "inherit", "unset", "initial"}


@lru_cache(maxsize=1024)
def _declarations(block: str) -> tuple[_Declared, ...]:
    """What `color:#123456;background:white!important` declares, as far as it can be read."""
    found = []
    for declaration in block.split(";"):
        name, _, raw = declaration.partition(":")
        value, bang, _ = raw.strip().lower().partition("!")
        name, value = name.strip().lower(), value.strip()
        read = _value(name, value) if len(value) <= _LONGEST else None
        if read is not None:
            name = "background-color" if name == "background" else name
            found.append(_Declared(name, read, bool(bang)))
    return tuple(found)


def _value(name: str, value: str) -> str | None:
    if name == "display":
        return value or None
    if name == "color":
        return "" if value in _PARENTS else colour(value)
    if name in ("background", "background-color"):
        return "" if value in _SEE_THROUGH else ground_colour(value)
    return None
