"""Where titles lead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


HOST = "names a host that cannot exist"
LONG = ".".join(["a" * 63] * 3) + "."


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("a.example/x", "is no whole address: it has no https:// before it"),
        ("tel:+1", "starts with tel: where a mail may use https, http and mailto"),
        ("https://a.example/\x00", "holds a blank, a backslash or a control character"),
        ("https://[::1", "cannot be read as an address"),
        ("https://a\u2100b.example/", "cannot be read as an address"),
        ("https://me@a.example/", "holds a name before its host, as forged addresses do"),
        ("https:///x", "names no site"),
        ("https://:443/", "names no site"),
        ("https://a.example:0/", "names a host or a port that cannot exist"),
        ("https://a.example:65536/", "names a host or a port that cannot exist"),
        ("https://a.example:٣/", "names a host or a port that cannot exist"),
        (f"https://{LONG}{'b' * 62}/", "names a host that is too long"),
        (f"https://{'b' * 500}/", "names a host that is too long"),
        (f"https://{'b' * 64}.example/", HOST),
        *((f"https://{host}/", HOST) for host in (
            "%zz", "a%2eb.example", "exa_mple..com", ".example.org", "a.example..", ".", "-a.b",
            "a-.b", "xn--", "www.xn--a.example", "a.XN--A", "é..example", "☃.example",
            "a,b.example", "1.2.3.256", "1.2.3", "example.0x1",
        )),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_address_is_said(address: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(wrong)}$"):
        links.plain_address(address)


@pytest.mark.parametrize("host", ["[::1::]", "[1.2.3.4]", "x[::1]", "[::1]x", "[v1.x]", "[a]"])
def test_brackets_hold_an_ipv6_address_and_nothing_else(host: str) -> None:
    with pytest.raises(ValueError, match=r"that cannot exist$|^cannot be read as an address$"):
        links.plain_address(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "a_b.example.org", "_x.example", "a--b.3com.example", "a.b.c.d.example",
        "127.0.0.1", "127.0.0.1:8000", "[::1]:80", "[::ffff:1.2.3.4]", "example.org.",
        f"{'b' * 63}.example", f"{LONG}{'b' * 61}", f"{LONG}{'b' * 61}.", "example.org:",
        "www.xn--mnchen-3ya.example", "example.org:65535",
    ],
)  # fmt: skip
def test_a_host_that_may_exist_is_followed_as_it_stands(host: str) -> None:
    assert links.plain_address(f"https://{host}/a?b") == f"https://{host}/a?b"


@given(st.text(max_size=30).map("https://{}".format) | st.text(max_size=30))
def test_a_plain_address_is_ascii_and_plain_again(address: str) -> None:
    plain = links.own_address(a_summary(url=address))
    if plain is not None:
        assert plain.isascii()
        assert links.plain_address(plain) == plain
