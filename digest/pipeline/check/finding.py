"""One finding of `digest check`; its four keys in JSON are a contract."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what it concerns in config.yaml, what was seen, what to do."""

    level: Level
    key: str
    reason: str
    hint: str = ""

    def document(self) -> dict[str, str]:
        """As JSON prints it."""
        return asdict(self)


def ok(key: str, reason: str, hint: str = "") -> Finding:
    """It is as it should be."""
    return Finding("ok", key, reason, hint)


def warning(key: str, reason: str, hint: str) -> Finding:
    """It works, but an operator should know."""
    return Finding("warning", key, reason, hint)


def error(key: str, reason: str, hint: str) -> Finding:
    """Nothing goes out well until it is mended."""
    return Finding("error", key, reason, hint)
