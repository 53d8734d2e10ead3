"""Metrics of the Celery worker: connected by its signals, so that no other process pays for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from typing import Any

from celery import signals

_exporter: list[subprocess.Popen[bytes]] = []


if os.environ.get("METRICS_PORT", "0") not in ("", "0") and "worker" in sys.argv:
    # At once: prometheus_client looks for this directory when it is imported, which Celery's start does early.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="innovscore-metrics-")


@signals.worker_init.connect
def _count(**_: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from innovscore import metrics

        metrics.count_tasks()


@signals.worker_ready.connect
def _answer(**_: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from innovscore import metrics

        _exporter.append(metrics.start_exporter())


@signals.worker_shutdown.connect
def _end(**_: Any) -> None:
    for process in _exporter:
        process.terminate()
        process.wait(5)
    if _exporter:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
