"""A PostgreSQL server for a benchmark: as it comes, on loopback, in a folder that ends with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

USER = "postgres"
READY_SECONDS = 30.0


def programs() -> Path | None:
    """The folder of `postgres` and `initdb`, None where they are not installed. Debian keeps them off the PATH."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()), None)


class PostgresServer(subprocess.Popen[bytes]):
    """The server's process; `address` is where it answers anybody on this machine. Its data go with `ending`."""

    def __init__(self, ending: ExitStack) -> None:
        folder, here = programs(), Path(tempfile.mkdtemp(prefix="bench-postgres-"))
        assert folder
        ending.callback(shutil.rmtree, here)
        # It refuses to run as root.
        owner: dict[str, Any] = {"cwd": here}
        if os.geteuid() == 0:
            group = pwd.getpwnam(USER).pw_gid
            owner |= {"user": USER, "group": group, "extra_groups": []}
            shutil.chown(here, USER, group)
        data = str(here / "data")
        made = [str(folder / "initdb"), "-D", data, "-U", USER, "-E", "UTF8", "--locale=C", "-A", "trust"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **owner)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        command = [str(folder / "postgres"), "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", str(here)]
        with (here / "log.txt").open("wb") as log:
            super().__init__(command, stdout=log, stderr=log, **owner)
        self._until_ready()

    def terminate(self) -> None:
        """End it without waiting for its clients, which SIGTERM would."""
        self.send_signal(signal.SIGINT)

    def _until_ready(self) -> None:
        import psycopg

        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                psycopg.connect(self.address).close()
                return
            except psycopg.OperationalError:
                if self.poll() is not None or time.monotonic() > until:
                    self.terminate()
                    self.wait()
                    raise
                time.sleep(0.1)
