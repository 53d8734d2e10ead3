"""A whole zone from one table: firms that have only the id of a foreign register, and their figures.

Such firms get a made-up USCC of an area that no firm has; it depends on the zone and the id alone, so importing the same
file anywhere gives the same codes. Nobody of the firm confirms the figures: what the register says is taken by default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from indicators.queries.schemes import scheme_of
from innovscore.core import uscc as codes
from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Organisation

from .. import rules
from ..models import Certification, Cycle, Declaration, DeclaredValue, Enterprise
from ..states import CertificationState, CycleState, DeclarationState
from .departments import key_text
from .spreadsheets import Reading

EXTERNAL_AREA = "999999"
"""Area code of made-up USCCs of firms known by an external id; GB/T 2260 has no such area."""
ROOM = 31**6
LONGEST_ID, LONGEST_NAME, LONGEST_GROUP = 64, 200, 32


@dataclass(frozen=True, slots=True)
class FirmColumns:
    """Columns that say who a firm is; `group` gives its group in schemes that group by a column."""

    key: str
    name: str = ""
    group: str = ""
    industry: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> FirmColumns:
        """From a mapping file with `id` and perhaps `name`, `group`, `industry`."""
        if "id" not in data:
            raise Refused(
                code="mapping_wrong",
                field="mapping",
                message=_("映射文件缺少 id：请写明哪一列是企业的外部编号。"),
            )
        return cls(*(str(data.get(name, "") or "") for name in ("id", "name", "group", "industry")))


@dataclass(frozen=True, slots=True)
class Firm:
    external_id: str
    name: str
    group: str
    industry: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A row or firm that cannot be used, and why. Row 0: not about one row."""

    row: int
    key: str
    why: str


def read_firms(table: Reading, columns: FirmColumns) -> tuple[list[Firm], list[Reject]]:
    """Firms of a table, in its order, and the rows that name none."""
    for head in (columns.key, columns.name, columns.group, columns.industry):
        if head and head not in table.heads:
            raise Refused(
                code="no_column",
                field="mapping",
                message=_("文件中没有名为“%(head)s”的列。") % {"head": head},
            )
    firms, rejects, seen = list[Firm](), list[Reject](), set[str]()
    for number, row in table.rows:
        firm = Firm(
            *(
                _cell(table, row, head)
                for head in (columns.key, columns.name, columns.group, columns.industry)
            )
        )
        key = codes.normalise(firm.external_id)
        why = _fault(firm, known=key in seen)
        if why:
            rejects.append(Reject(number, firm.external_id, why))
            continue
        seen.add(key)
        firms.append(firm)
    return firms, rejects


def _cell(table: Reading, row: list[Any], head: str) -> str:
    place = table.heads.index(head) if head else len(row)
    return key_text(row[place] if place < len(row) else "")


def _fault(firm: Firm, *, known: bool) -> str:
    if not firm.external_id:
        return _("没有编号")
    if known:
        return _("编号重复，只采用第一次出现的行")
    if len(firm.external_id) > LONGEST_ID or len(firm.name) > LONGEST_NAME or len(firm.group) > LONGEST_GROUP:
        return _("编号、名称或分组过长")
    return ""


def synthetic_codes(
    park_code: str, external_ids: Iterable[str], *, taken: Iterable[str] = ()
) -> dict[str, str]:
    """A made-up USCC for each external id: from the SHA-256 of park and id, the next free one when it is taken."""
    used, found = set(taken), dict[str, str]()
    for external_id in sorted(external_ids):
        digest = hashlib.sha256(f"{park_code}\n{codes.normalise(external_id)}".encode()).digest()
        number = int.from_bytes(digest[:8], "big") % ROOM
        while (code := codes.synthetic(number, area=EXTERNAL_AREA)) in used:
            number = (number + 1) % ROOM
        used.add(code)
        found[external_id] = code
    return found


def admit_firms(*, by: Actor, firms: list[Firm], reason: str) -> int:
    """Certified enterprises for firms that the park does not have yet."""
    known = {e.external_id: e for e in Enterprise.objects.exclude(external_id="")}
    new = [firm for firm in firms if firm.external_id not in known]
    with transaction.atomic():
        taken = list(
            Organisation.objects.filter(uscc__startswith=f"91{EXTERNAL_AREA}").values_list("uscc", flat=True)
        )
        made = synthetic_codes(by.park_code, [firm.external_id for firm in new], taken=taken)
        organisations = Organisation.objects.bulk_create(
            [
                Organisation(
                    kind=Organisation.Kind.ENTERPRISE,
                    name=firm.name or firm.external_id,
                    uscc=made[firm.external_id],
                )
                for firm in new
            ]
        )
        today = db_today()
        rows = Enterprise.objects.bulk_create(
            [
                Enterprise(
                    organisation=organisation, uscc=organisation.uscc, external_id=firm.external_id, name=organisation.name,
                    member_from=today,
                    industry=firm.industry[:40], certification_state=CertificationState.CERTIFIED,
                    uscc_override_reason=_("外部编号 %(id)s，代码为系统生成，非真实统一社会信用代码") % {"id": firm.external_id},
                )
                for firm, organisation in zip(new, organisations, strict=True)
            ]
        )  # fmt: skip
        now = db_now()
        Certification.objects.bulk_create(
            [
                Certification(
                    enterprise=row, state=CertificationState.CERTIFIED, submitted_at=now, decided_at=now,
                    decided_by_ref=by.person_id, decided_by_name=by.person_name, reason=reason,
                )
                for row in rows
            ]
        )  # fmt: skip
        if rows:
            audit.record(
                by=by, action="enterprises.admitted", obj=rows[0], after={"count": len(rows)}, reason=reason
            )
    return len(rows)


def set_groups(*, by: Actor, cycle: Cycle, firms: list[Firm], reason: str) -> int:
    """Write the group that the table gives into the firms' open declarations. Returns how many have one."""
    groups = {firm.external_id: firm.group for firm in firms if firm.group}
    with transaction.atomic():
        rows = list(
            Declaration.objects.select_for_update(of=("self",)).select_related("enterprise")
            .filter(cycle=cycle, state=DeclarationState.OPEN, enterprise__external_id__in=list(groups))
        )  # fmt: skip
        for row in rows:
            row.stage_override, row.stage_override_reason = groups[row.enterprise.external_id], reason
        Declaration.objects.bulk_update(rows, ["stage_override", "stage_override_reason"], batch_size=1000)
        audit.record(
            by=by, action="declarations.grouped", obj=cycle, after={"count": len(rows)}, reason=reason
        )
    return len(rows)


def accept_by_default(*, by: Actor, cycle: Cycle, reason: str) -> tuple[int, list[Reject]]:
    """What the register says stands for firms that only it knows (no account acts for them): their open declarations
    become verified. Declarations that break a blocking check, or have no figure at all, stay open and are listed.
    """
    if cycle.state != CycleState.OPEN:
        raise Conflict(code="cycle_not_open", message=_("%(year)s 年度已不在填报期。") % {"year": cycle.year})
    scheme = scheme_of(cycle.scheme_version)
    with transaction.atomic():
        touched = DeclaredValue.objects.filter(declaration=OuterRef("pk")).exclude(
            state__in=("missing", "prefilled")
        )
        rows = list(
            Declaration.objects.select_for_update(of=("self",)).select_related("enterprise")
            .filter(~Exists(touched), cycle=cycle, state=DeclarationState.OPEN).exclude(enterprise__external_id="").order_by("pk")
        )  # fmt: skip
        values = _values_of(rows)
        good, rejects = list[int](), list[Reject]()
        for row in rows:
            why = _blocked(scheme, values.get(row.pk, {}))
            if why:
                rejects.append(Reject(0, row.enterprise.external_id, why))
            else:
                good.append(row.pk)
        now = db_now()
        Declaration.objects.filter(pk__in=good).update(
            state=DeclarationState.VERIFIED,
            verified_by_ref=by.person_id,
            verified_by_name=by.person_name,
            verified_at=now,
            submitted_at=now,
        )
        audit.record(
            by=by,
            action="declarations.accepted_by_default",
            obj=cycle,
            after={"count": len(good)},
            reason=reason,
        )
    return len(good), rejects


def _values_of(declarations: list[Declaration]) -> dict[int, dict[str, DeclaredValue]]:
    found: dict[int, dict[str, DeclaredValue]] = {}
    for value in DeclaredValue.objects.filter(declaration__in=[row.pk for row in declarations]).iterator(
        chunk_size=5000
    ):
        found.setdefault(value.declaration_id, {})[value.code] = value
    return found


def _blocked(scheme: Any, values: Mapping[str, Any]) -> str:
    if all(value.amount is None and value.entries is None for value in values.values()):
        return _("没有任何数值")
    errors = [finding.zh for finding in rules.findings(scheme, values) if finding.level == "E"]
    return "；".join(errors)
