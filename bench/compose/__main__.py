"""`python -m bench.compose [--json] [--sizes N …] [--runs N]`.

Exit 0: within the limits. Exit 1: over one of them, or a run failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.compose.report import LIMITED, Size, as_document, as_lines, over

ROOT = Path(__file__).resolve().parents[2]
SIZES = (100, LIMITED, 10_000)
RUNS = 3
ONCE_FROM = 10_000  # summaries: long enough for chance to even out


class Failed(Exception):
    """A process of the bench ended badly; its last line says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size, print the report, return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        sizes = [_measure(count, options.runs) for count in sorted(set(options.sizes))]
    except Failed as failure:
        if options.json:
            print(json.dumps({"error": str(failure)}))
        print(f"bench.compose: {failure}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_document(sizes), indent=2))
    else:
        print("\n".join(as_lines(sizes)))
    return 1 if over(sizes) else 0


def _measure(count: int, runs: int) -> Size:
    """Compose `count` summaries; each run starts from the same site, freshly filled."""
    with tempfile.TemporaryDirectory(prefix="bench-compose-") as folder:
        filled = Path(folder) / "filled"
        _run(filled, "bench.compose.fill", str(filled), str(count))
        found = []
        for number in range(1 if count >= ONCE_FROM else runs):
            site = Path(folder) / f"run-{number}"
            shutil.copytree(filled, site)
            found.append(json.loads(_run(site, "bench.compose.measure")))
            shutil.rmtree(site)
    return Size.of(count, found)


def _run(site: Path, *module_and_words: str) -> str:
    """Run a module of the bench in a process of its own, on the site. Raises Failed."""
    environment: dict[str, Any] = {
        key: value for key, value in os.environ.items() if not key.startswith(("DIGEST_", "DJANGO"))
    }
    environment["DIGEST_CONFIG"] = str(site / "config.yaml")
    environment["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
    done = subprocess.run(
        [sys.executable, "-m", *module_and_words],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise Failed(f"{module_and_words[0]} failed: {last}")
    return done.stdout


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.compose", description="Time and memory of composing a draft."
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument(
        "--sizes", nargs="+", type=positive, default=SIZES, metavar="N", help="how many summaries"
    )
    parser.add_argument(
        "--runs", type=positive, default=RUNS, metavar="N", help="runs of each size under 10,000"
    )
    return parser


def positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10**6:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 to 1,000,000")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
