"""A file of this machine → its bytes: plain files only, and none that is too big.

In: a path that the configuration, or a folder of it, names. Out: bytes. Keeps law 8: nothing is
opened that could be waited for without end, as a named pipe can.
"""

from __future__ import annotations

import stat
from pathlib import Path

from digest.sources.errors import Unreadable
from digest.sources.kind import MOST_BYTES


def read_plain_file(path: Path) -> bytes:
    """All that is in the file, at most 10 MB.

    Raises Unreadable for what is no plain file or too big, and OSError.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise Unreadable("is no plain file", "Put the file itself there")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Unreadable(
            f"is larger than {MOST_BYTES // 1_000_000} MB", "Split it into smaller files"
        )
    return content
