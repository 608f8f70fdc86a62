"""Counts → measures: a share with its interval, and Cohen's kappa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

Z = 1.959964  # of the normal distribution: 95 % lie within


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`. With n = 0 there is no share and no interval."""

    hits: int
    n: int

    @classmethod
    def of(cls, verdicts: Iterable[bool]) -> Share:
        """How many of the verdicts are true."""
        counted = Counter(map(bool, verdicts))
        return cls(counted[True], counted.total())

    @property
    def share(self) -> float | None:
        """From 0 to 1."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of Wilson (1927), which holds for few cases and for shares near 1."""
        if not self.n:
            return None
        share, n = self.hits / self.n, self.n
        centre = share + Z**2 / (2 * n)
        half = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        low, high = ((centre + side * half) / (1 + Z**2 / n) for side in (-1, 1))
        return max(0.0, low), min(1.0, high)


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance (Cohen 1960): 1 is perfect, 0 is what chance gives.

    `chance` is the share that two would agree on by their own frequencies alone; where it is 1
    (one label only), kappa says nothing and is None.
    """

    agreed: Share
    chance: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]]) -> Kappa:
        """Kappa of (gold, predicted) pairs."""
        gold = Counter(one for one, _ in pairs)
        predicted = Counter(other for _, other in pairs)
        together = sum(count * predicted[label] for label, count in gold.items())
        chance = together / len(pairs) ** 2 if pairs else 1.0
        return cls(Share.of(one == other for one, other in pairs), chance)

    @property
    def value(self) -> float | None:
        """Kappa itself."""
        return None if self.agreed.share is None else self._beyond_chance(self.agreed.share)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval of the agreement, with the agreement by chance held fixed."""
        if self.agreed.interval is None:
            return None
        low, high = map(self._beyond_chance, self.agreed.interval)
        return None if low is None or high is None else (low, high)

    def _beyond_chance(self, agreed: float) -> float | None:
        return (agreed - self.chance) / (1 - self.chance) if self.chance < 1 else None
