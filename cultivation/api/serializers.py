from __future__ import annotations

from rest_framework import serializers


class CheckSerializer(serializers.Serializer):
    """One condition: met, not_met or unknown, how far the firm is from it, and which data are missing."""

    text = serializers.CharField()
    state = serializers.CharField()
    gap = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())
    clause = serializers.CharField()


class OfferSerializer(serializers.Serializer):
    """What a policy says of a firm; amount in yuan. `better` is the policy that pays more for the same thing."""

    policy = serializers.IntegerField(source="version.pk")
    code = serializers.CharField(source="rule.code")
    title = serializers.CharField(source="version.title")
    period = serializers.CharField(source="rule.period_label")
    ends_on = serializers.DateField(source="version.ends_on", allow_null=True)
    outcome = serializers.CharField(source="result.outcome")
    nearly = serializers.BooleanField(source="is_near")
    amount = serializers.DecimalField(source="result.yuan", max_digits=18, decimal_places=2)
    steps = serializers.ListField(source="result.steps", child=serializers.CharField())
    checks = CheckSerializer(source="result.checks", many=True)
    better = serializers.CharField()
    claim = serializers.IntegerField(source="claim.pk", default=None, allow_null=True)


class MatchSerializer(serializers.Serializer):
    """A firm and a policy of the last run: eligible with its amount in yuan, or one condition away with the gap."""

    policy = serializers.IntegerField(source="version_id")
    title = serializers.CharField(source="version.title")
    enterprise_id = serializers.IntegerField()
    uscc = serializers.CharField(source="enterprise.uscc")
    name = serializers.CharField(source="enterprise.name")
    eligible = serializers.BooleanField(source="is_eligible")
    amount = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    gap = serializers.JSONField(allow_null=True)
