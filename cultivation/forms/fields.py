from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from innovscore.core.money import UNITS, WAN, NotANumber, parse_money, parse_number
from innovscore.core.uscc import normalise

LARGEST = Decimal(10) ** 12


class WanField(forms.CharField):
    """Money typed in 万元 (or with a unit); cleaned to 万元."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return Decimal(parse_money(text)) / WAN
        except NotANumber as error:
            raise forms.ValidationError(
                _("“%(label)s”请填写金额，单位万元，例如 500 或 500.50。"), params={"label": self.label}
            ) from error


class YuanField(WanField):
    """Money typed in 万元 (or with a unit), not below zero; cleaned to yuan."""

    def to_python(self, value: Any) -> Any:
        wan = super().to_python(value)
        if wan is not None and wan < 0:
            raise forms.ValidationError(_("“%(label)s”不能为负数。"), params={"label": self.label})
        return None if wan is None else wan * WAN


class FigureField(forms.CharField):
    """A plain figure, per cent with or without the sign."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            found, unit = parse_number(text, places=6)
        except NotANumber:
            found, unit = LARGEST, ""
        if unit in UNITS or abs(found) >= LARGEST:
            raise forms.ValidationError(_("“%(label)s”请填写数字，例如 12.5。"), params={"label": self.label})
        return found


class AccountField(forms.RegexField):
    """The number of a bank account as people copy it: spaces, dashes and full-width digits are no fault."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9]{6,34}$", **kwargs)

    def to_python(self, value: Any) -> Any:
        return normalise(super().to_python(value) or "")


def figure_field(label: str, unit: str, help_text: str = "", *, required: bool = False) -> forms.Field:
    """The field that asks for a figure of this unit; flags are a choice of yes and no."""
    if unit == "flag":
        choices = [("", _("请选择")), ("1", _("是")), ("0", _("否"))]
        return forms.TypedChoiceField(
            label=label,
            choices=choices,
            coerce=Decimal,
            empty_value=None,
            required=required,
            help_text=help_text,
        )
    suffix = {"wan": _("（万元）"), "percent": "（%）", "years": _("（年）")}.get(unit, "")
    kind = WanField if unit == "wan" else FigureField
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 40})
    return kind(label=f"{label}{suffix}", required=required, help_text=help_text, widget=widget)


def day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    return forms.DateField(label=label, required=required, help_text=help_text, widget=DatedInput())


class DatedInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def long_text(label: Any, *, most: int, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, widget=forms.Textarea(attrs={"rows": 3})
    )
