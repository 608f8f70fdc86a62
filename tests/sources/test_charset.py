"""Charsets: what a page is read as, whatever its server says of it."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sources.charset import decode_html, decode_xml

LINE = "Café – “quoted” lésions"  # all of it in windows-1252


def page(label: str, text: str = LINE) -> str:
    return f'<!doctype html><html><head><meta charset="{label}"><title>{text}</title>'


# ── which of the signs counts ─────────────────────────────────────────────────────────────


def test_utf8_needs_no_label() -> None:
    assert decode_html(LINE.encode()) == LINE


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_byte_order_mark_outdoes_header_and_page(mark: bytes, codec: str) -> None:
    text = page("koi8-r")
    assert decode_html(mark + text.encode(codec), "windows-1251") == text


def test_the_header_outdoes_the_page() -> None:
    text = page("windows-1251", "ça")
    assert decode_html(text.encode("latin-1"), "iso-8859-1") == text


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="windows-1251">',
        "<META CHARSET=windows-1251 />",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        "<meta content='text/html; charset = windows-1251' http-equiv=content-type>",
        '<meta charset="no-such"><meta charset="windows-1251">',
        '<?xml version="1.0" encoding="windows-1251"?>',
    ],
)
def test_a_page_names_its_own_charset(meta: str) -> None:
    assert decode_html(f"{meta}<p>Новости".encode("cp1251")).endswith("<p>Новости")


def test_a_charset_named_in_a_comment_or_after_1024_bytes_is_not_meant() -> None:
    meta = '<meta charset="windows-1251">'
    assert decode_html(f"<!-- {meta} --><p>ça".encode("latin-1")).endswith("ça")
    assert decode_html(f"{' ' * 1024}{meta}<p>ça".encode("latin-1")).endswith("ça")


def test_an_unknown_label_of_the_header_leaves_it_to_the_page() -> None:
    text = page("windows-1251", "Новости")
    assert decode_html(text.encode("cp1251"), "x-nonsense") == text


@pytest.mark.parametrize(
    "label", ["iso-8859-1", "Latin1", "us-ascii", "windows-1252", ' "x-cp1252" ']
)
def test_latin_1_and_ascii_mean_windows_1252_as_in_every_browser(label: str) -> None:
    assert decode_html(LINE.encode("cp1252"), label) == LINE


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1252", "windows-1251", "us-ascii"])
def test_what_is_plainly_utf8_is_not_read_as_a_charset_of_one_byte(label: str) -> None:
    assert decode_html(LINE.encode(), label) == LINE
    assert decode_html(page(label).encode()) == page(label)


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "多发性硬化镕"),
        ("x-gbk", "gbk", "多发性硬化"),
        ("Shift_JIS", "cp932", "多発性硬化症①"),
        ("x-sjis", "shift_jis", "多発性硬化症"),
        ("windows-31j", "cp932", "多発性硬化症"),
        ("euc-jp", "euc_jp", "多発性硬化症"),
        ("iso-2022-jp", "iso2022_jp", "多発性硬化症"),
        ("euc-kr", "cp949", "다발성 경화증 똠"),
        ("ks_c_5601-1987", "cp949", "다발성"),
        ("big5", "big5hkscs", "多發性硬化症"),
        ("utf-16le", "utf-16-le", "<p>ça"),
        ("utf-16be", "utf-16-be", "<p>ça"),
        ("iso-8859-2", "iso8859-2", "Stwardnienie rozsiane – łódź".replace("–", "-")),
        ("iso-8859-9", "cp1254", "Çalışma “iyi”"),
        ("tis-620", "cp874", "โรค"),
        ("macintosh", "mac-roman", "Café"),
        ("koi8-u", "koi8-u", "Новини"),
        ("iso-8859-8-i", "iso8859-8", "טרשת"),
    ],
)
def test_the_charsets_of_the_web_are_read(label: str, codec: str, text: str) -> None:
    assert decode_html(text.encode(codec), label) == text


@pytest.mark.parametrize(
    "label",
    ["hex", "rot13", "zip", "bz2", "base64", "uu", "idna", "punycode", "unicode_escape", "utf-7",
     "raw_unicode_escape", "undefined", "mbcs", "oem", "cp037", "palmos", "../../x", "\0", "é",
     "utf-8;x", "x" * 10_000, ""],
)  # fmt: skip
def test_a_label_that_is_no_charset_of_the_web_is_ignored(label: str) -> None:
    text = "+ADw-script+AD4- \\u0041 3c xn--bcher-kva é"
    assert decode_html(text.encode(), label) == text
    assert decode_html(page(label, text).encode("utf-8")) == page(label, text).replace("\0", "")


# ── what is wrong ─────────────────────────────────────────────────────────────────────────


def test_bytes_without_any_label_that_are_no_utf8_are_windows_1252() -> None:
    assert decode_html(LINE.encode("cp1252")) == LINE
    many = "é" * 5_000
    assert decode_html(many.encode("cp1252"), "utf-8") == many


def test_a_stray_byte_in_utf8_spoils_nothing_but_itself() -> None:
    assert decode_html(LINE.encode() + b" caf\xe9 \x81 " + LINE.encode()) == f"{LINE} café  {LINE}"
    assert decode_html(LINE.encode()[:-8] + "é".encode()[:1]) == f"{LINE[:-7]}Ã"


def test_what_is_not_in_the_stated_charset_is_read_as_something_else() -> None:
    assert decode_html(LINE.encode(), "shift_jis") == LINE
    assert decode_html(LINE.encode("cp1252"), "utf-8") == LINE


def test_utf_16_is_believed_only_where_there_is_some() -> None:
    assert decode_html(b"<p>plain", "utf-16") == "<p>plain"
    for nuls in (b"\0", b"\0\0"):
        assert decode_html(page("utf-16").encode() + nuls) == page("utf-16")


def test_nuls_are_dropped() -> None:
    assert decode_html(b"a\0b\0") == "ab"


def test_an_xml_document_names_its_charset_in_its_declaration() -> None:
    text = "<?xml version='1.0' encoding='windows-1251'?><a>Новости</a>"
    assert decode_xml(text.encode("cp1251")) == text
    assert decode_xml(text.encode("utf-8")) == text
    assert decode_xml("<meta charset=koi8-r>ça".encode("cp1252")) == "<meta charset=koi8-r>ça"


LABELS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["utf-8", "latin-1", "shift_jis", "gb18030", "big5", "utf-16", "utf-16be"]),
    st.sampled_from(["euc-kr", "iso-2022-jp", "windows-1253", "iso-8859-8-i", "hex", "tis-620"]),
)


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200), stated=LABELS, named=LABELS)
def test_no_bytes_raise_or_show_a_replacement_character(
    content: bytes, stated: str, named: str
) -> None:
    for decode in (decode_html, decode_xml):
        text = decode(page(named, "").encode("utf-8", "replace") + content, stated)
        text.encode("utf-8")  # no half of a pair either
        assert "\0" not in text
        assert "\ufffd" not in text or "\ufffd".encode() in content or "\ufffd" in page(named)


@settings(max_examples=100, deadline=None)
@given(text=st.text())
def test_utf8_comes_back_as_it_was(text: str) -> None:
    assert decode_html(text.encode("utf-8", "ignore"), "utf-8") == text.encode(
        "utf-8", "ignore"
    ).decode().removeprefix("\ufeff").replace("\0", "")
