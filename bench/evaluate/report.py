"""Scores → lines for people, or one document for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.evaluate.measures import Kappa, Share
from bench.evaluate.score import Confusion, EvidenceScore, ThemeScore
from digest.values import Refusal

LIMIT = 1.5  # milliseconds a summary, for themes and for evidence
LABEL = 28  # columns


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured; what needs learning is empty without it.

    `curve` holds how many others were taught and the theme score then; `cost` milliseconds.
    """

    file: str
    summaries: int
    refusals: Sequence[Refusal]
    alone: ThemeScore
    taught: ThemeScore | None
    curve: Sequence[tuple[int, ThemeScore]]
    evidence: EvidenceScore
    cost: Mapping[str, float]


def as_document(evaluation: Evaluation) -> dict[str, Any]:
    """The JSON document of `--json`."""
    evidence = evaluation.evidence
    return {
        "file": evaluation.file,
        "summaries": evaluation.summaries,
        "refused": [refusal.line() for refusal in evaluation.refusals],
        "themes": {
            "alone": _theme_document(evaluation.alone),
            "taught": _theme_document(evaluation.taught) if evaluation.taught else None,
            "learning_curve": [
                {"taught": count, "strict": _share(then.strict), "lenient": _share(then.lenient)}
                for count, then in evaluation.curve
            ],
        },
        "kind": {
            "exact": _share(evidence.kind),
            "confusions": _confusions(evidence.kinds_confused),
        },
        "participants": {
            "exact": _share(evidence.participants),
            "invented": _share(evidence.invented),
            "missed": _share(evidence.missed),
            "confusions": _confusions(evidence.participants_differ),
        },
        "species": {
            "exact": _share(evidence.species),
            "animal_or_not": _share(evidence.animal_or_not),
            "confusions": _confusions(evidence.species_differ),
        },
        "with_caveat": _share(evidence.with_caveat),
        "milliseconds": {step: round(cost, 3) for step, cost in evaluation.cost.items()},
    }


def as_lines(evaluation: Evaluation) -> Iterator[str]:
    """The report for people."""
    refused = len(evaluation.refusals)
    yield f"{evaluation.file}: {evaluation.summaries} summaries scored, {refused} lines refused"
    yield ""
    yield f"{'':{LABEL}}{'share':>7}{'of n':>11}   95 % interval"
    yield "Themes, by the taxonomy alone"
    yield from _theme_lines(evaluation.alone)
    if evaluation.taught:
        yield "Themes, all others taught (leave-one-out)"
        yield from _theme_lines(evaluation.taught)
    yield "Evidence"
    yield from _evidence_lines(evaluation.evidence)
    if evaluation.curve:
        yield ""
        yield from _curve_lines(evaluation.curve)
    yield ""
    steps = ", ".join(f"{step} {cost:.2f}" for step, cost in evaluation.cost.items())
    yield f"Milliseconds a summary (median; at most {LIMIT} for themes, for evidence): {steps}"
    yield from _disagreements(evaluation)


def _theme_lines(score: ThemeScore) -> Iterator[str]:
    yield _line("strict", score.strict)
    yield _line("lenient", score.lenient)
    yield _line("Cohen's kappa, strict", score.kappa)
    yield _line("second theme named", score.second)


def _evidence_lines(score: EvidenceScore) -> Iterator[str]:
    yield _line("kind", score.kind)
    yield _line("participants", score.participants)
    yield _line("  invented (none stated)", score.invented)
    yield _line("  missed (some stated)", score.missed)
    yield _line("species, the same set", score.species)
    yield _line("animal or not", score.animal_or_not)
    yield _line("with a caveat", score.with_caveat)


def _line(label: str, measure: Share | Kappa) -> str:
    counts = measure if isinstance(measure, Share) else measure.agreed
    value = measure.share if isinstance(measure, Share) else measure.value
    shown = "–" if value is None else f"{value:.2f}"
    low_high = measure.interval
    interval = "" if low_high is None else f"   {low_high[0]:.2f}–{low_high[1]:.2f}"
    return f"  {label:{LABEL - 2}}{shown:>7}{f'{counts.hits}/{counts.n}':>11}{interval}"


def _curve_lines(curve: Sequence[tuple[int, ThemeScore]]) -> Iterator[str]:
    columns = "".join(f"{count:>7}" for count, _ in curve)
    yield f"{'Others taught':{LABEL}}{columns}"
    for name in ("strict", "lenient"):
        shares = [getattr(score, name).share for _, score in curve]
        yield f"  {'theme, ' + name:{LABEL - 2}}" + "".join(f"{share:>7.2f}" for share in shares)


def _disagreements(evaluation: Evaluation) -> Iterator[str]:
    evidence = evaluation.evidence
    lists = {
        "Themes, alone": evaluation.alone.confusions,
        "Themes, all others taught": evaluation.taught.confusions if evaluation.taught else (),
        "Kind": evidence.kinds_confused,
        "Participants": evidence.participants_differ,
        "Species": evidence.species_differ,
    }
    for title, confusions in lists.items():
        if confusions:
            yield ""
            yield f"{title}: labelled → read"
            for one in confusions:
                yield f"  {one.gold} → {one.read} ({len(one.slugs)}): {', '.join(one.slugs)}"


def _theme_document(score: ThemeScore) -> dict[str, Any]:
    value, interval = score.kappa.value, score.kappa.interval
    return {
        "strict": _share(score.strict),
        "lenient": _share(score.lenient),
        "kappa": {
            "value": None if value is None else round(value, 4),
            "n": score.kappa.agreed.n,
            "interval": [round(end, 4) for end in interval] if interval else None,
        },
        "second": _share(score.second),
        "confusions": _confusions(score.confusions),
    }


def _share(share: Share) -> dict[str, Any]:
    value, interval = share.share, share.interval
    return {
        "share": None if value is None else round(value, 4),
        "hits": share.hits,
        "n": share.n,
        "interval": [round(end, 4) for end in interval] if interval else None,
    }


def _confusions(confusions: Iterable[Confusion]) -> list[dict[str, Any]]:
    return [
        {"gold": one.gold, "read": one.read, "count": len(one.slugs), "slugs": list(one.slugs)}
        for one in confusions
    ]
