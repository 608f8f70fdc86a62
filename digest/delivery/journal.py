"""The wire journal: which deliveries were on the wire, should their sender die (law 3).

    digest-journal 1 OWNER BOOT RULE     who writes, since which boot of the machine
    B 17                                 before the first byte of its body leaves
    R 17 accepted 250 2.0.0 queued       what became of it
    X 18                                 it provably did not leave after all, or is tried anew

In: ids of deliveries and outcomes. Out: what a dead sender left. The file is also the lock of
who sends: the system lets go of it when its holder dies, however it dies, so whoever holds it
knows that a delivery claimed by its former OWNER belongs to nobody. Lines are written straight to
the system, so that they outlive the process; after a reboot (another BOOT) they are not believed.
It is one machine's file: each machine knows its own claims by OWNER.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import cast, get_args

from digest.delivery.lock import hold
from digest.errors import DeliveryError
from digest.values import Outcome, OutcomeState

JOURNAL = ".digest-send.journal"
MARK = "digest-journal 1"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NOTE = re.compile(
    r"B (?P<begun>\d+)|X (?P<returned>\d+)|R (?P<settled>\d+) "
    rf"(?P<state>{'|'.join(get_args(OutcomeState))}) (?P<detail>.*)",
    re.ASCII | re.DOTALL,
)
# Rewritten at this size with what is still open: a million mails would make 80 MB of it.
LARGEST = 4_000_000


@dataclass(frozen=True, slots=True)
class Left:
    """What the last sender left: nothing, when `owner` is "".

    `trusted`: the machine was not started anew since, and every line is one of ours. `begun`: on
    the wire, no answer noted. `repeatable`: its transport can deliver a mail twice and leave one.
    """

    owner: str = ""
    trusted: bool = True
    repeatable: bool = False
    begun: frozenset[int] = frozenset()
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)


class Journal:
    """An open journal, locked. `open_journal` makes it; `begin`, then note, then `end`."""

    def __init__(self, path: Path, descriptor: int):
        self.path, self._descriptor = path, descriptor
        self.owner = ""
        self._head = b""
        self._size = 0
        # What the database does not know yet, as it was noted. The wire's thread notes, the
        # records' thread stores.
        self._open: dict[int, bytes] = {}
        self._lock = Lock()
        self._failure: DeliveryError | None = None

    def left(self) -> Left:
        """What the last holder left."""
        size = os.fstat(self._descriptor).st_size
        return _read(os.pread(self._descriptor, size, 0), _boot_id())

    def begin(self, *, repeatable: bool) -> str:
        """Forget what was left, once it is settled; the new owner's name, on the disk already."""
        self.owner = secrets.token_hex(8)
        rule = "repeatable" if repeatable else "once"
        self._head = f"{MARK} {self.owner} {_boot_id()} {rule}\n".encode("ascii")
        self._open.clear()
        self._rewrite()
        return self.owner

    def begun(self, deliveries: Iterable[int]) -> None:
        """Their bodies are about to leave. Raises DeliveryError when that cannot be noted."""
        self._note({one: b"B %d\n" % one for one in deliveries})

    def settled(self, results: Iterable[tuple[int, Outcome]]) -> None:
        """What became of them. Raises DeliveryError when that cannot be noted."""
        self._note({one: _line(one, outcome) for one, outcome in results})

    def returned(self, deliveries: Iterable[int]) -> None:
        """Their bodies did not leave, and cannot: as if never begun. Raises as `begun` does.

        Said also of what is claimed for another attempt: the answer to the last one is stored.
        """
        deliveries = list(deliveries)
        self._note({one: b"X %d\n" % one for one in deliveries})
        self.stored(deliveries)

    def stored(self, deliveries: Iterable[int]) -> None:
        """Their outcomes are committed: what was noted of them is not needed any more."""
        with self._lock:
            for one in deliveries:
                self._open.pop(one, None)
            if self._size > LARGEST:
                self._rewrite()

    def end(self) -> None:
        """Nothing is claimed any more."""
        self.owner, self._head = "", b""
        self._open.clear()
        os.ftruncate(self._descriptor, 0)

    def _note(self, lines: dict[int, bytes]) -> None:
        whole = b"".join(lines.values())
        with self._lock:
            if self._failure is not None:  # half a line may stand at its end
                raise self._failure
            try:
                _write_whole(self._descriptor, whole)
            except OSError as error:
                self._failure = self._cannot_write(error)
                raise self._failure from None
            self._size += len(whole)
            self._open.update(lines)

    def _rewrite(self) -> None:
        """A new file in place of this one, whole or not at all, with what is open alone."""
        content = self._head + b"".join(self._open.values())
        draft = self.path.with_suffix(".new")
        descriptor = hold(draft)
        try:
            os.ftruncate(descriptor, 0)
            _write_whole(descriptor, content)
            os.fsync(descriptor)
            draft.rename(self.path)
            # From here on this is the file; no child of ours may go on holding its lock.
            os.dup2(descriptor, self._descriptor, inheritable=False)
            self._size = len(content)
            _sync(self.path.parent)
        except OSError as error:
            raise self._cannot_write(error) from None
        finally:
            os.close(descriptor)

    def _cannot_write(self, error: OSError) -> DeliveryError:
        return DeliveryError(
            f"the journal of sending cannot be written ({error.strerror or error})",
            where=str(self.path),
            mend="Make room or mend its permissions, then send again; nothing is lost",
            temporary=True,
        )


@contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """The journal in `folder`, while it is ours. Raises Busy while another process sends."""
    path = folder / JOURNAL
    descriptor = hold(path)
    try:
        yield Journal(path, descriptor)
    finally:
        os.close(descriptor)


def _read(content: bytes, boot: str) -> Left:
    head, *lines = content.split(b"\n")[:-1] or [b""]  # the last is not whole, or empty
    named = head.decode("ascii", "replace").removeprefix(MARK).split()
    if not head.startswith(MARK.encode()) or len(named) != 3:
        return Left()
    begun: set[int] = set()
    outcomes: dict[int, Outcome] = {}
    whole = True
    for line in lines:
        if noted := NOTE.fullmatch(line.decode("utf-8", "replace")):
            delivery = int(noted["begun"] or noted["returned"] or noted["settled"])
            begun.discard(delivery)
            outcomes.pop(delivery, None)
            if noted["begun"]:
                begun.add(delivery)
            elif noted["settled"]:
                state = cast(OutcomeState, noted["state"])
                outcomes[delivery] = Outcome(state, noted["detail"])
        else:
            whole = False  # it may have been a B
    owner, then, rule = named
    trusted = whole and then == boot
    return Left(owner, trusted, rule == "repeatable", frozenset(begun), outcomes)


def _line(delivery: int, outcome: Outcome) -> bytes:
    detail = outcome.detail.replace("\n", " ")
    return f"R {delivery} {outcome.state} {detail}\n".encode("utf-8", "replace")


def _write_whole(descriptor: int, content: bytes) -> None:
    if os.write(descriptor, content) != len(content):
        raise OSError("it was not written whole")


def _boot_id() -> str:
    """The kernel's name for this run of the machine; where there is none, no two are alike."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"unknown-{secrets.token_hex(8)}"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
