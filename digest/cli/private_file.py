"""Files that commands write for their user alone: they name people, and what those read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from digest.errors import Refused


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """A text file to write to, mode 600 also where it was there already. Raises Refused."""
    try:
        with open(path, "w", encoding="utf-8", newline="", opener=_for_us_alone) as stream:
            yield stream
    except OSError as error:
        what, mend = f"cannot be written ({error.strerror})", "Name another file"
        raise Refused(what, where=str(path), mend=mend) from None


def _for_us_alone(path: str, flags: int) -> int:
    file = os.open(path, flags, 0o600)
    if stat.S_ISREG(os.fstat(file).st_mode):
        os.fchmod(file, 0o600)
    return file
