"""A web that answers from a mapping, and the visits that read it: no socket is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.errors import SourceError
from digest.sources.fetch import kept_address
from digest.sources.kind import Answer, Visit
from digest.values import Seen
from tests.sources.samples import ZONE

NOW = datetime(2026, 11, 1, 14, tzinfo=UTC)


class FakeWeb:
    """`pages`: address → its content, a whole `Answer`, or the error that it raises.

    An address asked with the hash of what it still holds is unchanged, as a real server says.
    """

    def __init__(
        self,
        pages: Mapping[str, str | bytes | Answer | SourceError],
        *,
        forbidden: tuple[str, ...] = (),
        media_type: str = "",
    ):
        self.pages = dict(pages)
        self.forbidden, self.media_type = forbidden, media_type
        self.asked: list[str] = []
        self.obeying: list[str] = []  # what was asked for with robots.txt in mind
        self.most_requests: int | None = None  # then its time is up

    def get(
        self, url: str, *, accept: str, seen: Seen | None = None, obey_robots: bool = False
    ) -> Answer:
        self.asked.append(url)
        self.obeying += [url] * obey_robots
        given = self.pages.get(url)
        if given is None:
            raise SourceError("the site answered 404 Not Found", where=url, mend="Look", status=404)
        if isinstance(given, SourceError):
            raise given
        if isinstance(given, Answer):
            return given
        content = given.encode() if isinstance(given, str) else given
        now = hashlib.sha256(content).hexdigest()
        same = seen is not None and seen.body_hash == now
        return Answer(
            url=url,
            content=b"" if same else content,
            changed=not same,
            media_type=self.media_type,
            seen=Seen(kept_address(url), etag=f'"{now[:8]}"', body_hash=now),
        )

    def may_read(self, url: str) -> bool:
        return not any(part in url for part in self.forbidden)

    def time_is_up(self) -> bool:
        return self.most_requests is not None and len(self.asked) >= self.most_requests


def a_visit(web: FakeWeb | None = None, *, folder: Path | None = None, **changes: Any) -> Visit:
    """A visit of `web` (none: every address is a 404) at the fixed NOW."""
    given: dict[str, Any] = {
        "web": web or FakeWeb({}), "zone": ZONE, "folder": folder or Path(), "now": NOW, "seen": {},
    }  # fmt: skip
    return Visit(**{**given, **changes})
