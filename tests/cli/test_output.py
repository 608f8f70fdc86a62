"""How commands speak: counts in grammar, times by the publication's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from digest.cli.output import counted, moment


@pytest.mark.parametrize(
    ("count", "words", "told"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (2000, ("row",), "2,000 rows"),
        (1, ("text is", "texts are"), "1 text is"),
        (2, ("text is", "texts are"), "2 texts are"),
    ],
)
def test_one_is_told_in_the_singular(count: int, words: tuple[str, ...], told: str) -> None:
    assert counted(count, *words) == told


def test_a_time_in_a_table_is_of_the_publications_zone() -> None:
    at = datetime(2026, 11, 21, 23, 30, 59, tzinfo=UTC)
    assert moment(at, ZoneInfo("Europe/Vienna")) == "2026-11-22 00:30"
