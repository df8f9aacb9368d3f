"""The index table of open-government pages."""

from __future__ import annotations

import pytest

from crawler.parsing.gov_index import read_gov_index
from crawler.parsing.page import parse_html
from crawler.parsing.page_lines import build_lines

FIELDS = {
    "index_number": "000000000/2024-00001",
    "document_number": "溪政发〔2024〕1号",
    "issuer": "溪口县人民政府",
    "written_on": "2024-01-01",
    "published_on": "2024-01-02",
}
LABELS = {
    "index_number": "索 引 号",
    "document_number": "文号",
    "issuer": "发布机构",
    "written_on": "成文日期",
    "published_on": "发布日期",
}


def rows(form: str) -> str:
    return "".join(form.format(LABELS[name], value) for name, value in FIELDS.items())


@pytest.mark.parametrize(
    "html",
    [
        f"<table>{rows('<tr><td>{}</td><td>{}</td></tr>')}</table>",
        f"<table>{rows('<tr><th>{}：</th><td>{}</td></tr>')}</table>",
        f"<ul>{rows('<li>{}：{}</li>')}</ul>",
        f"<div>{rows('<span>{}：</span><span>{}</span>&nbsp;&nbsp;')}</div>",
        f"<div>{rows('<p>[{}] {}</p>')}</div>".replace("[", "【").replace("]", "】："),
        "<table><tr>"
        + "".join(f"<td>{label}</td>" for label in LABELS.values())
        + "</tr><tr>"
        + "".join(f"<td>{value}</td>" for value in FIELDS.values())
        + "</tr></table>",
    ],
)
def test_each_layout_gives_the_same_fields(html: str) -> None:
    assert read_gov_index(build_lines(parse_html(f"<html><body>{html}</body></html>"))) == FIELDS


def test_an_empty_value_does_not_take_the_next_label() -> None:
    cells = (("索引号", "1/2024-2"), ("文号", ""), ("发布机构", "县府办"))
    html = "<table>" + "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in cells) + "</table>"
    assert read_gov_index(build_lines(parse_html(html))) == {"index_number": "1/2024-2", "issuer": "县府办"}


@pytest.mark.parametrize(
    "html", ["<p>索引号</p>", "<p>索引号在首页，可查文号。</p><p>发布机构很多。</p>", "<p>无</p>", ""]
)
def test_words_alone_are_no_table(html: str) -> None:
    assert read_gov_index(build_lines(parse_html(html))) is None
