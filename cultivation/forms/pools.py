from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..states import PoolStage
from .fields import day_field


class PoolMoveForm(forms.Form):
    """A step of a firm in a pool; staying where it is = a note."""

    to_stage = forms.ChoiceField(label=_("阶段"), choices=PoolStage.choices)
    why = forms.CharField(label=_("原因或记录"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class CoachForm(forms.Form):
    coach = forms.TypedChoiceField(label=_("辅导员"), coerce=int)

    def __init__(self, *args: Any, coaches: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["coach"].choices = coaches  # type: ignore[attr-defined]  # a choice


class PoolTaskForm(forms.Form):
    title = forms.CharField(label=_("任务或里程碑"), max_length=200)
    due_on = day_field(_("完成日期"), required=False)
    is_milestone = forms.BooleanField(label=_("是里程碑"), required=False)
