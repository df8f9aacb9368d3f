"""Bytes to text, and the repairs before parsing."""

from __future__ import annotations

import codecs

import pytest

from crawler.parsing.page import Page, decode, repair_html

TEXT = "县市场监管局抽检食品，局长苏喆讲话。"


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (TEXT.encode(), None, "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "text/html; charset=gbk", "utf-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), None, "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "text/html; charset=gb2312", "utf-16-be"),
        (f"<html><head><title>{TEXT}".encode("utf-16-le"), None, "utf-16-le"),
        (f"<html><head><title>{TEXT}".encode("utf-16-be"), None, "utf-16-be"),
        (TEXT.encode("gb18030"), None, "gb18030"),
        (TEXT.encode("gb18030"), "text/html; charset=gb2312", "gb18030"),
        (TEXT.encode("gb18030"), "text/html; charset=utf-8", "gb18030"),
        (b'<meta charset="gb2312">' + TEXT.encode(), None, "utf-8"),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=gbk">' + TEXT.encode("gb18030"),
            None,
            "gb18030",
        ),
        (TEXT.encode("gb18030"), "text/html; charset=iso-8859-1", "gb18030"),
        (TEXT.encode("gb18030"), "text/html; charset=no-such-thing", "gb18030"),
        (TEXT.encode("gb18030"), "text/html; charset=hex", "gb18030"),
    ],
)
def test_text_is_read_by_what_the_bytes_are(body: bytes, content_type: str | None, encoding: str) -> None:
    text, found = decode(body, content_type)
    assert text.endswith(TEXT)
    assert found == encoding


def test_big5_is_read_where_it_is_declared() -> None:
    assert decode("縣府召開會議".encode("big5"), "text/html; charset=big5") == ("縣府召開會議", "big5hkscs")


def test_a_page_cut_within_a_character_stays_utf8() -> None:
    text, encoding = decode((TEXT * 3).encode()[:-1])
    assert encoding == "utf-8"
    assert text.startswith(TEXT * 2)


def test_a_few_broken_bytes_leave_utf8_utf8() -> None:
    text, encoding = decode((TEXT * 20).encode() + b"\xff\xfe\xff" + (TEXT * 20).encode(), "text/html; charset=utf-8")
    assert encoding == "utf-8"
    assert text.count("抽检食品") == 40


def test_nothing_is_empty_text() -> None:
    assert decode(b"") == ("", "utf-8")


def test_what_stands_after_an_early_end_of_the_page_is_kept() -> None:
    header = "<html><body><div>网站导航</div></body></html>"
    page = Page(url="", text=f"<html>{header}<body><p id='late'>正文在后面。</p></body></html>")
    assert page.root.xpath("string(//p[@id='late'])") == "正文在后面。"
    assert b"</body>" not in repair_html(header.encode())


def test_zero_bytes_are_dropped() -> None:
    assert Page(url="", text="<p>正\x00文</p>").root.text_content() == "正文"


@pytest.mark.parametrize("text", ["", " ", "<!-- only a comment", "\x00", "<?xml version='1.0'?>"])
def test_a_page_without_elements_is_an_empty_document(text: str) -> None:
    assert Page(url="", text=text).root.text_content().strip() == ""


def test_metas_are_read_in_lower_case_and_the_first_value_wins() -> None:
    html = '<meta NAME="PubDate" content=""><meta name="pubdate" content="2024-01-02"><meta name="PUBDATE" content="x">'
    assert Page(url="", text=html).meta == {"pubdate": "2024-01-02"}
