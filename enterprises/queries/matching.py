"""What a firm states beside what the market-regulation register says, and whether its address lies where it says."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from parks.models import SubPark

from ..models import Certification, Enterprise, RegisterRecord
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


@dataclass(frozen=True, slots=True)
class Site:
    """Where a firm's registered address lies by the places of the sub-parks, beside the sub-park it names."""

    address: str
    chosen: SubPark | None
    found: list[SubPark]
    is_known: bool
    operating_address: str
    operating_found: list[SubPark]

    @property
    def verdict(self) -> str:
        """inside, elsewhere (in another sub-park), outside, or unknown: the zone has not said what lies where."""
        if not self.is_known:
            return "unknown"
        if not self.found:
            return "outside"
        return "inside" if self.chosen in self.found else "elsewhere"

    @property
    def operates_elsewhere(self) -> bool:
        """Does the firm work in another place than it is registered? A person looks at it."""
        return bool(self.operating_address) and (
            not self.operating_found or not set(self.operating_found) & set(self.found)
        )

    @property
    def needs_eyes(self) -> bool:
        return self.verdict != "inside" or self.operates_elsewhere


def site(enterprise: Enterprise, address: str = "") -> Site:
    """Where an address (else the registered one) lies. Places are compared without spaces and widths."""
    parts = list(SubPark.objects.order_by("pk"))
    address = address or enterprise.registered_address
    return Site(
        address,
        next((part for part in parts if part.pk == enterprise.sub_park_id), None),
        _parts_of(address, parts),
        any(part.places for part in parts),
        enterprise.operating_address,
        _parts_of(enterprise.operating_address, parts),
    )


def site_of(case: Certification) -> Site:
    """The address that an application is about: for a change the one asked for."""
    return site(case.enterprise, case.changes.get("registered_address", ("", ""))[1])


def _parts_of(address: str, parts: list[SubPark]) -> list[SubPark]:
    """Sub-parks that an address names; of places that contain one another the longest counts."""
    text = plain(address)
    named = [(len(plain(place)), part) for part in parts for place in part.places if plain(place) in text]
    longest = max((length for length, _part in named), default=0)
    return list(dict.fromkeys(part for length, part in named if length == longest))


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
