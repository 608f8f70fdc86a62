"""The journal under faults: full disks, rewriting, other processes."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from digest.delivery import journal as room
from digest.delivery.journal import JOURNAL, Journal, Left, open_journal
from digest.delivery.lock import Busy
from digest.errors import DeliveryError
from digest.values import Outcome

OK = Outcome("accepted", "250 2.0.0 queued as 17")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Open, and begun by a sender that must not repeat a mail."""
    with open_journal(tmp_path) as opened:
        opened.begin(repeatable=False)
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it lies."""
    return tmp_path / JOURNAL


def left_in(folder: Path) -> Left:
    """What the next sender finds."""
    with open_journal(folder) as opened:
        return opened.left()


def lines_of(file: Path) -> list[str]:
    """Without the head."""
    return file.read_text(encoding="utf-8").splitlines()[1:]


def test_the_owner_is_on_the_disk_before_its_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    synced, renamed = os.fsync, Path.rename

    def fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        if steps[-1] == "file":
            assert os.fstat(descriptor).st_size > 0
        synced(descriptor)

    def rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return renamed(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    with open_journal(tmp_path) as journal:
        owner = journal.begin(repeatable=False)
    assert steps == ["file", "rename", "folder"]
    assert left_in(tmp_path).owner == owner


class Disk:
    """Takes so many octets, then no more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room_left: int):
        self.room_left, self._write = room_left, os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor: int, content: bytes) -> int:
        """As much as there is room for; ENOSPC when there is none."""
        if content and not self.room_left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        content = content[: self.room_left]
        self.room_left -= len(content)
        return self._write(descriptor, content)


@pytest.mark.parametrize("room_left", [0, 1, 3])
def test_after_half_a_line_nothing_is_noted_and_so_nothing_begun_any_more(
    journal: Journal, file: Path, monkeypatch: pytest.MonkeyPatch, room_left: int
) -> None:
    journal.begun([1])
    disk = Disk(monkeypatch, room_left)
    with pytest.raises(DeliveryError, match="journal of sending cannot be written") as caught:
        journal.begun([25])
    assert caught.value.temporary
    disk.room_left = 1000  # somebody made room: but "B 2" may stand there, without its end
    notes: list[Callable[[], None]] = [
        lambda: journal.begun([3]),
        lambda: journal.settled([(1, OK)]),
        lambda: journal.returned([1]),
    ]
    for note in notes:
        with pytest.raises(DeliveryError, match="cannot be written"):
            note()
    assert journal.left().begun == {1}
    assert journal.left().trusted


@pytest.mark.parametrize("room_left", [0, 20])
def test_a_file_that_could_not_be_written_whole_takes_nobodys_place(
    journal: Journal, file: Path, monkeypatch: pytest.MonkeyPatch, room_left: int
) -> None:
    journal.begun([1])
    before = file.read_bytes()
    disk = Disk(monkeypatch, room_left)
    with pytest.raises(DeliveryError, match="cannot be written"):
        journal.begin(repeatable=False)
    assert file.read_bytes() == before
    disk.room_left = 1000
    owner = journal.begin(repeatable=False)  # the process goes on: the clock's, say
    assert journal.left() == Left(owner)


def test_a_file_whose_folder_could_not_be_synced_is_written_on(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the place of the other already: no note may go to the one that is gone."""
    journal.begun([1])
    monkeypatch.setattr(room, "LARGEST", 0)

    def broken(folder: Path) -> None:
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(room, "_sync", broken)
    with pytest.raises(DeliveryError):
        journal.stored([99])
    journal.begun([2])
    assert (tmp_path / JOURNAL).read_bytes().endswith(b"B 1\nB 2\n")


def test_what_is_stored_goes_and_what_is_open_stays(
    journal: Journal, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.begun([1, 2, 3, 4])
    journal.settled([(1, OK), (2, OK)])
    journal.returned([4])
    journal.stored([1])
    assert len(lines_of(file)) == 7
    monkeypatch.setattr(room, "LARGEST", 10)
    owner = journal.owner
    journal.stored([])
    assert sorted(lines_of(file)) == ["B 3", "R 2 accepted 250 2.0.0 queued as 17"]
    assert journal.left() == Left(owner, begun=frozenset({3}), outcomes={2: OK})
    journal.begun([5])
    assert journal.left().begun == {3, 5}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_is_made_smaller_only_when_it_is_large(
    journal: Journal, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LARGEST", file.stat().st_size + 8)
    journal.begun([1, 2])
    journal.stored([1])
    assert lines_of(file) == ["B 1", "B 2"]
    journal.begun([3])
    journal.stored([2])
    assert lines_of(file) == ["B 3"]
    journal.stored([3])
    assert lines_of(file) == ["B 3"]


def test_no_beginning_is_lost_while_another_thread_makes_it_smaller(
    journal: Journal, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every third mail stays on the wire; the others are answered, and stored meanwhile."""
    monkeypatch.setattr(room, "LARGEST", 100)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    mails, missing = 1500, list[int]()
    answered: list[int] = []

    def wire() -> None:
        for one in range(mails):
            journal.begun([one])
            if one % 3:
                journal.settled([(one, OK)])
                answered.append(one)

    thread = Thread(target=wire)
    thread.start()
    told = 0
    while thread.is_alive() or told < len(answered):
        upto = len(answered)
        journal.stored(answered[told:upto])
        told = upto
        last = answered[-1] if answered else 0
        open_now = journal.left().begun  # read as the next sender would, at any moment
        missing += [one for one in range(0, last, 3) if one not in open_now]
    thread.join()
    assert missing == []
    assert journal.left().begun == set(range(0, mails, 3))
    assert journal.left().trusted
    assert file.stat().st_size < 30 * mails  # else it was never made smaller


def test_a_beginning_that_comes_while_it_is_made_smaller_waits_for_the_new_file(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LARGEST", 0)
    wire, synced = Thread(target=journal.begun, args=([99],)), os.fsync

    def begin_meanwhile(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", synced)
        wire.start()
        wire.join(0.2)  # it cannot end; if it did, its line would stand in the old file
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", begin_meanwhile)
    journal.stored([])
    wire.join(30)
    assert journal.left().begun == {99}


def test_a_second_sender_is_refused_also_after_the_file_was_replaced(
    journal: Journal, tmp_path: Path
) -> None:
    for _ in range(2):
        with pytest.raises(Busy, match="sending already"), open_journal(tmp_path):
            pass
        journal.begin(repeatable=False)


def test_who_waits_at_a_file_that_was_replaced_never_believes_to_hold_the_lock(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its opening the file and its locking it, the holder puts another in its place."""
    opened = os.open

    def open_then_replace(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(path, flags, mode)
        monkeypatch.setattr(os, "open", opened)
        journal.begin(repeatable=False)
        return descriptor

    monkeypatch.setattr(os, "open", open_then_replace)
    with pytest.raises(Busy), open_journal(tmp_path):
        pass


def test_no_child_of_a_sender_goes_on_holding_the_lock(journal: Journal) -> None:
    assert not os.get_inheritable(journal._descriptor)
    journal.begin(repeatable=False)
    assert not os.get_inheritable(journal._descriptor)


def test_whoever_closes_it_lets_the_next_one_in(tmp_path: Path) -> None:
    for _ in range(3):
        with open_journal(tmp_path) as journal:
            journal.begin(repeatable=False)
