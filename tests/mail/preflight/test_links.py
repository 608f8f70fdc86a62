"""Addresses that can be followed, and links that can be told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mail.links import own_address
from digest.mail.preflight import addresses
from digest.mail.preflight.links import problem_with
from tests.builders import a_summary, a_wording
from tests.mail.preflight.material import (
    a_study,
    blocking,
    found,
    of,
    rendered,
    with_items,
    with_texts,
)

MALFORMED = (
    "", " ", "#", "#study-1", "javascript:alert(1)", "/issues/1", "issues/1", "//example.org/a",
    "www.example.org", "https://", "https:///path", "http:", "https://a b.org", "https://a.org/b c",
    "https://user@example.org/", "https://user:pw@example.org/", "https://example.org:99999/",
    "https://example.org:0/", "https://[broken", "https://exa\u200bmple.org", "https://a.org\\b",
    "mailto:", "mailto:nobody", "mailto:@example.org", "tel:+123", "data:text/html,x",
    "ftp://example.org/a", "https://\u00e9..org", "https://%zz/", "https://exa_mple..com/",
    "https://.example.org/", "https://-a.b/", "https://xn--/", "https://xn--a.example/page",
    "mailto:a@example.org?subject=a b", "mailto://[", "MAILTO:nobody",
)  # fmt: skip
WELL_FORMED = (
    "https://example.org", "http://example.org/a?b=c&d=%20#e", "HTTPS://EXAMPLE.ORG/",
    "https://example.org:8443/", "http://127.0.0.1:8000/issues/1", "http://[::1]:8000/",
    "https://m\u00fcnchen.example/", "mailto:a@example.org",
    "mailto:a@example.org?subject=Hello%20you", "mailto:a%2Bb@example.org", "MAILTO:a@example.org",
    "https://a_b.example.org/",
)  # fmt: skip
EDITION = with_items(a_study(1), a_study(2))


@pytest.mark.parametrize("address", MALFORMED)
def test_an_address_that_nobody_can_follow_blocks(address: str) -> None:
    assert problem_with(address)
    mail = rendered(EDITION)
    html = mail.html.replace("https://news.example.org/study-2", address.replace('"', "&quot;"))
    (finding,) = blocking(found(EDITION, replace(mail, html=html)))
    assert (finding.check, finding.where) == ("links", "patient edition, study 2 (study-2)")


@pytest.mark.parametrize("address", WELL_FORMED)
def test_an_address_that_can_be_followed_is_let_through(address: str) -> None:
    assert problem_with(address) is None
    mail = rendered(EDITION)
    html = mail.html.replace("https://news.example.org/study-2", address.replace("&", "&amp;"))
    assert blocking(found(EDITION, replace(mail, html=html))) == []


@given(
    st.text(max_size=30).map("https://example.org/{}".format)
    | st.text(max_size=30).map("https://{}".format)
    | st.text(max_size=30)
)
def test_what_the_mail_takes_for_a_summarys_address_never_blocks(url: str) -> None:
    address = own_address(a_summary(url=url))
    assert address is None or problem_with(address) is None


@pytest.mark.parametrize("address", ["http://", "https://user@example.org/", "mailto:nobody"])
def test_a_malformed_address_in_the_text_part_blocks(address: str) -> None:
    mail = rendered(EDITION)
    text = mail.text.replace("https://news.example.org/study-2", address)
    (finding,) = blocking(found(EDITION, replace(mail, text=text)))
    assert (finding.check, finding.where) == ("links", "patient edition, text part")


def test_an_address_in_an_editors_sentence_may_have_a_full_stop_after_it() -> None:
    intro = "See (https://example.org/a), or write to mailto:a@example.org."
    assert blocking(found(with_items(a_study(), wording=a_wording(intro=intro)))) == []
    intro = "See http://, which leads nowhere"
    (finding,) = blocking(found(with_items(a_study(), wording=a_wording(intro=intro))))
    assert finding.check == "links"


def test_an_address_in_a_sources_sentence_is_its_own_matter() -> None:
    assert found(with_texts(lead="More at http:// and javascript:x and ftp://a.example.")) == ()


def test_the_same_broken_address_is_told_once() -> None:
    mail = rendered(EDITION)
    html = mail.html.replace("</body>", '<p><a href="#">One</a> <a href="#">Two</a></p></body>')
    (finding,) = blocking(found(EDITION, replace(mail, html=html)))
    assert finding.where == "patient edition, HTML part"


def test_a_summary_whose_address_cannot_be_used_warns() -> None:
    edition = with_items(a_study(1), a_study(2, url="https://user@example.org/a"))
    (finding,) = found(edition)
    assert (finding.level, finding.where) == ("warns", "patient edition, study 2 (study-2)")
    assert "https://user@example.org/a" in finding.what


def test_summaries_without_an_address_are_one_warning() -> None:
    article = a_summary(kind="article", slug="up", title="A Round-Up", url="")
    studies = [a_study(n, url="") for n in range(1, 8)]
    (finding,) = found(with_items(*studies, articles=(article,)))
    assert (finding.level, finding.where) == ("warns", "patient edition")
    assert "study 5 (study-5) and 3 more" in finding.what


def test_links_with_the_same_words_warn() -> None:
    edition = with_items(a_study(1, title="Walking"), a_study(2, title="Walking"))
    (finding,) = of("link words", found(edition))
    assert finding.level == "warns"
    assert "“Walking”" in finding.what


@pytest.mark.parametrize("words", ["Read more", "click here", "HERE", "Read more …", "More »"])
def test_a_link_that_says_nothing_warns(words: str) -> None:
    mail = rendered(EDITION)
    html = mail.html.replace("Leave this list", words)
    (finding,) = found(EDITION, replace(mail, html=html))
    assert (finding.level, finding.check) == ("warns", "link words")
    assert words in finding.what


def test_a_link_without_words_warns() -> None:
    mail = rendered(EDITION)
    html = mail.html.replace("Leave this list", " ")
    (finding,) = found(EDITION, replace(mail, html=html))
    assert finding.what == "a link has no words"


def test_every_outside_address_is_named_once_and_no_slot() -> None:
    article = a_summary(kind="article", slug="up", title="A Round-Up", url="https://b.example/up")
    mail = rendered(with_items(a_study(1), a_study(2), a_study(3, url=""), articles=(article,)))
    every = addresses(mail)
    assert every == (
        "https://news.example.org/study-1",
        "https://news.example.org/study-2",
        "https://digest.example.org/issues/12/patient#study-3",
        "https://b.example/up",
    )
    assert addresses(mail, own="https://digest.example.org") == (*every[:2], every[3])


def test_an_address_that_is_in_the_text_alone_is_named_too() -> None:
    mail = rendered(EDITION)
    mail = replace(
        mail, text=f"{mail.text}\nhttps://c.example/\njavascript://x\nsee http://d.example"
    )
    assert addresses(mail)[2:] == ("https://c.example/",)
    assert "https://news.example.orgevil" not in addresses(mail, own="https://news.example.org")
    assert addresses(mail, own="https://news.example") == addresses(mail)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://localhost:8080/a", True),
        ("http://127.0.0.1/a", True),
        ("http://[::1]/a", True),
        ("http://192.168.1.1/a", True),
        ("http://printer.local/a", True),
        ("http://intranet/a", True),
        ("https://digest.example.org/a", False),
        ("https://news.example.org/a", False),
        ("http://93.184.215.14/a", False),
    ],
)
def test_a_link_to_the_readers_own_machine_or_network_warns(url: str, warned: bool) -> None:
    findings = of("links", found(with_items(a_study(1, url=url))))
    assert [one.level for one in findings] == (["warns"] if warned else [])
    assert all("own machine or network" in one.what for one in findings)
