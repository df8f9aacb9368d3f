"""Every setting of the crawler on one screen, grouped; a reason stands beside each odd one.

Hosts, secrets and places come from the environment: MONGO_URI, MONGO_DATABASE, CRAWLER_DATA, CRAWLER_CONTACT.
"""

import os
from pathlib import Path

BOT_NAME = "food_safety"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# --- Store ------------------------------------------------------------------------------------------------------------
MONGO_URI = os.environ.get("MONGO_URI") or None  # None: the embedded server in DATA_DIR
MONGO_DATABASE = os.environ.get("MONGO_DATABASE") or "food_safety"
# How long a search waits for its index to catch up with the database before it answers from what is there.
SEARCH_CATCH_UP_SECONDS = 10.0
DATA_DIR = os.environ.get("CRAWLER_DATA") or str(Path(__file__).resolve().parent.parent / "data")
STORE_BATCH_ITEMS = 100  # one insert an article costs 0.45 ms of CPU, a batch of 100 nothing measurable
STORE_BATCH_SECONDS = 2.0
STORE_RETRY_SECONDS = 900.0  # how long a crawl waits for a store that went away, before it ends
LEASE_SECONDS = 30.0  # a process silent for so long has lost its sites to others
SPOOL_MAX_BYTES = 256 * 1024 * 1024  # what is scraped meanwhile waits on the disk; above this the crawl pauses

# --- Archive ----------------------------------------------------------------------------------------------------------
ARCHIVE_DIR = None  # a folder: every answer is kept there as WARC, for `scrapy reparse`
ARCHIVE_FILE_BYTES = 1_000_000_000  # what the format recommends for one file

# --- Politeness -------------------------------------------------------------------------------------------------------
CONTACT = os.environ.get("CRAWLER_CONTACT") or "no contact set; CRAWLER_CONTACT says who runs this crawl"
# The province-wide firewalls of Zhejiang answer 403 to agents that do not begin like a browser; the name stays
# honest.
USER_AGENT = f"Mozilla/5.0 (compatible; FoodSafetyCrawler/0.1; {CONTACT})"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
}
ROBOTSTXT_OBEY = True
DOWNLOADER = "crawler.middlewares.scrapy_fixes.FixedDownloader"  # Scrapy 2.19.0 lets more than one go at a host
CONCURRENT_REQUESTS = 256  # a request that waits for its turn at its host counts: so many hosts go on at once
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0  # jitter would make half of the waits shorter than the second promised
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 30.0
RETRY_TIMES = 3
RETRY_BACKOFF_SECONDS = 2.0  # first wait; doubled by each further try, and never less than Retry-After
RETRY_BACKOFF_MAX_SECONDS = 120.0
CIRCUIT_BREAKER_TIMEOUTS = 3  # tries in a row without any answer, then a host is left alone for this crawl
CIRCUIT_BREAKER_ERRORS = 8  # the same for answers like 503: two pages with all their retries
# List pages are asked for with the validators of the last answer; articles are never cached (spiders mark them).
HTTPCACHE_ENABLED = True
HTTPCACHE_POLICY = "crawler.middlewares.cache.RevalidatingPolicy"
HTTPCACHE_STORAGE = "crawler.middlewares.cache.AtomicCacheStorage"
HTTPCACHE_DIR = str(Path(DATA_DIR) / "httpcache")
HTTPCACHE_GZIP = True

# --- Limits on what a site may do to us -------------------------------------------------------------------------------
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024  # compressed and decompressed alike
DOWNLOAD_WARNSIZE = 0
MAX_TAGS = 250_000  # of a page; each takes 400 bytes while the page is read: 8 MB of <br> took 900 MB and ten seconds
REDIRECT_MAX_TIMES = 5
MAX_LIST_PAGES = 500  # of one section in one crawl
MAX_LINKS_PER_PAGE = 2000
MAX_SITE_SECONDS = 24 * 3600  # of one crawl; the next one goes on where this one stopped
DEPTH_LIMIT = 1000  # no way of ours is as deep: it leads from a list page to the next, and from an article to its parts
# No request leaves for private addresses, nor for ports that neither the user nor the registry named; but for these:
# host, host:port, or network/bits. A DNS proxy that answers with addresses of its own needs 198.18.0.0/15.
GUARD_ALLOWED: list[str] = []
TWISTED_DNS_RESOLVER = "crawler.middlewares.guard.PublicResolver"
DNSCACHE_SECONDS = 600.0  # Scrapy never asks for a name again, and workers live for months
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
MAX_ARTICLE_PARTS = 30
REJECT_RETRY_DAYS = 7  # a page that gave no article is asked for again after so many days
SECTION_RETRY_DAYS = 30  # an optional section that answered 404 likewise, and a home page that led to no section
DISCOVERY_SECTIONS = 8  # sections looked for on the home page of a site that has none in the registry
DISCOVERY_REQUESTS = 20  # and the most pages asked for on the way

# --- The way of an item -----------------------------------------------------------------------------------------------
ITEM_PIPELINES = {
    "crawler.pipelines.CleanPipeline": 100,
    "crawler.pipelines.ValidatePipeline": 200,
    "crawler.pipelines.RatePipeline": 240,
    "crawler.pipelines.LocatePipeline": 260,
    "crawler.pipelines.DedupePipeline": 300,
    "crawler.pipelines.StorePipeline": 400,
}
RELEVANCE_THRESHOLD = 0.5  # one point; below it `keep=relevant` (county's default) keeps an article's address only
FEED_EXPORT_ENCODING = "utf-8"  # JSON by default escapes every Chinese character

# --- Speed ------------------------------------------------------------------------------------------------------------
# Bytes of pages that were read and wait for the store; Scrapy's 5 MB are 1,800 short pages, each with 45 KB of tasks.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 1_000_000
CONCURRENT_ITEMS = 1  # Scrapy starts so many tasks a response; a page gives one item (4: -24 % CPU; 1: a little less)
STATS_CLASS = "crawler.middlewares.scrapy_fixes.FastStats"  # Scrapy's takes sixteen times as long to count
GC_THRESHOLD = 20_000  # Python looks for cyclic garbage every 700 (measured with 10,000 and 50,000: -9 % CPU a page)
WARN_ON_GENERATOR_RETURN_VALUE = False  # Scrapy parses the source of a callback for it, once a response
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,  # for those who write spiders
    "crawler.middlewares.scrapy_fixes.YieldMiddleware": 950,  # next to the spider
}

# --- Components -------------------------------------------------------------------------------------------------------
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.politeness.LeaseMiddleware": 50,
    "crawler.middlewares.guard.AddressMiddleware": 60,  # before robots.txt is asked for
    # Scrapy 2.19.0 lets requests through that wait while robots.txt is being fetched.
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.scrapy_fixes.FixedRobotsTxtMiddleware": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawler.middlewares.politeness.BackoffRetryMiddleware": 550,
    "crawler.middlewares.politeness.CircuitBreakerMiddleware": 560,
    "crawler.middlewares.politeness.SchemeMiddleware": 565,
    "crawler.middlewares.guard.ResolutionMiddleware": 570,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "crawler.middlewares.scrapy_fixes.CheapMetaRefreshMiddleware": 580,
    "crawler.middlewares.guard.TagMiddleware": 585,  # just after HttpCompressionMiddleware (590)
    # just before HttpCompressionMiddleware (590) sees the response
    "crawler.middlewares.scrapy_fixes.RawBodyMiddleware": 595,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    "crawler.middlewares.cache.NoStaleCacheMiddleware": 900,
    "crawler.middlewares.archive.ArchiveMiddleware": 950,  # next to the network: answers as they came
}
EXTENSIONS = {
    "crawler.middlewares.scrapy_fixes.RareCollections": 100,
    "crawler.storage.extension.CrawlStore": 300,
    "crawler.runs.site_stats.CrawlStats": 400,
    "crawler.runs.extension.RunExtension": 500,
    "crawler.middlewares.scrapy_fixes.ShutdownFix": 550,
    "crawler.runs.progress.Progress": 600,
    "scrapy.extensions.logstats.LogStats": None,  # Progress tells more
}
PROGRESS_SECONDS = 60.0  # how often the log tells how far a crawl is, where no terminal shows it; 0: never
RUN_PROGRESS_SECONDS = 30.0  # how often a crawl writes down how far it is
ALERT_INTERVAL_SECONDS = 30.0  # the robots of DingTalk and WeCom take 20 messages a minute, from everybody together
CRAWL_TODAY = None  # ISO 8601: what "today" is for the dates of a recorded or simulated site (demo, tests)
RUN_KEEP_DAYS = 365  # documents of `runs`; `sites` keeps what verdicts need
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
MEMUSAGE_ENABLED = False

# --- The readers' page (`scrapy serve`) -------------------------------------------------------------------------------
# Whose texts the page shows whole: "all", "government" (of others an excerpt with a link), or "none".
WEB_FULL_TEXT = "government"

# --- Logging ----------------------------------------------------------------------------------------------------------
LOG_LEVEL = "INFO"
LOG_JSON = False  # a JSON object a line, for programs that read logs
LOG_FORMATTER = "crawler.runs.logs.ShortLogFormatter"
LOG_VERSIONS: list[str] = []
STATS_DUMP = False  # the closing line and the run's document say what counts; -s STATS_DUMP=1 shows all
LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"
