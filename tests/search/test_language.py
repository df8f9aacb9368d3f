"""The language of queries: what is a term, what is literal, what is refused."""

from __future__ import annotations

import re

import pytest

from crawler.errors import QueryError
from crawler.output import plain
from crawler.search.filters import Filters
from crawler.search.language import Query, read_query
from crawler.search.output import plain_piece
from crawler.search.search import passage, spans
from crawler.text.tokens import fold


def folded(query: Query) -> tuple[list[str], list[str]]:
    return [term.folded for term in query.terms], [term.folded for term in query.excluded]


@pytest.mark.parametrize(
    ("text", "terms", "excluded"),
    [
        ("食品抽检 不合格　米粉", ["食品抽检", "不合格", "米粉"], []),
        ('"食品 安全" -面条 －"酱菜 坛"', ["食品 安全"], ["面条", "酱菜 坛"]),
        ("“百日护航”行动", ["百日护航", "行动"], []),
        ("監督抽檢 COVID-19", ["监督抽检", "covid-19"], []),
        ("米粉 米粉", ["米粉"], []),
        ('{"$where":1}', ["{", "$where", ":1}"], []),
        ("$ne .* [a-z]+ (", ["$ne", ".*", "[a-z]+", "("], []),
    ],
)
def test_terms(text, terms, excluded):
    assert folded(read_query(text)) == (terms, excluded)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('食品 "安全', "never closed"),
        ("", "nothing to look for"),
        ("-面条", "nothing to look for"),
        ("食" * 10_000, "10000 characters"),
        (" ".join(f"词{number}" for number in range(40)), "40 terms"),
        ("食品\x1b[2J", "can't be printed"),
        ("食品\udc80", "can't be printed"),
    ],
)
def test_refused_with_a_sentence(text, said):
    with pytest.raises(QueryError, match=said):
        read_query(text)


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("2批次", "共2批次", True),
        ("2批次", "共12批次", False),
        ("covid", "COVID-19疫苗", True),
        ("cov", "covid", False),
        ("a.c", "abc", False),
        ("(醋)", "老陈醋（醋）", True),
    ],
)
def test_a_word_or_number_is_whole_and_signs_are_literal(term, text, found):
    assert bool(read_query(term).terms[0].pattern.search(fold(text))) is found


def test_nothing_a_user_types_becomes_an_operator():
    plan = Filters.read('$where {"$gt":""} .*', source="$ne,.*", section="a|b").plan()
    assert (plan.leading, plan.tokens) == ({}, ("where",))
    assert plan.filter["$and"][-2:] == [{"source": {"$regex": r"\$ne|\.\*"}}, {"section": {"$regex": r"a\|b"}}]
    for name in re.findall(r"'(\$\w+)'", str(plan.filter)):
        assert name in {"$and", "$or", "$nor", "$regex", "$options", "$all"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"since": "不是日子"}, "no date I can read"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "later than until"),
        ({"region": "没有这个省"}, "没有这个省"),
        ({"site": ","}, "empty"),
        ({"place": "cfsn"}, "is no place"),
        ({"min_relevance": "nan"}, "from 0 to 1"),
    ],
)
def test_filters_refused_with_a_sentence(given, said):
    with pytest.raises(QueryError, match=said):
        Filters.read(**given)


def test_a_region_holds_its_counties_and_a_site_narrows_it():
    assert {"330000", "331121"} <= set(Filters.read(region="浙江").sites or ())
    assert Filters.read(region="浙江", site="青田县,cfsn").sites == ("331121",)


def test_passages_show_the_most_terms_and_where_they_stand():
    text = "米粉。" + "无关" * 60 + "监管局抽检㎏米粉，结果不合格。" + "后文" * 60
    piece = passage(text, read_query("米粉 不合格"))
    assert [piece.text[begin:end] for begin, end in piece.spans] == ["米粉", "不合格"]
    assert spans("ＡＢＣ食品食品監管", read_query("abc 食品监管")) == [(0, 3), (5, 9)]


def test_escape_sequences_are_shown_and_not_obeyed():
    assert plain("米\x1b[31m粉\x9b2J\n第二\u202e行") == "米␛[31m粉�2J 第二行"
    assert plain_piece(" 米\x07 ") == " 米␇ "
