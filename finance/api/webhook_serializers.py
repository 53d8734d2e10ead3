"""Endpoints and deliveries of webhooks as the bank API takes and gives them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ..services import posting
from ..services.sealing import unseal
from ..states import EVENTS
from .base import Page
from .fields import Choice, Number, Strict, Text


class BankEndpoint(serializers.Serializer):
    id = serializers.IntegerField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=list(EVENTS)))
    state = serializers.CharField()
    last_sequence = serializers.IntegerField()
    failing_since = serializers.DateTimeField(allow_null=True)
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="until then the former secret signs too"
    )
    public_key = serializers.SerializerMethodField(help_text="checks `v1a` signatures (Ed25519)")
    created_at = serializers.DateTimeField()

    def get_public_key(self, row: Any) -> str:
        return posting.public_key(unseal(row.secret))


class EndpointSecret(BankEndpoint):
    secret = serializers.CharField(help_text="shown here only")


class EndpointPage(serializers.Serializer):
    items = BankEndpoint(many=True)


class EndpointForm(Strict):
    url = Text(max_length=500)
    events = serializers.ListField(child=Choice(choices=list(EVENTS)), max_length=len(EVENTS), min_length=1)


class Nothing(Strict):
    """An empty object."""


class BankDelivery(serializers.Serializer):
    id = serializers.IntegerField()
    event_id = serializers.CharField()
    event = serializers.CharField()
    sequence = serializers.IntegerField()
    state = serializers.CharField()
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField()
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)


class DeliveryPage(serializers.Serializer):
    items = BankDelivery(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class AskDeliveries(Page):
    state = Choice(choices=["pending", "delivered", "dead"], required=False)


class RangeForm(Strict):
    """Sequence numbers of an endpoint, both included, at most a thousand."""

    first = Number(min_value=1, max_value=2**31 - 1)
    last = Number(min_value=1, max_value=2**31 - 1)


class Replayed(serializers.Serializer):
    first = serializers.IntegerField()
    last = serializers.IntegerField()
    replayed = serializers.IntegerField(help_text="so many are sent again")
