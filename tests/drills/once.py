"""The same call many times at once, over HTTP: python -m tests.drills.once

SEED (of the keys), KEYS (default 100) and COPIES (default 8) come from the environment. A web of its own serves a
sandbox park, and a bank's program sends every key COPIES times, eight calls at once; it waits as Retry-After says, for the
rate limit as for a call in flight. Each key must have one effect (a day of the park's clock) and one answer, and be refused
another body. A drill in which no call met its own copy in flight has failed: it showed nothing. Prints "N tried, N failed".
"""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from bench import run as bench
from innovscore import embedded
from tests.drills import kills

AT_ONCE = 8
TOLD_TO_WAIT = {"rate_limited", "idempotency_in_flight"}


def main() -> int:
    keys, copies = int(os.environ.get("KEYS", "100")), int(os.environ.get("COPIES", "8"))
    seed = int(os.environ.get("SEED", str(random.randrange(10**6))))
    print(f"SEED={seed} KEYS={keys} COPIES={copies}", flush=True)
    site = kills.Site(embedded.TEST, embedded.free_port())
    try:
        bench.prepare()
        program = _program()
        site.start("web")
        if not kills._wait(lambda: site.answers(kills.SIGN_IN), kills.RESUMED_WITHIN):
            raise SystemExit("the web did not start")
        calls, rng = Calls(site.port, program), random.Random(seed)  # keys, not secrets
        problems = drill(calls, [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(keys)], copies)
    finally:
        if "web" in site.running:
            site.kill("web")
        bench.remove()
    print(f"answers: {dict(calls.met)}")
    for problem in problems:
        print(problem)
    print(f"{keys * copies} tried, {len(problems)} failed")
    return 1 if problems else 0


def _program() -> Any:
    """A bank's program in a sandbox park, with a token that outlives the drill."""
    from django.utils import timezone

    from parks.models import Park
    from parks.scope import park_scope
    from tests.factories import bankapi, parks

    park = Park.objects.create(code="once", name="测试园区", kind=Park.Kind.SANDBOX)
    with park_scope(park.pk):
        engine = bankapi.engine(parks.actor("bank_ops", park))
    later = timezone.now() + dt.timedelta(days=1)
    engine.token = bankapi.token_of(engine.client.application, expires=later)
    return engine


class Calls:
    """What a program does with a call: again, as long as it is told to wait."""

    def __init__(self, port: int, program: Any) -> None:
        self.url = f"http://127.0.0.1:{port}{program.path('clock')}"
        self.headers = {"Authorization": f"Bearer {program.token}"}
        self.met: Counter[str] = Counter()

    def days_ahead(self) -> int:
        return int(requests.get(self.url, headers=self.headers, timeout=60).json()["days_ahead"])

    def advance(self, key: str, days: int = 1) -> tuple[int, bytes]:
        """Status and body of the first answer that does not say "later"."""
        headers = self.headers | {"Idempotency-Key": key}
        while True:
            answer = requests.post(f"{self.url}:advance", json={"days": days}, headers=headers, timeout=60)
            code = answer.json().get(
                "code", "replayed" if "Idempotent-Replayed" in answer.headers else "first"
            )
            self.met[code] += 1
            if code not in TOLD_TO_WAIT:
                return answer.status_code, answer.content
            time.sleep(float(answer.headers["Retry-After"]))


def drill(calls: Calls, keys: list[str], copies: int) -> list[str]:
    """What is wrong after all calls, one line a fault."""
    before, answers = calls.days_ahead(), defaultdict(set)
    sent = [key for key in keys for _copy in range(copies)]  # copies beside each other, so that they meet
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for key, answer in zip(sent, pool.map(calls.advance, sent), strict=True):
            answers[key].add(answer)
    wrong = [f"{key}: {found}" for key, found in answers.items() if [status for status, _ in found] != [200]]
    if not calls.met["idempotency_in_flight"]:
        wrong.append("no call met its copy in flight")
    other = {key: calls.advance(key, days=2)[0] for key in keys}
    wrong += [f"{key}: another body answered {status}" for key, status in other.items() if status != 422]
    if (effects := calls.days_ahead() - before) != len(keys):
        wrong.append(f"{effects} effects of {len(keys)} keys")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
