"""Measured costs → a table for people, or one document for machines; and which limits hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.render.measure import ROUNDS, Cost
from bench.render.peers import Peer

LABEL, CELL = 46, 10  # columns


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the bench. `ours` and `choices` (milliseconds) by the number of cards.

    `theme` is the bytes of a further theme, its cards aside.
    """

    runs: int
    ours: Mapping[int, Cost]
    choices: Mapping[int, float]
    theme: int
    peers: Sequence[Peer]


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of the promise, and what was found; `found` None where it was not measured."""

    text: str
    most: float
    found: float | None

    @property
    def kept(self) -> bool:
        return self.found is not None and self.found <= self.most

    @property
    def verdict(self) -> str:
        """`yes`, `no` or `not measured`."""
        return "not measured" if self.found is None else "yes" if self.kept else "no"


def limits(measured: Measured) -> list[Limit]:
    """Every limit of speed and size."""
    ours, choices = measured.ours, measured.choices

    def of(cards: int, part: str) -> float | None:
        return getattr(ours[cards], part) if cards in ours else None

    return [
        Limit("15 cards: Edition → Rendition, ms", 10, of(15, "milliseconds")),
        Limit("45 cards: Edition → Rendition, ms", 20, of(45, "milliseconds")),
        Limit("a further theme choice, ms", 0.5, max(choices.values(), default=None)),
        Limit("15 cards: bytes of HTML", 25_000, of(15, "html")),
        Limit("25 cards: bytes of HTML", 45_000, of(25, "html")),
        Limit("a further theme: bytes of HTML", 700, measured.theme),
        Limit(
            "all of them: bytes in quoted-printable",
            80_000,
            max((cost.quoted_printable for cost in ours.values()), default=None),
        ),
    ]


def as_lines(measured: Measured) -> Iterator[str]:
    """The report for people."""
    sizes = list(measured.ours)
    yield f"Rendering, warm: the median of {measured.runs} runs, in the calmest of {ROUNDS} rounds"
    yield ""
    yield _row("Cards (patients' edition; bytes are HTML)", [f"{cards}" for cards in sizes])
    ours = list(measured.ours.values())
    yield from _rows("Edition → Rendition (HTML, text, page)", ours)
    chosen = [f"{measured.choices[cards]:.2f}" for cards in sizes]
    yield _row("A further theme choice, ms", chosen)
    yield _row("A further theme, its cards aside, bytes *", [f"{measured.theme:,}"])
    for peer in measured.peers:
        if peer.absent:
            yield _row(peer.name, []) + peer.absent
        else:
            yield from _rows(peer.name, peer.costs)
    yield "* the dearest of the themes, with at most two words explained"
    yield ""
    for limit in limits(measured):
        found = "" if limit.found is None else f", found {limit.found:,.4g}"
        if limit.most >= 100 and limit.found is not None:
            found = f", found {limit.found:,.0f}"
        yield f"{limit.text}: at most {limit.most:,g}{found}: {limit.verdict}"


def as_document(measured: Measured) -> dict[str, Any]:
    """The JSON document of `--json`."""
    return {
        "runs": measured.runs,
        "rounds": ROUNDS,
        "cards": {
            str(cards): {**asdict(cost), "choice_milliseconds": measured.choices[cards]}
            for cards, cost in measured.ours.items()
        },
        "theme_bytes": measured.theme,
        "peers": [
            {"name": peer.name, "absent": peer.absent}
            if peer.absent
            else {
                "name": peer.name,
                "cards": {
                    str(cards): asdict(cost)
                    for cards, cost in zip(measured.ours, peer.costs, strict=True)
                },
            }
            for peer in measured.peers
        ],
        "limits": [{**asdict(limit), "kept": limit.verdict} for limit in limits(measured)],
    }


def _rows(name: str, costs: Sequence[Cost]) -> Iterator[str]:
    yield _row(f"{name}, ms", [f"{cost.milliseconds:.1f}" for cost in costs])
    yield _row("  bytes", [f"{cost.html:,}" for cost in costs])
    yield _row("  bytes in quoted-printable", [f"{cost.quoted_printable:,}" for cost in costs])
    yield _row("  bytes gzipped", [f"{cost.gzip:,}" for cost in costs])


def _row(label: str, cells: Sequence[str]) -> str:
    return f"{label:{LABEL}}" + "".join(f"{cell:>{CELL}}" for cell in cells)
