"""CPU of reading sampling results, beside pandas: a table, a sheet of many rows, a page of a PDF.

    python tests/bench/bench_samples.py [--rows 10000] [--files ../shared/records/files]

All is read in this process; `child` is the price of the process that `crawler.samples.sandbox` starts for a file.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import xlsxwriter

from crawler.samples.reader import read_bytes
from crawler.samples.sandbox import read_file

HEAD = (
    *(
        "序号",
        "标称生产企业名称",
        "标称生产企业地址",
        "被抽样单位名称",
        "被抽样单位地址",
        "食品名称",
        "规格型号",
        "商标",
    ),
    *("生产日期", "不合格项目║检验结果║标准值", "分类", "检验机构"),
)


def row(number: int) -> list[str]:
    return [
        *(str(number), f"云州市第{number}食品有限公司", f"云州市东河区新民路{number}号", f"云州市好又来超市{number}店"),
        *(f"云州市南门街道广场路{number}号", f"五香豆干{number}", "120g/袋", f"东河{number}"),
        *(f"2023-03-{number % 28 + 1:02d}", f"苯甲酸║0.{number}g/kg║≤0.2g/kg", "豆制品", "云州市食品检验研究院"),
    ]


def workbook(rows: int) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("不合格")
        for number, cells in enumerate([list(HEAD), *map(row, range(1, rows + 1))]):
            sheet.write_row(number, 0, cells)
    return buffer.getvalue()


def page(rows: int) -> bytes:
    lines = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        for cells in [list(HEAD), *map(row, range(1, rows + 1))]
    )
    return f"<html><body><p>不合格产品信息</p><table>{lines}</table></body></html>".encode()


def cpu(work: Callable[[], object], times: int) -> float:
    """The median CPU time of one call, in ms."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--files", type=Path, help="a folder of PDF files")
    options = parser.parse_args()

    small, sheet = page(20), workbook(options.rows)
    read_bytes(small)
    assert len(read_bytes(sheet).samples) == options.rows
    print(f"table of 20 rows in a page: {cpu(lambda: read_bytes(small), 5):.1f} ms")
    print(f"  pandas.read_html (cells, no records): {cpu(lambda: pd.read_html(io.BytesIO(small)), 5):.1f} ms")
    print(f"sheet of {options.rows:,} rows: {cpu(lambda: read_bytes(sheet), 1):.0f} ms")
    calamine = cpu(lambda: pd.read_excel(io.BytesIO(sheet), engine="calamine"), 1)
    print(f"  pandas.read_excel by calamine (cells, no records): {calamine:.0f} ms")
    start = time.perf_counter()
    read_file(small)
    print(f"child process, start to end: {(time.perf_counter() - start) * 1000:.0f} ms of wall-clock time")
    if options.files:
        import pdfplumber

        paths = sorted(options.files.glob("*.pdf"))
        pages = sum(len(pdfplumber.open(path).pages) for path in paths)
        total = sum(cpu(partial(read_bytes, path.read_bytes()), 1) for path in paths)
        print(f"page of a PDF: {total / pages:.0f} ms ({len(paths)} files, {pages} pages)")


if __name__ == "__main__":
    main()
