"""Serve the replica of the sites until interrupted; the first line printed is its address.

With --fleet N it serves N generated sites instead, under real addresses of the registry, and prints the crawl of them.
"""

from __future__ import annotations

import argparse
import sys
import threading

from crawler.replica.server import Replica


def main() -> int:
    """Run the server; 0 when interrupted, 1 where the port can't be had."""
    parser = argparse.ArgumentParser(prog="python -m crawler.replica", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    parser.add_argument("--fleet", type=int, metavar="N", help="serve this many generated sites instead")
    parser.add_argument("--articles", type=int, default=20, help="articles of each site of the fleet; default 20")
    parser.add_argument("--faults", default="", help="how its first sites fail, by commas: refused,hang,error,…")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each answer of the fleet takes")
    parser.add_argument("--padding", type=int, default=0, metavar="KB", help="make each of its pages that much longer")
    parser.add_argument("--warm", action="store_true", help="make its pages before they are asked for")
    arguments = parser.parse_args()
    port: int = arguments.port
    if arguments.fleet is not None:
        return _serve_fleet(arguments)
    try:
        replica = Replica(port)
    except (OSError, OverflowError) as error:
        print(f"the replica cannot listen on 127.0.0.1:{port}: {error}; choose another --port", file=sys.stderr)
        return 1
    with replica:
        print(replica.address, flush=True)
        hosts = ", ".join(replica.sites.hosts())
        print(f"serving {hosts}; use it as a proxy: curl -k -x {replica.address} http://www.cfsn.cn/", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _serve_fleet(arguments: argparse.Namespace) -> int:
    from crawler.replica.fleet.hosts import Fleet
    from crawler.replica.fleet.server import run

    faults = [fault for fault in arguments.faults.split(",") if fault]
    try:
        fleet = Fleet(arguments.fleet, arguments.articles, faults, padding_kb=arguments.padding)
        run(fleet, arguments.port, arguments.latency, warm=arguments.warm)
    except KeyboardInterrupt:
        return 0
    except (ValueError, OSError, OverflowError) as error:
        print(f"the fleet cannot be served: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
