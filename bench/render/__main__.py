"""`python -m bench.render [--json] [--cards N …] [--runs N]`.

Exit 0: measured, whether the limits hold or not (a slow machine is no error). Exit 1: something
failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from bench.compose.__main__ import positive
from bench.render.material import MOST, an_edition
from bench.render.measure import a_theme_more, choosing, rendering
from bench.render.peers import Failed, css_inline, mjml
from bench.render.report import Measured, as_document, as_lines

CARDS = (5, 15, 25, 45)
RUNS = 30
OF_A_THEME = 15  # cards of the edition whose themes are weighed


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the report, return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        measured = _measure(sorted(set(options.cards)), options.runs)
    except Failed as failure:
        if options.json:
            print(json.dumps({"error": str(failure)}))
        print(f"bench.render: {failure}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_document(measured), indent=2))
    else:
        print("\n".join(as_lines(measured)))
    return 0


def _measure(cards: Sequence[int], runs: int) -> Measured:
    editions = {count: an_edition(count) for count in cards}
    return Measured(
        runs=runs,
        ours={count: rendering(edition, runs) for count, edition in editions.items()},
        choices={count: choosing(edition) for count, edition in editions.items()},
        theme=a_theme_more(an_edition(OF_A_THEME)),
        peers=(mjml(list(editions.values()), runs), css_inline(list(editions.values()), runs)),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.render", description="Time and bytes of rendering a mail."
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument(
        "--cards", nargs="+", type=_cards, default=CARDS, metavar="N", help=f"1 to {MOST}"
    )
    parser.add_argument(
        "--runs", type=positive, default=RUNS, metavar="N", help="warm runs in a round"
    )
    return parser


def _cards(text: str) -> int:
    count = positive(text)
    if count > MOST:
        raise argparse.ArgumentTypeError(f"at most {MOST} cards, not {count:,}")
    return count


if __name__ == "__main__":
    sys.exit(main())
