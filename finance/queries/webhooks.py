"""Reading a bank's endpoints and deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor

from ..models import WebhookDelivery, WebhookEndpoint
from .acting import organisation_of

LINKS = {
    "application": "applications/{id}",
    "consent": "consents/{id}",
    "quote": "quotes/{id}",
}


def link_to(park: str, about: Mapping[str, Any]) -> str:
    """The path of the API under which the object can be read; empty when it has none."""
    path = LINKS.get(about["type"], "").format(id=about["id"])
    return f"/api/bank/v1/parks/{park}/{path}" if path else ""


def endpoints(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """The acting bank's endpoints with how many deliveries wait or were given up, newest first."""
    own = WebhookEndpoint.objects.filter(organisation_id=organisation_of(actor))
    return own.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=WebhookDelivery.State.PENDING)),
        dead=Count("deliveries", filter=Q(deliveries__state=WebhookDelivery.State.DEAD)),
    ).order_by("-pk")


def endpoint(actor: Actor, endpoint_id: int) -> WebhookEndpoint:
    """An endpoint of the acting bank; raises NotFound for others'."""
    return _found(endpoints(actor).filter(pk=endpoint_id).first())


def locked(actor: Actor, endpoint_id: int) -> WebhookEndpoint:
    own = WebhookEndpoint.objects.select_for_update().filter(organisation_id=organisation_of(actor))
    return _found(own.filter(pk=endpoint_id).first())


def deliveries(actor: Actor, endpoint_id: int) -> QuerySet[WebhookDelivery]:
    """Deliveries to an endpoint of the acting bank, newest first; raises NotFound for others' endpoints."""
    return WebhookDelivery.objects.filter(endpoint=endpoint(actor, endpoint_id)).order_by("-pk")


def given_up(endpoint: WebhookEndpoint) -> dict[str, int | None]:
    """The first and the last number that an endpoint has missed; None when it has missed nothing."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.DEAD)
    return rows.aggregate(first=Min("sequence"), last=Max("sequence"))


def locked_delivery(actor: Actor, delivery_id: int) -> WebhookDelivery:
    own = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint")
    row = own.filter(endpoint__organisation_id=organisation_of(actor), pk=delivery_id).first()
    if row is None:
        raise NotFound(code="not_found", message=_("没有这条推送记录。"))
    return row


def _found(row: WebhookEndpoint | None) -> WebhookEndpoint:
    if row is None:
        raise NotFound(code="not_found", message=_("没有这个推送地址。"))
    return row
