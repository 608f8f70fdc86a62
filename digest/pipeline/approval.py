"""What an approval approves: one hash over all renditions of an issue (law 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from digest.errors import Refused
from digest.values import Rendition


def approval_hash(renditions: Iterable[Rendition]) -> str:
    """SHA-256 (hex) over audience and content hash of each rendition, in any order.

    A `Rendition` hashes what it holds, so a stored row that was changed behind our back
    no longer matches.
    """
    lines = sorted(f"{made.audience} {made.content_hash}\n" for made in renditions)
    return hashlib.sha256("".join(lines).encode("ascii")).hexdigest()


def another_version() -> Refused:
    """What is said of a rendition that this program would not splice as it was approved."""
    return Refused(
        "it was approved with another version of the program",
        mend="Approve it again with `digest approve`; what has begun goes on with that version",
    )
