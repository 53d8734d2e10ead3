"""How gunicorn runs the web processes: `gunicorn -c innovscore/gunicorn.py innovscore.wsgi`.

Read by gunicorn itself before the application; each value can be set from the environment (.env.example).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from innovscore.logs import logging_config

# The directory must be known before anything imports prometheus_client.
METRICS = int(os.environ.get("METRICS_PORT") or 0)
if METRICS:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="innovscore-metrics-")

bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 60
graceful_timeout = 20
keepalive = 5
control_socket_disable = True  # nothing of ours speaks to it, and its place is shared by all checkouts
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 4094
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # heartbeats must not wait for a disk
logconfig_dict = logging_config(os.environ.get("LOG_FORMAT") or "json")
accesslog = None  # django_structlog writes one line a request, with person and park

_exporter: list[subprocess.Popen[bytes]] = []


def when_ready(server: Any) -> None:
    """The port is open: start the process that answers for metrics."""
    if METRICS:
        from innovscore import metrics

        _exporter.append(metrics.start_exporter())


def child_exit(server: Any, worker: Any) -> None:
    """A worker ended: its gauges no longer count."""
    if METRICS:
        from innovscore import metrics

        metrics.forget_process(worker.pid)


def on_exit(server: Any) -> None:
    """Take the metrics process and its directory along."""
    for process in _exporter:
        process.terminate()
        process.wait(5)
    if METRICS:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
