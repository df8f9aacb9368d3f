"""The search index against a scan of the texts, and through everything that may happen to it."""

from __future__ import annotations

import fcntl
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import StoreError
from crawler.search import follow
from crawler.search import index as index_module
from crawler.search.filters import Filters
from crawler.search.follow import catch_up, rebuild
from crawler.search.index import SearchIndex, State
from crawler.search.language import Either, Node, QueryTerm, read_query
from crawler.search.search import matching_ids
from crawler.storage import changes
from crawler.storage.changes import KEY
from crawler.text.tokens import fold
from tests.search.conftest import Write, make_article

PIECES = (
    *("米粉", "米线", "玉米粉", "不合格", "合格", "未检出", "检出", "抽检", "酒", "食品", "安全", "副食品", "醋"),
    *("，", "。", "（", "）", "\n", " ", "12", "2", "COVID", "a.c", "-", "ＡＢＣ", "監督", "㎏", "𠮷野家", "|", "不"),
)
QUERIES = (
    *("米粉", "米线|米粉", "=米粉", "合格", "=合格", "-合格 抽检", "酒", "=酒", "安全", "食品安全", "=食品", "醋", "2"),
    *("12", "covid", "a.c", '"a.c"', "abc", "监督", "kg", "吉野", "𠮷野家", "野家", "不", "=不", "检出 -未检出", "家"),
    *(
        "(米粉 -玉米粉)|酒",
        '"，"',
        '"合格 12"',
        '"12 合格"',
        "title:合格",
        "-title:合格 合格",
        '"（酒）"',
        '"不合格，12"',
    ),
    *(
        '"2酒"',
        '"covid酒"',
        "合格不合格",
        '"- 2"',
        "title:(酒|醋) -=合格",
        "品安",
        "格未",
        '"|"',
        "不不",
        "=不不",
        "粉。",
    ),
)


def accepts(node: Node, title: str, body: str) -> bool:
    """Whether a text fulfils a part of a query: the meaning of the language by a look at the text itself."""
    if isinstance(node, QueryTerm):
        texts = [fold(title)] if node.in_title else [fold(title), fold(body)]
        return any(node.pattern.search(text) for text in texts)
    if isinstance(node, Either):
        return any(accepts(part, title, body) for part in node.parts)
    return all(accepts(part, title, body) for part in node.parts) and not any(
        accepts(part, title, body) for part in node.excluded
    )


def scan(articles: Any, text: str) -> set[str]:
    query = read_query(text)
    found = set()
    for row in articles.find({}, {"title": 1, "body": 1}):
        title, body = row["title"], row["body"] or ""
        if all(accepts(part, title, body) for part in query.parts) and not any(
            accepts(part, title, body) for part in query.excluded
        ):
            found.add(row["_id"])
    return found


def test_every_query_finds_what_a_scan_finds(write: Write, there: Any, index: SearchIndex) -> None:
    chance = random.Random(22)

    def text(most: int) -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(1, most)))

    write(*(make_article(n, f"题{text(4)}", text(30) if n % 9 else None) for n in range(300)))
    snapshot = catch_up(index, there).snapshot
    assert snapshot.articles == there["articles"].count_documents({}) > 250
    empty = []
    for query in QUERIES:
        expected = scan(there["articles"], query)
        found = matching_ids(snapshot, Filters.read(query, synonyms=False))
        assert set(found) == expected, query
        assert len(found) == len(expected), query
        empty += [query] if not expected else []
    # A query that finds nothing shows nothing: nearly all of them find something here.
    assert set(empty) <= {"吉野", '"（酒）"', '"2酒"', '"covid酒"', '"- 2"', "=不不", '"不合格，12"', '"12 合格"'}


def ids(index: SearchIndex, there: Any, query: str | None = None, **filters: Any) -> set[str]:
    return set(matching_ids(catch_up(index, there, compare=True).snapshot, Filters.read(query, **filters)))


def stored(there: Any, **which: Any) -> set[str]:
    return {row["_id"] for row in there["articles"].find(which, {"title": 1})}


def test_new_changed_and_deleted_articles_are_followed(write: Write, there: Any, index: SearchIndex) -> None:
    first, second, third = (make_article(n, f"通报{n}", f"抽检{'米粉面条酒水'[n]}{n}") for n in range(3))
    write(first, second)
    assert ids(index, there, "抽检") == {first["_id"], second["_id"]}
    write(third, make_article(0, "通报0", "没有问题", fetched_at=datetime(2026, 3, 5, tzinfo=UTC)))
    assert ids(index, there, "抽检") == {second["_id"], third["_id"]}
    assert ids(index, there, "问题") == {first["_id"]}
    there["articles"].delete_one({"_id": third["_id"]})
    assert ids(index, there, "抽检") == {second["_id"]}
    # Written by another program, without a change number.
    other = {**there["articles"].find_one({"_id": second["_id"]}), "_id": "x"}
    del other["change"]
    there["articles"].insert_one(other)
    assert ids(index, there, "抽检") == {second["_id"], "x"}


def test_what_a_story_gains_later_is_followed(write: Write, there: Any, index: SearchIndex) -> None:
    body = "县市场监管局抽检米粉四十批次，两批次不合格，责令停业整改，产品已经全部召回，请消费者放心。" * 2
    copy = make_article(1, "抽检米粉", body, fetched_at=datetime(2026, 3, 3, tzinfo=UTC))
    copy["published_at"] = datetime(2026, 3, 3, tzinfo=UTC)
    write(copy)
    assert ids(index, there, originals=True) == {copy["_id"]}
    first = make_article(2, "抽检米粉", body, site="331122")
    write(first)
    assert ids(index, there) == {copy["_id"], first["_id"]}
    assert ids(index, there, originals=True) == {first["_id"]}


def test_clocks_decide_nothing(write: Write, there: Any, index: SearchIndex) -> None:
    write(make_article(1, "甲", "抽检"))
    assert len(ids(index, there, "抽检")) == 1
    # The clock of the next crawl is years behind, and its articles are older still.
    old = datetime(1999, 1, 1, tzinfo=UTC)
    write(make_article(2, "乙", "抽检酒", fetched_at=old, published_at=old))
    assert len(ids(index, there, "抽检")) == 2


def test_a_batch_that_is_written_late_is_not_missed(write: Write, there: Any, index: SearchIndex) -> None:
    write(make_article(1, "甲", "抽检"))
    number = changes.read_head(there).number
    # A batch has taken its number, and writes after one with a higher number, and after a search.
    there["changes"].update_one(
        {"_id": KEY}, {"$inc": {"number": 1}, "$set": {"open.late": {"number": number + 1, "at": datetime.now(UTC)}}}
    )
    write(make_article(2, "乙", "抽检酒"))
    assert len(ids(index, there, "抽检")) == 2
    row = there["articles"].find_one({"title": "甲"})
    there["articles"].insert_one({**row, "_id": "late", "cluster": "late", "change": number + 1})
    # Another one writes between; the number of articles would not show the late one.
    assert {"late"} < set(matching_ids(catch_up(index, there, compare=False).snapshot, Filters.read("抽检")))
    there["changes"].update_one({"_id": KEY}, {"$unset": {"open.late": ""}})
    state = catch_up(index, there, compare=False).snapshot.state
    assert state.number == state.read == changes.read_head(there).number


def damage_files(folder: Path) -> None:
    for path in folder.glob("gen-*/*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def remove_some(folder: Path) -> None:
    for path in folder.glob("gen-*/*.idx"):
        path.unlink()


def other_format(folder: Path) -> None:
    index = SearchIndex.__new__(SearchIndex)
    index.folder, index._open = folder, None
    index.create(State(epoch="x", format=index_module.FORMAT + 1))


@pytest.mark.parametrize(
    "harm",
    [
        damage_files,
        remove_some,
        other_format,
        shutil.rmtree,
        lambda folder: (folder / "CURRENT").write_text("nonsense"),
        lambda folder: (folder / "CURRENT").unlink(),
    ],
)
def test_an_index_that_cannot_be_used_is_built_again(harm: Any, write: Write, there: Any, index: SearchIndex) -> None:
    write(*(make_article(n, f"通报{n}", f"抽检{n}号") for n in range(20)))
    assert len(ids(index, there, "抽检")) == 20
    harm(index.folder)
    again = SearchIndex.__new__(SearchIndex)
    again.folder, again._open = index.folder, None
    assert len(ids(again, there, "抽检")) == 20


def test_an_index_of_another_database_is_noticed(write: Write, there: Any, index: SearchIndex) -> None:
    write(make_article(1, "甲", "抽检"))
    assert len(ids(index, there, "抽检")) == 1
    there.client.drop_database(there.name)
    write(make_article(2, "乙", "抽检酒"), make_article(3, "丙", "抽检水"))
    assert ids(index, there, "抽检") == stored(there)


def test_what_could_not_be_indexed_in_time_is_said(
    write: Write, there: Any, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        write(make_article(n, f"通报{n}", f"抽检{n}号"))
    monkeypatch.setattr(follow, "_WINDOW", 1)
    partial = catch_up(index, there, seconds=-1)
    assert 0 < partial.snapshot.articles < 20
    assert "not complete" in partial.note
    assert "scrapy index update" in partial.note
    whole = catch_up(index, there)
    assert (whole.snapshot.articles, whole.note) == (20, "")


def test_readers_do_not_wait_for_a_writer(write: Write, there: Any, index: SearchIndex) -> None:
    write(make_article(1, "甲", "抽检"))
    catch_up(index, there)
    write(make_article(2, "乙", "抽检酒"))
    with index.lock() as mine:
        assert mine
        answer = catch_up(index, there, seconds=60)
        assert answer.snapshot.articles == 1
        assert "not complete" in answer.note
        with pytest.raises(StoreError, match="Another process"):
            rebuild(index, there)
    assert catch_up(index, there).snapshot.articles == 2


def test_a_rebuild_leaves_the_old_index_in_use_until_it_is_done(write: Write, there: Any, index: SearchIndex) -> None:
    write(*(make_article(n, f"通报{n}", f"抽检{n}号") for n in range(5)))
    before = catch_up(index, there).snapshot
    rebuilt = rebuild(index, there)
    assert (rebuilt.snapshot.articles, rebuilt.note) == (5, "")
    # Whoever has the old one open goes on reading it.
    assert len(matching_ids(before, Filters.read("抽检"))) == 5
    assert len(list(index.folder.glob("gen-*"))) == 1


def test_a_full_disk_leaves_the_last_answer_with_a_note(
    write: Write, there: Any, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(make_article(1, "甲", "抽检"))
    catch_up(index, there)
    write(make_article(2, "乙", "抽检酒"))

    def full(self: Any, article: Any) -> None:
        raise index_module._translated(ValueError("An IO error occurred: 'No space left on device (os error 28)'"))

    monkeypatch.setattr(index_module.IndexWriter, "put", full)
    answer = catch_up(index, there)
    assert answer.snapshot.articles == 1
    assert "No space is left" in answer.note


KILLED = """
    import sys
    from pathlib import Path
    from crawler.search import follow
    from crawler.search.index import SearchIndex
    from crawler.storage.store import connect
    follow.COMMIT_EVERY = 5
    follow._WINDOW = 5
    with connect(sys.argv[1], None) as client:
        index = SearchIndex(Path(sys.argv[3]), sys.argv[1], sys.argv[2])
        print("begin", flush=True)
        while True:
            follow.rebuild(index, client[sys.argv[2]])
"""


def test_a_killed_indexer_costs_nothing_but_time(
    write: Write, there: Any, index: SearchIndex, mongo_uri: str, tmp_path: Path
) -> None:
    write(*(make_article(n, f"通报{n}", f"抽检{n}号 {'合格' * (n % 3)}") for n in range(120)))
    expected = scan(there["articles"], "合格")
    chance = random.Random(7)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), mongo_uri, there.name, str(tmp_path / "data")]
    for _ in range(4):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begin\n"
            # When it is hit is left to chance; whether the answer is right must not be.
            time.sleep(chance.random() / 2)
            process.send_signal(signal.SIGKILL)
        answer = catch_up(index, there)
        assert answer.note == ""
        assert set(matching_ids(answer.snapshot, Filters.read("合格"))) == expected


def test_the_lock_is_that_of_the_file(index: SearchIndex) -> None:
    with index.lock() as mine:
        assert mine
        with (index.folder / "writer.lock").open("a") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_state_says_of_which_database_and_how_far(write: Write, there: Any, index: SearchIndex) -> None:
    write(make_article(1, "甲", "抽检"))
    head = changes.read_head(there)
    state = catch_up(index, there).snapshot.state
    assert state == replace(State(), epoch=head.epoch, number=head.number, read=head.number, unstamped=True)
