"""The layout of a summary page as lines of text: what is content, what frames it, what is what.

A page is a headline, then a paragraph each on what was found, why it matters and its limits.
Related cards follow (a date M/D/YYYY, a teaser cut at 100 characters, "Read More" glued to what
comes next), then a disclaimer that names the journal. Cards and disclaimer are no content, and
the cards' dates are not the page's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.sources.entry import Stated
from digest.sources.errors import Unreadable

DATE = r"\d{1,2}/\d{1,2}/\d{4}"
DATE_LINE = re.compile(DATE)
TRAILING_DATE = re.compile(rf"\s*{DATE}$")
READ_MORE = re.compile(r"read more", re.IGNORECASE)
READ_MORE_LINE = re.compile(r"read more\W*", re.IGNORECASE)
READ_MORE_GLUED = re.compile(rf"read more\W*(?:{DATE}|whether you)", re.IGNORECASE)
CARD_ON_ONE_LINE = re.compile(rf"{DATE}\s*\S.{{0,140}}?read more", re.IGNORECASE)
JOURNAL = re.compile(r"\bjournals like (.{1,200}?) often range\b", re.IGNORECASE)
DISCLAIMER = re.compile(r"whether you.{1,4}ve recently been diagnosed", re.IGNORECASE)
LONGEST_TEASER = 110  # characters: cut at 100, with room for a mark of omission
LONGEST_HEADLINE = 300
WRAPPED_AT = 100  # a dump's paragraphs are one long line each
ENDS_SENTENCE = (".", "!", "?", "…", ".”", '."', ".)", ":")
SENTENCE_BREAK = re.compile(r"[.!?][”\"')]?\s+(?=[A-Z“])")
HEADINGS = {
    "headline": r"headline|in (?:short|brief)",
    "found": r"(?:what )?(?:was|they|we|researchers|scientists|the \w+)? ?found"
    r"|(?:key |main )?(?:findings?|results?)",
    "why": r"why|why (?:it|this) matters[^.!]{0,60}|what (?:it|this) means[^.!]{0,60}",
    "limits": r"limits?|limitations?|(?:the )?limits of (?:the|this) study|caveats?"
    r"|(?:what to )?keep in mind",
}
HEADING = {name: re.compile(f"(?:{words})[:?]?", re.IGNORECASE) for name, words in HEADINGS.items()}


@dataclass(frozen=True, slots=True)
class Content:
    """A page without its frame. `framed`: cards or a disclaimer stood below the content."""

    lines: tuple[str, ...]  # blank ones kept: they part paragraphs that run over several lines
    journal: str
    framed: bool


def without_frame(lines: Sequence[str]) -> Content:
    """The lines before the first related card or the disclaimer, and the journal named there."""
    lines = [" ".join(line.split()) for line in lines]
    journal = next((match[1] for line in lines if (match := JOURNAL.search(line))), "")
    start, last_line = _frame_start(lines)
    kept = lines[:start]
    if last_line is not None:
        kept[-1:] = [last_line]
    kept = [
        line
        for line in kept
        if not READ_MORE_LINE.fullmatch(line) and not DATE_LINE.fullmatch(line)
    ]
    return Content(tuple(kept), journal, start < len(lines))


def paragraphs_of(content: Content) -> list[str]:
    """Each line is a paragraph; only lines wrapped by hand between blank ones are joined again."""
    blocks: list[list[str]] = [[]]
    for line in content.lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    blocks = [block for block in blocks if block]
    joined: list[str] = []
    for block in blocks:
        wrapped = len(blocks) > 1 and all(len(line) <= WRAPPED_AT for line in block)
        wrapped = wrapped and any(is_title(line) for line in block[:-1])
        joined += [" ".join(block)] if wrapped else block
    return joined


def arrange(paragraphs: Sequence[str], content: Content, title: str = "") -> Stated:
    """The paragraphs of one page as fields: by their headings, else by their order.

    More than four paragraphs are an article, unless the page names a journal: then there is no
    telling which paragraph is which, and Unreadable is raised.
    """
    if has_headings(paragraphs):
        return _by_headings(paragraphs, title)
    if content.framed and not title and len(paragraphs) == 5 and is_title(paragraphs[0]):
        title, paragraphs = paragraphs[0], paragraphs[1:]
    if len(paragraphs) <= 4:
        return _by_order(paragraphs, title)
    if content.journal:
        raise Unreadable(
            f"has {len(paragraphs)} paragraphs before the related cards, and no telling which is "
            "which",
            "Put headings before them: What was found, Why it matters, Limits",
        )
    return article(paragraphs, title)


def article(paragraphs: Sequence[str], title: str = "") -> Stated:
    """A round-up: without a `title` of its own, its first paragraph is the title."""
    if not title and paragraphs:
        title, paragraphs = paragraphs[0], paragraphs[1:]
    if len(title) > LONGEST_HEADLINE:
        raise Unreadable(
            "has no title: it begins with a whole paragraph", "Put the title on the first line"
        )
    return Stated(kind="article", title=title, body="\n\n".join(paragraphs))


def has_headings(paragraphs: Sequence[str]) -> bool:
    """True when one of the paragraphs is a heading such as "Why it matters"."""
    return any(_field(paragraph) for paragraph in paragraphs)


def is_title(line: str) -> bool:
    """True for a short line that does not end as a sentence does."""
    return len(line) <= LONGEST_HEADLINE and not line.endswith(ENDS_SENTENCE)


def _frame_start(lines: Sequence[str]) -> tuple[int, str | None]:
    """Where the frame starts, and what the line before is to read if a card's date hangs on it."""
    filled = [(number, line) for number, line in enumerate(lines) if line]
    for at, (number, line) in enumerate(filled):
        following = [text for _, text in filled[at + 1 : at + 3]]
        if READ_MORE_GLUED.match(line) and at > 0 and len(filled[at - 1][1]) <= LONGEST_TEASER:
            return _before_teaser(filled, at)
        if (
            READ_MORE_GLUED.match(line)
            or DISCLAIMER.search(line)
            or JOURNAL.search(line)
            or CARD_ON_ONE_LINE.match(line)
            or (DATE_LINE.fullmatch(line) and _is_card(following))
        ):
            return number, None
    return len(lines), None


def _before_teaser(filled: Sequence[tuple[int, str]], at: int) -> tuple[int, str | None]:
    """A card whose date is glued to the content's end: the teaser goes, and so does the date."""
    teaser = filled[at - 1][0]
    if at < 2 or not TRAILING_DATE.search(filled[at - 2][1]):
        return teaser, None
    return filled[at - 2][0] + 1, TRAILING_DATE.sub("", filled[at - 2][1])


def _is_card(following: Sequence[str]) -> bool:
    """What follows a date line: a teaser and Read More, or (the page cut off) a cut teaser."""
    if any(READ_MORE.match(line) for line in following):
        return True
    return bool(following) and len(following[0]) <= LONGEST_TEASER and is_title(following[0])


def _by_order(paragraphs: Sequence[str], title: str) -> Stated:
    headline = paragraphs[0] if paragraphs else ""
    sentences = 1 + len(SENTENCE_BREAK.findall(headline))
    if len(headline) > LONGEST_HEADLINE or (len(paragraphs) < 4 and sentences > 1):
        raise Unreadable(
            "has no headline: it begins with a whole paragraph",
            "Put the headline, one sentence, on the first line",
        )
    found, why, limits = [*paragraphs[1:], "", "", ""][:3]
    return Stated(
        kind="summary", title=title, headline=headline, found=found, why=why, limits=limits
    )


def _by_headings(paragraphs: Sequence[str], title: str) -> Stated:
    parts: dict[str, list[str]] = {name: [] for name in ("top", *HEADING)}
    current = "top"
    for paragraph in paragraphs:
        if name := _field(paragraph):
            current = name
        else:
            parts[current].append(paragraph)
    top = parts["top"]
    if not title and len(top) > 1 and is_title(top[0]):
        title = top.pop(0)
    headline = parts["headline"] or top[:1]
    rest = top if parts["headline"] else top[1:]
    return Stated(
        kind="summary",
        title=title,
        headline="\n\n".join(headline),
        found="\n\n".join([*rest, *parts["found"]]),
        why="\n\n".join(parts["why"]),
        limits="\n\n".join(parts["limits"]),
    )


def _field(paragraph: str) -> str | None:
    """The field that a paragraph heads, if it is one of the heading words and nothing else."""
    if len(paragraph) > 100:
        return None
    return next((name for name, words in HEADING.items() if words.fullmatch(paragraph)), None)
