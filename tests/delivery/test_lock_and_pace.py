"""One sender at a time, and no faster than the site asks for."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from digest.delivery.lock import SEND_LOCK, Busy, only_one
from digest.delivery.pace import Pace


def test_a_second_sender_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    with (
        only_one(tmp_path, SEND_LOCK),
        pytest.raises(Busy, match="sending already"),
        only_one(tmp_path, SEND_LOCK),
    ):
        pass
    with only_one(tmp_path, SEND_LOCK):
        pass
    assert stat.S_IMODE((tmp_path / SEND_LOCK).stat().st_mode) == 0o600


def test_a_killed_sender_lets_go_of_the_lock(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom digest.delivery.lock import *\n"
        "with only_one(Path(sys.argv[1]), SEND_LOCK):\n print('held', flush=True)\n input()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy), only_one(tmp_path, SEND_LOCK):
            pass
        holder.kill()
        holder.wait()
    with only_one(tmp_path, SEND_LOCK):
        pass


def test_mails_are_spaced_and_a_late_one_brings_no_burst() -> None:
    clock = [100.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))
        clock[0] += seconds

    pace = Pace(4, clock=lambda: clock[0], sleep=sleep)
    for _ in range(3):
        pace.wait()
    clock[0] += 10
    pace.wait()
    pace.wait()
    assert slept == [0.25, 0.25, 0.25]
    assert pace.slows


def test_without_a_pace_nobody_waits() -> None:
    pace = Pace(None, clock=lambda: 0.0, sleep=lambda seconds: pytest.fail("slept"))
    pace.wait()
    pace.wait()
    assert not pace.slows
