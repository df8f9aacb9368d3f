"""The type of a document by its headline, against titles labelled by hand (`document_types.tsv`)."""

from __future__ import annotations

from pathlib import Path

from crawler.text.document_type import NEWS, TYPES, document_type

ROWS = [
    tuple(line.split("\t")) for line in Path(__file__).with_name("document_types.tsv").read_text("utf-8").splitlines()
]


def test_labelled_titles() -> None:
    assert {label for label, _ in ROWS} == set(TYPES)
    wrong = [(label, document_type(title).name, title) for label, title in ROWS if document_type(title).name != label]
    assert len(wrong) <= 0.05 * len(ROWS), wrong


def test_a_plan_is_no_result() -> None:
    mixed = [(label, title) for label, title in ROWS if {label, document_type(title).name} == {"抽检计划", "抽检结果"}]
    assert mixed == []


def test_the_evidence_is_in_the_title() -> None:
    found = document_type("关于12批次食品 不合格情况的通告")
    assert found.as_dict() == {"name": "抽检结果", "evidence": ["批次食品不合格"]}
    assert document_type(None).as_dict() == {"name": NEWS, "evidence": []}
