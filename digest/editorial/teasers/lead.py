"""The lead of a teaser: what was found; for clinicians the figures.

In: a summary in sentences. Out: candidates, the best first. A lead is one sentence that stands
alone, or neighbours of which the first does: what it says is what the next leans on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.editorial.teasers.leaning import AFTERWARDS, PERSONAL, PERSONS, PLURAL, SINGLY
from digest.editorial.teasers.sound import is_hype
from digest.editorial.teasers.telling import (
    BESIDE,
    FIGURE,
    announces,
    completes,
    figures,
    is_half,
    is_padding,
    says_which,
    stems,
)
from digest.editorial.teasers.texts import Line, Texts

Lead = tuple[Line, ...]
MOST_SENTENCES = 3
DIGITS = re.compile(r"\d")
SCANT = 30  # characters: "The work had two halves."


def good_leads(texts: Texts, *, in_figures: bool) -> Iterator[Lead]:
    """Leads that an editor would take, the best first; those with figures first if asked.

    A headline that is the title too comes last: readers have it, but a method is no finding.
    """
    if in_figures:
        yield from _with_figures(texts)
    headline = texts.headline
    usable = headline is not None and not is_hype(headline.plain)
    if headline and usable and not texts.titled:
        if announces(headline.plain):  # it announces: what was found comes with it
            yield from ((headline, line) for line in texts.found if _is_finding(line))
        yield (headline,)
    yield from _findings(texts)
    if headline and usable:
        yield (headline,)
    yield from ((line,) for line in texts.found if line.alone)


def poor_leads(texts: Texts) -> Iterator[Lead]:
    """What is left when there is no good lead: the cleanest sentences first."""
    yield from ((line,) for line in texts.found if line.clean)
    if texts.headline:
        yield (texts.headline,)
    yield from ((line,) for line in texts.found)


def beside(lead: Lead, texts: Texts, *, plainly: bool, needed: bool) -> Iterator[Line]:
    """What may stand beside `lead`: findings, then its neighbour and whatever stands alone.

    `plainly`: findings without figures before those with. `needed`: if there is nothing better,
    also how it was studied, or a sentence in which a word leans on another.
    """
    found = texts.found
    if texts.introduction and not plainly:
        yield texts.introduction  # figures say more after it
    following = found[found.index(lead[-1]) + 1 :][:1] if lead[-1] in found else found[:1]
    near = [line for line in following if line.clean and _names_whom(lead, line)]
    findings = [line for line in found if _is_finding(line)]
    if not plainly:
        told = [line for line in findings if _weight(line, texts)]
        yield from sorted(told, key=lambda line: -_weight(line, texts))
    yield from (line for line in near if line.rank < 2 and not is_padding(line.plain))
    worded = [line for line in findings if not FIGURE.search(line.plain)]
    yield from sorted(worded, key=lambda line: BESIDE.search(line.plain) is not None)
    yield from findings
    if needed:
        yield from (line for line in near if not _is_bland(line))
        alone = [line for line in found if line.alone and len(line.text) >= SCANT]
        yield from sorted(alone, key=lambda line: is_padding(line.plain))
        yield from (line for line in found if line.opens and len(line.text) >= SCANT)


def in_order(lead: Lead, texts: Texts) -> Lead:
    """`lead` in the order of the summary: the headline first."""
    places = {line.text: place for place, line in enumerate(texts.found)}
    if texts.headline:
        places[texts.headline.text] = -1
    return tuple(sorted(lead, key=lambda line: places.get(line.text, len(places))))


def _findings(texts: Texts) -> Iterator[Lead]:
    """What was found before how it was looked for, each alone or after what it leans on."""
    found = texts.found
    for i, line in enumerate(found):
        if line.rank == 0:
            yield from _standing(i, found)
    possible = [i for i, line in enumerate(found) if line.rank == 1]
    yield from ((found[i],) for i in possible if found[i].alone)
    for i in possible:
        yield from _neighbours_to(i, found)


def _standing(i: int, found: tuple[Line, ...]) -> Iterator[Lead]:
    """Line `i` alone if it can be, else after its neighbours."""
    if found[i].alone:
        yield (found[i],)
    else:
        yield from _neighbours_to(i, found)


def _neighbours_to(i: int, found: tuple[Line, ...]) -> Iterator[Lead]:
    """The shortest run of neighbours that ends in line `i` and names whom it speaks of, if any."""
    for start in range(i - 1, max(-1, i - MOST_SENTENCES), -1):
        run = found[start : i + 1]
        if not all(line.clean for line in run):
            return
        if is_half(run[0].plain, run[0].text):
            continue
        if run[0].alone and all(_names_whom(run[:n], run[n]) for n in range(1, len(run))):
            yield run
            return


def _names_whom(before: Lead, line: Line) -> bool:
    """Whether the "they" of `line`, if there is one, can be some people named `before` it.

    And whether an "It" that opens it can be the subject of its neighbour.
    """
    if SINGLY.match(line.text) and PLURAL.match(before[-1].text):
        return False
    if not PERSONAL.search(line.plain):
        return True
    return any(PERSONS.search(earlier.plain) for earlier in before)


def _is_finding(line: Line) -> bool:
    """Whether `line` stands alone and tells what was found."""
    alone = line.alone and len(line.text) >= SCANT
    return alone and line.rank < 2 and not is_padding(line.plain)


def _is_bland(line: Line) -> bool:
    """Whether `line` says that something was studied, and nothing else."""
    return len(line.text) < SCANT or (line.rank == 2 and not FIGURE.search(line.plain))


# ── figures ───────────────────────────────────────────────────────────────────────────────


def _with_figures(texts: Texts) -> Iterator[Lead]:
    """Leads that give numbers and a direction, the main comparison first."""
    scored = [(_weight(line, texts), i) for i, line in enumerate(texts.found) if line.clean]
    ranked = sorted((-score, i) for score, i in scored if score)
    headline = texts.introduction
    told = figures(headline.plain) if headline else 0
    # "Most", "half": figures say more than that
    if (
        headline
        and told
        and DIGITS.search(headline.text)
        and ranked
        and told + 1 >= figures(texts.found[ranked[0][1]].plain)
    ):
        yield (headline,)
    for _, i in ranked:
        start = _half(i, texts.found)
        yield from _leading_to(i, texts) if start is None else _whole(start, texts)


def _weight(line: Line, texts: Texts) -> int:
    """How much `line` tells of the main result in numbers: what headline and title speak of."""
    told = figures(line.plain)
    if not told:
        return 0
    about = f"{texts.title} {texts.headline.text if texts.headline else ''}".lower()
    # of two that speak of the same, the first is the main one: so neither weighs more
    shared = told > 2 and line.rank < 2 and not stems(line.plain).isdisjoint(stems(about))
    beside = BESIDE.search(line.plain)
    aside = is_half(line.plain, line.text) or (beside is not None and beside[0] not in about)
    return max(1, min(told, 3) + 2 * shared - 3 * aside)


def _half(i: int, found: tuple[Line, ...]) -> int | None:
    """Where the comparison begins of which line `i` is one half; None if it is whole."""
    for start in (i - 1, i):
        pair = found[max(0, start) : start + 2]
        if len(pair) == 2 and completes(pair[0].plain, pair[1].plain, pair[1].text):
            return start
    return None


def _whole(start: int, texts: Texts) -> Iterator[Lead]:
    """Both halves of the comparison that begins at line `start`, or nothing."""
    pair = texts.found[start : start + 2]
    if all(line.clean for line in pair):
        if pair[0].alone and says_which(pair[0].plain, texts.title.lower()):
            yield pair
        elif texts.introduction and pair[0].alone:
            yield (texts.introduction, *pair)


def _leading_to(i: int, texts: Texts) -> Iterator[Lead]:
    """Leads that end in the figures of line `i`: alone, or after what they lean on."""
    line, headline = texts.found[i], texts.introduction
    named = headline is None or stems(line.plain) & stems(f"{headline.plain} {texts.title.lower()}")
    if line.alone and named and says_which(line.plain, texts.title.lower()):
        yield (line,)
    runs = list(_neighbours_to(i, texts.found))
    yield from (run for run in runs if figures(run[-2].plain))
    if headline and (line.alone or AFTERWARDS.match(line.text)):
        yield (headline, line)
    yield from runs
    if line.alone:
        yield (line,)
