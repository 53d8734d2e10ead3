"""The Celery application: `celery -A innovscore.celery worker`."""

import os

from celery import Celery

from innovscore import worker_metrics  # noqa: F401  # connects itself to the signals of a worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innovscore.settings")

app = Celery("innovscore")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
