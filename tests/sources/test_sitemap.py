"""Sitemaps: what the protocol says, what sites make of it, and what is made to hurt."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources import sitemap as sitemap_module
from digest.sources.sitemap import Listed, Sitemap, is_sitemap, read_sitemap

PLACE = "https://a.example/sitemap.xml"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*entries: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {SPACE}>{"".join(entries)}</urlset>'


def entry(number: int, rest: str = "") -> str:
    return f"<url><loc>https://a.example/{number}</loc>{rest}</url>"


def read(text: str) -> Sitemap:
    return read_sitemap(text.encode(), PLACE)


def addresses(found: Sitemap) -> list[str]:
    return [listed.url for listed in found.pages]


TWO = urlset(entry(1), entry(2))
ONE_AND_TWO = ["https://a.example/1", "https://a.example/2"]


# ── the protocol ──────────────────────────────────────────────────────────────────────────


def test_pages_are_listed_in_order_with_their_change_as_stated() -> None:
    found = read(
        urlset(
            entry(2, "<lastmod> 2026-10-01T08:00:00+02:00\n</lastmod><priority>0.8</priority>"),
            "<url>\n  <lastmod>last week</lastmod>\n"
            "  <loc>\n https://a.example/x?a=1&amp;b=2 </loc></url>",
        )
    )
    assert found == Sitemap(
        pages=(
            Listed(url="https://a.example/2", changed="2026-10-01T08:00:00+02:00"),
            Listed(url="https://a.example/x?a=1&b=2", changed="last week"),
        )
    )


def test_an_index_leads_to_further_sitemaps() -> None:
    found = read(
        f"<sitemapindex {SPACE}><sitemap><loc>https://a.example/1.xml.gz</loc>"
        "<lastmod>2026-10-01</lastmod></sitemap>"
        "<sitemap><loc><![CDATA[https://a.example/2.xml]]></loc></sitemap></sitemapindex>"
    )
    assert found == Sitemap(sitemaps=("https://a.example/1.xml.gz", "https://a.example/2.xml"))


def test_a_news_sitemap_tells_the_date() -> None:
    news = (
        "<news:news><news:publication><news:name>A</news:name></news:publication>"
        "<news:publication_date>2026-10-02</news:publication_date>"
        "<news:title>Walking &amp; balance</news:title></news:news>"
    )
    assert read(urlset(entry(1, news))).pages == (
        Listed(url="https://a.example/1", dated="2026-10-02"),
    )


def test_the_address_of_a_picture_is_not_that_of_the_page() -> None:
    image = "<image:image><image:loc>https://a.example/i.png</image:loc></image:image>"
    assert addresses(read(urlset(f"<url>{image}<loc>https://a.example/1</loc></url>"))) == [
        "https://a.example/1"
    ]


def test_prefixes_and_namespaces_play_no_part() -> None:
    text = (
        "<sm:urlset><sm:url><sm:loc>https://a.example/1</sm:loc></sm:url>"
        "<URL><Loc>https://a.example/2</Loc></URL></sm:urlset>"
    )
    assert addresses(read(text)) == ONE_AND_TWO


def test_a_list_of_addresses_in_plain_text_is_a_sitemap() -> None:
    found = read_sitemap(b"\xef\xbb\xbf\n https://a.example/1\r\n\r\nhttps://a.example/2\n", PLACE)
    assert addresses(found) == ONE_AND_TWO
    assert found.notes == ()


@pytest.mark.parametrize("content", [TWO, "\n".join(ONE_AND_TWO)], ids=["xml", "text"])
def test_gzip_is_unpacked(content: str) -> None:
    packed = gzip.compress(content.encode())
    assert is_sitemap(packed)
    assert read_sitemap(packed, PLACE) == read(content)
    assert addresses(read(content)) == ONE_AND_TWO


@pytest.mark.parametrize("charset", ["utf-16", "windows-1252", "no-such-charset", "hex", "utf-8"])
def test_any_charset_is_read(charset: str) -> None:
    text = f'<?xml version="1.0" encoding="{charset}"?><urlset>{entry(1)}</urlset>'
    codec = "utf-16" if charset == "utf-16" else "utf-8"
    assert addresses(read_sitemap(text.encode(codec), PLACE)) == ["https://a.example/1"]


def test_an_address_counts_once_and_one_that_is_none_is_told() -> None:
    found = read(
        urlset(
            entry(1),
            entry(1, "<lastmod>2026</lastmod>"),
            "<url/>",
            "<url><loc>/relative</loc></url>",
            "<url><loc>javascript:alert(1)</loc></url>",
            "<url><loc>https://[/</loc></url>",
            f"<url><loc>https://a.example/{'x' * 3000}</loc></url>",
            entry(2),
        )
    )
    assert addresses(found) == ONE_AND_TWO
    assert found.pages[0].changed == ""
    assert found.notes == (f"{PLACE}: 5 entries without a web address",)


# ── telling it from a page ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "content",
    [
        TWO.encode(),
        f"<!-- made by <html> -->\n<?xml-stylesheet href='s.xsl'?>\n<urlset {SPACE}/>".encode(),
        b"<sm:sitemapindex/>",
        TWO.replace("UTF-8", "UTF-16").encode("utf-16"),
        b"https://a.example/1\n",
    ],
)
def test_a_sitemap_is_known_by_how_it_begins(content: bytes) -> None:
    assert is_sitemap(content)
    read_sitemap(content, PLACE)


@pytest.mark.parametrize(
    "content",
    [
        b"", b" ", b"\x1f\x8b", b"<", b"<!doctype html><p>https://a.example/1 and <urlset>",
        b"<html><body><urlset></urlset></body></html>", b"<rss><channel/></rss>", b'{"a": 1}',
        b"News of https://a.example/1", gzip.compress(b"<html>", mtime=0),
        gzip.compress(gzip.compress(TWO.encode(), mtime=0), mtime=0),
    ],
)  # fmt: skip
def test_what_is_something_else_is_no_sitemap(content: bytes) -> None:
    assert not is_sitemap(content)
    with pytest.raises(SourceError, match="is no sitemap"):
        read_sitemap(content, PLACE)


# ── broken ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "rest",
    ["<url><loc>https://a.example/3</lo", "<url><loc>https://a.example/3</url>", "<b>&nbsp;</b>",
     "<loc>https://a.example/?a=1&b=2</loc>", "\x01", "</sitemapindex>"],
)  # fmt: skip
def test_of_a_broken_sitemap_what_is_whole_before_the_break_counts(rest: str) -> None:
    found = read(TWO.replace("</urlset>", f"\n{rest}"))
    assert addresses(found) == ONE_AND_TWO
    (note,) = found.notes
    assert note.startswith(f"{PLACE}: is broken at line 3 (")
    assert note.endswith("what follows was not read")


def test_of_a_gzip_that_is_cut_off_what_is_there_counts() -> None:
    packed = gzip.compress(urlset(*(entry(number) for number in range(2_000))).encode())
    found = read_sitemap(packed[: len(packed) // 2], PLACE)
    assert 100 < len(found.pages) < 2_000
    assert found.notes[0] == f"{PLACE}: is cut off; what is there was read"


def test_a_gzip_with_a_wrong_checksum_is_read_and_told() -> None:
    packed = gzip.compress(TWO.encode())
    found = read_sitemap(packed[:-8] + b"\0" * 8, PLACE)
    assert addresses(found) == ONE_AND_TWO
    assert found.notes == (f"{PLACE}: is badly compressed; what is whole was read",)


# ── hostile ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "doctype",
    ["<!DOCTYPE urlset>", '<!DOCTYPE urlset SYSTEM "file:///etc/passwd">',
     '<!DOCTYPE urlset [<!ENTITY a "b">]>', '<!DOCTYPE urlset [<!ENTITY % p SYSTEM "http://b.example/">%p;]>',
     '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'],
)  # fmt: skip
def test_a_dtd_is_refused(doctype: str) -> None:
    with pytest.raises(SourceError, match="states a DTD") as caught:
        read(f"{doctype}<urlset>{entry(1)}<url><loc>https://a.example/&c;</loc></url></urlset>")
    assert not caught.value.temporary


def test_no_more_than_50000_addresses_are_read() -> None:
    found = read(urlset(*(entry(number) for number in range(50_010))))
    assert len(found.pages) == 50_000
    assert found.notes == (f"{PLACE}: lists more than 50,000 addresses; the rest waits",)
    lines = read("\n".join(f"https://a.example/{number}" for number in range(50_010)))
    assert (lines.pages, lines.notes) == (found.pages, found.notes)


def test_a_gzip_bomb_is_cut_at_10_mb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap_module, "MOST_BYTES", 1_000_000)
    pack = zlib.compressobj(9, wbits=31)
    start = TWO.removesuffix("</urlset>").encode()
    bomb = (
        pack.compress(start)
        + b"".join(pack.compress(b" " * 10**6) for _ in range(50))
        + pack.flush()
    )
    tracemalloc.start()
    found = read_sitemap(bomb, PLACE)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert addresses(found) == ONE_AND_TWO
    assert found.notes[0] == f"{PLACE}: is larger than 1 MB; the rest was not read"
    assert most < 10_000_000


def test_elements_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap_module, "MOST_ELEMENTS", 1_000)
    note = f"{PLACE}: is nested too deeply or too finely; what follows was not read"
    for elements in ("<a/>" * 2_000, "<a>" * 100):
        found = read(TWO.replace("</urlset>", elements))
        assert addresses(found) == ONE_AND_TWO
        assert found.notes == (note,)


def test_an_entry_within_something_else_is_none() -> None:
    assert addresses(read(urlset(entry(1), f"<old>{entry(3)}</old>", entry(2)))) == ONE_AND_TWO


def test_of_a_field_as_long_as_a_book_little_is_kept() -> None:
    news = f"<lastmod>{'<![CDATA[word ]]>' * 100_000}</lastmod>"
    (listed,) = read(urlset(entry(1, news))).pages
    assert len(listed.changed) < 10_000


MARKS = (
    ["<urlset>", "</urlset>", "<url>", "</url>", "<loc>", "</loc>", "<sitemap>", "</sitemap>", "\n",
     "https://a.example/1", "&amp;", "&x;", "<lastmod>", "<!--", "-->", "<![CDATA[", "]]>", "é",
     "\0", "<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE a [", "<news:news>"]
)  # fmt: skip
PIECES = st.lists(st.sampled_from(MARKS), max_size=30).map(lambda marks: "".join(marks).encode())


@settings(max_examples=200, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), PIECES.map(lambda rest: b"<urlset>" + rest)))
def test_no_bytes_raise_anything_but_one_clear_error(content: bytes) -> None:
    packed = gzip.compress(content)
    for stated in (content, packed, packed[: len(content)]):
        try:
            found = read_sitemap(stated, PLACE)
        except SourceError:
            continue
        assert is_sitemap(stated)
        assert all(listed.url.startswith("http") for listed in found.pages)
