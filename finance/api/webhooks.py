"""Endpoints of webhooks and what they were told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from parks.idempotency import Reply

from ..models import WebhookEndpoint
from ..queries import webhooks as queries
from ..services import webhooks
from ..services.sealing import seal, unseal
from . import webhook_serializers as forms
from .base import BankView
from .document import call


class Endpoints(BankView):
    @call("listEndpoints", scope="webhook.manage", gives=forms.EndpointPage)
    def get(self, request: Request, park: str) -> Response:
        """The bank's endpoints in this park."""
        return Response(forms.EndpointPage({"items": queries.endpoints(self.actor)}).data)

    @call(
        "createEndpoint",
        scope="webhook.manage",
        takes=forms.EndpointForm,
        gives=forms.EndpointSecret,
        status=201,
    )
    def post(self, request: Request, park: str) -> Response:
        """A new endpoint; its secret is in this answer only."""
        self.key()
        sent = self.sent(forms.EndpointForm)
        return shown_once(self.once(lambda: with_secret(webhooks.create(by=self.actor, **sent), 201)))


class OneEndpoint(BankView):
    @call("getEndpoint", scope="webhook.manage", gives=forms.BankEndpoint)
    def get(self, request: Request, park: str, endpoint_id: int) -> Response:
        """One endpoint."""
        return Response(forms.BankEndpoint(queries.endpoint(self.actor, endpoint_id)).data)


class RotateSecret(BankView):
    @call("rotateSecret", scope="webhook.manage", takes=forms.Nothing, gives=forms.EndpointSecret)
    def post(self, request: Request, park: str, endpoint_id: int) -> Response:
        """A new secret; the former one signs too for 24 hours."""
        self.key()
        self.sent(forms.Nothing)
        return shown_once(
            self.once(lambda: with_secret(webhooks.rotate(by=self.actor, endpoint_id=endpoint_id), 200))
        )


def with_secret(made: tuple[Any, str], status: int) -> Reply:
    """The answer as it is stored: the secret is sealed."""
    endpoint, secret = made
    return Reply(status, data=dict(forms.BankEndpoint(endpoint).data) | {"sealed": seal(secret)})


def shown_once(response: Response) -> Response:
    """The answer as it is sent: with the secret in clear text."""
    response.data["secret"] = unseal(response.data.pop("sealed"))
    response["Cache-Control"] = "no-store"
    return response


class EndpointStep(BankView):
    """A step of one endpoint that needs no words and answers with the endpoint."""

    def step(self, endpoint_id: int, work: Callable[..., WebhookEndpoint], **how: Any) -> Response:
        self.key()
        self.sent(forms.Nothing)

        def effect() -> Reply:
            endpoint = work(by=self.actor, endpoint_id=endpoint_id, **how)
            return Reply(200, data=forms.BankEndpoint(endpoint).data)

        return self.once(effect)


class EndFormerSecret(EndpointStep):
    @call("endFormerSecret", scope="webhook.manage", takes=forms.Nothing, gives=forms.BankEndpoint)
    def post(self, request: Request, park: str, endpoint_id: int) -> Response:
        """The former secret signs no more, before its 24 hours are over; 409 when only one signs."""
        return self.step(endpoint_id, webhooks.end_former)


class EnableEndpoint(EndpointStep):
    @call("enableEndpoint", scope="webhook.manage", takes=forms.Nothing, gives=forms.BankEndpoint)
    def post(self, request: Request, park: str, endpoint_id: int) -> Response:
        """Send to it again; what was given up can be replayed."""
        return self.step(endpoint_id, webhooks.switch, on=True)


class DisableEndpoint(EndpointStep):
    @call("disableEndpoint", scope="webhook.manage", takes=forms.Nothing, gives=forms.BankEndpoint)
    def post(self, request: Request, park: str, endpoint_id: int) -> Response:
        """Send nothing to it; events are kept and can be replayed."""
        return self.step(endpoint_id, webhooks.switch, on=False)


class Deliveries(BankView):
    @call("listDeliveries", scope="webhook.manage", asks=forms.AskDeliveries, gives=forms.DeliveryPage)
    def get(self, request: Request, park: str, endpoint_id: int) -> Response:
        """What an endpoint was told, newest first."""
        asked = self.asked(forms.AskDeliveries)
        rows = queries.deliveries(self.actor, endpoint_id)
        if asked.get("state"):
            rows = rows.filter(state=asked["state"])
        items, cursor = self.page(rows, asked)
        return Response(forms.DeliveryPage({"items": items, "next_cursor": cursor}).data)


class ReplayEvent(BankView):
    @call("replayEvent", scope="webhook.manage", takes=forms.Nothing, gives=forms.BankDelivery)
    def post(self, request: Request, park: str, delivery_id: int) -> Response:
        """Send a message again, under its old id and sequence number."""
        self.key()
        self.sent(forms.Nothing)

        def effect() -> Reply:
            row = webhooks.replay(by=self.actor, delivery_id=delivery_id)
            return Reply(200, data=forms.BankDelivery(row).data)

        return self.once(effect)


class ReplayRange(BankView):
    @call("replayRange", scope="webhook.manage", takes=forms.RangeForm, gives=forms.Replayed)
    def post(self, request: Request, park: str, endpoint_id: int) -> Response:
        """Send messages again by their sequence numbers, both ends included; those on their way are left alone."""
        self.key()
        sent = self.sent(forms.RangeForm)

        def effect() -> Reply:
            number = webhooks.replay_range(by=self.actor, endpoint_id=endpoint_id, **sent)
            return Reply(200, data=sent | {"replayed": number})

        return self.once(effect)
