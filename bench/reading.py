"""`python -m bench.reading [--json] [--rows N] [--rounds N]`: how fast sealed addresses are read.

As claims read them: `values_list` through the ORM, each address opened. On a SQLite file of its
own in a temporary folder. Exit 0: within the limit. Exit 1: above it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.compose.__main__ import positive
from digest.shipped import shipped

ROWS, ROUNDS = 100_000, 5
LIMIT = 1.0  # seconds for 100,000 rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill a site, read it in rounds, print rows a second, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.reading")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=positive, default=ROWS)
    parser.add_argument("--rounds", type=positive, default=ROUNDS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-reading-") as folder:
        _open_site(Path(folder))
        _fill(options.rows)
        took = median(_read(options.rows) for _ in range(options.rounds))
    rate = options.rows / took
    within = took * ROWS / options.rows <= LIMIT
    if options.json:
        print(json.dumps({"rows": options.rows, "seconds": took, "rows_a_second": rate}))
    else:
        print(f"{options.rows:,} addresses read and opened in {took:.2f} s: {rate:,.0f} rows/s")
        print(f"{ROWS:,} in under {LIMIT:.0f} s: {'yes' if within else 'no'}")
    return 0 if within else 1


def _open_site(folder: Path) -> None:
    from digest.cli.setup import apply_migrations, make_site

    make_site(folder, shipped("config.yaml").read_text(encoding="utf-8"))
    os.environ["DIGEST_CONFIG"] = str(folder / "config.yaml")
    os.environ["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
    import django

    django.setup()
    apply_migrations()


def _fill(rows: int) -> None:
    from subscribers.addresses import address_key
    from subscribers.models import Subscriber

    now = datetime.now(UTC)
    addresses = (f"reader{n}@example.net" for n in range(rows))
    Subscriber.objects.bulk_create(
        (
            Subscriber(address=one, address_key=key, public_id=key[:22], created_at=now)
            for one, key in ((one, address_key(one)) for one in addresses)
        ),
        batch_size=5000,
    )


def _read(rows: int) -> float:
    from subscribers.models import Subscriber

    start = time.perf_counter()
    found = list(Subscriber.objects.values_list("address", flat=True))
    took = time.perf_counter() - start
    if len(found) != rows or not found[0].endswith("@example.net"):
        raise SystemExit("not as it should be")
    return took


if __name__ == "__main__":
    sys.exit(main())
