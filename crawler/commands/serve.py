"""`scrapy serve`: the readers' page, feeds and the HTTP API."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.exceptions import UsageError

from crawler import cli

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NEEDED = "the page needs Starlette, Jinja2 and uvicorn: pip install -e '.[web]'"
MIN_TOKEN_LENGTH = 16
MAX_CONNECTIONS = 500
KEEP_ALIVE_SECONDS = 5


class Command(cli.Command):
    group = "look"
    examples = (
        "scrapy serve",
        "scrapy serve --database demo --port 8080",
        "scrapy serve --host 0.0.0.0 --token-file token.txt",
    )

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Serve the readers' page, feeds and the HTTP API"

    def long_desc(self) -> str:
        return (
            "Serves pages in Chinese and English, an Atom feed of every search and a JSON API until Ctrl-C. It only "
            "reads. Other machines can reach it only with --host; that needs a token, or --public."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8765, help="port to listen on (default 8765)")
        parser.add_argument("--database", metavar="NAME", help="the database to show (default MONGO_DATABASE)")
        parser.add_argument("--base-url", metavar="URL", help="the address that readers use, for links in feeds")
        parser.add_argument("--token-file", metavar="FILE", help="a file that holds the token readers must give")
        parser.add_argument("--public", action="store_true", help="let everybody who reaches it read, without a token")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        self.reject_arguments(args)
        token = read_token(opts.token_file) if opts.token_file else None
        if opts.host not in _LOOPBACK and not token and not opts.public:
            message = "--host opens the page to the network: give --token-file FILE, or --public"
            raise UsageError(message, print_help=False)
        if not 0 < opts.port < 65_536:
            raise UsageError(f"--port {opts.port}: choose a port from 1 to 65535", print_help=False)
        base_url = (opts.base_url or f"http://{opts.host}:{opts.port}").rstrip("/")
        if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
            raise UsageError(f"--base-url {base_url}: include http:// or https://", print_help=False)
        self._serve(opts, base_url, token)
        return None

    def _serve(self, opts: argparse.Namespace, base_url: str, token: str | None) -> None:
        try:
            import uvicorn

            from crawler.web.app import WebOptions, create_app
        except ImportError as error:
            raise UsageError(_NEEDED, print_help=False) from error
        from crawler.api import open_store
        from crawler.storage.store import connect
        from crawler.web.guard import GuardOptions
        from crawler.web.reader import Reader

        assert self.settings is not None
        name = opts.database or self.settings["MONGO_DATABASE"]
        uri, data = self.settings["MONGO_URI"], Path(self.settings["DATA_DIR"])
        hosts = frozenset({"127.0.0.1", "localhost", "[::1]", (urlsplit(base_url).hostname or "").lower()})
        with open_store(uri, name, data) as store, connect(uri, data) as client:
            reader = Reader(store, client[name], self.settings.getfloat("RUN_PROGRESS_SECONDS"))
            options = WebOptions(base_url, self.settings["WEB_FULL_TEXT"], data, GuardOptions(hosts, token))
            print(f"Serving the database {name} at {base_url} (Ctrl-C ends it).", file=sys.stderr)
            uvicorn.run(
                create_app(reader, options),
                host=opts.host,
                port=opts.port,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
            )


def read_token(path: str) -> str:
    """The token in a file, one line of at least MIN_TOKEN_LENGTH characters. Raises UsageError."""
    try:
        token = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--token-file {path}: the file can't be read", print_help=False) from error
    if len(token) < MIN_TOKEN_LENGTH or any(character.isspace() for character in token):
        message = f"--token-file {path}: write one token of at least {MIN_TOKEN_LENGTH} characters into it"
        raise UsageError(message, print_help=False)
    return token
