"""`python -m bench.compose.measure`: compose the site that DIGEST_CONFIG names, once, measured.

A process of its own, on one core. On stdout: one JSON object with the seconds of composing and of
each stage, the highest memory of the whole process (MB of 10⁶ bytes), and what the draft holds.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from time import perf_counter

from bench.compose.fill import NOW
from bench.compose.stages import REST, Stopwatch, watch_stages

RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; see getrusage(2)


def main() -> None:
    """Compose and print."""
    pinned = pin()
    import django

    django.setup()
    from django.conf import settings
    from django.db.models import Count

    from digest.pipeline.compose import compose

    watch = Stopwatch()
    watch_stages(watch)
    start = perf_counter()
    issue = compose(settings.CONFIG, now=NOW)
    seconds = perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e6
    stages = {**watch.spent, REST: seconds - sum(watch.spent.values())}
    states = issue.ledger.values_list("state").annotate(Count("pk")).order_by("state")
    found = {"seconds": seconds, "memory_mb": memory, "stages": stages, "pinned": pinned}
    print(json.dumps({**found, "items": issue.items.count(), "ledger": dict(states)}))


def pin() -> bool:
    """Keep this process on one core; False where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return True


if __name__ == "__main__":
    main()
