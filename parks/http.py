"""What the door (parks.middleware) adds to a request; views inside a park annotate with this."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .actors import Actor
from .models import Park


class ParkRequest(HttpRequest):
    """A request that has entered a park."""

    actor: Actor
    park: Park
    htmx: HtmxDetails
