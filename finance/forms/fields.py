"""Fields and forms that the others are made of."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from django import forms
from django.utils.translation import gettext_lazy as _

from innovscore.core.money import NotANumber, parse_money, parse_number
from parks.idempotency import new_key

MOST = Decimal(10) ** 11
"""Yuan above which an amount of lending is a slip of the unit."""


class MoneyField(forms.CharField):
    """Typed in 万元 (or with a unit); cleaned to yuan."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            yuan = parse_money(text)
        except NotANumber as error:
            raise forms.ValidationError(
                _("“%(label)s”请填写金额，单位万元，例如 500 或 500.50。"),
                params={"label": self.label},
                code=error.code,
            ) from error
        if not 0 <= yuan <= MOST:
            raise forms.ValidationError(
                _("“%(label)s”须在 0 和 1,000 亿元之间。请核对金额和单位。"),
                params={"label": self.label},
                code="range",
            )
        return yuan


class PercentField(forms.CharField):
    """Typed in percent; cleaned to a fraction (3.45 -> 0.0345)."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            percent, unit = parse_number(text)
        except NotANumber as error:
            raise self._wrong() from error
        if unit not in ("", "%") or not 0 <= percent <= 100:
            raise self._wrong()
        return percent / 100

    def _wrong(self) -> forms.ValidationError:
        return forms.ValidationError(
            _("“%(label)s”请填写 0 至 100 的百分数，最多四位小数，例如 3.45。"), params={"label": self.label}
        )


WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


class WholeField(forms.IntegerField):
    """A whole number in the digits of this country, as amounts are."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def to_python(self, value: Any) -> Any:
        text = normalize("NFKC", "" if value is None else str(value)).strip()
        if text and not WHOLE.fullmatch(text):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text)


def whole_number(label: Any, *, most: int = 600, **kwargs: Any) -> WholeField:
    return WholeField(label=label, min_value=1, max_value=most, **kwargs)


class OnceForm(forms.Form):
    """Carries the key that keeps a form from having its effect twice."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)


def day(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs
    )


def text_area(label: Any, *, required: bool = True, length: int = 500) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=length, widget=forms.Textarea(attrs={"rows": 2})
    )
