"""The truth: complete, consistent, and the same as what the pages show."""

from collections import Counter
from datetime import timedelta

from crawler.parsing.urls import canonical_url
from crawler.replica import content


def test_there_is_enough_for_paging_and_every_kind_of_page():
    everything = content.articles(2)
    assert len(everything) >= 60
    assert len({article.url for article in everything}) == len(everything)
    assert {article.charset for article in everything} == {"utf-8", "gbk"}
    assert sum(article.garbled for article in everything) == 1
    assert sum(article.slow > 0 for article in everything) == 1
    kinds = {broken_link.kind for channel in content.channels() for broken_link in channel.broken_links}
    assert kinds == {"dead", "loop", "soft404", "no_article", "forbidden", "twin", "foreign"}


def test_every_article_is_complete():
    for article in content.articles(2):
        assert article.title == article.title.strip()
        assert article.title
        assert article.published_at.utcoffset() == timedelta(hours=8)
        assert article.precision in {"minute", "day"}
        assert article.body.count("\n") >= 1
        assert not any(line != line.strip() or not line for line in article.body.split("\n"))
        assert article.source


def test_the_body_is_what_a_reader_reads_in_order():
    by_path = {article.path: article for article in content.articles()}
    report = by_path["/art/2026/11/13/art_1229365841_611950.html"].body.split("\n")
    assert [line[:8] for line in report] == [
        "10月下旬，县教",
        "检查发现的主要问",
        "类别 检查家数 ",
        "中学 14 11",
        "小学 31 24",
        "幼儿园 52 3",
        "请有关学校于11",
        "附件：秋季学校食",
    ]
    market = by_path["/art/2026/11/20/art_1229365841_612071.html"].body.split("\n")
    assert market[1].startswith("行动持续到春节后")  # the caption between the two stands apart


def test_sections_of_articles_and_broken_links_exist():
    for channel in content.channels():
        listed = {entry.section for entry in (*channel.articles, *channel.broken_links)}
        assert listed <= set(channel.sections)


def test_the_second_day_has_news_and_changes():
    first, second = content.articles(1), content.articles(2)
    new = {article.url for article in second} - {article.url for article in first}
    assert sorted(new) == [
        "http://www.qingtian.gov.cn/art/2026/11/21/art_1229365841_612090.html",
        "https://www.cfsn.cn/news/detail/22/371240.html",
    ]
    before = {article.url: article for article in first}
    changed = [a for a in second if a.url in before and (a.title, a.body) != (before[a.url].title, before[a.url].body)]
    assert Counter(article.site for article in changed) == {"cfsn": 1, "qingtian": 1}


def test_a_copy_has_the_text_of_what_it_copies():
    by_address = {canonical_url(article.url): article for article in content.articles()}
    copies = [article for article in content.articles() if article.same_as]
    assert len(copies) == 2
    for copy in copies:
        address = copy.same_as if "://" in copy.same_as else f"{copy.scheme}://{copy.host}{copy.same_as}"
        assert by_address[canonical_url(address)].body == copy.body
