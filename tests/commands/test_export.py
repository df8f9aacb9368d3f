"""`scrapy export` over a real store: what it takes, and what a wrong or broken order ends in."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.storage.store import connect

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def store(mongo_uri: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a store of 1,200 articles, one of them about rice noodles in 青田县."""
    rows = [
        {"_id": str(number), "url": f"http://x.example/{number}", "title": "会议通知", "body": os.urandom(600).hex()}
        for number in range(1199)
    ]
    noodles = {"_id": "noodles", "url": "http://x.example/n", "title": "米粉抽检", "body": "一批次米粉不合格。"}
    published = {"published_at": datetime(2026, 3, 12, tzinfo=UTC), "original": None}
    site = {"site": {"code": "331121", "name": "青田县"}, "relevance": {"score": 0.9, "terms": ["米粉"]}}
    with connect(mongo_uri, None) as client:
        client[database]["articles"].insert_many([*rows, noodles | published | site])
    data = str(tmp_path_factory.mktemp("data"))
    return {"MONGO_URI": mongo_uri, "MONGO_DATABASE": database, "CRAWLER_DATA": data}


def export(store: dict[str, str], *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrapy", "export", *arguments]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, cwd=ROOT, env={**os.environ, **store}, text=True, check=False, timeout=60, **given
    )


def test_a_selection_goes_to_a_file_and_to_standard_output(store, tmp_path):
    target = tmp_path / "news.csv"
    options = ("--site", "青田县", "--since", "2026-03-01", "--until", "2026-03-31", "--min-relevance", "0.5")
    done = export(store, "不合格 米粉", "-o", str(target), *options, "--originals", "--fields", "id,title,site_name")
    assert (done.returncode, done.stderr) == (0, f"1 article written to {target}\n")
    assert target.read_text(encoding="utf-8-sig") == "id,title,site_name\nnoodles,米粉抽检,青田县\n"
    done = export(store, "米粉", "-o", "-", "--fields", "title,published_on")
    assert done.stdout == '{"title": "米粉抽检", "published_on": "2026-03-12"}\n'


def test_an_empty_result_says_so(store, tmp_path):
    done = export(store, "螺蛳粉", "-o", str(tmp_path / "none.csv"))
    assert done.returncode == 0
    assert done.stderr == (
        f"{tmp_path / 'none.csv'} has no rows.\n"
        "Nothing matched. No article has 螺蛳粉: leave it out, or write it differently.\n"
    )
    narrow = export(store, "米粉", "-o", str(tmp_path / "none.csv"), "--site", "缙云县")
    assert narrow.stderr.endswith("Nothing matched. Without --site or --region there would be 1.\n")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "missing -o FILE: scrapy export -o news.csv"),
        (("-o", "news.doc"), 1, "scrapy export: The name news.doc says no format: let it end in one of .jsonl, .csv"),
        (("-o", "no-folder/news.csv"), 1, "scrapy export: There is no folder for no-folder/news.csv: make it first."),
        (("-o", "-", "--fields", "titel"), 1, "scrapy export: There is no field titel; the fields are id, url, "),
        (("-o", "-", "--since", "明年吧"), 2, "scrapy export: '明年吧' is not a date"),
        (("-o", "/dev/null/news.csv"), 1, "scrapy export: /dev/null/news.csv can't be written: Not a directory."),
    ],
)
def test_wrong_use_is_one_sentence(store, arguments, status, said):
    done = export(store, *arguments)
    assert done.returncode == status
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["jsonl", "xlsx"])
def test_a_full_disk_leaves_nothing(store, tmp_path, form):
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    target = tmp_path / f"news.{form}"
    done = export(store, "-o", str(target), preexec_fn=small_files_only)
    assert done.returncode == 1
    why = "would become larger than files may be here (see `ulimit -f`). Nothing is left behind."
    assert done.stderr == f"scrapy export: {target} {why}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_full_device_behind_standard_output_is_told(store):
    with Path("/dev/full").open("w") as full:
        done = export(store, "-o", "-", stdout=full)
    assert done.returncode == 1
    assert done.stderr == (
        "scrapy export: There is no room left for standard output: free some, or choose a place with more.\n"
    )


def test_a_reader_that_leaves_early_ends_it_quietly(store):
    command = f"{sys.executable} -m scrapy export -o - | head -1"
    environment = {**os.environ, **store}
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_a_missing_library_names_the_extra(store, tmp_path):
    (tmp_path / "xlsxwriter.py").write_text("raise ModuleNotFoundError('gone', name='xlsxwriter')\n")
    done = export({**store, "PYTHONPATH": str(tmp_path)}, "-o", str(tmp_path / "news.xlsx"))
    assert done.returncode == 1
    assert done.stderr == (
        "scrapy export: Writing .xlsx needs xlsxwriter, which isn't installed: pip install -e '.[export]'.\n"
    )
