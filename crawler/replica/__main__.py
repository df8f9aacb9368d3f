"""Serve the replica of the sites until interrupted; the first line printed is its address."""

from __future__ import annotations

import argparse
import sys
import threading

from crawler.replica.server import Replica


def main() -> int:
    """Run the server; 0 when interrupted, 1 where the port can't be had."""
    parser = argparse.ArgumentParser(prog="python -m crawler.replica", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    port: int = parser.parse_args().port
    try:
        replica = Replica(port)
    except (OSError, OverflowError) as error:
        print(f"the replica cannot listen on 127.0.0.1:{port}: {error}; choose another --port", file=sys.stderr)
        return 1
    with replica:
        print(replica.address, flush=True)
        hosts = ", ".join(replica.world.hosts())
        print(f"serving {hosts}; use it as a proxy: curl -k -x {replica.address} http://www.cfsn.cn/", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
