"""Processes that take leases.

`hold.py URI DATABASE SECONDS HOST` takes that of a host, says so, then tells for each line of input whether it is still
held. `hold.py URI DATABASE SECONDS FOLDER TIMES` takes hosts again and again, with a file in the folder as witness that
nobody else has them.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from crawler.storage.leases import HeldElsewhere, Leases
from crawler.storage.store import open_store

HOSTS = ("a.example.cn", "b.example.cn", "c.example.cn")


async def hold(leases: Leases, host: str) -> None:
    lease = await leases.take(host.split(".")[1], host)
    print("taken", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print("held" if await leases.holds({lease}) else "lost", flush=True)


async def contend(leases: Leases, folder: Path, times: int) -> None:
    while times:
        host = random.choice(HOSTS)
        try:
            lease = await leases.take("xishan", host)
        except HeldElsewhere:
            await asyncio.sleep(0.001)
            continue
        witness = folder / host
        os.close(os.open(witness, os.O_CREAT | os.O_EXCL))  # raises where two hold it
        await asyncio.sleep(random.random() / 200)
        witness.unlink()
        await leases.release(lease)
        times -= 1


async def main(uri: str, database: str, seconds: str, place: str, times: str = "0") -> None:
    store = await open_store(uri, database, None)
    leases = Leases(store, float(seconds))
    await leases.open()
    await (contend(leases, Path(place), int(times)) if int(times) else hold(leases, place))
    await leases.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
