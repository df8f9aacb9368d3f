"""The relevance on labelled titles, and what a person would say of single texts."""

from hashlib import sha256
from pathlib import Path

import pytest

from crawler.settings import RELEVANCE_THRESHOLD
from crawler.text.relevance import relevance

TITLES = Path(__file__).parent / "relevance_titles.tsv"
ROWS = [line.split("\t") for line in TITLES.read_text("utf-8").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("half", "precision", "recall"), [(0, 0.95, 0.95), (1, 0.90, 0.85)])
def test_labelled_titles(half, precision, recall):
    """The floors of the tuned half (0) and of the one held out (1); they only rise."""
    rows = [row for row in ROWS if sha256(row[4].encode()).digest()[0] % 2 == half]
    assert len(rows) > 200
    truth, kept = set(), set()
    for label, kind, section, source, title in rows:
        rating = relevance(title, section=section, source=source, kind="portal" if kind == "portal" else "county")
        if label == "y":
            truth.add((title, section))
        if rating.score >= RELEVANCE_THRESHOLD:
            kept.add((title, section))
    assert len(truth & kept) / len(kept) >= precision
    assert len(truth & kept) / len(truth) >= recall


def test_every_title_is_labelled_once_with_one_of_two_labels():
    assert {row[0] for row in ROWS} == {"y", "n"}
    assert {len(row) for row in ROWS} == {5}
    assert len({tuple(row[2:]) for row in ROWS}) == len(ROWS)


def test_the_title_counts_more_than_the_body():
    body = "县里通报近期工作。" * 20
    assert relevance("食堂食品抽检不合格", body).score > relevance("近期工作通报", f"食堂食品抽检不合格。{body}").score


def test_one_duty_in_a_long_report_counts_little():
    duties = "一年来，全县经济运行稳中有进，交通、教育、文化、体育、住房等民生实事全部完成，群众获得感不断增强。" * 40
    report = f"{duties}加强食品安全监管，开展药品、特种设备、消防安全检查。{duties}"
    told = "县市场监管局执法人员检查了三家超市的食品安全，抽检蔬菜十批次，对过期食品立案查处。" * 5
    assert relevance("奋力谱写新篇章", report).score < 0.3
    assert relevance("奋力谱写新篇章", told).score > 0.6


def test_supervision_is_shared_with_its_other_objects():
    assert relevance("电动自行车和电梯专项检查").score == 0
    assert relevance("食品、药品和特种设备检查").score < relevance("食品检查").score


def test_companies_words_and_single_characters_are_no_food():
    for title in (
        "某食品有限公司完成安全生产标准化检查",
        "粮食安全责任制检查",
        "送上精神食粮 检查验收",
        "日食观测安全提醒",
    ):
        assert relevance(title).score < RELEVANCE_THRESHOLD, title


def test_what_the_score_rests_on_is_named_weightiest_first():
    rating = relevance("食品快检室招标公告", "超市抽检。", section="招投标")
    assert rating.as_dict()["score"] == rating.score < RELEVANCE_THRESHOLD
    assert "-招标" in rating.terms
    plain = relevance("豆芽检出恩诺沙星", source="县市场监管局")
    assert plain.terms == ["恩诺沙星", "豆芽", "检出", "市场监管局"]
    assert [(reason.zone, reason.group) for reason in plain.reasons][-1] == ("source", "authorities")


def test_nothing_gives_nothing():
    assert relevance(None).as_dict() == {"score": 0.0, "terms": []}
    assert relevance("\ud800食品安全", "\udfff").score > 0.5
