"""Which addresses can be followed, and the one form of those that mean one page."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from digest.fields import SiteAddress
from digest.web_address import TRACKING, canonical, plain_address

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
        plain_address(address)


@pytest.mark.parametrize("host", ["[::1::]", "[1.2.3.4]", "x[::1]", "[::1]x", "[v1.x]", "[a]"])
def test_brackets_hold_an_ipv6_address_and_nothing_else(host: str) -> None:
    with pytest.raises(ValueError, match=r"that cannot exist$|^cannot be read as an address$"):
        plain_address(f"https://{host}/")


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
    assert plain_address(f"https://{host}/a?b") == f"https://{host}/a?b"


WILD = st.text(max_size=30).map("https://{}".format) | st.text(max_size=30)
PIECES = st.lists(
    st.sampled_from(
        [
            "/", "//", "..", "%2e", "%", "%%34", "1", "%41", "a", "é", "?", "&", "=", "utm_x=1",
            "utm%5fa", "#", ":~:text=", ":443", ":8080", ".", "EXAMPLE.org", "[::1]", "ref=1",
        ]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@given(WILD)
def test_a_plain_address_is_ascii_and_plain_again(address: str) -> None:
    with suppress(ValueError):
        plain = plain_address(address)
        assert plain.isascii()
        assert plain_address(plain) == plain


@settings(max_examples=300)
@given(
    WILD | PIECES.map("https://a.example{}".format) | PIECES.map("http://{}".format), st.booleans()
)
def test_a_canonical_address_is_canonical_again(address: str, keep: bool) -> None:
    with suppress(ValueError):
        once = canonical(address, keep_fragment=keep)
        assert canonical(once, keep_fragment=keep) == once
        assert plain_address(once) == once
        assert keep or "#" not in once


@pytest.mark.parametrize(
    ("stated", "one"),
    [
        ("HTTPS://News.Example.ORG.:443", "https://news.example.org/"),
        ("http://news.example.org:080/a", "http://news.example.org/a"),
        ("http://news.example.org:443/a", "http://news.example.org:443/a"),
        ("https://[0:0::1]:8000/", "https://[::1]:8000/"),
        ("https://Straße.example/Über", "https://xn--strae-oqa.example/%C3%9Cber"),
        ("https://a.example/x/./y/../z/..", "https://a.example/x/"),
        ("https://a.example/../../x//y", "https://a.example/x//y"),
        ("https://a.example/%7ejo/%c3%a9/100%", "https://a.example/~jo/%C3%A9/100%25"),
        ("https://a.example/?utm_source=rss&id=7&UTM_medium=x", "https://a.example/?id=7"),
        ("https://a.example/x?gclid=1&fbclid=2", "https://a.example/x"),
        ("https://a.example/x?", "https://a.example/x"),
        ("https://a.example/x?b=2&a=1&&b=3", "https://a.example/x?b=2&a=1&b=3"),
        ("https://a.example/x?ref=1&source=2&id=3", "https://a.example/x?ref=1&source=2&id=3"),
        ("https://a.example/x?u=a%26utm_id%3D1", "https://a.example/x?u=a%26utm_id%3D1"),
        ("https://a.example/x#study-3", "https://a.example/x"),
    ],
)
def test_addresses_that_mean_one_page_have_one_form(stated: str, one: str) -> None:
    assert canonical(stated) == one


@pytest.mark.parametrize("name", TRACKING)
def test_what_only_tells_who_followed_goes(name: str) -> None:
    assert canonical(f"https://a.example/?{name}=x&page=2") == "https://a.example/?page=2"


@pytest.mark.parametrize(
    ("fragment", "kept"),
    [
        ("#study-3", "#study-3"),
        ("#utm_source=rss", ""),
        ("#:~:text=walk", ""),
        ("#why:~:text=walk", "#why"),
        ("#", ""),
    ],
)
def test_the_place_on_a_page_may_be_kept(fragment: str, kept: str) -> None:
    address = f"https://a.example/x{fragment}"
    assert canonical(address, keep_fragment=True) == f"https://a.example/x{kept}"


def test_what_cannot_be_followed_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="names no site"):
        canonical("https:///x")


def test_a_site_is_told_its_ascii_form_as_mails_write_it() -> None:
    site = TypeAdapter(SiteAddress)
    assert site.validate_python("https://xn--strae-oqa.example/") == "https://xn--strae-oqa.example"
    with pytest.raises(ValueError, match=r"its xn-- form: xn--strae-oqa\.example"):
        site.validate_python("https://straße.example")  # IDNA 2003 made it strasse.example
    with pytest.raises(ValueError, match="is no web address"):
        site.validate_python("https://-a.example")
