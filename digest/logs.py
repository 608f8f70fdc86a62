"""Logs for `digest run`: one line an event on stderr, no address and no word of a diagnosis.

Libraries' own logs pass only from warning on; Django's name the path of a request, and paths
hold nothing but numbers, audiences and opaque tokens (law 7), which are cut off here.
"""

from __future__ import annotations

import logging
import re
import sys

import structlog

TOKEN = re.compile(r"(/(?:leave|confirm)/)[^\s\"'?]+")


class _NoTokens(logging.Filter):
    """A token in a log would let its reader act for the subscriber."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = TOKEN.sub(r"\1…", record.getMessage()), ()
        return True


def set_up_logs() -> None:
    """Structured lines for us, plain warnings for libraries; both on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_NoTokens())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
