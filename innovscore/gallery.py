"""The page of all components, for builders; shown in debug and demo mode only."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from parks.templatetags.charts import Strip
from parks.templatetags.ui import TONES


def styleguide(request: HttpRequest) -> HttpResponse:
    """Each component once, with made-up figures."""
    if not settings.LOCAL:
        raise Http404
    labels = ["经济税务", "研发投入", "人才队伍", "科技活动"]
    context = {
        "tones": TONES,
        "labels": labels,
        "values": [62, 85, 48, 71],
        "medians": [50, 55, 52, 40],
        "rows": [[62, 85, 48, 71]],
        "edges": list(range(0, 101, 10)),
        "counts": [2, 5, 18, 44, 90, 121, 130, 80, 30, 7],
        "xs": [0, 10, 30, 60, 100],
        "ys": [0, 0.25, 0.6, 0.85, 1],
        "strips_rows": [
            Strip(label, me, 30, 50, 70) for label, me in zip(labels, (62, 85, 48, None), strict=True)
        ],
        "years": [2023, 2024, 2025],
        "totals": [55.2, 59.03, 65.3],
    }
    return render(request, "gallery.html", context)
