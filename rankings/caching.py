"""Public pages from the memory of the process: a thousand readers of a board are one query.

A page is kept for PUBLIC_CACHE_SECONDS for readers without a session, one copy a language. A publication raises the
zone's number in Redis; a copy of an older number is not served. Redis away: the seconds alone count.
"""

from __future__ import annotations

import functools
import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import redis
import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request

log = structlog.get_logger(__name__)
KEPT = 500
ASKED = 0.1
LARGEST = 512 * 1024
PREFIXES = ("/zones/", "/sitemap.xml")
PARK = re.compile(r"/zones/([-\w]+)/")
ANSWERED = (
    "q",
    "export",
    "format",
)  # what public pages read of a query; apps add their own marks to shared links
OWN_HEADERS = {"date", "set-cookie", "content-length", "x-request-id", "x-correlation-id"}
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Copy:
    """A page as it was made, with the headers that the inner middleware gave it."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    etag: str
    made: float
    number: str


_copies: OrderedDict[tuple[str, str], Copy] = OrderedDict()
_numbers: dict[str, tuple[float, str]] = {}
_lock = threading.Lock()


@functools.cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.2, socket_timeout=0.2)


def _number(park: str) -> str:
    """The zone's number of publications, from Redis, asked at most every ASKED seconds; empty when Redis is away."""
    asked, number = _numbers.get(park, (0.0, ""))
    if time.monotonic() - asked > ASKED:
        try:
            number = str(_redis().get(f"innovscore:public:{park}") or b"")
        except redis.RedisError:
            number = ""
        _numbers[park] = (time.monotonic(), number)
    return number


def published(park: str) -> None:
    """Something of the zone changed for the public: no process serves an older copy once this commits."""

    def bump() -> None:
        try:
            _redis().incr(f"innovscore:public:{park}")
        except redis.RedisError:
            log.warning("public.not_bumped", park=park)
        _numbers.pop(park, None)

    transaction.on_commit(bump, robust=True)


def forget() -> None:
    """Drop every copy of this process."""
    with _lock:
        _copies.clear()


class PublicPages:
    """Middleware: answers from a kept copy before sessions, languages and the database are touched."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = _key(request)
        if key is None:
            return self.get_response(request)
        park = PARK.match(request.path)
        number = _number(park.group(1) if park else "")
        with _lock:
            copy = _copies.get(key)
        if copy and copy.number == number and time.monotonic() - copy.made <= settings.PUBLIC_CACHE_SECONDS:
            return _answer(request, copy)
        response = self.get_response(request)
        if (
            getattr(response, "may_be_kept", False)
            and not response.cookies
            and len(response.content) <= LARGEST
        ):
            return _answer(request, _keep(key, response, number))
        return response


def _key(request: HttpRequest) -> tuple[str, str] | None:
    """What a copy is kept under; None where nothing may be kept: other methods, readers with a session, other pages."""
    if not settings.PUBLIC_CACHE_SECONDS or request.method not in ("GET", "HEAD"):
        return None
    if settings.SESSION_COOKIE_NAME in request.COOKIES or not request.path.startswith(PREFIXES):
        return None
    if "lang" in request.GET:
        return None
    asked = urlencode([(name, request.GET[name]) for name in ANSWERED if name in request.GET])
    host = request.headers.get("Host", "")
    return f"{request.scheme}://{host}{request.path}?{asked}"[:2000], get_language_from_request(request)


def public_page(view: View) -> View:
    """A public GET view that may be kept (see PublicPages); `?lang=` sets the language without a form."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "lang" in request.GET:
            return _switch_language(request)
        seconds = settings.PUBLIC_CACHE_SECONDS
        if _key(request) is None:
            return view(request, *args, **kwargs)
        request.is_kept = True  # type: ignore[attr-defined]  # the frame leaves out what needs a session
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response.may_be_kept = True  # type: ignore[attr-defined]
            response["Cache-Control"] = f"public, max-age={seconds}"
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return wrapped


def _keep(key: tuple[str, str], response: HttpResponse, number: str) -> Copy:
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    headers = tuple((name, value) for name, value in response.items() if name.lower() not in OWN_HEADERS)
    copy = Copy(response.content, headers, etag, time.monotonic(), number)
    with _lock:
        _copies[key] = copy
        _copies.move_to_end(key)
        while len(_copies) > KEPT:
            _copies.popitem(last=False)
    return copy


def _answer(request: HttpRequest, copy: Copy) -> HttpResponse:
    same = request.headers.get("If-None-Match") == copy.etag
    response: HttpResponse = HttpResponseNotModified() if same else HttpResponse(copy.body)
    for name, value in copy.headers:
        if not same or name.lower() != "content-type":
            response[name] = value
    response["ETag"] = copy.etag
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
