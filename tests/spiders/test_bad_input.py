"""What a user may get wrong, and what a site may do: one sentence, the right exit status, nothing lost."""

import socket

import pytest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "no spider is named; name one of cfsn, county, page"),
        (("nosuch",), "there is no spider 'nosuch'; name one of cfsn, county, page"),
        (("county",), "needs -a site="),
        (("county", "-a", "site=qingtain"), "青田县"),
        (("cfsn", "-a", "since=vorgestern"), "'vorgestern' is not a date"),
        (("cfsn", "-a", "limit=-1"), "-a limit=-1"),
        (("cfsn", "-a", "colour=red"), "knows no argument 'colour'"),
        (
            ("cfsn", "-a", "section=天气"),
            "no section of 中国食品安全网 has 天气 in its name; there are, among others: 要闻",
        ),
        (("page", "-a", "url=qingtian"), "is not a URL; include http:// or https://"),
    ],
)
def test_wrong_use_gets_one_sentence(arguments, sentence, crawl):
    result = crawl(*arguments)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_an_unreachable_database(crawl):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        result = crawl("cfsn", MONGO_URI=f"mongodb://someone:secret@127.0.0.1:{taken.getsockname()[1]}/")
    assert result.returncode == 1
    assert "No MongoDB answers" in result.stderr
    assert "secret" not in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unreachable_site(crawl, stored, replica):
    replica.close()
    result = crawl("page", "-a", "url=http://www.qingtian.gov.cn/art/2026/11/20/art_1_2.html", RETRY_TIMES=1)
    assert result.returncode == 1
    assert "no page could be fetched" in result.stderr
    assert stored.articles.count_documents({}) == 0


def test_a_site_that_went_down_is_not_taken_for_one_without_news(crawl, stored, replica):
    assert crawl("county", "-a", "site=qingtian").returncode == 0
    replica.close()
    result = crawl("county", "-a", "site=qingtian", RETRY_TIMES=1)
    assert result.returncode == 1
    assert "no page could be fetched (unreachable 1)" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("large", "too_large"), ("bomb", "too_large"), ("loop", "redirect_loop"), ("error", "http_500")],
)
def test_a_page_that_hurts_is_rejected_with_its_reason(kind, reason, crawl, stored):
    result = crawl("page", "-a", f"url=http://www.qingtian.gov.cn/__replica__/{kind}", RETRY_TIMES=1)
    assert result.returncode == 1
    (reject,) = stored.rejects.find({})
    assert reject["reason"] == reason
    assert "Traceback" not in result.stderr


def test_a_page_that_hangs_is_given_up(crawl, stored):
    url = "http://www.qingtian.gov.cn/__replica__/slow"
    result = crawl("page", "-a", f"url={url}", RETRY_TIMES=0, DOWNLOAD_TIMEOUT=1)
    assert result.returncode == 1
    (reject,) = stored.rejects.find({})
    assert reject["reason"] == "timeout"


def test_a_broken_encoding_is_not_stored_as_text(crawl, stored):
    crawl("page", "-a", "url=http://www.qingtian.gov.cn/__replica__/broken")
    assert stored.articles.count_documents({}) == 0
    assert stored.rejects.count_documents({}) == 1
