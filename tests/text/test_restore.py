"""Restoring whole texts and documents."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.restore import restore, restore_fields

SHARED = Path(__file__).resolve().parents[2] / "../shared"
GARBLED = "全縣食品安全監(jiān)管工作會議在縣府召開,各鄉(xiāng)鎮(zhèn)(街道)負責人參加會議??h委領導講話。"
CLEAN = "全县食品安全监管工作会议在县府召开，各乡镇（街道）负责人参加会议。县委领导讲话。"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared material is not here")


def shared_rows(name: str) -> list[dict]:
    with (SHARED / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_garbled_text_is_restored_and_every_change_has_a_reason() -> None:
    restored = restore(GARBLED)
    assert restored.text == CLEAN
    assert {change.kind for change in restored.changes} == {"gloss", "gbk", "script"}
    assert all(change.reason and change.explain() for change in restored.changes)


def test_fields_are_judged_together() -> None:
    fields, restoration = restore_fields(
        {"title": "青溪縣召開會議", "body": GARBLED, "source": "青溪縣融媒體", "author": None}
    )
    assert fields == {"title": "青溪县召开会议", "body": CLEAN, "source": "青溪县融媒体", "author": None}
    assert restoration is not None
    counts = restoration.as_dict()
    assert (counts["glosses"], counts["gbk_repairs"]) == (3, 1)
    assert counts["converted"] > 10


def test_sound_fields_come_back_with_nothing_counted() -> None:
    fields = {"title": "亓(qí)某案公布", "body": "检出苯(benzene)超标。(潘媛)", "source": None, "editor": ""}
    assert restore_fields(fields) == (fields, None)


@needs_shared
def test_the_article_the_project_started_from() -> None:
    garbled = (SHARED / "seed/article.txt").read_text(encoding="utf-8")
    assert restore(garbled).text == (SHARED / "seed/expected.txt").read_text(encoding="utf-8")


@needs_shared
def test_sound_texts_come_out_byte_for_byte() -> None:
    texts = [row["clean"] for row in shared_rows("garbled/simulated.jsonl")]
    texts += [row["expected"].get("body") or "" for row in shared_rows("pages/truth.jsonl")]
    assert [text[:40] for text in texts if restore(text).text != text] == []


@given(st.text(alphabet=st.characters(codec="gb2312"), max_size=300))
def test_simplified_text_comes_out_as_it_went_in(text: str) -> None:
    assert restore(text).text == text


@given(st.text(max_size=300))
def test_any_text_is_survived_and_never_grows(text: str) -> None:
    assert len(restore(text).text) <= len(text)


@pytest.mark.parametrize("unit", ["?(", "網(wǎng)", "??。", "(", "?zhèn)", "?海", "會(hui)(hui)", "\ufffd,國"])
def test_a_megabyte_after_a_garbled_beginning_is_survived(unit: str) -> None:
    """Work that grows with the square of the length would take hours; `bench_restore.py` measures the rest."""
    text = GARBLED + unit * (1_000_000 // len(unit.encode()))
    assert 0 < len(restore(text).text) <= len(text)
