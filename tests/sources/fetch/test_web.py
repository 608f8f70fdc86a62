"""The web of one visit: sites on this machine, and a clock that only waiting moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.errors import SourceError
from digest.sources.fetch import Fetcher
from digest.sources.fetch.pace import Pace
from digest.sources.fetch.robots import Robots
from digest.sources.fetch.web import VisitWeb
from tests.sources.fetch.sites import Opener, Site, lead, moved, says
from tests.sources.fetch.test_pace import FakeTime

HOSTS = ("127.0.0.1", "localhost", "a.example", "b.example")


class Gathering:
    """What the visits of one gathering share."""

    def __init__(self, pause: float):
        self.time = FakeTime()
        self.pace = Pace(pause, clock=self.time.clock, wait=self.time.wait)
        self.robots = Robots(self.pace)
        self.fetcher = Fetcher(allow_private_hosts=HOSTS, contact=None)

    def web(self) -> VisitWeb:
        return VisitWeb(self.fetcher, self.pace, self.robots)


@pytest.fixture
def gathering() -> Iterator[Gathering]:
    made = Gathering(pause=1)
    with made.fetcher:
        yield made


def a_site(open_site: Opener, robots: bytes = b"", status: int = 200) -> Site:
    site = open_site(one=says(b"1"), two=says(b"22"), old=moved("/one"), gone=says(status=410))
    site.answers["/robots.txt"] = says(robots, status)
    return site


def test_two_requests_to_one_host_wait_their_turn(gathering: Gathering, open_site: Opener) -> None:
    site, web = a_site(open_site), gathering.web()
    assert web.get(f"{site.url}/one", accept="*/*").content == b"1"
    assert gathering.time.waits == []
    assert web.get(f"{site.url}/two", accept="*/*").content == b"22"
    assert gathering.time.waits == [1.0]
    assert web.requests == 2
    assert web.bytes > 3  # headers and all


def test_two_visits_to_one_host_wait_for_each_other(
    gathering: Gathering, open_site: Opener
) -> None:
    site = a_site(open_site)
    gathering.web().get(f"{site.url}/one", accept="*/*")
    gathering.web().get(f"{site.url}/two", accept="*/*")
    assert gathering.time.waits == [1.0]


def test_different_hosts_do_not_wait_for_each_other(
    gathering: Gathering, open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(monkeypatch, a_example=[["127.0.0.1"]], b_example=[["127.0.0.1"]])
    site, web = a_site(open_site), gathering.web()
    for host in ("127.0.0.1", "a.example", "b.example"):
        web.get(f"http://{host}:{site.port}/one", accept="*/*")
    assert gathering.time.waits == []
    assert web.requests == 3


def test_each_hop_of_a_redirect_waits_and_counts(gathering: Gathering, open_site: Opener) -> None:
    site, web = a_site(open_site), gathering.web()
    assert web.get(f"{site.url}/old", accept="*/*").content == b"1"
    assert site.paths == ["/old", "/one"]
    assert gathering.time.waits == [1.0]
    assert web.requests == 2


def test_a_request_that_fails_counts_too(gathering: Gathering, open_site: Opener) -> None:
    web = gathering.web()
    with pytest.raises(SourceError) as caught:
        web.get(f"{a_site(open_site).url}/gone", accept="*/*")
    assert caught.value.status == 410
    assert web.requests == 1


def test_what_was_seen_is_asked_for_only_if_it_changed(
    gathering: Gathering, open_site: Opener
) -> None:
    site, web = a_site(open_site), gathering.web()
    first = web.get(f"{site.url}/one", accept="*/*")
    again = web.get(f"{site.url}/one", accept="*/*", seen=first.seen)
    assert (first.changed, again.changed) == (True, False)


def test_robots_txt_is_read_once_for_all_visits_and_counted_for_the_first(
    gathering: Gathering, open_site: Opener
) -> None:
    site = a_site(open_site, b"User-agent: *\nDisallow: /two\nCrawl-delay: 3\n")
    first, second = gathering.web(), gathering.web()
    assert first.may_read(f"{site.url}/one")
    assert not first.may_read(f"{site.url}/two")
    assert not second.may_read(f"{site.url}/two?again")
    assert site.paths == ["/robots.txt"]
    assert (first.requests, second.requests) == (1, 0)
    assert first.bytes > 0
    first.get(f"{site.url}/one", accept="*/*")
    assert gathering.time.waits == [3.0]


@pytest.mark.parametrize("status", [404, 403])
def test_a_site_without_robots_txt_lets_us_read(
    status: int, gathering: Gathering, open_site: Opener
) -> None:
    assert gathering.web().may_read(f"{a_site(open_site, b'', status).url}/one")


@pytest.mark.parametrize("status", [503, 429])
def test_a_site_in_trouble_is_not_read_further(
    status: int, gathering: Gathering, open_site: Opener
) -> None:
    site = a_site(open_site, b"", status)
    with pytest.raises(SourceError, match=rf"its robots\.txt, .*{status}") as caught:
        gathering.web().may_read(f"{site.url}/one")
    assert caught.value.temporary
    assert caught.value.status == status


def test_a_robots_txt_that_leads_into_a_private_network_is_not_followed(
    gathering: Gathering, open_site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(monkeypatch, inner_example=[["127.0.0.1"]])
    site, inner = a_site(open_site), a_site(open_site)
    site.answers["/robots.txt"] = moved(f"http://inner.example:{inner.port}/robots.txt")
    with pytest.raises(SourceError, match="private network"):
        gathering.web().may_read(f"{site.url}/one")
    assert inner.asked == []


def test_a_stopped_gathering_asks_nobody(gathering: Gathering, open_site: Opener) -> None:
    site, web = a_site(open_site), gathering.web()
    gathering.pace.stop()
    with pytest.raises(SourceError, match="was not asked: the gathering was stopped"):
        web.get(f"{site.url}/one", accept="*/*")
    assert site.asked == []
    assert web.requests == 0


def test_the_bytes_of_what_fails_are_counted_too(open_site: Opener) -> None:
    site = open_site(page=says(b"x" * 5_000, status=404))  # no body is waited for
    with Fetcher(allow_private_hosts=HOSTS, contact=None) as fetcher:
        web = VisitWeb(fetcher, Pace(0), Robots(Pace(0)))
        with pytest.raises(SourceError):
            web.get(site.url + "/page", accept="*/*")
    assert (web.requests, web.bytes > 20) == (1, True)


# ── robots.txt on the way ─────────────────────────────────────────────────────────────────


FORBIDS = b"User-agent: *\nDisallow: /two\n"


def test_a_redirect_leads_nowhere_that_robots_txt_forbids(
    gathering: Gathering, open_site: Opener
) -> None:
    site, web = a_site(open_site, FORBIDS), gathering.web()
    site.answers |= {"/hop": moved("/two", 302), "/page": moved("/one", 302)}
    with pytest.raises(SourceError, match=r"/two: robots\.txt forbids us to read it") as caught:
        web.get(f"{site.url}/hop", accept="*/*", obey_robots=True)
    assert not caught.value.temporary
    assert "/two" not in site.paths
    assert web.get(f"{site.url}/page", accept="*/*", obey_robots=True).content == b"1"
    assert web.requests == len(site.paths)


def test_a_redirect_to_another_site_asks_the_robots_txt_of_that_one(
    gathering: Gathering, open_site: Opener
) -> None:
    site, other, web = a_site(open_site), a_site(open_site, FORBIDS), gathering.web()
    site.answers |= {"/hop": moved(f"{other.url}/two"), "/page": moved(f"{other.url}/one")}
    with pytest.raises(SourceError, match=r"robots\.txt forbids us"):
        web.get(f"{site.url}/hop", accept="*/*", obey_robots=True)
    assert other.paths == ["/robots.txt"]
    moved_there = web.get(f"{site.url}/page", accept="*/*", obey_robots=True)
    assert moved_there.content == b"1"
    other.answers["/robots.txt"] = says(b"User-agent: *\nDisallow: /\n")
    later = VisitWeb(gathering.fetcher, gathering.pace, Robots(gathering.pace))
    with pytest.raises(SourceError, match=r"robots\.txt forbids us"):  # asked where it moved to
        later.get(f"{site.url}/page", accept="*/*", seen=moved_there.seen, obey_robots=True)


def test_a_site_in_trouble_that_a_page_leads_to_is_not_the_sites_own_trouble(
    gathering: Gathering, open_site: Opener
) -> None:
    site, other, web = a_site(open_site), a_site(open_site, status=503), gathering.web()
    site.answers["/hop"] = moved(f"{other.url}/one", 302)
    with pytest.raises(SourceError, match=r"its robots\.txt, .* 503") as caught:
        web.get(f"{site.url}/hop", accept="*/*", obey_robots=True)
    assert (caught.value.status, caught.value.temporary) == (None, True)
    assert other.paths == ["/robots.txt"]


def test_a_feed_is_there_to_be_read_by_programs(gathering: Gathering, open_site: Opener) -> None:
    site, web = a_site(open_site, b"User-agent: *\nDisallow: /\n"), gathering.web()
    assert web.get(f"{site.url}/old", accept="*/*").content == b"1"
    assert "/robots.txt" not in site.paths


def test_a_robots_txt_that_is_not_there_where_it_leads_forbids_nothing(
    gathering: Gathering, open_site: Opener
) -> None:
    site, other = a_site(open_site), open_site(lost=says(status=404))
    site.answers["/robots.txt"] = moved(f"{other.url}/lost", 302)
    assert gathering.web().may_read(f"{site.url}/one")


# ── time ──────────────────────────────────────────────────────────────────────────────────


def test_the_time_of_a_visit_is_up_after_ten_minutes_waits_and_all(
    gathering: Gathering, open_site: Opener
) -> None:
    time, site = gathering.time, a_site(open_site)
    gathering.pace.slow_down("127.0.0.1", 10)
    web = VisitWeb(gathering.fetcher, gathering.pace, gathering.robots, clock=time.clock)
    web.get(f"{site.url}/one", accept="*/*")
    time.now += 589
    assert not web.time_is_up()
    for _ in range(2):
        web.get(f"{site.url}/one", accept="*/*")
        time.now += 1
    web.get(f"{site.url}/one", accept="*/*")
    assert web.time_is_up()
