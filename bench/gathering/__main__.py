"""`python -m bench.gathering [--json] [--feeds N] [--entries N] [--rounds N] [--profile]`.

Exit 0: within the limits. Exit 1: outside one of them, or a run failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from bench.compose.__main__ import positive
from bench.gathering.report import AGAIN, BARE, FIRST, RUNS, Round, as_lines, figures, over
from bench.gathering.server import MOST_HOSTS
from digest.config import new_keys
from digest.shipped import shipped

ROOT = Path(__file__).resolve().parents[2]
FEEDS, ENTRIES, ROUNDS = 200, 50, 3
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Failed(Exception):
    """A process of the bench ended badly, or gathered something else than was served."""


class Server:
    """The feeds' server: a process of its own that takes orders; see server.py."""

    def __init__(self, process: subprocess.Popen[str]):
        self._process = process
        self.addresses: list[str] = json.loads(self._line())

    def order(self, word: str) -> dict[str, int]:
        """ "count" or "forget"; the counts since the last order."""
        assert self._process.stdin is not None
        print(word, file=self._process.stdin, flush=True)
        counts: dict[str, int] = json.loads(self._line())
        return counts

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failed("the server of feeds ended")
        return line


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the rounds, print the figures, return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        rounds = [
            a_round(options.feeds, options.entries, profile=options.profile)
            for _ in range(1 if options.profile else options.rounds)
        ]
    except Failed as failure:
        print(f"bench.gathering: {failure}", file=sys.stderr)
        return 1
    if options.profile:
        return 0
    found = figures(rounds, options.feeds * options.entries)
    print(json.dumps(found, indent=2) if options.json else "\n".join(as_lines(found)))
    for line in over(found):
        print(f"bench.gathering: {line}", file=sys.stderr)
    return 1 if over(found) else 0


def a_round(count: int, entries: int, *, profile: bool = False) -> Round:
    """A fresh site gathered thrice: at first, with nothing changed, and without validators.

    Raises Failed when a run fails, or does not give every entry that is served.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bench-gathering-") as folder,
        _served(count, entries) as server,
    ):
        environment = a_site(Path(folder), server.addresses)
        found: dict[str, dict[str, Any]] = {}
        for number, name in enumerate(RUNS):
            server.order("forget" if name == BARE else "count")
            now = (NOW + timedelta(hours=number)).isoformat()
            words = ["bench.gathering.measure", now, *(["--profile"] if profile else [])]
            out = _run(words, environment)
            if profile:
                print(f"── {name} ──\n{out}")
                continue
            found[name] = {**json.loads(out.splitlines()[-1]), **server.order("count")}
            _check(name, found[name], count, count * entries)
    return found


def a_site(folder: Path, addresses: Sequence[str]) -> dict[str, str]:
    """A site with a feed for each address and an empty database; the environment that names it."""
    config = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
    config["sources"] = [
        {"name": f"feed{number}", "kind": "feed", "url": url}
        for number, url in enumerate(addresses)
    ]
    config["fetch"]["allow_private_hosts"] = [urlsplit(url).hostname for url in addresses]
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    keys = folder / "digest.keys"
    keys.write_text(new_keys(), encoding="utf-8")
    keys.chmod(0o600)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    environment = {
        **kept,
        "DIGEST_CONFIG": str(folder / "config.yaml"),
        "DJANGO_SETTINGS_MODULE": "digest.project.settings",
    }
    _run(["django", "migrate", "--verbosity", "0"], environment)
    return environment


@contextmanager
def _served(count: int, entries: int) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.gathering.server", str(count), str(entries)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Server(process)
    finally:
        process.terminate()
        process.communicate()


def _check(name: str, run: dict[str, Any], sites: int, entries: int) -> None:
    expected = {FIRST: entries, AGAIN: 0, BARE: 0}[name]
    if run["error"] or run["failed"] or run["new"] != expected or run["changed"]:
        wrong = {key: run[key] for key in ("new", "changed", "failed", "error")}
        raise Failed(f"the run '{name}' gave {wrong}, not {expected:,} new of {entries:,}")
    if name == AGAIN and run["not_modified"] != sites:
        raise Failed(f"{run['not_modified']} of {sites} feeds were asked with their validators")


def _run(words: Sequence[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise Failed(f"{words[0]} failed: {last}")
    return done.stdout


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.gathering", description="How fast gathering is, and how lean."
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--feeds", type=_hosts, default=FEEDS, metavar="N", help="each on a host")
    parser.add_argument("--entries", type=positive, default=ENTRIES, metavar="N", help="of a feed")
    parser.add_argument("--rounds", type=positive, default=ROUNDS, metavar="N", help="fresh sites")
    parser.add_argument("--profile", action="store_true", help="where the time goes, by cProfile")
    return parser


def _hosts(text: str) -> int:
    if (count := positive(text)) > MOST_HOSTS:
        raise argparse.ArgumentTypeError(f"at most {MOST_HOSTS} hosts are served")
    return count


if __name__ == "__main__":
    sys.exit(main())
