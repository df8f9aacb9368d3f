"""Scrapy 2.19.0: with no delay, a host gets more requests at a time than CONCURRENT_REQUESTS_PER_DOMAIN allows.

Run it with nothing but Scrapy installed: `python downloader_transfers.py`. A server on 127.0.0.1 answers each
request once no further one has come for a quarter of a second and counts how many are open; a spider asks for
eight pages at once with CONCURRENT_REQUESTS_PER_DOMAIN = 1. Expected: never more than one open request.

`python downloader_transfers.py --fixed` runs the same with the fix: a request counts as transferring as soon as
it leaves the queue, not when the event loop first runs its coroutine.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import scrapy
from scrapy.core.downloader import Downloader
from scrapy.crawler import CrawlerProcess

PAGES = 8
QUIET_SECONDS = 0.25


class Counting(BaseHTTPRequestHandler):
    lock = threading.Condition()
    open = 0
    most = 0

    def do_GET(self):
        cls = type(self)
        with cls.lock:
            cls.open += 1
            cls.most = max(cls.most, cls.open)
            cls.lock.notify_all()
            while cls.lock.wait(QUIET_SECONDS):
                pass
            cls.open -= 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Print nothing: the count at the end is the result."""


class FixedDownloader(Downloader):
    def _wait_for_download(self, slot, request, queue_dfd):
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)


class Spider(scrapy.Spider):
    name = "transfers"

    async def start(self):
        for number in range(PAGES):
            yield scrapy.Request(f"{self.url}/{number}", callback=self.parse)

    def parse(self, response):
        return None


def main() -> int:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "LOG_ENABLED": False,
    }
    if "--fixed" in sys.argv:
        settings["DOWNLOADER"] = FixedDownloader
    process = CrawlerProcess(settings)
    process.crawl(Spider, url=f"http://127.0.0.1:{server.server_port}")
    process.start()
    print(f"Scrapy {scrapy.__version__}: one request at a time is allowed; open at a time: {Counting.most}")
    return 1 if Counting.most > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
