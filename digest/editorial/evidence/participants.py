"""How many people were studied: all groups added; None when the summary does not say.

In: a reading. Out: the number with its sentences. Those who were only invited, or stand in a
register without having been analysed, and those of earlier studies do not count; groups that
other sentences add (healthy controls, a second cohort, one arm a sentence) do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from digest.editorial.cues import plain
from digest.editorial.evidence import count_cues
from digest.editorial.evidence.narrowing import FROM_AMONG, Pool, kept_in, pool_in
from digest.editorial.evidence.numbers import integer
from digest.editorial.evidence.reading import GAP, Reading
from digest.editorial.evidence.tally import Counted, Tally, count_sentence, number, sum_of_groups
from digest.values import Fact

ABOUT_THE_SAME = 0.85  # "nearly 2,500" and 2,431
MULTIPLIES = ("each", "every", "many", "number", "double")  # no need to look otherwise
SAYS_AGAIN = ("title", "headline")
NEARBY = 3  # sentences in which those who took part are looked for


def read_participants(reading: Reading, species: tuple[str, ...]) -> Fact[int | None]:
    """Everyone studied, arms and controls added. "More than N" counts as N."""
    if species and "human" not in species:
        return Fact(None)
    groups = _number_of_groups(reading)
    tallies: list[Tally] = []
    for part in reading.parts:
        counted = [
            count_sentence(sentence, line, groups)
            for sentence, line in zip(part.sentences, part.lines, strict=True)
        ]
        of_part = _with_matches(counted, _narrowed(counted))
        if part.field in SAYS_AGAIN:  # a title repeats whom the text counts
            of_part = [tally for tally in of_part if not tally.extra]
        tallies += [*of_part, *_arms_by_sentence(of_part)]
    told = [t for t in tallies if t.total and not t.alone]
    studied = _largest(t for t in told if t.firm and not t.extra) or _largest(
        t for t in told if not t.firm
    )
    kept = [*studied, *_largest(t for t in told if t.firm and t.extra)]
    if not kept:
        return Fact(None)
    return Fact(sum(t.total for t in kept), GAP.join(t.sentence for t in kept))


def _largest(tallies: Iterable[Tally]) -> list[Tally]:
    """The largest tally, in a list; the first of equals; an exact number before a rough one."""
    ordered = sorted(tallies, key=lambda t: -t.total)
    if ordered and ordered[0].rough:
        least = ordered[0].total * ABOUT_THE_SAME
        ordered = [t for t in ordered if not t.rough and t.total >= least] or ordered
    return ordered[:1]


# ── sentences together ────────────────────────────────────────────────────────────────────


def _narrowed(counted: list[Counted]) -> list[Tally]:
    """The tallies, where those who took part stand in for the pool they came from."""
    tallies = [entry.tally for entry in counted]
    for place, entry in enumerate(counted):
        pool = pool_in(entry.line) if entry.lower else None
        if pool is None:
            continue
        for later in range(place, min(place + NEARBY, len(counted))):
            kept = [
                n
                for n in _taken(counted[later], entry, pool)
                if n < entry.tally.total or not entry.tally.total
            ]
            if kept:
                tallies[place] = Tally(0, entry.tally.sentence)
                tallies[later] = Tally(max(kept), counted[later].tally.sentence)
                break
        else:
            if pool == "invited":
                tallies[place] = Tally(0, entry.tally.sentence)
    return tallies


def _arms_by_sentence(tallies: list[Tally]) -> list[Tally]:
    """Sentences in a row that each tell of a group: "Thirty learned … 29 trained … So did 30"."""
    runs: list[list[Tally]] = [[]]
    for tally in tallies:
        if not tally.total:
            runs.append([])
            continue
        line = plain(tally.sentence)
        adds = count_cues.SO_DID.match(line) is not None or (
            tally.acts
            and count_cues.ADDS_GROUP.match(line) is not None
            and not count_cues.COMPLETES.match(line)
        )
        completes = count_cues.COMPLETES.match(line) is not None and runs[-1] and runs[-1][-1].alone
        if adds or completes or (tally.opens and runs[-1] and runs[-1][-1].opens):
            runs[-1].append(tally)
        else:
            runs.append([tally])
    return [
        Tally(sum_of_groups([t.total for t in run], 1), GAP.join(t.sentence for t in run))
        for run in runs
        if len(run) > 1
    ]


def _taken(entry: Counted, pooled: Counted, pool: Pool) -> list[int]:
    """The numbers of those who took part; all groups of a sentence that picks "from among them"."""
    if FROM_AMONG.match(entry.line) and entry.tally.total:
        return [entry.tally.total]
    kept = kept_in(entry.lower, pool)
    whole = entry.tally.total if entry is not pooled and entry.tally.firm else 0
    return [max(whole, *kept)] if kept else []  # "what stayed were 280 … plus 375 …"


def _with_matches(counted: list[Counted], tallies: list[Tally]) -> list[Tally]:
    """Adds those whom "each was paired with two others" brings in."""
    tallies = list(tallies)
    for place, entry in enumerate(counted):
        if not any(word in entry.line for word in MULTIPLIES):
            continue
        if added := count_cues.SUM_IN_BRACKETS.search(entry.line):
            more = integer(added["sum"])
            tallies[place] = replace(tallies[place], total=tallies[place].total + more)
        elif count_cues.EQUALLY_MANY.search(entry.line):
            tallies[place] = replace(tallies[place], total=tallies[place].total * 2)
        elif many := count_cues.TIMES_AS_MANY.search(entry.line):
            factor = count_cues.TIMES.get(many["times"]) or number(many["times"].split()[0])
            tallies[place] = replace(tallies[place], total=tallies[place].total * (1 + factor))
        elif matched := count_cues.EACH_MATCHED.search(entry.line):
            own = matched["own"]
            times = 1 + (1 if own in ("a", "an") else number(own))
            base = place if tallies[place].total else max(0, place - 1)
            tallies[base] = replace(tallies[base], total=tallies[base].total * times)
    return tallies


def _number_of_groups(reading: Reading) -> int:
    return next((number(hit.split()[0]) for _, hit in reading.find(count_cues.HOW_MANY_GROUPS)), 2)
