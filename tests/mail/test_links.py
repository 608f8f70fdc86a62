"""Where titles lead."""

from __future__ import annotations

import pytest

from digest.mail import links
from tests.builders import a_summary, an_edition


@pytest.mark.parametrize(
    ("stated", "followed"),
    [
        ("https://news.example.org/walk", "https://news.example.org/walk"),
        ("HTTP://news.example.org/a?b[]=1&c=%20#d", "http://news.example.org/a?b[]=1&c=%20#d"),
        ("https://news.example.org/é'\"<>", "https://news.example.org/%C3%A9'%22%3C%3E"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("https://news.example.org:8443/", "https://news.example.org:8443/"),
        ("https://Straße.Example:8443/", "https://xn--strae-oqa.Example:8443/"),
        ("https://日本。example/", "https://xn--wgv71a.example/"),
        ("https://XN--mnchen-3ya.example./", "https://XN--mnchen-3ya.example./"),
    ],
)
def test_an_http_address_is_followed_in_plain_ascii(stated: str, followed: str) -> None:
    assert links.own_address(a_summary(url=stated)) == followed


@pytest.mark.parametrize(
    "stated",
    [
        "",
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//news.example.org/x",
        "/walk",
        "https:///walk",
        "https://news.example.org/a b",
        "https://news.example.org/\u202ex",
        "https://news.example.org:port/",
        "https://[::1/",
        "https://bank.example@evil.example/",
        "https://news.example.org\\@evil.example/",
        "https://xn--a.example/",
        "https://-a.example/",
        "mailto:a@example.org",
    ],
)
def test_any_other_address_gives_way_to_our_own_page(stated: str) -> None:
    summary = a_summary(url=stated)
    assert links.own_address(summary) is None
    address = links.address_of(summary, links.study_anchor(3), an_edition())
    assert address == "https://digest.example.org/issues/12/patient#study-3"


def test_full_texts_are_those_without_an_address_of_their_own() -> None:
    lone = a_summary(kind="article", slug="round-up", url="")
    edition = an_edition(cards=2, articles=(a_summary(kind="article"), lone))
    assert links.full_texts(edition) == (("article-2", lone),)
