"""One sender at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from digest.delivery.lock import QUEUE_LOCK, Busy, hold, only_one
from digest.errors import DeliveryError


def test_a_second_sender_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    with (
        only_one(tmp_path, QUEUE_LOCK),
        pytest.raises(Busy, match="sending already"),
        only_one(tmp_path, QUEUE_LOCK),
    ):
        pass
    with only_one(tmp_path, QUEUE_LOCK):
        pass
    assert stat.S_IMODE((tmp_path / QUEUE_LOCK).stat().st_mode) == 0o600


def test_a_killed_sender_lets_go_of_the_lock(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom digest.delivery.lock import *\n"
        "with only_one(Path(sys.argv[1]), QUEUE_LOCK):\n print('held', flush=True)\n input()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy), only_one(tmp_path, QUEUE_LOCK):
            pass
        holder.kill()
        holder.wait()
    with only_one(tmp_path, QUEUE_LOCK):
        pass


def test_a_lock_on_a_file_that_another_took_the_place_of_is_no_lock(tmp_path: Path) -> None:
    """It is opened, then renamed over, then locked: two would hold one each."""
    path, opened = tmp_path / "lock", os.open

    def open_then_replace(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(path, flags, mode)
        other = tmp_path / "other"
        other.touch()
        other.rename(path)
        return descriptor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", open_then_replace)
        with pytest.raises(Busy):
            hold(path)
    os.close(hold(path))


def test_who_was_refused_leaves_no_open_file_behind(tmp_path: Path) -> None:
    with only_one(tmp_path, QUEUE_LOCK):
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            with pytest.raises(Busy):
                hold(tmp_path / QUEUE_LOCK)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_symbolic_link_or_a_folder_that_is_not_there_is_refused_in_one_line(
    tmp_path: Path,
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    for path in (tmp_path / "link", tmp_path / "missing" / "lock", tmp_path):
        with pytest.raises(DeliveryError, match="cannot be opened") as caught:
            hold(path)
        assert str(path) in caught.value.line()
    assert not (tmp_path / "victim").exists()
