"""The arguments all spiders share, and the sentences for wrong ones."""

from datetime import datetime

import pytest
from pydantic import ValidationError

from crawler.parsing.dates import CST
from crawler.spiders.arguments import CrawlArguments, PageArguments, SiteArguments, explain

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=CST)


@pytest.mark.parametrize(
    ("model", "arguments", "sentence"),
    [
        (CrawlArguments, {"since": "gestern"}, "'gestern' is not a date"),
        (CrawlArguments, {"limit": "0"}, "-a limit=0"),
        (CrawlArguments, {"since": "99999y"}, "'99999y' goes back further than the calendar"),
        (CrawlArguments, {"section": " ,，"}, "it is empty; give a value or leave it out"),
        (SiteArguments, {"site": ""}, "-a site=: it is empty"),
        (PageArguments, {"url": " "}, "it is empty"),
        (CrawlArguments, {"limit": "many"}, "-a limit=many"),
        (CrawlArguments, {"sinse": "7d"}, "knows no argument 'sinse'; it takes since, until, limit, section, refresh"),
        (CrawlArguments, {"since": "2026-11-02", "until": "2026-11-01"}, "is later than until"),
        (SiteArguments, {}, "needs -a site=…"),
        (PageArguments, {"url": "www.qingtian.gov.cn/a.html"}, "is not a URL; include http:// or https://"),
        (PageArguments, {"url": "http://me:geheim@b.cn/"}, "-a url=http://***@b.cn/: an address with a user name or"),
    ],
)
def test_a_wrong_argument_gets_a_sentence(model, arguments, sentence):
    with pytest.raises(ValidationError) as caught:
        model(**arguments)
    told = explain(caught.value, "county", model)
    assert sentence in told
    assert "geheim" not in told


def test_lists_of_words():
    assert SiteArguments(site="qingtian, 缙云县、331122").site == ("qingtian", "缙云县", "331122")
    assert CrawlArguments(section="要闻,监管").section == ("要闻", "监管")
    assert PageArguments(url="http://a.cn/x,1.html http://b.cn/").url == ("http://a.cn/x,1.html", "http://b.cn/")


def test_refresh_without_a_value_is_on():
    assert CrawlArguments(refresh="").refresh is True
    assert CrawlArguments(refresh="0").refresh is False
