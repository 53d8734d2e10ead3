from __future__ import annotations

from django.apps import AppConfig


class CultivationConfig(AppConfig):
    name = "cultivation"
