"""Check: how long an issue takes at the pace asked for, and domains that are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from digest.pipeline.check import Finding
from digest.pipeline.check import pace as examined
from tests.builders import a_subscriber
from tests.pipeline.check.found import findings

pytestmark = pytest.mark.django_db


def told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, readers: int, pace: dict[str, Any]
) -> Finding:
    """What is said of this pace with so many readers."""

    def many(order: object) -> Iterator[int]:
        return iter(range(readers))

    monkeypatch.setattr(examined, "confirmed_recipients", many)
    return findings(folder, pace=pace)["pace"]


def test_a_site_without_limits_is_told_nothing_of_its_pace(tmp_path: Path) -> None:
    assert not [key for key in findings(tmp_path) if key.startswith("pace")]
    named = findings(tmp_path, pace={"per_domain": {"example.com": 2}})
    assert not [key for key in named if key.startswith("pace")]


@pytest.mark.parametrize(
    ("pace", "readers", "level", "reason"),
    [
        ({"per_hour": 3600}, 12_000, "ok", "at 3,600 an hour, 12,000 readers take 3 h 20 min"),
        ({"per_second": 2}, 1, "ok", "at 2 a second, 1 reader takes a minute at most"),
        ({"per_second": 0.5}, 100, "ok", "at 0.5 a second, 100 readers take 4 min"),
        (
            {"per_second": 10, "per_hour": 100},
            2_400,
            "ok",
            "at 100 an hour, 2,400 readers take 24 h",
        ),
        (
            {"per_second": 10, "per_hour": 36_000},
            36_000,
            "ok",
            "at 10 a second, 36,000 readers take 1 h",
        ),
        ({"per_hour": 100}, 2_401, "warning", "at 100 an hour, 2,401 readers take 24 h 1 min"),
        ({"per_hour": 10}, 1_000, "warning", "at 10 an hour, 1,000 readers take 4 days 4 h"),
        (
            {"per_hour": 1e-300},
            9,
            "warning",
            "at 1e-300 an hour, 9 readers take more than 10 years",
        ),
        ({"warm_up": [50, 1000]}, 1_051, "warning", "1,051 readers take 2 days"),
        ({"warm_up": [50, 1000]}, 51, "ok", "51 readers take 24 h"),
        ({"warm_up": [50]}, 50, "ok", "50 readers take a minute at most"),
        ({"per_hour": 100, "warm_up": [50, 9000]}, 2_550, "warning", "take 2 days 1 h"),
    ],
)
def test_the_time_of_an_issue_is_told_and_warned_of_beyond_a_day(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pace: dict[str, Any],
    readers: int,
    level: str,
    reason: str,
) -> None:
    found = told(tmp_path, monkeypatch, readers, pace)
    assert (found.level, found.reason[-len(reason) :]) == (level, reason)
    assert bool(found.hint) == (level == "warning")


def test_every_limit_is_named_before_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = told(tmp_path, monkeypatch, 50, {"per_hour": 100, "warm_up": [50, 1000]})
    assert found.reason == (
        "at 100 an hour, with a warm-up of 50, 1,000 mails a day still to come, "
        "50 readers take 30 min"
    )


def test_only_confirmed_readers_count_and_each_of_them_once(tmp_path: Path) -> None:
    assert "no reader yet" in findings(tmp_path, pace={"per_hour": 1})["pace"].reason
    a_subscriber("ann@example.net", lists=("patient", "caregiver"))
    a_subscriber("ben@example.net")
    a_subscriber("cem@example.net", state="pending")
    assert "2 readers take 2 h" in findings(tmp_path, pace={"per_hour": 1})["pace"].reason


@pytest.mark.parametrize("domain", ["ann@example.com", "@example.com", "example .com", "a..b", "-"])
def test_a_pace_for_something_that_is_no_domain_is_an_error(tmp_path: Path, domain: str) -> None:
    pace = {"per_domain": {"example.com": 2, "mail.example.net": 1, domain: 2}}
    found = findings(tmp_path, pace=pace)["pace.per_domain"]
    assert (found.level, found.reason) == ("error", f"'{domain}' is no domain")
    assert found.hint
