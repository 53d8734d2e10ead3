from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parks.idempotency import new_key
from parks.models import SubPark

from .gatherings import AudienceForm


class BroadcastForm(AudienceForm):
    """A notice and whom it goes to."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    title = forms.CharField(label=_("标题"), max_length=120)
    text = forms.CharField(label=_("正文"), max_length=3000, widget=forms.Textarea(attrs={"rows": 8}))
    sub_park = forms.ModelChoiceField(
        label=_("所在园区"), queryset=SubPark.objects.none(), required=False, empty_label=_("全部")
    )

    field_order = ("title", "text", "stages", "qualifications", "sub_park")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sub_park"].queryset = SubPark.objects.order_by("name")  # type: ignore[attr-defined]  # a choice of rows
