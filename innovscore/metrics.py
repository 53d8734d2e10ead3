"""Prometheus metrics, on a port of their own (METRICS_PORT; 0 = off), never through the public address.

Several processes share one count: gunicorn's and Celery's children write into a directory
(PROMETHEUS_MULTIPROC_DIR), and one small process beside them, `python -m innovscore.metrics`, reads it and answers.
The one beside the Celery worker also asks the database how jobs and the outbox stand: only the worker's role may
see those of every park.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, multiprocess, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter(
    "innovscore_requests", "Requests by route, never by address", ["route", "method", "status", "role"]
)
LATENCY = Histogram("innovscore_request_seconds", "Time to answer", ["route", "method"], buckets=SECONDS)
TASKS = Counter("innovscore_tasks", "Celery tasks that ended", ["task", "state"])
TASK_SECONDS = Histogram(
    "innovscore_task_seconds", "Run time of Celery tasks", ["task"], buckets=(*SECONDS, 60, 300, 1800)
)


class MetricsMiddleware:
    """Counts every request under its route's name; first in the list, so that it sees the whole time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.view_name if request.resolver_match else "(none)"
        role = getattr(getattr(request, "actor", None), "role", "") or "nobody"
        method = (
            request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
        )
        REQUESTS.labels(route, method, str(response.status_code), role).inc()
        LATENCY.labels(route, method).observe(time.perf_counter() - began)
        return response


_started: dict[str, float] = {}


def count_tasks() -> None:
    """Count the tasks of this Celery process (called when a worker starts)."""
    from celery import signals

    signals.task_prerun.connect(_task_began, weak=False)
    signals.task_postrun.connect(_task_ended, weak=False)


def _task_began(task_id: str, **_: Any) -> None:
    _started[task_id] = time.perf_counter()


def _task_ended(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    TASKS.labels(task.name, state or "UNKNOWN").inc()
    began = _started.pop(task_id, None)
    if began is not None:
        TASK_SECONDS.labels(task.name).observe(time.perf_counter() - began)


class JobsAndOutbox(Collector):
    """How many jobs and messages wait, and how long the oldest has; asked when scraped."""

    def collect(self) -> Iterator[Metric]:
        from django.db import DatabaseError, connection

        answered = GaugeMetricFamily("innovscore_database_up", "1 when the database answered this scrape")
        try:
            with connection.cursor() as cursor:
                families = [*_jobs(cursor), *_outbox(cursor)]
            answered.add_metric([], 1)
        except DatabaseError:
            families = []
            answered.add_metric([], 0)
        finally:
            connection.close()
        yield from [answered, *families]


class _Cursor(Protocol):
    def execute(self, sql: str) -> Any: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...


def _jobs(cursor: _Cursor) -> list[Metric]:
    cursor.execute("SELECT state, kind, count(*) FROM parks_job GROUP BY state, kind")
    jobs = GaugeMetricFamily("innovscore_jobs", "Jobs by state and kind", labels=["state", "kind"])
    for state, kind, number in cursor.fetchall():
        jobs.add_metric([state, kind], number)
    cursor.execute(
        "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM parks_job WHERE state = 'queued'"
    )
    oldest = GaugeMetricFamily("innovscore_oldest_queued_job_seconds", "Age of the oldest job nobody took")
    oldest.add_metric([], cursor.fetchall()[0][0])
    return [jobs, oldest]


def _outbox(cursor: _Cursor) -> list[Metric]:
    cursor.execute(
        "SELECT state, count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 "
        "FROM parks_outboxmessage WHERE state <> 'delivered' GROUP BY state"
    )
    messages = GaugeMetricFamily(
        "innovscore_outbox_messages", "Messages not delivered, by state", labels=["state"]
    )
    lag = GaugeMetricFamily("innovscore_outbox_lag_seconds", "Age of the oldest message to be sent")
    ages = {"pending": 0.0}
    for state, number, age in cursor.fetchall():
        messages.add_metric([state], number)
        ages[state] = age
    lag.add_metric([], ages["pending"])
    return [messages, lag]


# The process that answers ------------------------------------------------------------------------------------------


def start_exporter() -> subprocess.Popen[bytes]:
    """Start the answering process; it ends with its parent, however that dies."""
    return subprocess.Popen([sys.executable, "-m", "innovscore.metrics"], stdin=subprocess.DEVNULL)


def forget_process(pid: int) -> None:
    """A child ended: its gauges no longer count (its counters do)."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(pid)


def serve() -> None:
    """Answer scrapes on METRICS_PORT until the parent is gone."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innovscore.settings")
    django.setup()
    from django.conf import settings

    parent = os.getppid()
    folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=folder)
    if settings.PROCESS == "worker":
        registry.register(JobsAndOutbox())
    address = os.environ.get("METRICS_BIND", "127.0.0.1")
    server, _ = start_http_server(settings.METRICS_PORT, addr=address, registry=registry)
    gone = threading.Event()
    while os.getppid() == parent and not gone.wait(1):
        continue
    server.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    serve()
