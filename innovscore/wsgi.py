"""WSGI entry of the web processes."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innovscore.settings")

from innovscore.celery import app as celery_app  # noqa: F401  # tasks are sent through this app

application = get_wsgi_application()
