"""Public pages from the memory of the process: a thousand readers of a board are one query.

A page is kept for PUBLIC_CACHE_SECONDS for readers without a session, one copy a language. A publication raises the
zone's number in Redis; a copy of an older number is not served. Redis away: the seconds alone count.
"""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

log = structlog.get_logger(__name__)
KEPT = 500
LARGEST = 512 * 1024
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Copy:
    """A page as it was made."""

    body: bytes
    kind: str
    etag: str
    made: float
    number: str
    disposition: str


_copies: OrderedDict[tuple[str, str], Copy] = OrderedDict()
_lock = threading.Lock()


@functools.cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.2, socket_timeout=0.2)


def _number(park: str) -> str:
    """The zone's number of publications, from Redis; empty when Redis is away."""
    try:
        return str(_redis().get(f"innovscore:public:{park}") or b"")
    except redis.RedisError:
        return ""


def published(park: str) -> None:
    """Something of the zone changed for the public: no process serves an older copy once this commits."""

    def bump() -> None:
        try:
            _redis().incr(f"innovscore:public:{park}")
        except redis.RedisError:
            log.warning("public.not_bumped", park=park)

    transaction.on_commit(bump, robust=True)


def forget() -> None:
    """Drop every copy of this process."""
    with _lock:
        _copies.clear()


def public_page(view: View) -> View:
    """A public GET view: kept in memory, with ETag and Cache-Control; `?lang=` sets the language without a form."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "lang" in request.GET:
            return _switch_language(request)
        seconds = settings.PUBLIC_CACHE_SECONDS
        if (
            request.method not in ("GET", "HEAD")
            or settings.SESSION_COOKIE_NAME in request.COOKIES
            or not seconds
        ):
            return view(request, *args, **kwargs)
        key = (request.get_full_path(), get_language() or "")
        number = _number(str(kwargs.get("park", "")))
        with _lock:
            copy = _copies.get(key)
        if copy is None or copy.number != number or time.monotonic() - copy.made > seconds:
            request.is_kept = True  # type: ignore[attr-defined]  # the frame leaves out what needs a session
            response = view(request, *args, **kwargs)
            if response.status_code != 200 or len(response.content) > LARGEST:
                return response
            copy = _keep(key, response, number)
        return _answer(request, copy, seconds)

    return wrapped


def _keep(key: tuple[str, str], response: HttpResponse, number: str) -> Copy:
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    copy = Copy(
        response.content,
        response["Content-Type"],
        etag,
        time.monotonic(),
        number,
        response.get("Content-Disposition", ""),
    )
    with _lock:
        _copies[key] = copy
        _copies.move_to_end(key)
        while len(_copies) > KEPT:
            _copies.popitem(last=False)
    return copy


def _answer(request: HttpRequest, copy: Copy, seconds: int) -> HttpResponse:
    if request.headers.get("If-None-Match") == copy.etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(copy.body, content_type=copy.kind)
        if copy.disposition:
            response["Content-Disposition"] = copy.disposition
    response["ETag"] = copy.etag
    response["Cache-Control"] = f"public, max-age={seconds}"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


def _switch_language(request: HttpRequest) -> HttpResponse:
    query = request.GET.copy()
    language = str(query.pop("lang")[-1])
    response = HttpResponseRedirect(request.path + (f"?{query.urlencode()}" if query else ""))
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax", httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
    return response
