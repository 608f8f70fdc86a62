"""One sender at a time."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from digest.delivery.lock import QUEUE_LOCK, Busy, only_one


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
