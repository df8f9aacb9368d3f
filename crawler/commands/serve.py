"""`scrapy serve`: the readers' page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Serve the readers' page, feeds and the HTTP API"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8765)
        parser.add_argument("--database", help="default MONGO_DATABASE")
        parser.add_argument("--base-url", help="the address readers use, for feeds")
        parser.add_argument("--token-file", help="a file with the token readers must give")
        parser.add_argument("--public", action="store_true", help="let everybody on the network read, without a token")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy serve takes no argument", print_help=False)
        import uvicorn

        from crawler.api import open_store
        from crawler.storage.store import connect
        from crawler.web.app import WebOptions, create_app
        from crawler.web.guard import GuardOptions
        from crawler.web.reader import Reader

        assert self.settings is not None
        token = Path(opts.token_file).read_text("utf-8").strip() if opts.token_file else None
        if opts.host not in _LOOPBACK and not token and not opts.public:
            raise UsageError(
                "--host opens the page to the network: give --token-file FILE, or --public", print_help=False
            )
        database = opts.database or self.settings["MONGO_DATABASE"]
        uri, data = self.settings["MONGO_URI"], Path(self.settings["DATA_DIR"])
        base_url = (opts.base_url or f"http://{opts.host}:{opts.port}").rstrip("/")
        hosts = frozenset({"127.0.0.1", "localhost", "[::1]", (urlsplit(base_url).hostname or "").lower()})
        with open_store(uri, database, data) as store, connect(uri, data) as client:
            reader = Reader(store, client[database], self.settings.getfloat("RUN_PROGRESS_SECONDS"))
            app = create_app(reader, WebOptions(base_url, guard=GuardOptions(hosts, token)))
            print(f"{base_url}  (Ctrl-C ends it)", file=sys.stderr)
            uvicorn.run(app, host=opts.host, port=opts.port, log_level="warning", server_header=False, access_log=False)
