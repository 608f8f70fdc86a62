"""What preflight says: findings that block or warn, and what the checks must be told of a site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Level = Literal["blocks", "warns"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what was seen, where, and what an editor can do about it.

    `check` is its short name ("links"), `where` the edition and the place in it ("patient edition,
    study 3 (a-walk-a-day)").
    """

    level: Level
    check: str
    where: str
    what: str
    mend: str

    def line(self) -> str:
        """`where: what. mend` on one line."""
        return f"{self.where}: {self.what.rstrip('.')}. {self.mend}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the checks need and cannot read from the mail itself.

    `diagnosis_in` gives the first diagnosis word of a text, or None; `grade` the school year
    (US) in which a text is read with ease.
    """

    diagnosis_in: Callable[[str], str | None]
    grade: Callable[[str], float]
