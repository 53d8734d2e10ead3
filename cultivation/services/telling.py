"""Telling many firms of one thing: a job that writes their inboxes a part at a time, each firm once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from innovscore.core.canonical import canonical_json
from innovscore.core.digest import sha256_hex
from parks import jobs
from parks.actors import Actor
from parks.outbox import notify_each
from parks.scope import park_scope

from ..queries.telling import KIND

AT_ONCE = 500


def tell(*, by: Actor, url: str, words: Mapping[str, Iterable[int]]) -> None:
    """Ask for messages that open `url`: the organisations of each text. The job begins when the transaction is over."""
    houses_of = {text: list(houses) for text, houses in words.items()}
    args = {"url": url, "words": houses_of}
    if any(houses_of.values()):
        key = sha256_hex(canonical_json(args).encode())
        jobs.request(kind=KIND, park_id=by.park_id, dedupe_key=key, by=by, args=args)


def run(job: jobs.JobHandle) -> dict[str, Any]:
    """The job. What was written before a worker died is not written again: the job is part of each message's key."""
    pairs = [(text, house) for text, houses in job.args["words"].items() for house in houses]
    for start in range(0, len(pairs), AT_ONCE):
        part = pairs[start : start + AT_ONCE]
        with park_scope(job.park_id):
            for text in dict(part):
                houses = (house for said, house in part if said == text)
                notify_each(houses, text=text, url=job.args["url"], dedupe_key=f"tell:{job.id}")
        job.report(start + len(part), len(pairs))
    return {"firms": len(pairs)}
