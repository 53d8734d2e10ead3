"""The engine's codes in the reader's language."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from scoring import engine

FLAG_LABELS = {
    "PROVISIONAL": _("数据完整度不足，仅供参考"),
    "VETO": _("一票否决"),
    "HAS_MISSING": _("有缺失数据"),
    "HAS_NOT_APPLICABLE": _("有不适用指标"),
    "IMPUTED": _("有补值"),
    "REFUSED": _("缺少必需数据"),
    "GROUP_SET": _("阶段由人工认定"),
    "GROUP_DEFAULTED": _("缺营业收入，按默认阶段"),
    "LIMIT_REACHED": _("不适用权重超过上限"),
}
CELL_LABELS = {
    "value": "",
    "missing": _("缺失，计 0 分"),
    "not_applicable": _("不适用，权重分给同维度其他指标"),
    "imputed": _("缺失，按同组补值"),
    "undefined": _("无法计算，计 0 分"),
    "forced_zero": _("按规则计 0 分"),
}
STATE_LABELS = {
    "missing": _("缺失"),
    "reported": _("已核定"),
    "prefilled": _("部门数据，未确认"),
    "zero_confirmed": _("确认为 0"),
    "not_applicable": _("不适用"),
}
MOVED_BY = {
    "data": _("数据变化"),
    "method": _("办法变化"),
    "both": _("数据和办法都变化"),
    "cohort": _("自身未变，其他企业变动"),
}


def flag_label(code: str, scheme: engine.Scheme) -> str:
    """What a flag means; flags of the scheme have their text in the scheme."""
    if code in FLAG_LABELS:
        return str(FLAG_LABELS[code])
    english = (get_language() or "").startswith("en")
    for indicator in scheme.indicators:
        for check in indicator.zero_when:
            if check.flag == code:
                return (check.en if english else check.zh) or code
    return code
