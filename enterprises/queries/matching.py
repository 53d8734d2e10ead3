"""What a firm states beside what the market-regulation register says."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..models import Certification, RegisterRecord
from .batches import register_record

FIELDS = ("name", "legal_representative", "registered_address", "founded_on")
SOUND = ("存续", "在业", "开业", "在营", "正常", "在册")


@dataclass(frozen=True, slots=True)
class Line:
    """One particular: as stated (for a change: as asked for), as registered, and whether they agree."""

    label: str
    stated: str
    registered: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Match:
    """The comparison with the newest extract; `record` is None when the register does not know the code."""

    record: RegisterRecord | None
    lines: list[Line]

    @property
    def differences(self) -> int:
        return sum(not line.agrees for line in self.lines)


def match(case: Certification) -> Match:
    """The particulars of an application against the register."""
    enterprise = case.enterprise
    record = register_record(enterprise.uscc)
    if record is None:
        return Match(None, [])
    asked = {name: change[1] for name, change in case.changes.items()}
    lines = []
    for name in FIELDS:
        stated, registered = _text(asked.get(name, getattr(enterprise, name))), _text(getattr(record, name))
        if registered:
            lines.append(Line(label(name), stated, registered, agrees(name, stated, registered)))
    if record.status:
        sound = record.status.startswith(SOUND)
        lines.append(Line(_("登记状态"), "—", record.status, sound))
    return Match(record, lines)


def label(name: str) -> str:
    """What a particular is called."""
    return {
        "name": _("企业名称"), "legal_representative": _("法定代表人"), "registered_address": _("注册地址"),
        "founded_on": _("成立日期"), "sub_park": _("所在园区"), "industry": _("行业"),
    }.get(name, name)  # fmt: skip


def _text(value: object) -> str:
    return "" if value is None else str(value)


def agrees(name: str, stated: str, registered: str) -> bool:
    """The same words, whatever width and spaces; of addresses one may leave out province and city."""
    one, other = plain(stated), plain(registered)
    if name == "registered_address" and one and other:
        return one.endswith(other) or other.endswith(one)
    return one == other


def plain(text: str) -> str:
    return re.sub(r"[\s·.,，。、()]", "", unicodedata.normalize("NFKC", text)).casefold()
