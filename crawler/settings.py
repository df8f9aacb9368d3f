"""Every setting of the crawler on one screen, grouped, with a reason beside each unusual one.

Hosts, secrets and paths come from the environment: MONGO_URI, MONGO_DATABASE, CRAWLER_DATA, CRAWLER_CONTACT.
"""

import os
from pathlib import Path

BOT_NAME = "food_safety"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# --- Database ---------------------------------------------------------------------------------------------------------
MONGO_URI = os.environ.get("MONGO_URI") or None  # None: the embedded server in DATA_DIR
MONGO_DATABASE = os.environ.get("MONGO_DATABASE") or "food_safety"
# How long a search waits for its index to catch up with the database before it answers from what is there.
SEARCH_CATCH_UP_SECONDS = 10.0
DATA_DIR = os.environ.get("CRAWLER_DATA") or str(Path(__file__).resolve().parent.parent / "data")
STORE_BATCH_ITEMS = 100  # an insert per article costs 0.45 ms of CPU; in batches of 100, nothing measurable
STORE_BATCH_SECONDS = 2.0
STORE_RETRY_SECONDS = 900.0  # how long a crawl waits for an unavailable database before it ends
LEASE_SECONDS = 30.0  # a process that is silent for so long loses its sites to other processes
SPOOL_MAX_BYTES = 256 * 1024 * 1024  # of articles on disk while the database is unavailable; then the crawl pauses

# --- Archive ----------------------------------------------------------------------------------------------------------
ARCHIVE_DIR = None  # a folder: every response is written there as WARC, for `scrapy reparse`
ARCHIVE_FILE_BYTES = 1_000_000_000  # recommended by the WARC standard as the size of one file

# --- Politeness -------------------------------------------------------------------------------------------------------
CONTACT = os.environ.get("CRAWLER_CONTACT") or "no contact set; CRAWLER_CONTACT names who runs this crawl"
# The firewalls of Zhejiang answer 403 to agents that don't begin like a browser; the name stays honest.
USER_AGENT = f"Mozilla/5.0 (compatible; FoodSafetyCrawler/0.1; {CONTACT})"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
}
ROBOTSTXT_OBEY = True
ROBOTSTXT_RETRY_SECONDS = 1800.0  # a host whose robots.txt answers 5xx gets no request for so long (RFC 9309)
DOWNLOADER = "crawler.middlewares.scrapy_fixes.FixedDownloader"  # Scrapy 2.19.0 sends a host several requests at once
CONCURRENT_REQUESTS = 256  # includes requests that wait for their turn, so it is the number of hosts at a time
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0  # jitter would make half of the delays shorter than the promised second
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 30.0
RETRY_TIMES = 3
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the spider logs what became of the page
RETRY_BACKOFF_SECONDS = 2.0  # before the first retry; doubled for each further one, and at least Retry-After
RETRY_BACKOFF_MAX_SECONDS = 120.0
CIRCUIT_BREAKER_TIMEOUTS = 3  # tries in a row without any answer, then a host gets no more requests in this crawl
CIRCUIT_BREAKER_ERRORS = 8  # the same for answers like 503: two pages with all their retries
# List pages are requested with the validators of their last response. Articles are never cached (meta `dont_cache`).
HTTPCACHE_ENABLED = True
HTTPCACHE_POLICY = "crawler.middlewares.cache.RevalidatingPolicy"
HTTPCACHE_STORAGE = "crawler.middlewares.cache.AtomicCacheStorage"
HTTPCACHE_DIR = str(Path(DATA_DIR) / "httpcache")
HTTPCACHE_GZIP = True

# --- Limits on what a site may do to us -------------------------------------------------------------------------------
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024  # compressed and decompressed
DOWNLOAD_WARNSIZE = 0
MAX_TAGS = 250_000  # of a page; parsing takes 400 bytes per tag: 8 MB of <br> took 900 MB and ten seconds
REDIRECT_MAX_TIMES = 5
MAX_LIST_PAGES = 500  # of one section in one crawl
MAX_LINKS_PER_PAGE = 2000
MAX_SITE_SECONDS = 24 * 3600  # of one crawl; the next one continues where this one stopped
DEPTH_LIMIT = 1000  # never reached by our own links: a list page leads to the next, and an article to its parts
# No request is sent to private addresses, nor to ports that neither the user nor the registry named, except these:
# host, host:port, or network/bits. A DNS proxy that answers with addresses of its own needs 198.18.0.0/15.
GUARD_ALLOWED: list[str] = []
TWISTED_DNS_RESOLVER = "crawler.middlewares.guard.PublicResolver"
DNSCACHE_SECONDS = 600.0  # Scrapy never resolves a name again, and workers live for months
DOWNLOAD_HANDLERS = {
    "http": "crawler.middlewares.politeness.CircuitBreakerHandler",
    "https": "crawler.middlewares.politeness.CircuitBreakerHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
MAX_ARTICLE_PARTS = 30
REJECT_RETRY_DAYS = 7  # a page that yielded no article is requested again after so many days
SECTION_RETRY_DAYS = 30  # so is an optional section that answered 404, and a home page that led to no section
DISCOVERY_SECTIONS = 8  # sections to look for on the home page of a site that has none in the registry
DISCOVERY_REQUESTS = 20  # most pages to fetch for that

# --- Items ------------------------------------------------------------------------------------------------------------
ITEM_PIPELINES = {
    "crawler.pipelines.CleanPipeline": 100,
    "crawler.pipelines.SecondOpinionPipeline": 150,
    "crawler.pipelines.ValidatePipeline": 200,
    "crawler.pipelines.RatePipeline": 240,
    "crawler.pipelines.ClassifyPipeline": 250,
    "crawler.pipelines.LocatePipeline": 260,
    "crawler.pipelines.DedupePipeline": 300,
    "crawler.pipelines.StorePipeline": 400,
}
RELEVANCE_THRESHOLD = 0.5  # below it, `keep=relevant` (default of county) stores only an article's address
FEED_EXPORT_ENCODING = "utf-8"  # JSON escapes every Chinese character by default

# --- Speed ------------------------------------------------------------------------------------------------------------
# Bytes of parsed pages that wait for the database; Scrapy's 5 MB are 1,800 short pages, each with 45 KB of tasks.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 1_000_000
CONCURRENT_ITEMS = 1  # tasks that Scrapy starts per response; a page yields one item (with 4: -24 % CPU; 1: less)
STATS_CLASS = "crawler.middlewares.scrapy_fixes.FastStats"  # Scrapy's takes sixteen times as long per count
GC_THRESHOLD = 20_000  # new objects between searches for cyclic garbage; Python: 700 (20,000: -9 % CPU per page)
WARN_ON_GENERATOR_RETURN_VALUE = False  # Scrapy parses the source of a callback for it, once per response
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,  # helps to write spiders
    "crawler.middlewares.performance.YieldMiddleware": 950,  # next to the spider
}

# --- Components -------------------------------------------------------------------------------------------------------
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.politeness.LeaseMiddleware": 50,
    "crawler.middlewares.guard.AddressMiddleware": 60,  # before robots.txt is requested
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.politeness.RobotsMiddleware": 100,
    "crawler.middlewares.politeness.NetworkDownMiddleware": 540,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawler.middlewares.politeness.BackoffRetryMiddleware": 550,
    "crawler.middlewares.politeness.CircuitBreakerMiddleware": 560,
    "crawler.middlewares.politeness.SchemeMiddleware": 565,
    "crawler.middlewares.guard.ResolutionMiddleware": 570,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "crawler.middlewares.limits.LimitedMetaRefreshMiddleware": 580,
    "crawler.middlewares.limits.TagLimitMiddleware": 585,  # right after decompression
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.middlewares.limits.LimitedCompressionMiddleware": 590,
    "crawler.middlewares.scrapy_fixes.RawBodyMiddleware": 595,  # right before decompression
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.middlewares.limits.LimitedRedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    "crawler.middlewares.cache.NoStaleCacheMiddleware": 900,
    "crawler.middlewares.archive.ArchiveMiddleware": 950,  # next to the network: responses as they arrived
}
EXTENSIONS = {
    "crawler.storage.extension.CrawlStore": 300,
    "crawler.runs.site_stats.CrawlStats": 400,
    "crawler.runs.extension.RunExtension": 500,
    "crawler.middlewares.scrapy_fixes.ShutdownFix": 550,
    "crawler.runs.progress.Progress": 600,
    "scrapy.extensions.logstats.LogStats": None,  # Progress shows more
}
PROGRESS_SECONDS = 60.0  # how often progress is logged if no terminal shows it; 0: never
RUN_PROGRESS_SECONDS = 30.0  # how often a crawl stores its progress
ALERT_INTERVAL_SECONDS = 30.0  # the robots of DingTalk and WeCom take 20 messages a minute, for all senders together
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
LOG_JSON = False  # one JSON object per line, for programs
LOG_FORMATTER = "crawler.runs.progress.ShortLogFormatter"
LOG_VERSIONS: list[str] = []
STATS_DUMP = False  # the closing line and the run's document have the important ones; -s STATS_DUMP=1 shows all
LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"
