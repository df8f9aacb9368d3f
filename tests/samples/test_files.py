"""Attached files: kinds by content, tables of every format, archives, files made to do harm. All texts are invented."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from crawler.samples.reader import FileReading, read_bytes
from crawler.samples.sandbox import read_file
from crawler.samples.sniff import sniff

HEAD = ["序号", "食品名称", "被抽样单位名称", "生产日期", "不合格项目║检验结果║标准值"]
ROWS = [
    ["1", "米粉", "云州市甲超市", "2023-01-02", "铅║0.9mg/kg║≤0.5mg/kg"],
    ["2", "豆干", "云州市乙商店", "2023-01-03", "苯甲酸║0.31g/kg║≤0.2g/kg"],
]
SHARED = Path(__file__).parents[3] / "shared" / "records"


def workbook(sheets: dict[str, list[list[object]]], merges: tuple[tuple[int, int, int, int, str], ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            for merge in merges:
                sheet.merge_range(*merge)
    return buffer.getvalue()


def html(rows: list[list[str]], before: str = "", charset: str = "utf-8") -> bytes:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><body>{before}<table>{body}</table></body></html>".encode(charset)


def docx(body: str) -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return zipped({"word/document.xml": f"<w:document {space}><w:body>{body}</w:body></w:document>".encode()})


def word_table(rows: list[list[str]]) -> str:
    def cell(text: str) -> str:
        return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    return "<w:tbl>" + "".join("<w:tr>" + "".join(map(cell, row)) + "</w:tr>" for row in rows) + "</w:tbl>"


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def pdf(lines: list[str], *, image: bool = False) -> bytes:
    """A PDF of one page with some lines of ASCII text, or a picture alone."""
    text = " ".join(f"BT /F1 12 Tf 72 {700 - 20 * number} Td ({line}) Tj ET" for number, line in enumerate(lines))
    stream = ("q 500 0 0 700 0 0 cm /I1 Do Q" if image else text).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> /XObject << /I1 6 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
        b"/Length 1 >>\n"
        b"stream\n\x00\nendstream",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def products(reading: FileReading) -> list[str]:
    return [sample.product for sample in reading.samples]


def reasons(reading: FileReading) -> list[str]:
    return [reason for _, reason, _ in reading.unread]


def test_a_workbook_with_a_sheet_that_failed_and_one_that_passed() -> None:
    passing = [HEAD[:4], ["1", "面条", "云州市丙超市", "2023-02-03"]]
    reading = read_bytes(workbook({"不合格": [HEAD, *ROWS], "合格": passing}), "附件.xlsx")
    assert (reading.kind, reading.tables) == ("xlsx", 2)
    assert [(sample.product, sample.verdict, sample.sheet, sample.table) for sample in reading.samples] == [
        ("米粉", "fail", "不合格", 0),
        ("豆干", "fail", "不合格", 0),
        ("面条", "pass", "合格", 1),
    ]
    assert "云州市丙超市" in reading.text


def test_numbers_and_merged_cells_of_a_workbook() -> None:
    rows: list[list[object]] = [
        ["序号", "食品名称", "被抽样单位名称", "生产日期", "不合格项目", "检验结果"],
        [1, "米粉", "", 20230102, "铅", 0.9],
        [2, "豆干", "", 20230103, "苯甲酸", 3],
    ]
    reading = read_bytes(workbook({"不合格": rows}, ((1, 2, 2, 2, "云州市甲超市"),)))
    assert [sample.sampled_unit for sample in reading.samples] == ["云州市甲超市", "云州市甲超市"]
    assert [sample.date for sample in reading.samples] == ["2023-01-02", "2023-01-03"]
    assert [sample.items[0].result for sample in reading.samples] == ["0.9", "3"]


def test_html_named_xls_is_read_as_html() -> None:
    reading = read_bytes(html([HEAD, *ROWS], "<p>不合格产品信息</p>", "gb18030"), "名单.xls")
    assert reading.kind == "html"
    assert products(reading) == ["米粉", "豆干"]


def test_a_page_with_spans_line_breaks_and_superscripts() -> None:
    rows = [
        HEAD,
        [
            "1",
            "锅巴",
            "甲超市<br>南门店",
            "2023-01-02",
            "霉菌║2.2×10<sup>2</sup>CFU/g║≤25CFU/g<br>铅║0.9mg/kg║≤0.5mg/kg",
        ],
    ]
    (sample,) = read_bytes(html(rows)).samples
    assert sample.sampled_unit == "甲超市南门店"
    assert [(item.name, item.result, item.value) for item in sample.items] == [
        ("霉菌", "2.2×10²CFU/g", 220.0),
        ("铅", "0.9mg/kg", 0.9),
    ]


def test_a_word_file_with_a_heading_and_merged_cells() -> None:
    table = word_table([HEAD, *ROWS])
    reading = read_bytes(docx(f"<w:p><w:r><w:t>不合格产品信息</w:t></w:r></w:p>{table}"), "附件.docx")
    assert reading.kind == "docx"
    assert [(sample.product, sample.verdict) for sample in reading.samples] == [("米粉", "fail"), ("豆干", "fail")]
    assert "不合格产品信息" in reading.text


def test_cells_that_go_on_from_the_row_above_in_a_word_file() -> None:
    def cell(text: str, merge: str = "") -> str:
        properties = f"<w:tcPr>{merge}</w:tcPr>" if merge else ""
        return f"<w:tc>{properties}<w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    head = "".join(map(cell, HEAD))
    first = (
        cell("1") + cell("米粉") + cell("甲超市", '<w:vMerge w:val="restart"/>') + cell("2023-01-02") + cell(ROWS[0][4])
    )
    second = cell("2") + cell("豆干") + cell("", "<w:vMerge/>") + cell("2023-01-03") + cell(ROWS[1][4])
    body = f"<w:tbl><w:tr>{head}</w:tr><w:tr>{first}</w:tr><w:tr>{second}</w:tr></w:tbl>"
    assert [sample.sampled_unit for sample in read_bytes(docx(body)).samples] == ["甲超市", "甲超市"]


def test_an_archive_with_names_in_gbk() -> None:
    data = zipped({"PLACEHOLDER.xlsx": workbook({"一": [HEAD, *ROWS]}), "b/x.txt": b"text"})
    name = "附件2合格.xlsx".encode("gbk")
    data = data.replace(b"PLACEHOLDER.xlsx", name.ljust(16, b"x"))
    reading = read_bytes(data, "附件.zip")
    assert reading.kind == "zip"
    assert products(reading) == ["米粉", "豆干"]
    assert reading.samples[0].member is not None
    assert reading.samples[0].member.startswith("附件2合格.xlsx")
    assert reading.unread == [("b/x.txt", "unsupported", "files of this kind (text) can't be read")]


def test_archives_in_archives_are_read_so_deep_and_no_deeper() -> None:
    inner = workbook({"一": [HEAD, *ROWS]})
    twice = zipped({"a.zip": zipped({"b.xlsx": inner})})
    assert products(read_bytes(twice)) == ["米粉", "豆干"]
    assert reasons(read_bytes(zipped({"c.zip": twice}))) == ["too_deep"]


def test_kinds_by_content() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    for data, kind in (
        (b"", "empty"),
        (b"%PDF-1.7 ...", "pdf"),
        (workbook({"a": [[1]]}), "xlsx"),
        (docx(""), "docx"),
        (zipped({"a.txt": b"a"}), "zip"),
        (zipped({"OFD.xml": b"<ofd/>"}), "ofd"),
        (ole + "Workbook".encode("utf-16-le"), "xls"),
        (ole + "WordDocument".encode("utf-16-le"), "doc"),
        (ole + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"\xff\xd8\xff\xe0 picture", "image"),
        (b"Rar!\x1a\x07", "rar"),
        ("\ufeff<HTML><table>".encode(), "html"),
        (b"<table><tr><td>1", "html"),
        ("序号,食品名称".encode("gbk"), "text"),
        (b"\x00\x01\x02\x03", "unknown"),
    ):
        assert sniff(data) == kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n", "needs_ocr"),
        (b"%PDF-1.4\nnothing", "broken"),
        (b"PK\x03\x04 cut off", "unsupported"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le"), "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (zipped({"xl/workbook.xml": b"<not"}), "broken"),
        (zipped({"word/styles.xml": b""}), "broken"),
        (zipped({"word/document.xml": b"<!DOCTYPE l [<!ENTITY a 'aaaa'>]><l>&a;</l>"}), "hostile"),
        (pdf([], image=True), "needs_ocr"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    reading = read_bytes(data, "x")
    assert (reading.samples, reasons(reading)) == ([], [reason])


def test_an_office_file_that_unpacks_to_too_much_is_not_unpacked() -> None:
    zeros = zipped({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": bytes(210 * 1024 * 1024)})
    assert reasons(read_bytes(zeros)) == ["too_large"]


def test_the_text_of_a_pdf() -> None:
    reading = read_bytes(pdf(["Results of 2023", "No table here"]))
    assert (reading.kind, reading.tables, reading.unread) == ("pdf", 0, [])
    assert "No table here" in reading.text


def test_the_child_process_reads_what_the_reader_reads() -> None:
    data = workbook({"不合格": [HEAD, *ROWS]})
    assert read_file(data, "附件.xlsx") == read_bytes(data, "附件.xlsx")


def test_a_workbook_that_aborts_the_reader_is_one_counted_reject() -> None:
    # Two cells at opposite ends of a sheet: the reader asks for room for all 17 billion between them.
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>y</t></is></c></row></sheetData></worksheet>'
    )
    whole = io.BytesIO(workbook({"一": [[1]]}))
    with zipfile.ZipFile(whole) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    reading = read_file(zipped({**parts, "xl/worksheets/sheet1.xml": sheet.encode()}), "x.xlsx")
    assert reading.kind == "xlsx"
    assert reading.unread[0][1] in {"crashed", "out_of_memory"}


def test_a_file_that_takes_too_long_is_given_up() -> None:
    reading = read_file(workbook({"不合格": [HEAD, *ROWS]}), "x.xlsx", timeout=0.001)
    assert (reading.kind, reasons(reading)) == ("xlsx", ["timeout"])


def test_an_archive_whose_header_lies_about_its_size() -> None:
    data = bytearray(zipped({"a.html": html([HEAD, *ROWS]) * 3}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 10)
    reading = read_bytes(bytes(data), "x.zip")
    assert reasons(reading) == ["broken"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/records")
@pytest.mark.parametrize("name", ["bomb.xlsx", "far.xlsx", "html.xls", "laughs.docx", "laughs.xlsx"])
def test_files_made_to_do_harm(name: str) -> None:
    reading = read_file((SHARED / "hostile" / name).read_bytes(), name)
    wanted = {"bomb.xlsx": "too_large", "far.xlsx": "crashed", "laughs.docx": "hostile", "laughs.xlsx": "broken"}
    assert reasons(reading) == ([wanted[name]] if name in wanted else [])
