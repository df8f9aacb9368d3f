"""Tables as rows with spans expanded."""

from __future__ import annotations

from crawler.parsing.content import PlacedTable, tables_in
from crawler.parsing.page import parse_html
from crawler.parsing.page_lines import build_lines


def tables(html: str) -> list[PlacedTable]:
    page_lines = build_lines(parse_html(f"<html><body><div>{html}</div></body></html>"))
    body = page_lines.select_tag("div")[0]
    return tables_in(page_lines, body, *page_lines.spans[body])


def test_row_and_column_spans_are_expanded() -> None:
    (found,) = tables(
        "<table><caption>抽检结果</caption>"
        "<tr><th rowspan=2>序号</th><th colspan=2>产品</th></tr><tr><td>名称</td><td>批号</td></tr>"
        "<tr><td>1</td><td>米粉</td><td>A1</td></tr></table>"
    )
    assert found.table.caption == "抽检结果"
    assert found.table.rows == [["序号", "产品", "产品"], ["序号", "名称", "批号"], ["1", "米粉", "A1"]]


def test_the_text_of_a_table_has_each_cell_once_one_row_a_line() -> None:
    (found,) = tables("<table><tr><td rowspan=2>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>")
    assert found.rows == ("甲\t乙", "丙")


def test_rows_are_as_wide_as_the_widest() -> None:
    (found,) = tables("<table><tr><td>甲</td></tr><tr><td>乙</td><td>丙</td></tr></table>")
    assert found.table.rows == [["甲", ""], ["乙", "丙"]]


def test_a_table_that_lays_out_prose_is_no_data() -> None:
    prose = "今天上午，县市场监管局召开食品安全工作会议，研究部署下一阶段工作。" * 8
    assert (
        tables(f"<table><tr><td>{prose}</td><td>{prose}</td></tr><tr><td>{prose}</td><td>{prose}</td></tr></table>")
        == []
    )


def test_a_table_around_a_table_is_layout() -> None:
    inner = "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"
    found = tables(f"<table><tr><td>{inner}</td><td>x</td></tr><tr><td>y</td><td>z</td></tr></table>")
    assert [placed.table.rows for placed in found] == [[["1", "2"], ["3", "4"]]]


def test_absurd_spans_are_bounded() -> None:
    (found,) = tables("<table><tr><td rowspan=99999 colspan=99999>x</td></tr><tr><td>y</td><td>z</td></tr></table>")
    assert max(map(len, found.table.rows)) <= 60
    assert len(found.table.rows) == 2
