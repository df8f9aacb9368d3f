"""A crawl's archive: others' tools read it, and `scrapy reparse` makes of it what the crawl made."""

import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.middlewares.archive import ArchivedResponse, ArchiveReader

ROOT = Path(__file__).resolve().parents[2]
SITE = ("county", "-a", "site=qingtian")


@pytest.fixture
def archive(crawl, tmp_path) -> Path:
    """The archive of a crawl of the miniature county, in files of 30 KB."""
    folder = tmp_path / "archive"
    result = crawl(*SITE, ARCHIVE_DIR=folder, ARCHIVE_FILE_BYTES=30_000)
    assert result.returncode == 0, result.stderr[-2000:]
    return folder


@pytest.fixture
def reparse(mongo_uri, database, replica):
    """Run `scrapy reparse`; the sites are not there to be asked."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        options = ("-s", f"MONGO_URI={mongo_uri}", "-s", f"MONGO_DATABASE={database}")
        before = len(replica.requests)
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "reparse", *map(str, arguments), *options],
            cwd=ROOT,
            env={**os.environ, "http_proxy": f"http://{replica.address}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert len(replica.requests) == before
        return done

    return run


def read(path: Path) -> tuple[list[ArchivedResponse], int]:
    reader = ArchiveReader()
    reader.open([str(path)])
    return list(reader), reader.torn


def test_others_read_it_and_no_secret_is_in_it(archive, replica):
    files = sorted(archive.iterdir())
    assert len(files) > 2
    assert max(path.stat().st_size for path in files) < 60_000
    checked = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", *files], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert "digest pass" in checked.stdout
    kinds: Counter[str] = Counter()
    answers = []
    for path in files:
        assert b"\r\nCookie:" not in gzip.decompress(path.read_bytes())
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                kinds[record.rec_type] += 1
                if record.rec_type == "response":
                    status = int(record.http_headers.get_statuscode())
                    answers.append((record.rec_headers.get_header("WARC-Target-URI"), status))
    assert kinds == {"warcinfo": len(files), "response": len(replica.requests), "request": len(replica.requests)}
    seen = [(f"{each.scheme}://{each.host}{each.path}", each.status) for each in replica.requests]
    assert sorted(answers) == sorted(seen)
    whole = read(files[0])
    assert whole[1] == 0
    data = files[0].read_bytes()
    for cut in (40, 300, 700, 5_000):
        files[0].write_bytes(data[:-cut])
        told, torn = read(files[0])
        assert told == whole[0][: len(told)]
        assert len(whole[0]) - len(told) <= cut // 600
        assert torn == 1 or told == whole[0]


def test_the_same_rules_change_nothing_and_better_ones_give_a_revision(archive, reparse, stored):
    before = list(stored.articles.find({}).sort("_id", 1))
    assert len(before) > 20
    result = reparse(archive)
    assert (result.returncode, result.stdout.splitlines()[0].partition(";")[0]) == (0, f"{len(before)} unchanged")
    assert list(stored.articles.find({}).sort("_id", 1)) == before

    # As if yesterday's rules had read one text and one source wrongly.
    worse, credit, refetched = (article["_id"] for article in before[:3])
    stored.articles.update_one({"_id": worse}, {"$set": {"body": "半截", "content_hash": "0"}})
    stored.articles.update_one({"_id": credit}, {"$set": {"source": "责任编辑"}})
    # And this one has been fetched again since, with another text.
    later = before[2]["changed_at"].replace(year=before[2]["changed_at"].year + 1)
    stored.articles.update_one({"_id": refetched}, {"$set": {"content_hash": "1", "changed_at": later}})
    counts = f"{len(before) - 3} unchanged, 2 changed, 1 older than the stored version"
    rehearsed = reparse(archive, "--dry-run", "--site", "qingtian")
    assert rehearsed.stdout.startswith(f"would be {counts};"), rehearsed.stdout + rehearsed.stderr
    assert stored.revisions.count_documents({}) == 0
    assert reparse(archive).stdout.startswith(f"{counts};")
    for number in range(2):
        after = stored.articles.find_one({"_id": before[number]["_id"]})
        same = ("title", "body", "source", "content_hash", "published_at", "changed_at", "site", "section", "cluster")
        assert {name: after[name] for name in same} == {name: before[number][name] for name in same}
        assert after["revision"] == 2
    assert stored.articles.find_one({"_id": refetched})["content_hash"] == "1"
    assert reparse(archive).stdout.startswith(f"{len(before) - 1} unchanged, 1 older than the stored version;")
    assert stored.revisions.count_documents({}) == 2


def test_pages_with_too_many_tags_are_counted_and_not_read(archive, reparse, stored):
    before = list(stored.articles.find({}).sort("_id", 1))
    result = reparse(archive, "-s", "MAX_TAGS=20")
    told = re.fullmatch(r"no article; (\d+) pages?, .*\nwithout an article: .*\btoo_large (\d+)\n", result.stdout)
    assert told, result.stdout + result.stderr
    read, refused = map(int, told.groups())
    assert refused >= len(before) > read
    assert list(stored.articles.find({}).sort("_id", 1)) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "name the archives to read"),
        (("tests/middlewares",), "the folder tests/middlewares holds no archive (*.warc.gz or *.warc)"),
        (("README.md",), "README.md is not a WARC file"),
    ],
)
def test_wrong_use_is_told(reparse, arguments, sentence):
    result = reparse(*arguments)
    assert result.returncode != 0
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
