"""`python -m bench.importing [--json] [--sizes N,N]`: how fast people are imported.

Lists of 10,000, 100,000 and 1,000,000 made-up people with names, always the same, go into a fresh
SQLite site: a dry run first, then the import with a proof of consent, sealed, each in a process of
its own. Exit 0: within the limits (of a million rows). Exit 1: above one, or a run failed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from digest.config import new_keys
from digest.shipped import shipped

ROOT = Path(__file__).resolve().parents[1]
SIZES = (10_000, 100_000, 1_000_000)
# Seconds for a million rows; megabytes (10**6 bytes) and the longest transaction for any.
LIMITS = {"import": 60.0, "dry run": 40.0}
MAX_MB, MAX_BATCH = 250.0, 1.0
DOMAINS = 2000
FIRST = ("Ann", "Ben", "Cleo", "Dev", "Eve", "Finn", "Gül", "Hana", "Ivo", "Jörg")
LAST = ("Ames", "Baker", "Câmpeanu", "Dahl", "Evans", "Fisher", "Grant", "Haas", "Ito", "Jones")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size, print the figures, return the exit code."""
    options = _parser().parse_args(arguments)
    if options.here:
        print(json.dumps(measure(options.here, dry_run=options.dry_run)))
        return 0
    found = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="bench-importing-") as folder:
            try:
                found += _site(Path(folder), size)
            except subprocess.CalledProcessError as failure:
                last = (failure.stderr or "").strip().splitlines()[-1:]
                print(f"bench.importing: {' '.join(last) or failure}", file=sys.stderr)
                return 1
            if not options.json:
                print("\n".join(as_lines(found[-2:])), flush=True)
    if options.json:
        print(json.dumps({"limits": {**LIMITS, "mb": MAX_MB, "batch": MAX_BATCH}, "runs": found}))
    problems = too_much(found)
    for line in problems:
        print(f"bench.importing: {line}", file=sys.stderr)
    return 1 if problems else 0


def write_people(path: Path, count: int) -> None:
    """A CSV of `count` people; one address in a hundred stands there twice or is none."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("email,name\n")
        for number in range(count):
            who = number - 1 if number % 200 == 199 else number
            at = "" if number % 200 == 99 else "@"
            name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
            stream.write(f"reader{who}{at}example{who % DOMAINS}.org,{name}\n")


def measure(path: Path, *, dry_run: bool) -> dict[str, Any]:
    """Import a file into the site of DIGEST_CONFIG; clocks are put around the batches."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
    django.setup()
    from subscribers.importing import import_people, run

    longest, write = [0.0], getattr(run, "enrol_many")  # noqa: B009 - from outside the product

    def timed(*args: Any, **options: Any) -> Any:
        start = time.perf_counter()
        result = write(*args, **options)
        longest[0] = max(longest[0], time.perf_counter() - start)
        return result

    setattr(run, "enrol_many", timed)  # noqa: B010
    start, cpu = time.perf_counter(), time.process_time()
    report = import_people(
        path,
        list_name="patient",
        consent_text="Please send me the digest.",
        consent_source="paper form",
        actor="bench",
        dry_run=dry_run,
    )
    seconds = time.perf_counter() - start
    rows = sum(report.counts.values())
    return {
        "run": "dry run" if dry_run else "import",
        "rows": rows,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "rows_per_second": round(rows / seconds),
        "mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
        "longest_batch": round(longest[0], 2),
        "counts": report.counts,
    }


def as_lines(runs: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each run."""
    return [
        f"{run['rows']:>9,} rows  {run['run']:<8}{run['seconds']:>7.1f} s"
        f" ({run['cpu_seconds']:.1f} s of a core)"
        f"{run['rows_per_second']:>9,} rows/s{run['mb']:>6} MB"
        f"   longest batch {run['longest_batch']:.2f} s"
        for run in runs
    ]


def too_much(runs: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is above a limit."""
    lines = []
    for run in runs:
        limit = LIMITS[run["run"]] * max(1.0, run["rows"] / 1e6)
        if run["seconds"] > limit:
            lines.append(f"{run['run']} of {run['rows']:,} rows took more than {limit:.0f} s")
        if run["mb"] > MAX_MB:
            lines.append(f"{run['run']} of {run['rows']:,} rows took more than {MAX_MB:.0f} MB")
        if run["longest_batch"] > MAX_BATCH:
            lines.append(f"a batch of {run['rows']:,} rows took more than {MAX_BATCH:.0f} s")
    return lines


def _site(folder: Path, size: int) -> list[dict[str, Any]]:
    config = folder / "config.yaml"
    config.write_bytes(shipped("config.yaml").read_bytes())
    keys = folder / "digest.keys"
    keys.write_text(new_keys(), encoding="utf-8")
    keys.chmod(0o600)
    people = folder / "people.csv"
    write_people(people, size)
    environment = {**os.environ, "DIGEST_CONFIG": str(config), "DJANGO_SETTINGS_MODULE": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
    _run([sys.executable, "-m", "django", "migrate", "--verbosity", "0"], environment)
    here = [sys.executable, "-m", "bench.importing", "--here", str(people)]
    return [
        json.loads(_run([*here, *flags], environment).splitlines()[-1])
        for flags in (["--dry-run"], [])
    ]


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout


def _sizes(text: str) -> list[int]:
    sizes = [int(part) for part in text.split(",")]
    if min(sizes) < 1:
        raise ValueError
    return sizes


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.importing", description="How fast people are imported."
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--sizes", type=_sizes, default=SIZES, metavar="N,N", help="rows")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dry-run", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
