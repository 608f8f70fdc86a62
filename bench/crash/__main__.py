"""`python -m bench.crash [--kills N] [--mails N] [--seed N] [--postgresql] [--json] …`.

Exit 0: the law held. Exit 1: it did not, or something failed. Exit 2: wrong words.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.compose.__main__ import positive
from bench.crash.order import Order, look
from bench.crash.plan import POINTS, plan
from bench.crash.rounds import Found, run
from bench.crash.sender import BROKEN
from bench.deliver.runs import Failed
from bench.deliver.sites import Postgresql, Sites, Sqlite

KILLS, MAILS, CONNECTIONS, SEED = 100, 100_000, 10, 1
SMALL = 1  # octets: the smallest edition there is, about 10 KB


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, judge, print, return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        found, order, database = _run(options)
    except Failed as failure:
        if options.json:
            print(json.dumps({"error": str(failure)}))
        print(f"bench.crash: {failure}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_document(found, order, database, options.seed), indent=2))
    else:
        print("\n".join(as_lines(found, order, database, options.seed)))
    return 1 if found.breaches or order.breaches else 0


def as_document(found: Found, order: Order, database: str, seed: int) -> dict[str, Any]:
    """For machines."""
    held = not (found.breaches or order.breaches)
    document = {**asdict(found), "at": found.at, "kills": len(found.died), "order": asdict(order)}
    return {"database": database, "seed": seed, "held": held, **document}


def as_lines(found: Found, order: Order, database: str, seed: int) -> Iterator[str]:
    """For people."""
    judged = found.verdict
    assert judged is not None
    yield (
        f"{found.readers:,} mails over {found.connections} connections, {database}, "
        f"{len(found.died)} x kill -9 (seed {seed}), {found.seconds:.0f} s"
    )
    yield ""
    for name, count, law in (
        ("lost", judged.lost, "0"),
        ("sent twice", judged.doubled, "0"),
        ("unknown", judged.unknown, f"at most {judged.limit:,}"),
        ("  of these really sent", judged.really_sent, ""),
        ("accepted", judged.accepted, ""),
        ("resent by an operator", found.resent, "each once, same Message-ID"),
    ):
        yield f"{name:<24}{count:>10,}   {law}".rstrip()
    yield ""
    yield from (f"died {point:<24}{times:>5}" for point, times in sorted(found.at.items()))
    yield from (f"never came to: {point}" for point in found.missed)
    yield ""
    promises = ", ".join(f"{key} {value}" for key, value in order.promises.items())
    yield f"Rows when their recipients were named: {dict(order.states)}; {promises}"
    yield "Synced before the wire: " + ("strace looked on" if order.traced else "no strace here")
    yield ""
    breaches = found.breaches + order.breaches
    yield from (f"BROKEN: {breach}" for breach in breaches)
    if not breaches:
        yield "The law held."


def _run(options: argparse.Namespace) -> tuple[Found, Order, str]:
    kills = plan(options.kills, options.mails, options.seed, options.points)
    with tempfile.TemporaryDirectory(prefix="bench-crash-") as name:
        folder = Path(name)
        database = Postgresql(folder) if options.postgresql else Sqlite()
        sites = Sites(folder, database, SMALL)
        order = look(sites, broken=options.broken)
        found = run(
            sites,
            options.mails,
            kills,
            connections=options.connections,
            broken=options.broken,
            tell=_tell,
        )
    return found, order, database.name


def _tell(line: str) -> None:
    """Progress, beside the report."""
    print(f"  {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.crash", description="kill -9 while an issue goes out."
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    for name, usual, meaning in (
        ("--kills", KILLS, "of senders"),
        ("--mails", MAILS, "of the one issue"),
        ("--connections", CONNECTIONS, "to the sink"),
        ("--seed", SEED, "the same one, the same kills"),
    ):
        parser.add_argument(name, type=positive, default=usual, help=f"{meaning} ({usual:,})")
    parser.add_argument("--points", nargs="+", choices=POINTS, help="only there, in turn")
    parser.add_argument(
        "--broken", nargs="+", choices=BROKEN, default=(), help="a sender that breaks the law"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
