"""`python -m bench.gathering.measure NOW [--profile]`: gather the site of DIGEST_CONFIG, once.

A process of its own, on one core. On stdout: one JSON object with the seconds by the clock and of
the core, the highest memory of the whole process (MB of 10⁶ bytes), and what the sources gave.
`--profile` prints where the time goes instead: cProfile's thirty dearest, in all and by itself.
"""

from __future__ import annotations

import cProfile
import importlib
import json
import os
import pstats
import resource
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter, process_time
from typing import Any

from bench.compose.measure import RSS_UNIT

DEAREST = 30  # functions of a profile


def main(now: datetime, *, profile: bool) -> None:
    """Gather and print."""
    pinned = pin(0)
    import django

    django.setup()
    from django.conf import settings

    from digest.pipeline.gather import gather

    load_parsers()
    if profile:
        _profiled(lambda: gather(settings.CONFIG, now=now))
        return
    start, cpu = perf_counter(), process_time()
    found = gather(settings.CONFIG, now=now)
    seconds, cpu_seconds = perf_counter() - start, process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e6
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu_seconds": cpu_seconds,
                "memory_mb": memory,
                "pinned": pinned,
                **totals(found),
            }
        )
    )


def load_parsers() -> None:
    """What a kind imports when it reads for the first time: `digest run` has it from then on."""
    for name in ("fetch", "fetch.web", "feed_xml", "feed_json", "feed_item", "following"):
        importlib.import_module(f"digest.sources.{name}")


def totals(found: Sequence[Any]) -> dict[str, Any]:
    """The sum of what the sources gave, and the first error of any."""
    names = ("found", "new", "changed", "held", "failed")
    error = next((one.error for one in found if one.error), "")
    return {**{name: sum(getattr(one, name) for one in found) for name in names}, "error": error}


def pin(core: int) -> bool:
    """Keep this process on the n-th core that it may use; False where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})
    return True


def _profiled(work: Callable[[], object]) -> None:
    profile = cProfile.Profile()
    profile.runcall(work)
    for order in ("cumulative", "tottime"):
        pstats.Stats(profile, stream=sys.stdout).sort_stats(order).print_stats(DEAREST)


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]), profile="--profile" in sys.argv[2:])
