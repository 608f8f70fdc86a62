"""Dates as sources write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sources.dates import parse_date
from tests.sources.samples import ZONE

MIDNIGHT = datetime(2026, 3, 3, 5, tzinfo=UTC)  # in New York, before summer time


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03",
        "3/3/2026",
        "03/03/2026",
        "March 3, 2026",
        "Mar. 3 2026",
        "Tuesday, March 3rd, 2026",
        "3 March 2026",
        " 3\u00a0Mar  2026 ",
    ],
)
def test_a_date_without_a_time_is_midnight_in_the_zone(text: str) -> None:
    assert parse_date(text, ZONE) == MIDNIGHT


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-03T10:00:00Z", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("2026-03-03T10:00:00.123+02:00", datetime(2026, 3, 3, 8, 0, 0, 123000, tzinfo=UTC)),
        ("2026-07-03 10:00", datetime(2026, 7, 3, 14, tzinfo=UTC)),
        ("Tue, 03 Mar 2026 10:00:00 GMT", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("3 Mar 26 10:00 EST", datetime(2026, 3, 3, 15, tzinfo=UTC)),
        ("Tue, 3 Mar 2026 10:00:00 -0500", datetime(2026, 3, 3, 15, tzinfo=UTC)),
        ("Tue, 3 Mar 2026 10:00:00 XYZ", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("2100-12-31", datetime(2100, 12, 31, 5, tzinfo=UTC)),
    ],
)
def test_a_stated_time_is_kept(text: str, moment: datetime) -> None:
    found = parse_date(text, ZONE)
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31/31/2026", "there is no month 31; slashes are read as month/day/year"),
        ("2/30/2026", "day is out of range"),
        ("2026-02-30", "day is out of range"),
        ("0001-01-01", "the year must be from 1900 to 2100"),
        ("2101-01-01", "the year must be from 1900 to 2100"),
        ("3 Marching 2026", "there is no month Marching"),
        ("soon", "'soon' is no date; write one like"),
        ("", "the date is empty"),
        ("2026", "no date"),
        ("2026-03-03T99:00", "no date"),
        ("Tue, 44 Mar 2026 10:00:00 GMT", "no date"),
        ("x" * 500, "…' is no date"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"date|year") as caught:
        parse_date(text, ZONE)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 160


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40)
    | st.from_regex(r"\A\d{1,4}[-/ ]\d{1,2}[-/ ]\d{1,4}[T ]?[\d:+.Z]{0,14}\Z")
    | st.from_regex(r"\A(Tue, )?\d\d? [A-Z][a-z]{2} \d{2,4} \d\d:\d\d [A-Z+-]{0,3}\d{0,6}\Z")
)
def test_nothing_but_a_value_error_comes_out(text: str) -> None:
    with suppress(ValueError):
        assert parse_date(text, ZONE).tzinfo is UTC
