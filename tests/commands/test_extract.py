"""`scrapy extract`: what a user types and what is printed, with real files and a real server."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "../shared"
Run = Callable[..., subprocess.CompletedProcess[bytes]]
PARAGRAPHS = "".join(f"<p>第{n}所学校的食堂已经检查完毕，发现问题{n}个，要求限期整改。</p>" for n in range(1, 7))
ARTICLE = (
    "<html><head><title>溪口县开展检查_溪口县人民政府</title></head><body><h1>溪口县开展检查</h1>"
    "<p>发布时间：{date} 来源：溪口日报 责任编辑：苏一鸣</p>"
    f"<div id='zoom'>{PARAGRAPHS}<p><img src='/a.jpg'></p><p><a href='b.pdf'>名单.pdf</a></p></div></body></html>"
)
LISTING = "<html><body><ul>" + "".join(
    f"<li><a href='/art/2024/1/{n}/art_1_{n}.html'>关于第{n}批食品抽检情况的通告</a><span>2024-01-{n:02}</span></li>"
    for n in range(1, 9)
)


@pytest.fixture
def extract(tmp_path: Path) -> Run:
    """Runs `scrapy extract …` in the project, where no database can be reached."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        environment = os.environ | {"MONGO_URI": "mongodb://127.0.0.1:1", "CRAWLER_DATA": str(tmp_path / "data")}
        command = [sys.executable, "-m", "scrapy", "extract", *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=stdin, capture_output=True, timeout=90, check=False
        )

    return run


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "a.html"
    path.write_text(ARTICLE.format(date="2024-01-02 08:29"), encoding="gb18030")
    return path


def rows(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_a_page_is_one_json_line_with_all_fields(extract: Run, page: Path) -> None:
    (row,) = rows(extract(page, "--url", "http://www.example.gov.cn/art/2024/1/2/art_1_2.html"))
    assert row["file"] == str(page)
    assert row["url"] == "http://www.example.gov.cn/art/2024/1/2/art_1_2.html"
    assert row["title"] == "溪口县开展检查"
    assert (row["published_at"], row["published_precision"]) == ("2024-01-02T08:29:00+08:00", "minute")
    assert (row["source"], row["author"], row["editor"]) == ("溪口日报", None, "苏一鸣")
    assert row["body"].split("\n")[0] == "第1所学校的食堂已经检查完毕，发现问题1个，要求限期整改。"
    assert row["images"] == [{"url": "http://www.example.gov.cn/a.jpg", "caption": None}]
    assert row["attachments"] == [{"url": "http://www.example.gov.cn/art/2024/1/2/b.pdf", "name": "名单.pdf"}]
    assert row["provenance"]["source"] == "label"
    assert {"platform", "tables", "gov_index", "confidence", "restored"} <= row.keys()


def test_a_date_without_a_time_is_printed_as_a_day(extract: Run) -> None:
    (row,) = rows(extract("-", stdin=ARTICLE.format(date="2024-01-02").encode()))
    assert (row["file"], row["published_at"], row["published_precision"]) == ("-", "2024-01-02", "day")


def test_folders_and_files_are_read_in_order(extract: Run, page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for name in ("2.html", "1.htm", "notes.bin"):
        (folder / name).write_bytes(page.read_bytes())
    found = [Path(row["file"]).name for row in rows(extract(page, folder))]
    assert found == ["a.html", "1.htm", "2.html"]


def test_a_page_that_is_no_article_says_why(extract: Run) -> None:
    (row,) = rows(extract("-", stdin=b"<script>document.cookie='__jsl_clearance=1'</script>"))
    assert row["reason"] == "blocked"
    assert row["detail"]
    assert "title" not in row


def test_the_address_a_saved_page_states_is_its_own(extract: Run) -> None:
    html = ARTICLE.format(date="2024-01-02").replace(
        "<head>", "<head><link rel='canonical' href='http://www.example.gov.cn/x/1.html'>"
    )
    (row,) = rows(extract("-", stdin=html.encode()))
    assert row["url"] == "http://www.example.gov.cn/x/1.html"
    assert row["images"][0]["url"] == "http://www.example.gov.cn/a.jpg"


def test_a_list_gives_items_and_the_next_page(extract: Run) -> None:
    html = LISTING + "</ul><a href='/col/col1/index_2.html'>下一页</a></body></html>"
    (row,) = rows(extract("-", "--list", "--url", "http://www.example.gov.cn/col/col1/index.html", stdin=html.encode()))
    assert len(row["items"]) == 8
    assert row["items"][0] == {
        "url": "http://www.example.gov.cn/art/2024/1/1/art_1_1.html",
        "title": "关于第1批食品抽检情况的通告",
        "date": "2024-01-01",
    }
    assert row["next"] == "http://www.example.gov.cn/col/col1/index_2.html"


def test_a_thirty_megabyte_page_is_refused(extract: Run, tmp_path: Path) -> None:
    path = tmp_path / "big.html"
    path.write_bytes(b"<p>" + b"x" * 30_000_000)
    (row,) = rows(extract(path))
    assert row["reason"] == "too_large"


def test_a_page_of_nothing_but_tags_is_refused(extract: Run, tmp_path: Path) -> None:
    path = tmp_path / "tags.html"
    path.write_bytes(b"<br>" * 250_001)
    (row,) = rows(extract(path))
    assert (row["reason"], row["detail"]) == ("too_large", "the page has 250,001 tags, more than MAX_TAGS")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the pages"),
        (("no/such/page.html",), "there is no file or folder no/such/page.html"),
        (("-", "--url", "www.example.gov.cn"), "--url must begin with http:// or https://"),
        (("ftp://example.gov.cn/a.html",), "there is no file or folder"),
    ],
)
def test_wrong_use_is_one_sentence(extract: Run, arguments: tuple[str, ...], words: str) -> None:
    done = extract(*arguments)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_an_empty_folder_is_one_sentence(extract: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = extract(tmp_path / "empty")
    assert done.returncode == 2
    assert b"has no saved pages" in done.stderr


def test_a_reader_that_leaves_ends_it_quietly(page: Path) -> None:
    command = [sys.executable, "-m", "scrapy", "extract", *[str(page)] * 300]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body, headers, status = ARTICLE.format(date="2024-01-02 08:29").encode(), {}, 200
        if self.path == "/bomb":
            body, headers = gzip.compress(b" " * 40_000_000), {"Content-Encoding": "gzip"}
        elif self.path == "/gzip":
            body, headers = gzip.compress(body), {"Content-Encoding": "gzip"}
        elif self.path == "/blocked":
            body, status = b"<script>$_ts=1</script>", 412
        elif self.path == "/loop":
            body, headers, status = b"", {"Location": "/loop"}, 302
        elif self.path == "/metadata":
            body, headers, status = b"", {"Location": "http://169.254.169.254/latest/"}, 302
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"<p>")
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_an_address_is_fetched(extract: Run, server: str) -> None:
    plain, packed = rows(extract(f"{server}/x.html", f"{server}/gzip"))
    assert plain["title"] == packed["title"] == "溪口县开展检查"
    assert plain["url"] == f"{server}/x.html"
    assert plain["images"][0]["url"] == f"{server}/a.jpg"


def test_a_bomb_is_refused_and_a_block_is_told(extract: Run, server: str) -> None:
    bomb, blocked = rows(extract(f"{server}/bomb", f"{server}/blocked"))
    assert bomb["reason"] == "too_large"
    assert blocked["reason"] == "blocked"


@pytest.mark.parametrize(
    ("path", "words"),
    [("/loop", b"redirect"), ("/metadata", b"169.254.169.254 is not a public address"), ("/cut", b"broke off")],
)
def test_an_address_that_gives_no_page_is_one_sentence(extract: Run, server: str, path: str, words: bytes) -> None:
    done = extract(server + path)
    assert done.returncode == 1
    assert words in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_port_where_nobody_listens_is_one_sentence(extract: Run) -> None:
    done = extract("http://127.0.0.1:1/")
    assert done.returncode == 1
    assert b"can't be reached" in done.stderr


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of open pages is not there")
def test_hanweb_pages_give_exactly_what_they_show(extract: Run) -> None:
    names = ("www_lishui", "www_jiangsu", "www_jinan", "jnwl_jinan")
    found = rows(extract(*[SHARED / f"pages/html/sites-{name}_gov_cn.html" for name in names]))
    lines = (SHARED / "pages/truth.jsonl").read_text(encoding="utf-8").splitlines()
    truth = {row["file"]: row["expected"] for row in map(json.loads, lines)}
    for row in found:
        want = truth[f"html/{Path(row['file']).name}"]
        assert row["title"] == want["title"]
        assert row["published_at"] == want["published_at"].replace(" ", "T") + ":00+08:00"
        assert row["source"] == want["source"]
        assert (row["editor"] or "") == want["editor"]
