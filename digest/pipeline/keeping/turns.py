"""Those who keep a harvest take turns: the clock and somebody at a shell may gather at once.

Keeps law 1: else both find that nobody has the study yet, and each stores it under its own title.
"""

from __future__ import annotations

from django.db import connection

KEEPERS = 5_141_908  # PostgreSQL's number of the lock; those who ask by mail have the one before


def one_at_a_time() -> None:
    """Wait until whoever keeps a harvest just now has ended its transaction.

    Call it first in the transaction. SQLite needs nothing, for its writers take turns (BEGIN
    IMMEDIATE).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEEPERS])
