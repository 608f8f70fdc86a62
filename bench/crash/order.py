"""Whether a claim is synced before the wire, and a mail noted before its body leaves (law 3).

In: a site of one small claim. Two witnesses: the sink, which reads with a connection of its own in
which state a row is when its recipient is named; and strace, where it is installed, which sees what
is synced. PostgreSQL syncs in another process: there the sink and the server's settings tell.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.crash.nursery import Nursery
from bench.crash.rounds import SEND, Log, rows_of, sink
from bench.deliver.sites import Sites, Sqlite, smtp

CONNECTIONS = 10
MAILS = 500  # of one claim: a later one would be synced after some have left
CALLS = "trace=fsync,fdatasync,write,pwrite64,sendto,rename"
SYNCED = {
    "journal_mode": "wal", "synchronous": 2,
    "synchronous_commit": "on", "fsync": "on",
}  # fmt: skip
CALL = re.compile(
    r"(?P<pid>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>.*"
    r"|(?P<name>\w+)\((?P<words>.*?)(?P<unfinished> <unfinished \.\.\.>)?)$"
)
COMMANDS = ("EHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT", ".")
WAKE = r"\0"  # to another thread of ours, through a socket too


class Event(NamedTuple):
    """A call in the order in which it was done; `words` are its arguments as strace shows them."""

    name: str
    words: str


@dataclass
class Order:
    """What was seen. `states`: of the rows, when their recipients were named."""

    states: Counter[str] = field(default_factory=Counter)
    promises: dict[str, Any] = field(default_factory=dict)
    traced: bool = False
    breaches: list[str] = field(default_factory=list)


def look(sites: Sites, mails: int = MAILS, *, broken: Sequence[str] = ()) -> Order:
    """Send a few mails under the eyes of both. Raises Failed."""
    tracer = shutil.which("strace") if isinstance(sites.database, Sqlite) else None
    log, seen, which = (sites.folder / name for name in ("look.log", "calls", "look.site"))
    log.unlink(missing_ok=True)
    watch = (
        [tracer, "-f", "--seccomp-bpf", "-y", "-s", "32", "-e", CALLS, "-o", str(seen)]
        if tracer
        else []
    )
    with sink(log, str(which)) as port, sites.fresh(mails, smtp(port, CONNECTIONS)) as site:
        which.write_text(str(site / "config.yaml"), encoding="utf-8")
        with Nursery(site, watch) as nursery:
            nursery.run(*SEND, broken=broken)
            _, promises = rows_of(nursery)
    order = Order(Counter(state for _, state in Log(log).named()), promises, bool(tracer))
    if order.states != {"claimed": mails}:
        order.breaches.append(f"recipients were named while their rows were {dict(order.states)}")
    order.breaches += [
        f"{key} is {value}" for key, value in promises.items() if value != SYNCED[key]
    ]
    if tracer:
        order.breaches += in_order(read(seen))
    return order


def read(path: Path) -> Iterator[Event]:
    """What strace saw; a call that another thread interrupted counts when it was done.

    One that leaves (`sendto`) counts when it began: its bytes may be gone by then.
    """
    begun: dict[str, Event] = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not (call := CALL.match(line.rstrip("\n"))):
                continue
            if call["resumed"]:
                event = begun.pop(call["pid"], None)
                if event is not None and event.name != "sendto":
                    yield event
                continue
            event = Event(call["name"], call["words"])
            if call["unfinished"]:
                begun[call["pid"]] = event
            if not call["unfinished"] or event.name == "sendto":
                yield event


def in_order(events: Iterable[Event]) -> list[str]:
    """What left too early, of a run of one claim: a line for each kind."""
    written = synced = began = False
    noted = left = envelopes = 0
    found: dict[str, None] = {}
    for name, words in events:
        if name == "rename" and "digest-send" in words:
            began = True  # the journal knows its owner: the claim comes after it
        elif began and name == "pwrite64" and "-wal>" in words:
            written, synced = True, False if not envelopes else synced
        elif began and name in ("fsync", "fdatasync") and "-wal>" in words:
            synced = written
        elif name == "write" and "digest-send" in words and '"B ' in words:
            noted += 1
        elif name == "sendto" and (data := _data(words)):
            if data.startswith("MAIL"):
                envelopes += 1
                if not synced:
                    found["a recipient was named before the claim was synced"] = None
            left += not data.startswith((*COMMANDS, WAKE))
            if left > noted:
                found["a body left before the journal knew of it"] = None
    if not envelopes or not left:
        found["strace saw no mail leave"] = None
    return list(found)


def _data(words: str) -> str:
    """What a `sendto` sends, as far as it is shown."""
    return words.split(', "', 1)[1] if ', "' in words else ""
