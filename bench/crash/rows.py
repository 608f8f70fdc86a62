"""Each delivery of issue 1 as one JSON line, then what the database promises of its commits.

In: a site with Django ready. Out: lines on stdout, for a judge that asks nobody else.
"""

from __future__ import annotations

import json
import sys
from typing import Any

PROMISES = {
    "sqlite": ("PRAGMA journal_mode", "PRAGMA synchronous"),
    "postgresql": ("SHOW synchronous_commit", "SHOW fsync"),
}


def main() -> None:
    """Write them."""
    from digest.models import Delivery

    rows = Delivery.objects.filter(issue__number=1).order_by("pk")
    found = rows.values_list("subscriber__address", "state", "reference")
    sys.stdout.writelines(f"{json.dumps(row)}\n" for row in found.iterator())
    print(json.dumps(_promises()))


def _promises() -> dict[str, Any]:
    """How a commit is synced, as a connection of the product's has it."""
    from django.db import connection

    promises = {}
    with connection.cursor() as cursor:
        for question in PROMISES[connection.vendor]:
            cursor.execute(question)
            promises[question.split()[1]] = cursor.fetchone()[0]
    return promises
