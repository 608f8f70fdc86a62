"""`python -m bench.deliver [--mails N] [--rounds N] [--only …] [--postgresql] [--million] …`.

Exit 0: measured, whether the promises hold or not (a slow machine is no error). Exit 1: something
failed, or did not send what it was to send.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.compose.__main__ import positive
from bench.deliver.material import OCTETS, a_mail, wire_size
from bench.deliver.measure import Measured, at_api, at_sinks, in_memory
from bench.deliver.report import as_document, as_lines
from bench.deliver.runs import Failed
from bench.deliver.sites import Postgresql, Sites, Sqlite

MAILS, ROUNDS, CONNECTIONS = 20_000, 5, 10
SIZES = (10_000, 100_000)
MILLION = 1_000_000
PARTS = ("smtp", "sendgrid", "memory")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the report, return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        measured, about = _measure(options)
    except Failed as failure:
        if options.json:
            print(json.dumps({"error": str(failure)}))
        print(f"bench.deliver: {failure}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_document(measured, about), indent=2))
    else:
        print("\n".join(as_lines(measured, about)))
    return 0


def _measure(options: argparse.Namespace) -> tuple[Measured, str]:
    measured = Measured()
    parts = options.only or PARTS
    with tempfile.TemporaryDirectory(prefix="bench-deliver-") as name:
        folder = Path(name)
        database = Postgresql(folder) if options.postgresql else Sqlite()
        sites = Sites(folder, database, options.octets)
        if "smtp" in parts:
            at_sinks(measured, sites, options.mails, options.rounds, options.connections, _tell)
        if "sendgrid" in parts:
            at_api(measured, sites, options.mails, options.rounds, _tell)
        if "memory" in parts:
            sizes = (*options.sizes, *((MILLION,) if options.million else ()))
            in_memory(measured, sites, sizes, _tell)
        octets = wire_size(a_mail(options.octets))
    about = (
        f"{options.mails:,} mails of {octets:,} bytes, {options.connections} connections, "
        f"{database.name}; medians of {options.rounds} alternating rounds"
    )
    return measured, about


def _tell(line: str) -> None:
    """Progress, beside the report."""
    print(f"  {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.deliver", description="Speed, CPU and memory of delivering."
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="some parts of it")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--million", action="store_true", help="memory of 1,000,000 too: minutes")
    parser.add_argument(
        "--sizes", nargs="+", type=positive, default=SIZES, metavar="N", help="mails held in memory"
    )
    for name, usual, meaning in (
        ("--mails", MAILS, "of the fast senders, a round"),
        ("--rounds", ROUNDS, "everybody once in each"),
        ("--connections", CONNECTIONS, "of everybody but smtplib"),
        ("--octets", OCTETS, "of a mail, at least"),
    ):
        parser.add_argument(name, type=positive, default=usual, metavar="N", help=meaning)
    return parser


if __name__ == "__main__":
    sys.exit(main())
