from __future__ import annotations

from rest_framework import serializers


class StandingSerializer(serializers.Serializer):
    """Where an enterprise stands in a year. Points are decimals as text, out of 100."""

    year = serializers.IntegerField(source="cycle_year")
    uscc = serializers.CharField()
    enterprise_name = serializers.CharField()
    stage = serializers.CharField()
    total = serializers.DecimalField(max_digits=6, decimal_places=2)
    dimensions = serializers.DictField(child=serializers.DecimalField(max_digits=6, decimal_places=2))
    deductions = serializers.DecimalField(max_digits=6, decimal_places=2)
    place = serializers.IntegerField(allow_null=True)
    ranked = serializers.IntegerField()
    stage_place = serializers.IntegerField(allow_null=True)
    stage_ranked = serializers.IntegerField()
    percentile = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        allow_null=True,
        help_text="Midrank among the ranked of the stage, 0 to 100.",
    )
    above = serializers.IntegerField(
        allow_null=True,
        help_text="Whole per cent of the stage's ranked firms that it stands above; 99 at most.",
    )
    completeness = serializers.DecimalField(max_digits=7, decimal_places=4)
    flags = serializers.ListField(child=serializers.CharField())
    official = serializers.BooleanField(source="is_published")
    run_hash = serializers.CharField()


class IndicatorSerializer(serializers.Serializer):
    """How one indicator was scored: x, s = f(x), weight, points."""

    code = serializers.CharField()
    name = serializers.CharField()
    dimension = serializers.CharField()
    x = serializers.CharField()
    unit = serializers.CharField()
    s = serializers.CharField()
    weight = serializers.CharField()
    points = serializers.CharField()
    state = serializers.CharField()


class ScoreSerializer(serializers.Serializer):
    """A score with its indicators."""

    standing = StandingSerializer()
    indicators = IndicatorSerializer(many=True)


class ResultSerializer(serializers.Serializer):
    """One enterprise in the list of a run."""

    enterprise_id = serializers.IntegerField()
    uscc = serializers.CharField()
    name = serializers.CharField(source="enterprise.name")
    stage = serializers.CharField()
    total = serializers.DecimalField(max_digits=6, decimal_places=2)
    completeness = serializers.DecimalField(max_digits=7, decimal_places=4)
    place = serializers.IntegerField(allow_null=True)
    stage_place = serializers.IntegerField(allow_null=True)
