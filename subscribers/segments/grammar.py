"""From a text to a tree: a tokenizer and a parser by recursive descent.

    either := both ("or" both)*            both := one ("and" one)*
    one    := "not" one | "(" either ")" | FIELD OPERATOR value | fact
    value  := word | date | "in quotes"    (\\" and \\\\ within)

Words of the language are blind to case. Any text gives a tree or one SubscribersError, which
names the place and what would fit there; both length and depth have limits, so none takes long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from subscribers.errors import SubscribersError
from subscribers.segments.tree import (
    KEYWORDS,
    NUMBER,
    WORD,
    Both,
    Comparison,
    Either,
    Fact,
    Not,
    Tree,
)

MAX_LENGTH = 2000  # characters
MAX_DEPTH = 20  # of brackets and `not`
MAX_DIGITS = 9  # of a number: what every database's integer holds
SHOWN = 20  # characters of what is wrong that an error repeats

IS = ("=", "!=")
# Field → what may stand after it. `before` and `after` are read as < and >.
OPERATORS = {
    "list": IS,
    "theme": IS,
    "tag": IS,
    "language": IS,
    "joined": ("<", "<=", "=", "!=", ">=", ">"),
}
IN_WORDS = {"before": "<", "after": ">"}

TOKEN = re.compile(
    rf'(?P<word>{WORD.pattern})|(?P<sign><=|>=|!=|[=<>()])|(?P<text>"(?:[^"\\]|\\.)*")'
)
BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # word, sign, text or end
    text: str  # as written; of a text in quotes, what it says
    at: int

    @property
    def low(self) -> str:
        """What it means as a word or a sign of the language; "" for a text in quotes."""
        return "" if self.kind == "text" else self.text.casefold()


def parse(text: str, facts: Collection[str]) -> Tree:
    """The tree of an expression. `facts` are the names handed in, such as "had issue N".

    Raises SubscribersError.
    """
    if len(text) > MAX_LENGTH:
        raise SubscribersError(
            f"it is longer than {MAX_LENGTH} characters",
            where="segment",
            mend="Write a shorter one",
        )
    return _Parser(_tokens(text), [tuple(fact.split()) for fact in facts]).all()


def wrong(at: int, what: str, mend: str) -> SubscribersError:
    """An error about one place of an expression; `at` counts from 0, the reader from 1."""
    return SubscribersError(what, where=f"segment, character {at + 1}", mend=mend)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = _after_blanks(text, 0)
    while place < len(text):
        token = TOKEN.match(text, place)
        if token is None:
            raise _unreadable(text, place)
        kind, said = str(token.lastgroup), token.group()
        if kind == "text":
            said = _unquoted(said, place)
        found.append(_Token(kind, said, place))
        place = _after_blanks(text, token.end())
    return [*found, _Token("end", "", len(text))]


def _after_blanks(text: str, place: int) -> int:
    blank = BLANK.match(text, place)
    return blank.end() if blank else place


def _unreadable(text: str, place: int) -> SubscribersError:
    if text[place] == '"':
        return wrong(place, "the quotes that begin here do not end", 'Put a " at the end')
    what = f"{_shown(text[place])} cannot stand here"
    return wrong(place, what, "Put a value with such characters in double quotes")


def _unquoted(said: str, place: int) -> str:
    value = re.sub(r"\\(.)", r"\1", said[1:-1])
    if not value.strip():
        raise wrong(place, "nothing stands between the quotes", "Write a value")
    if not value.isprintable():
        mend = "Type it anew by hand"
        raise wrong(place, "it holds a line break, a control or an invisible character", mend)
    return value


def _shown(text: str) -> str:
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f"'{short}'" if text.isprintable() else "a control or an invisible character"


class _Parser:
    def __init__(self, tokens: list[_Token], facts: list[tuple[str, ...]]):
        self._tokens, self._facts, self._next, self._depth = tokens, facts, 0, 0
        names = (*OPERATORS, *(" ".join(fact) for fact in facts), "not", "(")
        self._beginnings = f"One of these would fit: {', '.join(names)}"

    def all(self) -> Tree:
        tree = self._either()
        rest = self._here
        if rest.low == ")":
            raise wrong(rest.at, "this bracket was never opened", "Take it out, or put a ( before")
        if rest.kind != "end":
            mend = "Write and, or, or nothing more; a value of several words needs double quotes"
            raise wrong(rest.at, f"{_shown(rest.text)} cannot stand here", mend)
        return tree

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._here
        if token.kind != "end":
            self._next += 1
        return token

    def _either(self) -> Tree:
        parts = self._joined("or", self._both)
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Tree:
        parts = self._joined("and", self._one)
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _joined(self, word: str, part: Callable[[], Tree]) -> list[Tree]:
        parts = [part()]
        while self._here.low == word:
            self._take()
            parts.append(part())
        return parts

    def _one(self) -> Tree:
        start = self._here
        if start.low == "not":
            self._take()
            return Not(self._deeper(start, self._one))
        if start.low == "(":
            self._take()
            inner = self._deeper(start, self._either)
            if self._here.low != ")":
                raise wrong(self._here.at, "a bracket is not closed", "Put a ) here, or and, or or")
            self._take()
            return inner
        if start.low in OPERATORS:
            return self._comparison()
        return self._fact()

    def _deeper(self, start: _Token, part: Callable[[], Tree]) -> Tree:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            mend = "Write it with fewer brackets"
            raise wrong(start.at, f"it is nested deeper than {MAX_DEPTH}", mend)
        tree = part()
        self._depth -= 1
        return tree

    def _comparison(self) -> Comparison:
        name, sign = self._take().low, self._take()
        allowed = OPERATORS[name]
        operator = IN_WORDS.get(sign.low, sign.low)
        if operator not in allowed:
            after = f"after {name}, {_shown(sign.text)} cannot stand" if sign.text else ""
            fits = (*allowed, *IN_WORDS) if "<" in allowed else allowed
            mend = f"One of these would fit: {' '.join(fits)}"
            raise wrong(sign.at, after or f"nothing stands after {name}", mend)
        value = self._take()
        if value.kind not in ("word", "text") or value.low in KEYWORDS:
            example = (
                "a day, such as 2026-01-31" if name == "joined" else "a word, or a text in quotes"
            )
            what = f"a value is missing after {name} {operator}"
            raise wrong(value.at, what, f"Write {example}")
        return Comparison(name, operator, value.text, value.at)

    def _fact(self) -> Fact:
        start, rest = self._here, self._tokens[self._next :]
        for fact in self._facts:
            if any(
                token.low != word for token, word in zip(rest, fact, strict=False) if word != NUMBER
            ):
                continue
            tokens = [self._take() for _ in fact]
            numbers = [
                self._number(token, fact)
                for token, word in zip(tokens, fact, strict=True)
                if word == NUMBER
            ]
            return Fact(" ".join(fact), numbers[0] if numbers else None, start.at)
        what = (
            f"{_shown(start.text)} is nothing that is known"
            if start.text
            else "something is missing"
        )
        raise wrong(start.at, what, self._beginnings)

    def _number(self, token: _Token, fact: tuple[str, ...]) -> int:
        if not re.fullmatch(rf"[0-9]{{1,{MAX_DIGITS}}}", token.text):
            what = f"a number is missing in {' '.join(fact)}"
            mend = f"Write digits for {NUMBER}, {MAX_DIGITS} at most"
            raise wrong(token.at, what, mend)
        return int(token.text)
