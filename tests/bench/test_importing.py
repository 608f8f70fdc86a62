"""The bench of imports: its people are the same each time, and its limits bite."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.importing import as_lines, too_much, write_people
from subscribers.importing import import_people

RUN = {
    "run": "import",
    "rows": 1_000_000,
    "seconds": 59.0,
    "cpu_seconds": 50.0,
    "rows_per_second": 16_949,
    "mb": 200,
    "longest_batch": 0.5,
}


@pytest.mark.django_db
def test_the_people_of_the_bench_are_nearly_all_new(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    write_people(path, 400)
    counts = import_people(
        path, list_name="patient", consent_text="Yes.", consent_source="x", actor="bench"
    ).counts
    assert (counts["new"], counts["duplicate_in_file"], counts["invalid"]) == (396, 2, 2)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, 0),
        ({"seconds": 61.0}, 1),
        ({"run": "dry run", "seconds": 41.0}, 1),
        ({"mb": 251, "longest_batch": 1.1}, 2),
    ],
)
def test_what_is_above_a_limit_is_said(changes: dict[str, object], problems: int) -> None:
    assert len(too_much([{**RUN, **changes}])) == problems
    assert "1,000,000 rows" in as_lines([RUN])[0]
