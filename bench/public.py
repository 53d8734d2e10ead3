"""A thousand readers of a public board against a static file from the same process: python -m bench.public [--address URL] [--readers N].

Needs a running platform (`make run`). Prints requests a second of both, their ratio, and the database's transactions
while the board was read.
"""

from __future__ import annotations

import argparse
import http.client
import re
import threading
import time
from urllib.parse import urlsplit


def rate(address: str, path: str, readers: int, threads: int) -> float:
    """Requests a second over kept-alive connections; every answer must be 200."""
    host = urlsplit(address).netloc
    share, faults = readers // threads, []

    def read() -> None:
        session = http.client.HTTPConnection(host, timeout=30)
        for _number in range(share):
            session.request("GET", path)
            answer = session.getresponse()
            answer.read()
            if answer.status != 200:
                faults.append(answer.status)
        session.close()

    began = time.perf_counter()
    workers = [threading.Thread(target=read) for _number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not faults, faults[:3]
    return share * threads / (time.perf_counter() - began)


def transactions() -> int | None:
    """Committed transactions of the database so far; None where it cannot be asked."""
    try:
        import psycopg2

        from innovscore.embedded import RUN, read_env

        session = psycopg2.connect(read_env(RUN.env_file)["DATABASE_OWNER_URL"])
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
            return int(cursor.fetchone()[0])
    except (ImportError, KeyError, OSError):
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--path", default="/zones/cq/boards/2024/innovation_input/")
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    page = http.client.HTTPConnection(urlsplit(options.address).netloc, timeout=60)
    page.request("GET", options.path)
    body = page.getresponse().read().decode()
    static = re.search(r'href="(/static/css/components[^"]*)"', body)
    assert static, "the page names no stylesheet"
    for path in (options.path, static.group(1)):  # warm
        rate(options.address, path, 64, options.threads)
    before = transactions()
    board = rate(options.address, options.path, options.readers, options.threads)
    after = transactions()
    file = rate(options.address, static.group(1), options.readers, options.threads)
    print(f"board  {board:8.0f} requests/s ({len(body):,} characters)")
    print(f"static {file:8.0f} requests/s")
    print(f"ratio  {board / file:8.2f}")
    if before is not None and after is not None:
        print(
            f"transactions in the database while {options.readers} readers read the board: {after - before}"
        )


if __name__ == "__main__":
    main()
