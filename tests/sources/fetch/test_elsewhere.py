"""What somebody else says, to whom a site led us for now, is not the site's own word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.errors import SourceError
from digest.sources.fetch import PAGES, Fetcher
from digest.values import Seen
from tests.sources.fetch.sites import LOCAL, Opener, Site, moved, refused, says

WEEK = str(7 * 24 * 3600)


def in_trouble(open_site: Opener) -> Site:
    return open_site(gone=says(b"", 410), busy=says(b"", 503, Retry_After=WEEK))


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_redirect_for_now_lets_nobody_else_turn_a_source_off(
    open_site: Opener, status: int
) -> None:
    other = in_trouble(open_site)
    site = open_site(a=moved(f"{other.url}/gone", status), b=moved(f"{other.url}/busy", status))
    gone, busy = refused(f"{site.url}/a"), refused(f"{site.url}/b")
    assert (gone.status, gone.retry_after, gone.temporary) == (None, None, False)
    assert (busy.status, busy.retry_after, busy.temporary) == (None, None, True)
    assert "answered 410 Gone" in gone.what
    assert "answered 503" in busy.what
    assert gone.where == f"{other.url}/gone"


@pytest.mark.parametrize("status", [301, 308])
def test_where_a_site_moved_for_good_speaks_for_it(open_site: Opener, status: int) -> None:
    other = in_trouble(open_site)
    site = open_site(a=moved(f"{other.url}/gone", status), b=moved(f"{other.url}/busy", status))
    assert refused(f"{site.url}/a").status == 410
    busy = refused(f"{site.url}/b")
    assert (busy.status, busy.retry_after) == (503, timedelta(days=7))


def test_a_redirect_for_now_within_the_site_is_its_own_word(open_site: Opener) -> None:
    site = in_trouble(open_site)
    site.answers |= {"/a": moved("/gone", 302), "/b": moved(f"{site.url}/busy", 302)}
    assert refused(f"{site.url}/a").status == 410
    assert refused(f"{site.url}/b").retry_after == timedelta(days=7)


def test_the_site_that_it_moved_to_may_lead_on_within_itself(open_site: Opener) -> None:
    other = in_trouble(open_site)
    other.answers["/hop"] = moved("/gone", 302)
    site = open_site(a=moved(f"{other.url}/hop"))
    assert refused(f"{site.url}/a").status == 410
    site.answers["/a"] = moved(f"{other.url}/hop", 302)
    other.answers["/hop"] = moved("/gone", 301)
    assert refused(f"{site.url}/a").status is None


def test_each_way_is_judged_by_itself(open_site: Opener) -> None:
    other = in_trouble(open_site)
    site = open_site(old=says(b"", 410), new=moved(f"{other.url}/gone", 302))
    seen = Seen(f"{site.url}/old", moved_to=f"{site.url}/new")
    assert refused(seen.url, seen=seen).status == 410  # its own, asked after the other
    assert other.paths == ["/gone"]


def test_whoever_asks_for_any_status_gets_it_but_not_how_long_to_wait(open_site: Opener) -> None:
    site = open_site(a=moved(f"{in_trouble(open_site).url}/busy", 302))
    with (
        Fetcher(allow_private_hosts=LOCAL, contact=None) as fetcher,
        pytest.raises(SourceError) as caught,
    ):
        fetcher.get(f"{site.url}/a", accept=PAGES, any_status=True)
    assert (caught.value.status, caught.value.retry_after) == (503, None)
