"""The sentences that count: subject, preheader, heading and facts of a mail.

An `Edition` is counted theme by theme into a `Splicing`; the same counts then tell the opening of
the whole mail, and of the part of it that a reader chose, in the same words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from digest.mail import wording
from digest.values import Edition, Splicing, ThemeCount, ThemeGroup

# The way in which blocks and sentences are put together (variants.py). It is part of what is
# approved: whoever changes the way counts it up, and what was approved before stays readable.
RULE = 1
TOP_THEMES = 2  # that {top} names
LONGEST_TOP = 48  # characters; more would push the rest out of sight in an inbox


@dataclass(frozen=True, slots=True)
class Opening:
    """What counts the studies of a mail, each on one line; `chosen` is empty in the whole one."""

    subject: str
    preheader: str
    intro: str
    facts: str
    chosen: str


def splicing_of(edition: Edition, words: Sequence[int]) -> Splicing:
    """The edition counted; `words` are those to read in each of its themes."""
    said = edition.wording
    settled = {
        "month": wording.month_of(edition.dated, edition.publication.timezone),
        "number": str(edition.number),
    }
    subject, preheader, intro = (
        wording.one_line(wording.fill(template, settled))
        for template in (said.subject, said.preheader, said.intro)
    )
    counted = zip(edition.groups, words, strict=True)
    themes = tuple(_count(group, read) for group, read in counted)
    return Splicing(RULE, subject, preheader, intro, themes)


def opening_of(splicing: Splicing, chosen: Collection[str] = ()) -> Opening:
    """The opening for the chosen themes; for all when none is chosen."""
    counts = [one for one in splicing.themes if not chosen or one.theme in chosen]
    studies = sum(one.studies for one in counts)
    themes = wording.themes(len(counts))
    fields = {"studies": wording.studies(studies), "themes": themes, "top": _top(counts)}
    facts = (
        f"{wording.new_studies(studies)} in {themes}.",
        wording.animals_fact([species for one in counts for species in one.animals], studies),
        wording.reading_time(sum(one.words for one in counts)),
    )
    subject, preheader, intro = (
        wording.one_line(wording.fill(template, fields))
        for template in (splicing.subject, splicing.preheader, splicing.intro)
    )
    others = sum(one.studies for one in splicing.themes) - studies
    return Opening(
        subject=subject,
        preheader=preheader,
        intro=intro,
        facts=" ".join(fact for fact in facts if fact),
        chosen=wording.more_than_chosen(others) if others else "",
    )


def _count(group: ThemeGroup, words: int) -> ThemeCount:
    evidence = [item.evidence for item in group.items]
    animals = tuple(one.species.value for one in evidence if one.animals_only)
    named = wording.one_line(group.named)
    return ThemeCount(group.theme.id, named, len(evidence), animals, words)


def _top(counts: Iterable[ThemeCount]) -> str:
    """What {top} says: "Treatments, Everyday symptoms and more"."""
    seen = dict.fromkeys(one.named for one in counts)  # two themes of one name are one here
    names = [name for name in seen if name][:TOP_THEMES]
    if len("; ".join(names)) > LONGEST_TOP:
        del names[1:]
    if not names:
        return wording.NEW_RESEARCH
    between = "; " if any("," in name for name in names) else ", "
    return between.join(names) + (" and more" if len(names) < len(seen) else "")
