"""A process of the product that dies by SIGKILL when it comes to a point for the nth time.

In: a task (nursery.py). Out: what the command does, or death. Nothing in the product knows of it:
all is planted in this process alone. DIGEST_CONFIG names the site.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.crash.nursery import Task

SMALL_JOURNAL = 2_000  # octets at which it is rewritten here
HEADERS = b"\r\n\r\n"  # a body has them, a command does not

Plant = Callable[[int], None]


def act(task: Task) -> None:
    """Do it, or die of it."""
    if list(task.words) == ["rows"]:
        from bench.crash.rows import main

        return main()
    for law in task.broken:
        BROKEN[law]()
    if task.point:
        _plants()[task.point](task.nth)
    from digest.cli.main import run

    sys.argv = ["digest", "--config", os.environ["DIGEST_CONFIG"], *task.words]
    return run()


def die() -> None:
    """As the machine's out-of-memory killer does it."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, nth: int) -> None:
    """Die instead of the nth call."""
    _wrap(owner, name, nth, lambda call: die())


def after(owner: Any, name: str, nth: int) -> None:
    """Die once the nth call is done."""

    def act(call: Callable[[], Any]) -> None:
        call()
        die()

    _wrap(owner, name, nth, act)


def _wrap(owner: Any, name: str, nth: int, act: Callable[[Callable[[], Any]], None]) -> None:
    original, calls = getattr(owner, name), count(1)

    @wraps(original)
    def dying(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == nth:
            act(lambda: original(*args, **kwargs))
        return original(*args, **kwargs)

    setattr(owner, name, dying)


# ── where it dies ─────────────────────────────────────────────────────────────────────────────


def _plants() -> dict[str, Plant]:
    from digest.delivery import journal, records, recovery
    from digest.delivery.couriers.smtp import SmtpCourier
    from digest.delivery.transports import maildir
    from digest.pipeline import deliver

    wire = journal.Journal
    return {
        "in the claim": lambda n: after(records, "_claim_or_skip", n),  # not committed
        "after the claim": lambda n: after(records, "claim", n),
        "before the body": lambda n: after(wire, "begun", n),  # noted, nothing written
        "mid-body": _in_the_body,
        "after the dot": _after_the_dot,
        "after the 250": lambda n: before(SmtpCourier, "_settled", n),  # read, not noted
        "in the file": lambda n: after(maildir, "_write_synced", n),  # not under its name
        "after the file": lambda n: after(maildir.Maildir, "deliver", n),
        "after its note": lambda n: after(wire, "settled", n),  # not committed
        "in the outcome": lambda n: after(records, "_execute", n),  # not committed
        "after the outcome": lambda n: before(wire, "stored", n),
        "in recovery": lambda n: after(recovery, "_noted", n),  # read, nothing settled
        "recovery settled": lambda n: before(records, "give_back", n),
        "recovery done": lambda n: after(deliver, "keep_left", n),  # the journal tells of it still
        "journal's end": lambda n: after(wire, "end", n),
        "journal's beginning": lambda n: after(Path, "rename", n),
        "journal's draft": lambda n: _rewriting(before, n),
        "journal's rewrite": lambda n: _rewriting(after, n),
    }


def _in_the_body(nth: int) -> None:
    """Half of a body has left."""
    from digest.delivery.smtp.connection import Connection

    write, bodies = Connection.write, count(1)

    def writing(self: Connection, data: bytes) -> None:
        if HEADERS in data and next(bodies) == nth:
            write(self, data[: len(data) // 2])
            die()
        write(self, data)

    Connection.write = writing  # type: ignore[method-assign]


def _after_the_dot(nth: int) -> None:
    """The server has the whole mail, and nobody reads what it says."""
    from digest.delivery.smtp.connection import Connection
    from digest.delivery.smtp.wire import DOT

    write, dots = Connection.write, count(1)

    def writing(self: Connection, data: bytes) -> None:
        write(self, data)
        if data.startswith(DOT) and next(dots) == nth:
            die()

    Connection.write = writing  # type: ignore[method-assign]


def _rewriting(plant: Callable[[Any, str, int], None], nth: int) -> None:
    from digest.delivery import journal

    journal.LARGEST = SMALL_JOURNAL
    plant(Path, "rename", nth)


# ── senders that break the law, so that the verdict can be seen to say so ─────────────────────


def _silent() -> None:
    """Keeps no journal: what was on the wire is sent again."""
    from digest.delivery.journal import Journal

    Journal.begun = Journal.settled = lambda self, what: None  # type: ignore[method-assign, assignment]


def _generous() -> None:
    """Gives back everything that a dead sender left."""
    from digest.delivery import recovery

    recovery._noted = lambda left, held: []


def _careless() -> None:
    """Takes no notice of what a dead sender left."""
    from digest.pipeline import sending

    setattr(sending, "recover", lambda left, now: {})  # noqa: B010  # which it imports


def _hasty() -> None:
    """Thinks that what is on its way has arrived."""
    from digest.delivery import recovery
    from digest.values import Outcome

    def arrived(detail: str, deliveries: Iterable[int]) -> list[tuple[int, Outcome]]:
        return [(one, Outcome("accepted", detail)) for one in deliveries]

    recovery._all = arrived


def _unsynced() -> None:
    """Leaves its commits to the system: a process may die then, the machine may not."""
    from django.db import connection

    options = connection.settings_dict["OPTIONS"]
    options["init_command"] = options["init_command"].replace("FULL", "NORMAL")


BROKEN: dict[str, Callable[[], None]] = {
    "silent": _silent,
    "generous": _generous,
    "careless": _careless,
    "hasty": _hasty,
    "unsynced": _unsynced,
}
