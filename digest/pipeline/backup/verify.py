"""Verify: a backup is read whole before anybody trusts it.

In: a file and the keys. Out: what is in it, once each chunk opened in its place, the end was there
and every table has the rows that the header says. Nothing is written, no database is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.config import Keys
from digest.errors import Refused
from digest.pipeline import Progress
from digest.pipeline.backup.seal import Header, Opening

TOLD_EVERY = 1000  # rows


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup that can be restored."""

    path: Path
    size: int
    sha256: str  # of its octets
    header: Header

    def document(self) -> dict[str, Any]:
        """As JSON prints it."""
        made = {"taken_at": self.header.taken_at, "version": self.header.version}
        whole = {"path": str(self.path), "bytes": self.size, "sha256": self.sha256}
        return {**whole, **made, "rows": self.header.counts}


@contextmanager
def opened(path: Path, keys: Keys) -> Iterator[Opening]:
    """The file, its header read. Raises Refused, also when it cannot be read."""
    try:
        with path.open("rb") as file:
            yield Opening(file, keys, str(path))
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(
            f"it cannot be read ({reason})", where=str(path), mend="Name a file that `digest "
            "backup` wrote",
        ) from None  # fmt: skip


def verify_backup(path: Path, keys: Keys, *, progress: Progress | None = None) -> Verified:
    """Read it whole. Raises Refused for what is cut, altered, miscounted or under other keys."""
    with opened(path, keys) as backup:
        total = backup.header.total
        found: dict[str, int] = {}
        table, through = "", 0
        for line in backup.lines():
            if line.startswith(b"{"):
                table = str(json.loads(line)["table"])
                found[table] = 0
                continue
            found[table] += 1
            through += 1
            if progress and (through % TOLD_EVERY == 0 or through == total):
                progress(through, total)
        if found != backup.header.counts:
            raise Refused(
                "its rows are not those that its header counts",
                where=str(path),
                mend="Take another backup",
            )
        return Verified(path, path.stat().st_size, backup.sha256.hexdigest(), backup.header)
