"""What the first lines of an answer say, and that nothing in them can make us fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.fetch import answers
from digest.sources.fetch.answers import refuse_failure, retry_after
from tests.sources.fetch.sites import Opener, refused, says

NOW = datetime(2026, 11, 1, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("604801", timedelta(seconds=604801)),
        ("Sun, 01 Nov 2026 15:00:00 GMT", timedelta(hours=1)),
        ("Sunday, 01-Nov-26 15:00:00 GMT", timedelta(hours=1)),
        ("Sun Nov  1 15:00:00 2026", timedelta(hours=1)),
        ("Tue, 01 Dec 2026 15:00:00 GMT", timedelta(days=30, hours=1)),
        ("Sun, 01 Nov 2026 13:00:00 GMT", None),
        ("Wed, 01 Jan 2062 00:00:00 GMT", None),
        ("-5", None),
        ("99999999", None),
        ("9" * 400, None),
        ("1.5", None),
        ("٣٠", None),
        ("soon", None),
        ("", None),
    ],
)
def test_how_long_to_stay_away(stated: str, expected: timedelta | None) -> None:
    assert retry_after(stated, NOW) == expected


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_site_says_when_to_come_again(open_site: Opener, status: int) -> None:
    error = refused(f"{open_site(feed=says(b'', status, Retry_After='90')).url}/feed")
    assert (error.status, error.retry_after) == (status, timedelta(seconds=90))
    assert error.temporary


def test_what_is_gone_for_good_is_told_apart_from_what_is_not_found(open_site: Opener) -> None:
    site = open_site(gone=says(b"", 410, Retry_After="90"), lost=says(b"", 404))
    gone, lost = refused(f"{site.url}/gone"), refused(f"{site.url}/lost")
    assert gone.what == "the site answered 410 Gone: it is gone for good"
    assert (gone.status, gone.temporary, gone.retry_after) == (410, False, None)
    assert (lost.status, lost.temporary) == (404, False)
    assert "may have moved" in lost.mend


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"Location", b"ETag", b"Last-Modified", b"Content-Type", b"Retry-After",
             b"Content-Encoding", b"Content-Length"]
        ),
        st.binary(max_size=40)
        | st.sampled_from([b"text/html; charset=\xff", b"Sun, 31 Dec 9999 23:59:60 GMT", b"1" * 99,
                           b"Mon, 01 Jan 0001 00:00:00 +2359", b"0 0 0 0 0", b"gzip, br"]),
    ),
    max_size=4,
)  # fmt: skip


@given(st.integers(100, 999), HEADERS)
@settings(deadline=None)
def test_no_header_raises_anything_but_our_own_error(
    status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    response = httpcore.Response(status, headers=headers)
    answers.redirect_target(response)
    answers.validators(response)
    answers.media_type(response)
    if status != 200:
        with pytest.raises(SourceError) as caught:
            refuse_failure(response, "http://x/")
        assert caught.value.status == status
