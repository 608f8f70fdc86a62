"""A summary read sentence by sentence, each with what decides whether it may stand in a teaser.

In: a summary. Out: `Texts`, whose lines are whole sentences, verbatim but for white space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from digest.editorial.cues import plain
from digest.editorial.sentences import split_sentences
from digest.editorial.teasers import leaning, sound, telling
from digest.values import Summary


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence.

    `clean`: whole, no hype, no picture. `opens`: clean, and its opening points back to nothing.
    `alone`: it opens, and no word in it leans on a sentence before it. `rank`: 0 a finding in so
    many words, 1 it may be one, 2 how it was studied.
    """

    text: str
    plain: str
    clean: bool
    opens: bool
    alone: bool
    rank: int = 1

    @classmethod
    def of(cls, text: str) -> Line:
        """Read `text`, one sentence."""
        line = plain(text)
        clean = sound.is_clean(text, line)
        opens = clean and leaning.opens(text, line)
        return cls(text, line, clean, opens, opens and not leaning.leans(line))


@dataclass(frozen=True, slots=True)
class Texts:
    """A summary in sentences. `titled`: its headline is its title too, so readers have it."""

    title: str
    headline: Line | None
    titled: bool
    found: tuple[Line, ...]
    why: tuple[str, ...]
    limits: tuple[str, ...]

    @classmethod
    def of(cls, summary: Summary) -> Texts:
        """Split and read the fields of `summary`."""
        headline = " ".join(summary.headline.split())
        title = " ".join(summary.title.split()) or headline
        return cls(
            title=title,
            headline=Line.of(headline) if headline else None,
            titled=_bare(title) == _bare(headline),
            found=_read_found(summary.found, plain(title)),
            why=tuple(split_sentences(summary.why)),
            limits=tuple(split_sentences(summary.limits)),
        )

    @property
    def introduction(self) -> Line | None:
        """The headline, where it can stand before a sentence and readers have not read it yet."""
        return (
            None if self.titled or not self.headline or not self.headline.clean else self.headline
        )


def _read_found(found: str, shown: str) -> tuple[Line, ...]:
    """The lines of what was found; an abbreviation leans on the sentence that explains it."""
    lines: list[Line] = []
    explained: set[str] = set()
    for line in map(Line.of, split_sentences(found)):
        leans = (
            any(short in line.text for short in explained)
            or leaning.points_at_unnamed(line.plain, shown)
            or leaning.ADDS.search(line.plain) is not None
            or leaning.BARE_THIS.search(line.plain) is not None
        )
        lines.append(replace(line, alone=line.alone and not leans, rank=telling.rank(line.plain)))
        introduced = leaning.INTRODUCED.findall(line.text)
        explained.update(short for short in introduced if short.lower() not in shown)
    return tuple(lines)


def _bare(text: str) -> str:
    """Letters and digits alone: "A B." and "a b" are the same headline."""
    return "".join(char for char in text.casefold() if char.isalnum())
