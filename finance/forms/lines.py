"""Caps of guarantors and pools, freezing of lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..states import FreezeGround, LineOrderKind
from .fields import MoneyField, OnceForm, text_area


class TermsForm(OnceForm):
    """Terms of a guarantor or a pool."""

    capital = MoneyField(label=_("净资产或资金池规模（万元）"))
    leverage = forms.DecimalField(
        label=_("放大倍数"), min_value=Decimal("0.01"), max_value=100, decimal_places=2, initial=1
    )
    client_cap = MoneyField(label=_("单户上限（万元）"))
    group_cap = MoneyField(label=_("集团上限（万元）"))


class LineOrderForm(OnceForm):
    """A step with a frozen line; the button pressed says which."""

    step = forms.ChoiceField(
        choices=[(code, code) for code in (*LineOrderKind.values, "confirm", "drop")],
        widget=forms.HiddenInput,
    )
    reason = text_area(_("理由（企业会看到）"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = self.data.get("step") not in ("confirm", "drop")


class FreezeAskForm(OnceForm):
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=18)
    ground = forms.ChoiceField(label=_("依据"), choices=FreezeGround.choices, widget=forms.RadioSelect)
    reason = text_area(_("理由（企业会看到）"))
