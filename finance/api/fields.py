"""Fields that take exactly what the document says: money as text, whole numbers as numbers, ASCII digits only."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MONEY = r"^(0|[1-9][0-9]{0,13})\.[0-9]{2}$"
RATE = r"^0\.[0-9]{1,6}$"
DIGITS = r"^[0-9]{1,18}$"


class Strict(serializers.Serializer):
    """An object with these members and no others."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and not hasattr(data, "getlist"):
            unknown = sorted(str(name)[:40] for name in data.keys() - self.fields.keys())
            if unknown:
                text = _("没有这个字段，请检查拼写。")
                raise serializers.ValidationError({name: [text] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)


class _FromText(serializers.Field):
    """A number written as text by a pattern."""

    pattern = ""

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(self.pattern, data):
            self.fail("form")
        return Decimal(data)

    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field({"type": "string", "pattern": MONEY, "example": "1000000.00"})
class Money(_FromText):
    """Yuan."""

    pattern = MONEY
    default_error_messages = {
        "form": _('请用文本写金额（元），两位小数，只用半角数字，例如 "1000000.00"；不接受 JSON 数字。')
    }


@extend_schema_field({"type": "string", "pattern": RATE, "example": "0.0345"})
class Rate(_FromText):
    """A fraction a year."""

    pattern = RATE
    default_error_messages = {"form": _('请用文本写年利率（小数），例如 "0.0345" 表示 3.45%。')}


class Whole(serializers.IntegerField):
    """A JSON number without fraction."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class Number(serializers.IntegerField):
    """A whole number in a query string."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(DIGITS, str(data)):
            self.fail("invalid")
        return int(data)


class Text(serializers.CharField):
    """A JSON text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of these texts."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=str(data)[:40])
        return super().to_internal_value(data)


class Day(serializers.DateField):
    """A day as text, e.g. 2026-03-02."""

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


def money(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **kwargs)


def score(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=8, decimal_places=2, **kwargs)
