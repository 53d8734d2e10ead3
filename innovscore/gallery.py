"""The page of all components, for builders; shown in debug and demo mode only."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render


def styleguide(request: HttpRequest) -> HttpResponse:
    if not settings.LOCAL:
        raise Http404
    return render(request, "gallery.html")
