"""Logs for `digest run`: one line an event on stderr, no address and no word of a diagnosis.

Libraries' own logs pass only from warning on; Django's name the path of a request, and paths
hold nothing but numbers, audiences and opaque tokens (law 7), which are cut off here.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import Any

import structlog

TOKEN = re.compile(r"(/(?:leave|return|confirm|address|preferences)/)[^\s\"'?]+")


class _NoTokens(logging.Filter):
    """A token in a log would let its reader act for the subscriber."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = TOKEN.sub(r"\1…", record.getMessage()), ()
        return True


class _WithoutWords(logging.Formatter):
    """Where a fault arose, and its kind; not its words, for they may hold an address."""

    def formatException(self, ei: Any) -> str:  # noqa: N802
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)
        places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        return "\n".join((*places, f"{kind.__name__ if kind else 'fault'} (words left out)"))


def set_up_logs() -> None:
    """Structured lines for us, plain warnings for libraries; both on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_NoTokens())
    handler.setFormatter(_WithoutWords("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
