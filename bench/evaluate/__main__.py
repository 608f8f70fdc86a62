"""`python -m bench.evaluate [FILE] [--json] [--no-learning]`.

Exit 0: every line was scored. Exit 1: lines (or the file) are wrong; the other lines are scored.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.evaluate.labelled import Labelled, read_labelled
from bench.evaluate.predict import cost, learning_curve, read_all, teach
from bench.evaluate.report import Evaluation, as_document, as_lines
from bench.evaluate.score import score_evidence, score_themes
from digest.editorial.prototypes import LABELLED
from digest.editorial.themes import Taxonomy, load_taxonomy
from digest.errors import DigestError, Refused
from digest.values import Refusal

DEFAULT = LABELLED / "corpus.jsonl"


def evaluate(
    labelled: Sequence[Labelled],
    taxonomy: Taxonomy,
    *,
    learning: bool,
    file: str = "",
    refusals: Sequence[Refusal] = (),
) -> Evaluation:
    """Everything that can be measured on `labelled`, which must not be empty."""
    learned = teach(labelled, taxonomy) if learning else None
    readings = read_all(labelled, taxonomy, learned)
    taught = [one.taught for one in readings if one.taught]
    curve = learning_curve(labelled, taxonomy) if learned else ()
    return Evaluation(
        file=file,
        summaries=len(labelled),
        refusals=refusals,
        alone=score_themes(labelled, [one.alone for one in readings]),
        taught=score_themes(labelled, taught) if learned else None,
        curve=[(count, score_themes(labelled, verdicts)) for count, verdicts in curve],
        evidence=score_evidence(readings),
        cost=cost(labelled, taxonomy, learned),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Score the file, print the report, return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        taxonomy = load_taxonomy()
        labelled, refusals = read_labelled(options.file, taxonomy.themes)
        for refusal in refusals:
            print(refusal.line(), file=sys.stderr)
        if not labelled:
            raise Refused(
                "holds no labelled summary", where=str(options.file), mend="Add one a line"
            )
    except DigestError as error:
        if options.json:
            print(json.dumps({"error": error.line()}, ensure_ascii=False))
        print(error.line(), file=sys.stderr)
        return 1
    evaluation = evaluate(
        labelled,
        taxonomy,
        learning=options.learning,
        file=_shown(options.file),
        refusals=refusals,
    )
    if options.json:
        print(json.dumps(as_document(evaluation), ensure_ascii=False, indent=2))
    else:
        print("\n".join(as_lines(evaluation)))
    return 1 if refusals else 0


def _shown(path: Path) -> str:
    """The path as it was given; our own from the top of the project."""
    return path.relative_to(DEFAULT.parents[3]).as_posix() if path == DEFAULT else str(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.evaluate", description="Score themes and evidence on labelled texts."
    )
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT, help="labelled JSONL file")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument(
        "--no-learning", dest="learning", action="store_false", help="by the taxonomy alone"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
