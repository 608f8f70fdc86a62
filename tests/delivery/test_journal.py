"""The wire journal: each line before its step, and whatever a sender died of can be read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery import journal as room
from digest.delivery.journal import JOURNAL, Journal, Left, open_journal
from digest.errors import DeliveryError
from digest.values import Outcome

OK = Outcome("accepted", "250 2.0.0 queued as 17")


OUTCOMES = {
    1: OK,
    2: Outcome("deferred", "451 later"),
    3: Outcome("failed", "550 5.1.1 niemand heißt so ☃"),
    4: Outcome("unknown", "sent, but not answered"),
    5: Outcome("accepted", ""),
}


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


def test_a_new_journal_tells_of_nothing(tmp_path: Path) -> None:
    assert left_in(tmp_path) == Left()


def test_each_step_stands_in_the_file_when_its_call_returns(journal: Journal, file: Path) -> None:
    journal.begun([7, 8])
    assert lines_of(file) == ["B 7", "B 8"]
    journal.settled([(7, OK)])
    assert lines_of(file)[2:] == ["R 7 accepted 250 2.0.0 queued as 17"]
    journal.returned([8])
    assert lines_of(file)[3:] == ["X 8"]


@pytest.mark.parametrize("repeatable", [False, True])
def test_what_was_noted_is_read_by_the_next_sender(tmp_path: Path, repeatable: bool) -> None:
    with open_journal(tmp_path) as journal:
        owner = journal.begin(repeatable=repeatable)
        assert journal.owner == owner
        journal.begun([*OUTCOMES, 6, 7, 8])
        journal.settled(OUTCOMES.items())
        journal.returned([7])
    assert left_in(tmp_path) == Left(owner, True, repeatable, frozenset({6, 8}), OUTCOMES)


def test_a_line_end_in_a_reply_makes_no_line_of_its_own(journal: Journal) -> None:
    journal.begun([1, 2])
    journal.settled([(1, Outcome("failed", "550 no\nR 2 accepted"))])
    assert journal.left().outcomes == {1: Outcome("failed", "550 no R 2 accepted")}
    assert journal.left().begun == {2}


def test_what_begins_again_is_on_the_wire_again(journal: Journal) -> None:
    journal.begun([1])
    journal.settled([(1, Outcome("deferred", "451 later"))])
    journal.begun([1])
    assert journal.left() == Left(journal.owner, begun=frozenset({1}))


def test_each_sender_has_a_name_of_its_own(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        first = journal.begin(repeatable=False)
        assert journal.begin(repeatable=False) != first
        assert len(first) == 16  # as long as the column


def test_a_new_owner_forgets_what_was_left(journal: Journal) -> None:
    journal.begun([1])
    owner = journal.begin(repeatable=False)
    assert journal.left() == Left(owner)


def test_an_end_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    journal.begun([1])
    journal.end()
    assert (journal.owner, journal.left()) == ("", Left())


def test_notes_outlive_a_sender_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from digest.delivery.journal import open_journal\n"
        "with open_journal(Path(sys.argv[1])) as journal:\n"
        " print(journal.begin(repeatable=False), flush=True)\n journal.begun([1, 2])\n"
        " journal.returned([2])\n os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert left_in(tmp_path) == Left(done.stdout.strip(), begun=frozenset({1}))


def cut_off(journal: Journal, file: Path, missing: int) -> None:
    """As a kill in the middle of a write leaves it."""
    os.truncate(file, file.stat().st_size - missing)


def test_a_torn_last_line_was_never_noted(journal: Journal, file: Path) -> None:
    journal.begun([1])
    journal.settled([(1, OK)])
    cut_off(journal, file, 1)
    assert journal.left() == Left(journal.owner, begun=frozenset({1}))


def test_a_torn_beginning_was_never_begun(journal: Journal, file: Path) -> None:
    journal.begun([12])
    cut_off(journal, file, 2)  # "B 1": not delivery 1
    assert (journal.left().begun, journal.left().trusted) == (frozenset(), True)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400))
def test_wherever_it_is_torn_what_began_before_is_still_told(cut: int) -> None:
    head = f"digest-journal 1 {'a' * 16} boot once\n".encode()
    body = b"B 1\nB 2\nR 1 accepted 250 ok\nB 3\nX 2\nR 3 unknown ?\n"
    whole = [line for line in (head + body[:cut]).split(b"\n")[:-1] if line[:1] == b"B"]
    told = room._read(head + body[:cut], "boot")
    begun = {int(line[2:]) for line in whole}
    returned = {2} if b"X 2\n" in body[:cut] else set()
    assert told.begun | set(told.outcomes) | returned == begun
    assert told.trusted


@pytest.mark.parametrize(
    "damage", [b"B 1\x00\n", b"\x00\x00\x00\n", b"B one\n", b"R 1 sent ok\n", b"\xff\n", b"\n"]
)
def test_a_journal_with_a_line_that_is_not_ours_is_not_trusted(
    journal: Journal, file: Path, damage: bytes
) -> None:
    with file.open("ab") as stream:
        stream.write(damage + b"B 2\n")
    assert (journal.left().owner, journal.left().trusted) == (journal.owner, False)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200), headed=st.booleans())
def test_no_content_breaks_the_reading(content: bytes, headed: bool) -> None:
    head = b"digest-journal 1 0123456789abcdef boot once\n" if headed else b""
    told = room._read(head + content, "boot")
    assert told.owner == ("0123456789abcdef" if headed else "") or content.startswith(b"digest-")


@pytest.mark.parametrize(
    "head",
    [b"", b"\n", b"digest-journal 1\n", b"digest-journal 1 owner boot\n", b"something else\n",
     b"digest-journal 2 owner boot once\n", b"digest-journal 1 owner boot once"],
)  # fmt: skip
def test_a_file_that_is_no_journal_of_ours_names_no_owner(
    tmp_path: Path, file: Path, head: bytes
) -> None:
    """Its claims are then nobody's until a day is over: unknown, and never sent again."""
    file.write_bytes(head)
    assert left_in(tmp_path) == Left()


def test_after_a_reboot_it_is_not_trusted(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journal.left().trusted
    other = tmp_path / "boot_id"
    other.write_text("another\n", encoding="ascii")
    monkeypatch.setattr(room, "BOOT_ID", other)
    assert (journal.left().owner, journal.left().trusted) == (journal.owner, False)


def test_a_machine_that_does_not_name_its_boots_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BOOT_ID", tmp_path / "missing")
    with open_journal(tmp_path) as journal:
        journal.begin(repeatable=False)
        assert not journal.left().trusted


def test_the_file_is_ours_alone(journal: Journal, file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", [JOURNAL, ".digest-send.new"])
def test_a_symbolic_link_is_not_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / name).symlink_to(victim)
    with pytest.raises(DeliveryError, match="cannot be opened"), open_journal(tmp_path) as journal:
        journal.begin(repeatable=False)
    assert victim.read_text(encoding="utf-8") == "mine"
