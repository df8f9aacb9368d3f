"""Scrapy 2.19.0: of several requests that wait for one robots.txt, not all obey it.

Run it with nothing but Scrapy installed: `python robotstxt_shared_deferred.py`. A server on 127.0.0.1 forbids
everything; a spider asks for five pages at once. Expected: no page is requested. Scrapy 2.19.0 requested three
of the five when this was written.

`python robotstxt_shared_deferred.py --fixed` runs the same with the fix: each waiting request gets a Deferred
of its own.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

PAGES = 5
requested = []


class Forbidding(BaseHTTPRequestHandler):
    def do_GET(self):
        requested.append(self.path)
        body = b"User-agent: *\nDisallow: /\n" if self.path == "/robots.txt" else b"a page"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Print nothing: the counts at the end are the result."""


class FixedRobotsTxtMiddleware(RobotsTxtMiddleware):
    async def robot_parser(self, request):
        pending = self._parsers.get(urlparse_cached(request).netloc)
        if not isinstance(pending, Deferred):
            return await super().robot_parser(request)
        own = Deferred()

        def hand_on(parser):
            own.callback(parser)
            return parser

        pending.addCallback(hand_on)
        return await maybe_deferred_to_future(own)


class Spider(scrapy.Spider):
    name = "robots"

    async def start(self):
        for number in range(PAGES):
            yield scrapy.Request(f"{self.url}/page/{number}", callback=self.parse)

    def parse(self, response):
        return None


def main() -> int:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forbidding)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {"ROBOTSTXT_OBEY": True, "LOG_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": PAGES}
    if "--fixed" in sys.argv:
        theirs = "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware"
        settings["DOWNLOADER_MIDDLEWARES"] = {theirs: None, FixedRobotsTxtMiddleware: 100}
    process = CrawlerProcess(settings)
    process.crawl(Spider, url=f"http://127.0.0.1:{server.server_port}")
    process.start()
    pages = [path for path in requested if path != "/robots.txt"]
    print(f"Scrapy {scrapy.__version__}: robots.txt forbids all {PAGES} pages; requested all the same: {len(pages)}")
    return 1 if pages else 0


if __name__ == "__main__":
    sys.exit(main())
