"""An export that fails or is interrupted leaves what was there before, and nothing beside it."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import TransferError
from crawler.transfer.columns import choose
from crawler.transfer.export import FORMATS, export, form_of, working_directory

Document = dict[str, Any]


def many(count: int, then: Callable[[], None] = lambda: None) -> Iterator[Document]:
    """Articles that hardly compress, as many as the writers flush in the middle; then something happens."""
    for number in range(count):
        yield {"_id": str(number), "title": "题", "body": os.urandom(400).hex()}
    then()


def interrupt() -> None:
    # A test that was started in the background of a shell ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.kill(os.getpid(), signal.SIGINT)


def lose_the_store() -> None:
    raise ConnectionError("the server went away")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("happens", "raised"), [(interrupt, KeyboardInterrupt), (lose_the_store, TransferError)])
def test_an_export_that_ends_early_leaves_the_old_file(tmp_path, form, happens, raised):
    target = tmp_path / f"news.{form}"
    target.write_text("of yesterday")
    with pytest.raises(raised):
        export(many(6000, happens), choose(["id", "title", "body"]), target, lambda rows: None)
    assert [entry.name for entry in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "of yesterday"


def test_an_export_replaces_the_old_file(tmp_path):
    target = tmp_path / "news.jsonl"
    target.write_text("of yesterday")
    export(many(1), choose(["id"]), target, lambda rows: None)
    assert target.read_text() == '{"id": "0"}\n'
    assert [entry.name for entry in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("missing/news.csv", r"There is no folder for .*missing/news.csv: make it first. Nothing is left behind\.$"),
        ("file/news.csv", r".*file/news.csv can't be written: Not a directory\. Nothing is left behind\.$"),
        ("folder.csv", r".*folder.csv is not a regular file: choose another name\.$"),
    ],
)
def test_a_place_that_cannot_be_written_is_told(tmp_path, place, said):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(TransferError, match=said):
        export(many(1), choose(["id"]), tmp_path / place, lambda rows: None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("news.doc", r"The name news.doc says no format: let it end in one of .jsonl, .csv, .xlsx, .parquet"),
        ("news", r"The name news says no format"),
        ("news.gz", r"The name news.gz says no format"),
        ("news.xlsx.gz", r"A .xlsx file is compressed already: leave out .gz\.$"),
    ],
)
def test_a_name_that_says_no_format_is_told(name, said):
    with pytest.raises(TransferError, match=said):
        form_of(Path(name))


def test_an_export_deletes_what_a_killed_one_left_but_not_what_another_writes(tmp_path):
    target = tmp_path / "news.jsonl"

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        export(many(2000, kill), choose(["id", "body"]), target, lambda rows: None)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".news.jsonl.")
    with working_directory(target) as other:
        assert not left.exists()
        (other / "half").touch()
        export(many(3), choose(["id"]), target, lambda rows: None)
        assert (other / "half").exists()
    assert list(tmp_path.iterdir()) == [target]


def test_exports_that_start_at_once_do_not_delete_each_others_folder(tmp_path, monkeypatch):
    target, make_folder = tmp_path / "news.jsonl", tempfile.mkdtemp
    other = threading.Thread(target=export, args=(many(3), choose(["id"]), target, lambda rows: None))

    def make_folder_while_another_export_runs(*arguments: Any, **options: Any) -> str:
        monkeypatch.undo()
        folder = make_folder(*arguments, **options)
        other.start()
        other.join(timeout=0.5)  # it ends in this time unless it waits for us
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", make_folder_while_another_export_runs)
    with working_directory(target) as directory:
        other.join()
        assert directory.exists()
    assert list(tmp_path.iterdir()) == [target]
