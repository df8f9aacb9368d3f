"""The spool: what waits in it survives, whatever cuts it short; what it held is stored once."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.errors import StoreError
from crawler.storage.extension import drain
from crawler.storage.operations import make_reject
from crawler.storage.spool import Spool, leftovers
from crawler.storage.writer import ArticleWriter

SEEN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def numbered(*numbers: int) -> list[dict[str, object]]:
    return [{"kind": "x", "number": number, "at": SEEN, "text": "食品" * 50} for number in numbers]


def left(directory: Path) -> list[int]:
    found = []
    for leftover in leftovers(directory):
        with leftover:
            found += [record["number"] for record in leftover.records()]
    return found


def test_records_are_given_in_order_until_they_are_taken(tmp_path):
    spool = Spool(tmp_path, "here/news", limit=1000)
    spool.append(numbered(1, 2))
    assert not spool.is_full
    spool.append(numbered(3))
    assert (spool.waiting, spool.is_full) == (3, True)
    assert spool.peek(2) == numbered(1, 2)
    assert spool.peek(2) == numbered(1, 2)
    spool.take(2)
    spool.append(numbered(4))
    assert spool.peek(9) == numbered(3, 4)
    spool.take(2)
    assert (spool.waiting, spool.is_full, spool.peek(9)) == (0, False, [])
    spool.append(numbered(5))
    assert spool.peek(9) == numbered(5)
    # Its process lives: nobody else may have it.
    assert left(tmp_path) == []
    spool.close()
    assert left(tmp_path) == [5]


def test_a_spool_in_which_nothing_waits_leaves_no_file(tmp_path):
    spool = Spool(tmp_path / "spool", "here/news", limit=10_000)
    spool.close()
    assert not (tmp_path / "spool").exists()
    spool.append(numbered(1))
    spool.peek(1)
    spool.take(1)
    spool.close()
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("damage", ["torn", "zeros", "flipped"])
def test_a_record_cut_short_ends_the_file_and_harms_no_other(tmp_path, damage):
    spool = Spool(tmp_path, "here/news", limit=10_000)
    spool.append(numbered(1, 2))
    spool.close()
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    changed = {"torn": data[:-1], "zeros": data + bytes(300), "flipped": data[:-9] + b"\x00" + data[-8:]}[damage]
    path.write_bytes(changed)
    assert left(tmp_path) == ([1, 2] if damage == "zeros" else [1])


def test_a_full_disk_is_told_and_what_is_there_stays_sound(tmp_path):
    """A process whose files may not grow beyond 4 KB: the append that doesn't fit is refused whole."""
    program = (
        "import sys, signal; from pathlib import Path\n"
        "from crawler.storage.spool import Spool; from crawler.errors import StoreError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "spool, kept = Spool(Path(sys.argv[1]), 'here/news', 10**9), 0\n"
        "try:\n"
        "    while True:\n"
        "        spool.append([{'number': kept, 'text': 'x' * 700}] * 2)\n"
        "        kept += 2\n"
        "except StoreError as error:\n"
        "    print(kept, spool.waiting, error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (
        told.stdout
        == f"4 4 The database is unavailable, and the spool in {tmp_path} can't be written either: file too large.\n"
    )
    assert left(tmp_path) == [0, 0, 2, 2]


def test_what_is_drained_twice_is_stored_once_and_never_over_a_later_version(tmp_path, opened, article):
    older = article("http://www.xishan.example.cn/art/1.html", "旧文")
    fresh = article("http://www.xishan.example.cn/art/2.html", "新文")
    later = {**older, "content_hash": "hash of 后文", "body": "后文", "fetched_at": datetime(2026, 3, 2, tzinfo=UTC)}
    reject = make_reject({"url": "http://www.xishan.example.cn/3", "last_seen_at": SEEN}, "no_title", "$标题")
    records = [
        {"kind": "article", "tried": False, "document": {**document, "last_seen_at": SEEN}}
        for document in (older, fresh)
    ]
    spool = Spool(tmp_path, "here/news", limit=10_000)
    spool.append([*records, {"kind": "reject", "document": reject}])
    spool.close()
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    other = Spool(tmp_path, "there/news", limit=10_000)
    other.append(records)
    other.close()

    async def scenario() -> tuple[list[tuple[int, list[str]]], dict[str, tuple[str, int]], list[tuple[int, str]]]:
        async with opened() as store:
            writer = ArticleWriter(store, on_outcome=lambda *told: None)
            await writer.add(later)
            await writer.close()
            drained = [await drain(store, tmp_path, "here/news")]
            # A kill between the last answer of the store and the removal of the file leaves the file.
            path.write_bytes(data)
            drained += [await drain(store, tmp_path, "here/news") for _ in range(2)]
            articles = {row["_id"]: (row["body"], row["revision"]) async for row in store.database["articles"].find({})}
            rejects = [(row["times"], row["detail"]) async for row in store.database["rejects"].find({})]
        return drained, articles, rejects

    drained, articles, rejects = asyncio.run(scenario())
    assert drained == [(3, ["there/news"]), (3, ["there/news"]), (0, ["there/news"])]
    assert articles == {older["_id"]: ("后文", 1), fresh["_id"]: ("新文", 1)}
    assert rejects == [(1, "$标题")]


def test_a_spool_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "spool").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"the spool in .* can't be written either: (file exists|not a directory)"):
        Spool(tmp_path / "spool", "here/news", limit=1).append(numbered(1))
    assert os.listdir(tmp_path) == ["spool"]
