"""What an expression says, as a tree; and the tree as an expression again.

`at` is where a part stands in the text (characters from 0): an error points there. It is no part
of what the tree says, so two trees that say the same are equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NUMBER = "N"  # in the name of a fact: here stands a number
WORD = re.compile(r"[^\W_][\w.+@/:-]*")
# What means something where a value could stand, or would look as if it did.
KEYWORDS = frozenset({"and", "or", "not", "before", "after"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """`tag = "clinic a"`: one of the fields, an operator, what was written after it."""

    name: str
    operator: str
    value: str
    at: int = field(default=0, compare=False)  # of the value


@dataclass(frozen=True, slots=True)
class Fact:
    """`had issue 3`, `bounced`: true of a reader or not; `number` where the name has an N."""

    name: str
    number: int | None = None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Tree


@dataclass(frozen=True, slots=True)
class Both:
    """`and`: two parts or more, each of them."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """`or`: two parts or more, one of them at least."""

    parts: tuple[Tree, ...]


Tree = Comparison | Fact | Not | Both | Either


def written(tree: Tree) -> str:
    """The tree as an expression; parsing that gives an equal tree."""
    match tree:
        case Comparison(name, operator, value):
            return f"{name} {operator} {quoted(value)}"
        case Fact(name, number):
            words = (str(number) if word == NUMBER else word for word in name.split())
            return " ".join(words)
        case Not(part):
            return f"not {_inside(part)}"
        case Both(parts):
            return " and ".join(map(_inside, parts))
        case Either(parts):
            return " or ".join(map(_inside, parts))


def quoted(value: str) -> str:
    """A value as it can be written: bare where it is one plain word, else in quotes."""
    if WORD.fullmatch(value) and value.casefold() not in KEYWORDS:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _inside(part: Tree) -> str:
    return f"({written(part)})" if isinstance(part, Both | Either) else written(part)
