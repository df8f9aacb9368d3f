"""The language of queries: what is a term, what is literal, what is refused."""

from __future__ import annotations

import re

import pytest

from crawler.errors import QueryError
from crawler.output import plain
from crawler.search.filters import Filters
from crawler.search.language import Query, read_query, terms_of
from crawler.search.output import mongo_filter, plain_piece
from crawler.search.search import find_passage, find_spans
from crawler.text.tokens import fold


def folded(query: Query) -> tuple[list[str], list[str]]:
    excluded = [term.folded for part in query.excluded for term in terms_of(part)]
    return [term.folded for term in query.terms], excluded


@pytest.mark.parametrize(
    ("text", "terms", "excluded"),
    [
        ("食品抽检 不合格　米粉", ["食品抽检", "不合格", "米粉"], []),
        ('"食品 安全" -面条 －"酱菜 坛"', ["食品 安全"], ["面条", "酱菜 坛"]),
        ("“百日护航”行动", ["百日护航", "行动"], []),
        ("監督抽檢 COVID-19", ["监督抽检", "covid-19"], []),
        ("米粉 米粉", ["米粉"], []),
        ('{"$where":1}', ["{", "$where", ":1}"], []),
        ('$ne .* [a-z]+ "("', ["$ne", ".*", "[a-z]+", "("], []),
        ("- = a-b =", ["-", "=", "a-b"], []),
        ("关于（2026年）抽检", ["关于", "2026年", "抽检"], []),
    ],
)
def test_terms(text, terms, excluded):
    assert folded(read_query(text)) == (terms, excluded)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('食品 "安全', "never closed"),
        ("", "is empty"),
        ("-面条", "is empty"),
        ("（米粉", "never closed"),
        ("米粉)", "never opened"),
        ("()", "no word to look for"),
        ("(-米粉) 面条", "no word to look for"),
        ("|米粉", "left of"),
        ("米粉 |", "right of"),
        ("米粉||面条", "right of"),
        ("米粉|-面条", "exclusion"),
        ("(" * 12 + "米" + ")" * 12, "groups in groups"),
        ("食" * 10_000, "10000 characters"),
        (" ".join(f"词{number}" for number in range(40)), "more than 30 terms"),
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
        ('"(醋)"', "老陈醋（醋）", True),
        ('"食品 安全"', "食品\n安全", True),
        ('"食品 安全"', "食品安全", False),
        ('"食品 安全"', "食品，安全", False),
        ("covid疫苗", "COVID 疫苗", True),
        ("合格", "不合格", True),
        ("=合格", "不合格", False),
        ("=合格", "不合格3批，合格97批", True),
        ("=不合格", "检出不合格", True),
        ("=米粉", "玉米粉", False),
        ("=米粉", "吃米粉", True),
    ],
)
def test_a_word_or_number_is_whole_and_signs_are_literal(term, text, found):
    assert bool(read_query(term).terms[0].pattern.search(fold(text))) is found


def test_nothing_a_user_types_becomes_an_operator():
    asked = mongo_filter(Filters.read('$where {"$gt":""} .*', source="$ne,.*", section="a|b"))
    assert asked["$and"][-2:] == [{"source": {"$regex": r"\$ne|\.\*"}}, {"section": {"$regex": r"a\|b"}}]
    for name in re.findall(r"'(\$\w+)'", str(asked)):
        assert name in {"$and", "$or", "$nor", "$regex", "$options"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("米粉|米线 不合格", "(米粉|米线) 不合格"),
        ("米粉 ｜ 米线 -面条", "(米粉|米线) -面条"),
        ("(米粉|(米线 -汤)) 抽检", "(米粉|(米线 -汤)) 抽检"),
        ("-(米粉|米线) 抽检", "抽检 -(米粉|米线)"),
        ("标题:(抽检|检查) =合格", "(title:抽检|title:检查) =合格"),
        ('TITLE：="食品 安全"', 'title:="食品 安全"'),
        ("title: 抽检", "title: 抽检"),
    ],
)
def test_alternatives_groups_and_marks(text, read):
    assert str(read_query(text)) == read


def test_synonyms_are_added_to_words_and_can_be_turned_off():
    widened = Filters.read("农残 超标")
    assert {term.folded for term in widened.text.terms} >= {"农残", "农药残留", "农兽药残留", "超标"}
    assert [str(each) for each in widened.synonyms] == [str(widened.text.parts[0])]
    for text, synonyms in (("农残 超标", False), ('"农残" =农残', True)):
        plain_query = Filters.read(text, synonyms=synonyms)
        assert plain_query.synonyms == ()
        assert {term.folded for term in plain_query.text.terms} <= {"农残", "超标"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"since": "不是日子"}, "is not a date"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "later than until"),
        ({"region": "没有这个省"}, "没有这个省"),
        ({"site": ","}, "empty"),
        ({"place": "cfsn"}, "not a place"),
        ({"type": "抽查"}, "not a document type"),
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
    piece = find_passage(text, read_query("米粉 不合格"))
    assert [piece.text[begin:end] for begin, end in piece.spans] == ["米粉", "不合格"]
    assert find_spans("ＡＢＣ食品食品監管", read_query("abc 食品监管")) == [(0, 3), (5, 9)]


def test_escape_sequences_are_shown_and_not_obeyed():
    assert plain("米\x1b[31m粉\x9b2J\n第二\u202e行") == "米␛[31m粉�2J 第二行"
    assert plain_piece(" 米\x07 ") == " 米␇ "
