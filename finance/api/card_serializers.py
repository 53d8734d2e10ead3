"""Score cards of the bank API, made from the field groups: a group that was not consented to has no key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from ..states import GROUPS
from .fields import money, score


class CardIdentity(serializers.Serializer):
    name = serializers.CharField()
    uscc = serializers.CharField()
    sub_park = serializers.CharField(allow_null=True)


class CardScore(serializers.Serializer):
    year = serializers.IntegerField()
    total = score()
    place = serializers.IntegerField(allow_null=True)
    ranked = serializers.IntegerField()
    stage = serializers.CharField()
    snapshot = serializers.IntegerField()
    run_hash = serializers.CharField()
    published = serializers.BooleanField()


class CardDimensions(serializers.Serializer):
    """By code: the name, the points, those within reach, and the median of the enterprises of the same stage."""

    names = serializers.DictField(child=serializers.CharField())
    points = serializers.DictField(child=score())
    reachable = serializers.DictField(child=score())
    median = serializers.DictField(child=score())


class FinanceBand(serializers.Serializer):
    """A range in yuan: from <= amount < below; null is open. `known` is false where there is no verified figure."""

    year = serializers.IntegerField()
    known = serializers.BooleanField()
    below = money(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "from": money(allow_null=True)}


class CardFinance(serializers.Serializer):
    revenue = FinanceBand(many=True)
    tax = FinanceBand(many=True)
    rd = FinanceBand(many=True)


class IndicatorItem(serializers.Serializer):
    """`value` is null where there is no figure; people are counts."""

    code = serializers.CharField()
    dimension = serializers.CharField()
    name = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    points = score()
    reachable = score()
    applies = serializers.BooleanField()


class CardIndicators(serializers.Serializer):
    year = serializers.IntegerField()
    items = IndicatorItem(many=True)


class HistoryYear(serializers.Serializer):
    """`comparable` is the year's total under the method of the newest; null where its figures do not suffice."""

    year = serializers.IntegerField()
    total = score()
    comparable = score(allow_null=True)
    place = serializers.IntegerField(allow_null=True)
    ranked = serializers.IntegerField()


class CardHistory(serializers.Serializer):
    """Published years, the oldest first."""

    years = HistoryYear(many=True)


class DocumentEntry(serializers.Serializer):
    """A paper behind verified figures; `size` in bytes."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    proves = serializers.ListField(child=serializers.CharField())
    date = serializers.DateTimeField()
    size = serializers.IntegerField()


class CardEvidence(serializers.Serializer):
    """Papers that may be opened one by one (getDocument); none about people."""

    year = serializers.IntegerField()
    documents = DocumentEntry(many=True)


GROUP_FORMS: dict[str, type[serializers.Serializer]] = {
    "id": CardIdentity,
    "score": CardScore,
    "dims": CardDimensions,
    "fin": CardFinance,
    "indicators": CardIndicators,
    "history": CardHistory,
    "evidence": CardEvidence,
}


class ScoreCard(serializers.Serializer):
    """The groups that were consented to; the others have no key. A group is null where there is no score yet."""

    consent = serializers.IntegerField()
    groups = serializers.ListField(child=serializers.ChoiceField(choices=list(GROUPS)))

    def __init__(self, *args: Any, groups: Iterable[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown = tuple(GROUP_FORMS) if groups is None else tuple(groups)

    def get_fields(self) -> dict[str, serializers.Field]:
        shown = getattr(self, "shown", tuple(GROUP_FORMS))
        own = {group: GROUP_FORMS[group](allow_null=True, required=False) for group in shown}
        return {**super().get_fields(), **own}


def card_data(consent_id: int, groups: list[str], card: dict[str, Any]) -> dict[str, Any]:
    """A score card with exactly these groups."""
    known = [group for group in groups if group in GROUP_FORMS]
    content = {"consent": consent_id, "groups": known, **{group: card[group] for group in known}}
    return dict(ScoreCard(content, groups=known).data)
