"""What the door (parks.middleware) adds to a request; views inside a park annotate with this."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django_htmx.middleware import HtmxDetails

from .actors import Actor
from .models import Park


class ParkRequest(HttpRequest):
    """A request that has entered a park."""

    actor: Actor
    park: Park
    htmx: HtmxDetails


def client_address(request: HttpRequest) -> str:
    """The reader's address. Behind PROXY_COUNT proxies it is the entry that the outermost of ours has added; what the
    reader wrote into the header itself stands before it and is not believed."""
    own = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.PROXY_COUNT
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    return passed[-proxies] if proxies and len(passed) >= proxies else own


def without_nul(sent: QueryDict) -> QueryDict:
    """A query string or form less its NUL characters, which nobody sees and PostgreSQL cannot keep."""
    if not any("\x00" in text for key, texts in sent.lists() for text in (key, *texts)):
        return sent
    return QueryDict(sent.urlencode().replace("%00", ""), encoding=sent.encoding)


def whole(text: str, *, at_most: int = 10**18) -> int | None:
    """A whole number from 0 on out of a query string or form; None for anything else, too large ones included."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None
    return number if number is not None and number <= at_most else None
