"""robots.txt: what RFC 9309 asks of a reader, and files made to hurt one."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.fetch import robots as robots_module
from digest.sources.fetch.pace import Pace
from digest.sources.fetch.robots import Robots, Rules

SITE = "https://a.example"


class Reader:
    """Gives the same robots.txt for every origin and remembers who was asked."""

    def __init__(self, given: bytes | SourceError = b""):
        self.given = given
        self.asked: list[str] = []

    def __call__(self, address: str) -> bytes:
        self.asked.append(address)
        if isinstance(self.given, SourceError):
            raise self.given
        return self.given


def a_robots() -> Robots:
    return Robots(Pace(0))


def allowed(content: str, path: str) -> bool:
    return Rules(content.encode()).allow(path)


# ── rules ─────────────────────────────────────────────────────────────────────────────────


def test_the_longest_rule_that_fits_decides_and_an_allow_wins_a_draw() -> None:
    text = "User-agent: *\nDisallow: /news\nAllow: /news/view\nDisallow: /both\nAllow: /both\n"
    assert not allowed(text, "/news/list")
    assert allowed(text, "/news/view/1")
    assert allowed(text, "/both")
    assert allowed(text, "/elsewhere")


def test_wildcards_and_the_end_of_an_address_are_understood() -> None:
    text = "User-agent: *\nDisallow: /*.pdf$\nDisallow: /*/print\n"
    assert not allowed(text, "/a/paper.pdf")
    assert allowed(text, "/a/paper.pdf?page=2")
    assert not allowed(text, "/news/1/print")


@pytest.mark.parametrize(
    "name",
    [
        "ms-research-digest",
        "MS-Research-Digest",
        "ms-research-digest/2.0",
        " ms-research-digest # us",
    ],
)
def test_the_group_that_names_us_counts_instead_of_the_one_for_everyone(name: str) -> None:
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: {name}\nDisallow: /private\n"
    assert allowed(text, "/news")
    assert not allowed(text, "/private")


def test_a_group_for_another_reader_is_not_ours() -> None:
    text = "User-agent: ms\nUser-agent: research-digest\nUser-agent: otherbot\nDisallow: /\n"
    assert allowed(text, "/news")


def test_a_group_that_names_us_and_forbids_nothing_opens_what_is_closed_to_others() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: ms-research-digest\nDisallow:\n"
    assert allowed(text, "/news")


def test_several_groups_for_one_reader_are_one_and_a_group_may_have_several_names() -> None:
    text = (
        "User-agent: otherbot\nUser-agent: *\nDisallow: /a\n\nSitemap: https://a.example/s.xml\n"
        "User-agent: otherbot\nDisallow: /b\n\n"
        "user-agent: *\nuser-agent: thirdbot\ndisallow: /c\n"
    )
    assert not allowed(text, "/a")
    assert allowed(text, "/b")
    assert not allowed(text, "/c")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_and_a_byte_order_mark_are_read(ending: str) -> None:
    assert not allowed("\ufeff" + ending.join(["User-agent: *", "Disallow: /"]), "/news")


def test_a_page_of_html_in_its_place_forbids_nothing() -> None:
    assert allowed("<!doctype html><title>Not found</title><p>Disallow: /</p>", "/news")


def test_percent_escapes_are_the_same_however_they_are_written() -> None:
    text = "User-agent: *\nDisallow: /é\n"
    assert not allowed(text, "/%C3%A9/1")
    assert not allowed(text, "/é")
    assert not allowed(text, "/%c3%a9")


def test_an_address_with_two_slashes_or_an_odd_host_is_held_against_the_rules() -> None:
    robots, read = a_robots(), Reader(b"User-agent: *\nDisallow: //b\nDisallow: /c\n")
    assert not robots.may_read(f"{SITE}//b.example/c", read)
    assert robots.may_read(f"{SITE}//d.example/c", read)
    assert not robots.may_read("https://[/c?d", read)


def test_only_the_first_500_kib_are_read_and_no_half_rule_of_them() -> None:
    start = b"User-agent: *\nDisallow: /first\n"
    filling = b"#" * (500 * 1024 - len(start) - len(b"\nDisallow: /")) + b"\nDisallow: /"
    rules = Rules(start + filling + b"second\nDisallow: /third\n")
    assert not rules.allow("/first")
    assert rules.allow("/second")
    assert rules.allow("/third")
    assert rules.allow("/news")


# ── the sites ─────────────────────────────────────────────────────────────────────────────


def test_each_origin_is_asked_once_and_a_port_is_another_origin() -> None:
    robots, read = a_robots(), Reader(b"User-agent: *\nDisallow: /closed\n")
    assert robots.may_read("https://A.example/one", read)
    assert not robots.may_read("https://a.example:443/closed", read)
    assert robots.may_read("http://a.example/two", read)
    assert robots.may_read("https://a.example:8443/three?q=1", read)
    assert robots.may_read("http://[::1]:8000/four", read)
    assert read.asked == [
        "https://a.example/robots.txt",
        "http://a.example/robots.txt",
        "https://a.example:8443/robots.txt",
        "http://[::1]:8000/robots.txt",
    ]


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 410, 451])
def test_a_site_without_robots_txt_allows_everything(status: int) -> None:
    read = Reader(SourceError(f"the site answered {status}", status=status))
    assert a_robots().may_read(f"{SITE}/news", read)


def test_what_one_visit_does_with_its_error_is_not_seen_by_another() -> None:
    robots, read = a_robots(), Reader(SourceError("busy", where=SITE, mend="Wait", status=503))
    told = []
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            robots.may_read(f"{SITE}/news", read)
        told.append(caught.value)
    assert str(told[0]) == str(told[1])
    assert told[0] is not told[1]


@pytest.mark.parametrize("status", [429, 500, 501, 503, None])
def test_nothing_may_be_read_while_a_site_cannot_say_what(status: int | None) -> None:
    problem = SourceError(
        "the site did not answer", where=f"{SITE}/robots.txt", mend="Try again later",
        status=status, retry_after=timedelta(minutes=5), temporary=status in (429, 503, None),
    )  # fmt: skip
    robots, read = a_robots(), Reader(problem)
    for _ in range(2):
        with pytest.raises(SourceError, match=r"its robots\.txt, .* did not answer") as caught:
            robots.may_read(f"{SITE}/news", read)
        assert caught.value.temporary
        assert caught.value.status == status
        assert caught.value.retry_after == timedelta(minutes=5)
    assert len(read.asked) == 1


def test_a_host_that_will_never_be_asked_is_not_waited_for() -> None:
    problem = SourceError("its host is on a private network", where=SITE, mend="Trust it")
    with pytest.raises(SourceError, match=r"its robots\.txt, .* private network") as caught:
        a_robots().may_read(f"{SITE}/news", Reader(problem))
    assert not caught.value.temporary


def test_two_threads_that_ask_at_once_fetch_it_once() -> None:
    robots, entered, go_on = a_robots(), threading.Event(), threading.Event()
    asked: list[str] = []
    answers: list[bool] = []

    def read(address: str) -> bytes:
        asked.append(address)
        entered.set()
        go_on.wait(30)
        return b"User-agent: *\nDisallow: /closed\n"

    def ask(path: str) -> None:
        answers.append(robots.may_read(SITE + path, read))

    threads = [threading.Thread(target=ask, args=("/closed",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert entered.wait(30)
    elsewhere = Reader()
    assert robots.may_read("https://b.example/news", elsewhere)  # another site is not held up
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert asked == [f"{SITE}/robots.txt"]
    assert answers == [False] * 4


def test_a_crawl_delay_slows_the_host_down() -> None:
    waits: list[float] = []
    now = [0.0]

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    pace = Pace(1, clock=lambda: now[0], wait=wait)
    text = b"User-agent: *\nCrawl-delay: 2\n\nUser-agent: ms-research-digest\nCrawl-delay: 7.5\n"
    Robots(pace).may_read("https://A.example:8443/news", Reader(text))
    pace.take_turn("a.example")
    pace.take_turn("a.example")
    assert waits == [7.5]


@pytest.mark.parametrize("delay", ["-1", "nan", "inf", "soon", "1e400", ""])
def test_a_crawl_delay_that_is_none_slows_nothing_down(delay: str) -> None:
    assert not Rules(f"User-agent: *\nCrawl-delay: {delay}\n".encode()).crawl_delay


@pytest.mark.parametrize(
    "url",
    ["", "/news", "ftp://a.example/", "https://a.example:x/", "https://\ud800/"],
)
def test_what_is_no_address_is_one_clear_error(url: str) -> None:
    read = Reader()
    with pytest.raises(SourceError, match=r"is no (valid web|http or https) address"):
        a_robots().may_read(url, read)
    assert read.asked == []


def test_a_password_is_not_sent_for_a_robots_txt() -> None:
    read = Reader()
    a_robots().may_read("https://me:secret@a.example/news?q=1#top", read)
    assert read.asked == ["https://a.example/robots.txt"]


def test_a_name_is_the_same_host_in_its_own_letters_and_in_ascii() -> None:
    waits: list[float] = []
    pace = Pace(0, clock=lambda: sum(waits), wait=waits.append)
    robots, read = Robots(pace), Reader(b"User-agent: *\nCrawl-delay: 3\n")
    assert robots.may_read("https://xn--bcher-kva.example/1", read)
    assert robots.may_read("https://bücher.example/2", read)
    assert len(read.asked) == 1
    pace.take_turn("bücher.example")
    pace.take_turn("bücher.example")
    assert waits == [3]


def test_what_is_known_of_sites_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots_module, "MOST_ORIGINS", 3)
    robots = a_robots()
    for number in range(10):
        robots.may_read(f"https://{number}.example/", Reader())
    assert len(robots._known) == 3


# ── hostile ───────────────────────────────────────────────────────────────────────────────

FIELDS = ("User-agent: ", "User-agent:", "Disallow: ", "Allow:", "Crawl-delay: ", "")
VALUES = st.one_of(
    st.text(max_size=20), st.sampled_from(["*", "ms-research-digest", "/", "/*$", "%"])
)
LINES = st.lists(st.tuples(st.sampled_from(FIELDS), VALUES).map("".join))


@settings(max_examples=80, deadline=None)
@given(content=st.one_of(st.binary(max_size=300), LINES.map("\n".join).map(lambda t: t.encode())))
def test_no_bytes_raise(content: bytes) -> None:
    rules = Rules(content)
    assert isinstance(rules.allow("/a/é?b=%zz%"), bool)
    assert rules.crawl_delay is None or rules.crawl_delay >= 0


def hostile(line: str, first: str = "User-agent: *\n") -> bytes:
    return (first + line * (512_000 // len(line) + 1))[: 500 * 1024].encode()


@pytest.mark.parametrize(
    "content",
    [
        hostile("Disallow: /" + "*a" * 500 + "b\n"),
        hostile("Disallow: /" + "*" * 500 + "b$\n"),
        hostile("Disallow: /*" + "a" * 58 + "ba\n"),
        hostile("*a", "User-agent: *\nDisallow: /"),
        hostile("User-agent: *\nDisallow: /*$*$\n"),
        "".join(f"User-agent: a{n}\n" for n in range(15_000)).encode()
        + b"User-agent: *\n" + b"Disallow: /*a$\n" * 15_000,
    ],
    ids=["wildcards", "stars", "near-misses", "one-rule", "groups", "agents"],
)  # fmt: skip
def test_a_file_of_500_kib_made_to_hurt_does_not_hang_us(content: bytes) -> None:
    # A guard, no measurement: hanging is the failure (minutes), and it takes a second at most.
    started = time.perf_counter()
    rules = Rules(content)
    for number in range(5):
        rules.allow(f"/{'a' * 2_000}{number}")
    assert time.perf_counter() - started < 10


def test_no_more_than_5000_rules_are_held_against_an_address() -> None:
    rules = [f"Disallow: /{number}/" for number in range(20_000)]
    parsed = Rules("\n".join(["User-agent: *", *rules]).encode())
    assert not parsed.allow("/4999/")
    assert parsed.allow("/5000/")
