"""The text part: filters for its template, and the last tidying.

Lines hold at most 78 characters (RFC 5322 section 2.1.1), except one that holds an address:
a broken address is of no use.
"""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import Environment

from digest.mail.contents import Contents

LINE = 76


def render_text(contents: Contents, environment: Environment, slots: dict[str, str]) -> str:
    """The text part of one mail, ending with one line break."""
    text = environment.get_template("email/issue.txt").render(issue=contents, **slots)
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{4,}", "\n\n\n", text).strip() + "\n"


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """`text` in lines of at most 76 characters, `first` and `rest` before them.

    What textwrap gives, too, in a sixth of its time: a mail holds hundreds of short texts.
    """
    rest = first if rest is None else rest
    room = LINE - max(len(first), len(rest))
    lines = _lines_of(room, "://" in text).findall(" ".join(text.split()))
    return first + f"\n{rest}".join(lines) if lines else ""


def underlined(text: str, rule: str = "-") -> str:
    """A heading: `text`, and a line of `rule` under it as long as its longest line."""
    heading = wrapped(text)
    return f"{heading}\n{rule * max(len(line) for line in heading.splitlines() or [''])}"


@lru_cache(maxsize=16)
def _lines_of(room: int, address: bool) -> re.Pattern[str]:
    """One line after the other: what has room up to a blank, else a word that is too long.

    Such a word is broken, unless it may be an `address`.
    """
    too_long = r"\S+" if address else rf"\S{{{room}}}"
    return re.compile(rf"\S.{{0,{room - 1}}}(?= |$)|{too_long}")
