"""A crawl that reaches the replica by Scrapy's proxy settings: real addresses, real slots, robots.txt and redirects."""

import json
import os
import subprocess
import sys

from crawler.replica import proxy_environment

CRAWL = """
import json, sys
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

class Probe(scrapy.Spider):
    name = "probe"
    async def start(self):
        for url in sys.argv[1:]:
            yield scrapy.Request(url, self.answered, errback=self.failed, dont_filter=True)
    def answered(self, response):
        print(json.dumps([response.request.url, response.url, response.status, response.meta["download_slot"]]))
    def failed(self, failure):
        print(json.dumps([failure.request.url, type(failure.value).__name__]))

process = AsyncCrawlerProcess({
    "ROBOTSTXT_OBEY": True, "LOG_ENABLED": False, "RETRY_ENABLED": False,
    "REDIRECT_MAX_TIMES": 3,
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        "crawler.middlewares.scrapy_fixes.FixedRobotsTxtMiddleware": 100,
    },
})
crawler = process.create_crawler(Probe)
process.crawl(crawler)
process.start()
print(json.dumps(["requests", crawler.stats.get_value("downloader/request_count")]))
"""


def probe(address: str, *urls: str) -> list[list]:
    command, environment = [sys.executable, "-c", CRAWL, *urls], {**os.environ, **proxy_environment(address)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
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
