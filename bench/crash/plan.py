"""Where and when each sender dies: every named point, and between them anywhere.

In: how many kills, over how many mails, and a seed. Out: the kills in their order. A point of
recovery follows a death that leaves something to recover.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

ANYWHERE = "anywhere"  # SIGKILL from outside, after so many mails
A_CLAIM, A_COMMIT, A_REWRITE = 500, 20, 40  # mails, about

# In the order in which they are visited; then from the beginning.
POINTS = (
    "in the claim",
    "after the dot",
    "in recovery",
    "after the claim",
    "recovery settled",
    "mid-body",
    "recovery done",
    "before the body",
    "after the 250",
    "journal's end",
    "journal's beginning",
    "after its note",
    "in the outcome",
    "after the outcome",
    "journal's draft",
    "journal's rewrite",
)
# Met before a sender's first mail, and dearly met again.
ONCE = (
    "in recovery",
    "recovery settled",
    "recovery done",
    "journal's end",
    "journal's beginning",
)
EVERY = {  # mails between two visits, where it is not each mail
    "in the claim": A_CLAIM,
    "after the claim": A_CLAIM,
    "in the outcome": A_COMMIT,
    "after the outcome": A_COMMIT,
    "journal's draft": A_REWRITE,
    "journal's rewrite": A_REWRITE,
}
REWRITES = ("journal's draft", "journal's rewrite")


@dataclass(frozen=True, slots=True)
class Kill:
    """One death: the `nth` time at `point`, or from outside once `mails` more were taken."""

    point: str
    nth: int
    mails: int


def plan(kills: int, mails: int, seed: int, points: Sequence[str] | None = None) -> list[Kill]:
    """So many kills of one issue, seven of ten at a named point. The same for the same seed.

    `points`: only these, in turn. Together they take about half of the mails.
    """
    chance = Random(seed)
    share = max(1, mails // (kills + 1))
    return [_kill(point, share, chance) for point in _points(kills, points, chance)]


def _points(kills: int, points: Sequence[str] | None, chance: Random) -> Iterator[str]:
    if points:
        yield from (points[n % len(points)] for n in range(kills))
        return
    named = kills if kills <= len(POINTS) else max(len(POINTS), kills * 7 // 10)
    where = set(chance.sample(range(kills), named))
    visited = 0
    for n in range(kills):
        if n in where:
            yield POINTS[visited % len(POINTS)]
            visited += 1
        else:
            yield ANYWHERE


def _kill(point: str, share: int, chance: Random) -> Kill:
    if point == ANYWHERE:
        return Kill(point, 0, chance.randint(1, share))
    every = EVERY.get(point, 1)
    nth = 1 if point in ONCE else chance.randint(1, max(2, share // every) if every > 1 else share)
    nth += point in REWRITES  # the first is its beginning
    # Should it never come there, it dies all the same, so that there is something left to send.
    return Kill(point, nth, 2 * share + A_CLAIM)
