"""Rounds: everybody once, one after the other, forwards and then backwards.

So a machine that is slow for a minute is slow for all, and a ratio is one of neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.deliver.runs import Run, python
from bench.deliver.senders import CLIENT, NODEMAILER, OURS, SMTPLIB, SOURCE, Sender, senders
from bench.deliver.sinks import Sink, fast_sink, sendgrid_mock, smtp_sink
from bench.deliver.sites import Sites, sendgrid, smtp

POSTFIX, FAST, API = "Postfix's smtp-sink", "a fast sink", "a SendGrid mock"
AT_POSTFIX = (SOURCE, OURS, CLIENT)
AT_FAST = (SOURCE, OURS, CLIENT, NODEMAILER, SMTPLIB)

Tell = Callable[[str], None]
Key = tuple[str, str]  # where to, and who


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, and the lowest and the highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, found: Sequence[float]) -> Spread:
        return cls(median(found), min(found), max(found))


@dataclass
class Measured:
    """All runs by where to and who, in the order of the rounds; and who was absent, and why.

    `memory` is the most that was resident, in MB, by the number of mails.
    """

    runs: dict[Key, list[Run]] = field(default_factory=dict)
    absent: dict[Key, str] = field(default_factory=dict)
    memory: dict[int, float] = field(default_factory=dict)
    sinks: dict[str, str] = field(default_factory=dict)  # their names in full

    def rate(self, key: Key) -> Spread | None:
        """Mails a second; None where it was not measured."""
        return self._over(key, lambda run: run.rate)

    def cpu(self, key: Key) -> Spread | None:
        """Microseconds a mail."""
        return self._over(key, lambda run: run.cpu)

    def ratio(self, key: Key, other: Key) -> Spread | None:
        """How many times the other's rate, round by round."""
        pairs = zip(self.runs.get(key, ()), self.runs.get(other, ()), strict=False)
        found = [one.rate / two.rate for one, two in pairs]
        return Spread.of(found) if found else None

    def _over(self, key: Key, read: Callable[[Run], float]) -> Spread | None:
        runs = self.runs.get(key)
        return Spread.of([read(run) for run in runs]) if runs else None


def at_sinks(
    measured: Measured, sites: Sites, mails: int, rounds: int, connections: int, tell: Tell
) -> None:
    """SMTP: everybody against both sinks."""
    everybody = {one.name: one for one in senders(sites, connections, sites.octets)}
    with ExitStack() as stack:
        slow = stack.enter_context(smtp_sink())
        fast = stack.enter_context(fast_sink(sites.folder))
        measured.sinks[FAST] = fast.name
        turns: list[tuple[Key, Callable[[], Run]]] = []
        for where, sink, names in ((POSTFIX, slow, AT_POSTFIX), (FAST, fast, AT_FAST)):
            for name in names:
                one = everybody[name]
                if sink is None or one.absent:
                    measured.absent[where, name] = one.absent or "no Postfix here"
                else:
                    turns.append(((where, name), _turn(one, sink, mails)))
        _rounds(measured, turns, rounds, tell)


def at_api(measured: Measured, sites: Sites, mails: int, rounds: int, tell: Tell) -> None:
    """SendGrid: the whole path and the client alone."""
    with sendgrid_mock() as port:

        def ours() -> Run:
            with sites.fresh(mails, sendgrid(port)) as site:
                return Run.read(python("bench.deliver.ours", site=site))

        def client() -> Run:
            words = ("sendgrid", str(port), str(mails), str(sites.octets))
            return Run.read(python("bench.deliver.client", *words))

        turns = [((API, OURS), ours), ((API, CLIENT), client)]
        _rounds(measured, turns, rounds, tell)


def in_memory(measured: Measured, sites: Sites, sizes: Sequence[int], tell: Tell) -> None:
    """The whole path's memory by the number of readers, against the fast sink."""
    with fast_sink(sites.folder) as sink:
        for size in sizes:
            with sites.fresh(size, smtp(sink.port, 10)) as site:
                run = Run.read(python("bench.deliver.ours", site=site))
            measured.memory[size] = run.memory
            tell(f"{size:,} mails: {run.memory:,.0f} MB")


def _turn(sender: Sender, sink: Sink, mails: int) -> Callable[[], Run]:
    return lambda: sender.run(sink, mails)


def _rounds(
    measured: Measured,
    turns: Sequence[tuple[Key, Callable[[], Run]]],
    rounds: int,
    tell: Tell,
) -> None:
    for number in range(rounds):
        for key, send in turns if number % 2 == 0 else reversed(turns):
            run = send()
            measured.runs.setdefault(key, []).append(run)
            tell(f"round {number + 1}: {key[1]} to {key[0]}: {run.rate:,.0f} a second")


def as_runs(measured: Measured) -> Mapping[str, Sequence[Run]]:
    """For the document: `where: who`."""
    return {f"{where}: {who}": runs for (where, who), runs in measured.runs.items()}
