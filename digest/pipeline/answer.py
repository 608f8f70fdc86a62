"""Answer: what somebody asked for on a public page → rows, and mails in the queue.

In: requests that wait (subscribers/signup.py). Out: counts, told in the log, which names nobody.
Nothing here runs inside a transaction that mails (law 11).
"""

from __future__ import annotations

from datetime import datetime

import structlog

from subscribers.signup import Answer, answer_requests

log = structlog.get_logger("answer")


def answer(now: datetime) -> dict[Answer, int]:
    """Answer what waits, within the limits; how many were mailed, silent, dropped, failed."""
    counts = answer_requests(now)
    told = {what: count for what, count in counts.items() if count}
    if told:
        log.info("answered", **told)
    if counts["dropped"]:
        log.warning(
            "requests dropped",
            problem=f"{counts['dropped']} waited for more than a day; "
            "raise signup.mails_per_hour if they were real",
        )
    return counts
