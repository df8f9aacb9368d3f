"""A crawl led to the replica: real addresses, real slots, robots.txt and redirects too."""

import json
import subprocess
import sys

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from crawler.replica.middleware import ReplicaMiddleware

CRAWL = """
import json, sys
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

class Probe(scrapy.Spider):
    name = "probe"
    async def start(self):
        for url in sys.argv[2:]:
            yield scrapy.Request(url, self.answered, errback=self.failed, dont_filter=True)
    def answered(self, response):
        print(json.dumps([response.request.url, response.url, response.status, response.meta["download_slot"]]))
    def failed(self, failure):
        print(json.dumps([failure.request.url, type(failure.value).__name__]))

process = AsyncCrawlerProcess({
    "REPLICA": sys.argv[1], "ROBOTSTXT_OBEY": True, "LOG_ENABLED": False, "RETRY_ENABLED": False,
    "REDIRECT_MAX_TIMES": 3,
    "DOWNLOADER_MIDDLEWARES": {
        "crawler.replica.middleware.ReplicaMiddleware": 820,
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        "crawler.middlewares.scrapy_fixes.FixedRobotsTxtMiddleware": 100,
    },
})
crawler = process.create_crawler(Probe)
process.crawl(crawler)
process.start()
print(json.dumps(["requests", crawler.stats.get_value("replica/requests")]))
"""


def probe(address: str, *urls: str) -> list[list]:
    command = [sys.executable, "-c", CRAWL, address, *urls]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return sorted(json.loads(line) for line in result.stdout.splitlines())


def test_requests_reach_the_replica_under_their_own_addresses(replica):
    plain, tls = "http://www.qingtian.gov.cn/", "https://www.cfsn.cn/news/22.html"
    assert probe(replica.address, plain, tls) == [
        [plain, plain, 200, "www.qingtian.gov.cn"],
        [tls, tls, 200, "www.cfsn.cn"],
        ["requests", 4],
    ]
    assert sorted((seen.scheme, seen.host, seen.path) for seen in replica.requests) == [
        ("http", "www.qingtian.gov.cn", "/"),
        ("http", "www.qingtian.gov.cn", "/robots.txt"),
        ("https", "www.cfsn.cn", "/news/22.html"),
        ("https", "www.cfsn.cn", "/robots.txt"),
    ]


def test_redirects_are_followed_there(replica):
    loop = "https://www.cfsn.cn/__replica__/loop"
    assert [loop, "IgnoreRequest"] in probe(replica.address, loop)
    assert [seen.path for seen in replica.requests].count("/__replica__/loop") == 4


def test_robots_txt_binds_every_request_that_waits_for_it(replica):
    forbidden = [f"https://www.cfsn.cn/news/detail/999/{number}.html" for number in range(6)]
    answers = probe(replica.address, *forbidden)
    assert answers == [*([url, "IgnoreRequest"] for url in forbidden), ["requests", 1]]
    assert [seen.path for seen in replica.requests] == ["/robots.txt"]


def test_it_is_off_where_no_replica_is_named():
    with pytest.raises(NotConfigured):
        ReplicaMiddleware.from_crawler(get_crawler())


@pytest.mark.parametrize("address", ["8.8.8.8:80", "localhost:80", "127.0.0.1"])
def test_it_leads_nowhere_but_to_this_machine(address):
    with pytest.raises(ValueError, match="REPLICA must be"):
        ReplicaMiddleware.from_crawler(get_crawler(settings_dict={"REPLICA": address}))
