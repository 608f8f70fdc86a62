"""Dates as sources write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sources.dates import KNOWN as UNKNOWN
from digest.sources.dates import instant_of, parse_date
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
        "20260303",
        "2026/3/3",
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
        ("2026-03-03T10:00:00.123456789Z", datetime(2026, 3, 3, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-03t10:00:00z", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("20260303T100000+0530", datetime(2026, 3, 3, 4, 30, tzinfo=UTC)),
        ("2026-03-03 10:00:00 +05:30", datetime(2026, 3, 3, 4, 30, tzinfo=UTC)),
        ("2026-06-30T23:59:60Z", datetime(2026, 7, 1, tzinfo=UTC)),
        ("Tuesday, March 3, 2026 at 4:05 PM EST", datetime(2026, 3, 3, 21, 5, tzinfo=UTC)),
        ("March 3, 2026 4:05 pm", datetime(2026, 3, 3, 21, 5, tzinfo=UTC)),
        ("July 3, 2026, 4 p.m. PT", datetime(2026, 7, 3, 23, tzinfo=UTC)),
        ("3/3/2026 12:00 AM CST", datetime(2026, 3, 3, 6, tzinfo=UTC)),
        ("Tuesday, 03-Mar-26 10:00:00 GMT", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("Tue, 3 Mar 2026 10:00:00 -0500 (EST)", datetime(2026, 3, 3, 15, tzinfo=UTC)),
        ("Tue, 3 Mar 2026 10:00:00 UT", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("Tue, 3 Mar 2026 10:00", datetime(2026, 3, 3, 15, tzinfo=UTC)),
        ("2026-03-08 02:30", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # skipped in spring
        ("2026-11-01 01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # there twice in autumn
    ],
)
def test_a_stated_time_is_kept(text: str, moment: datetime) -> None:
    found = parse_date(text, ZONE)
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31/31/2026", "there is no month 31; slashes are read as month/day/year"),
        ("2026-13-01", "there is no month 13"),
        ("2/30/2026", "February 2026 has no day 30"),
        ("2026-02-30", "February 2026 has no day 30"),
        ("0000-01-01", "there is no year 0"),
        ("3 Marching 2026", "there is no month Marching"),
        ("soon", UNKNOWN),
        ("", "it is empty"),
        ("2026", "it names no day"),
        ("2026-10", "it names no day"),
        ("October 2026", "it names no day"),
        ("3/31/26", "its year has two digits, not four"),
        ("3.4.2026", "day and month cannot be told apart"),
        ("03-04-2026", "day and month cannot be told apart"),
        ("1772000000", "it is a bare number, where a date is needed"),
        ("1772000000000", "it is a bare number, where a date is needed"),
        ("2026-W10-1", UNKNOWN),
        ("٣/٣/٢٠٢٦", UNKNOWN),
        ("2026-03-03T99:00", "there is no hour 99"),
        ("2026-03-03T10:60", "there is no minute 60"),
        ("March 3, 2026 14:00 pm", "there is no hour 14 p.m."),
        ("2026-03-03T10:00:00+9900", "there is no offset +9900"),
        ("Tue, 44 Mar 2026 10:00:00 GMT", "March 2026 has no day 44"),
        ("x" * 500, "it is too long for a date"),
        ("1" * 1_000_000, "it is too long for a date"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        parse_date(text, ZONE)


def test_a_midnight_that_the_clocks_skip_is_the_first_instant_of_its_day() -> None:
    assert parse_date("2018-11-04", ZoneInfo("America/Sao_Paulo")) == datetime(
        2018, 11, 4, 3, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:60-23:59"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_ends_of_time_are_instants_too(text: str, zone: str) -> None:
    assert parse_date(text, ZoneInfo(zone)).tzinfo is UTC


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40)
    | st.from_regex(r"\A\d{1,4}[-/ ]\d{1,2}[-/ ]\d{1,4}[T ]?[\d:+.Z]{0,14}\Z")
    | st.from_regex(r"\A(Tue, )?\d\d? [A-Z][a-z]{2} \d{2,4} \d\d:\d\d [A-Z+-]{0,3}\d{0,6}\Z")
)
def test_nothing_but_a_value_error_comes_out(text: str) -> None:
    with suppress(ValueError):
        assert parse_date(text, ZONE).tzinfo is UTC
    now = datetime(2026, 11, 21, tzinfo=UTC)
    moment, problem = instant_of(text, ZONE, now)
    assert problem.isprintable()
    assert len(problem) <= 200
    assert not (moment and problem)
