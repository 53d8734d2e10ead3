from __future__ import annotations

from rest_framework import serializers


class EnterpriseSerializer(serializers.Serializer):
    """An enterprise of the park."""

    id = serializers.IntegerField()
    uscc = serializers.CharField()
    external_id = serializers.CharField()
    name = serializers.CharField()
    sub_park = serializers.CharField(source="sub_park.code", default=None, allow_null=True)
    industry = serializers.CharField()
    founded_on = serializers.DateField(allow_null=True)
    certification_state = serializers.CharField()


class DeclarationSerializer(serializers.Serializer):
    """A declaration of a year, without its values."""

    id = serializers.IntegerField()
    year = serializers.IntegerField(source="cycle.year")
    enterprise_id = serializers.IntegerField()
    uscc = serializers.CharField(source="enterprise.uscc")
    enterprise_name = serializers.CharField(source="enterprise.name")
    state = serializers.CharField()
    returns = serializers.IntegerField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    content_hash = serializers.CharField()
    version = serializers.IntegerField()


class ValueSerializer(serializers.Serializer):
    """One input of a declaration. Amounts are decimals as text, in yuan for money, in units for counts."""

    code = serializers.CharField(source="value.code")
    name = serializers.CharField()
    type = serializers.CharField(source="input.type")
    state = serializers.CharField(source="value.state")
    amount = serializers.DecimalField(source="value.amount", max_digits=20, decimal_places=4, allow_null=True)
    entries = serializers.JSONField(source="value.entries", allow_null=True)
    prefilled_amount = serializers.DecimalField(
        source="value.prefilled_amount", max_digits=20, decimal_places=4, allow_null=True
    )
    declared_amount = serializers.DecimalField(
        source="value.declared_amount", max_digits=20, decimal_places=4, allow_null=True
    )
    verified_amount = serializers.DecimalField(
        source="value.verified_amount", max_digits=20, decimal_places=4, allow_null=True
    )
    source = serializers.CharField(source="value.source")  # type: ignore[assignment]  # the API calls it so
    as_of = serializers.DateField(source="value.as_of", allow_null=True)
    last_year = serializers.DecimalField(max_digits=20, decimal_places=4, allow_null=True)
    version = serializers.IntegerField(source="value.version")


class FullDeclarationSerializer(serializers.Serializer):
    """A declaration with its values, by dimension."""

    declaration = DeclarationSerializer()
    values = ValueSerializer(many=True)
