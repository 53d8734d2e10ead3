"""Frozen cycles with a few enterprises whose scores are known."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from enterprises.models import Cycle, Enterprise
from indicators.models import SchemeVersion
from parks.actors import Actor
from parks.models import Park
from scoring import engine
from scoring.models import Snapshot
from scoring.services import snapshots
from tests.factories import parks as people

ROOT = Path(__file__).resolve().parents[2]
SCHEME = ROOT / "indicators" / "schemes" / "cq_htz_30.yaml"
GOLDEN = json.loads((ROOT / "tests" / "engine" / "golden.json").read_text(encoding="utf-8"))
WAN = 10_000
_scheme = engine.load_scheme(SCHEME)
CHARS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [3**n % 31 for n in range(17)]


def uscc(number: int) -> str:
    """A valid code with its check character."""
    body = f"91500{number:012d}"
    total = sum(CHARS.index(char) * weight for char, weight in zip(body, WEIGHTS, strict=True))
    return body + CHARS[(31 - total % 31) % 31]


@dataclass
class Value:
    state: str = "verified"
    amount: Decimal | None = None
    entries: list[dict[str, Any]] | None = None
    source: str = "tax"
    as_of: dt.date | None = dt.date(2026, 3, 31)
    verified_by: int | None = 7
    evidence: str = ""
    version: int = 1
    rows: str = ""


@dataclass
class Case:
    """What the verified declaration of an enterprise says."""

    enterprise_id: int
    uscc: str
    values: dict[str, Value]
    penalties: tuple[str, ...] = ()
    stage_override: str = ""
    confirmed_at: dt.datetime | None = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    publication_refused: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def scheme_version(body: dict[str, Any] | None = None, version: str = "2021.1") -> SchemeVersion:
    """A scheme version of the park entered, active."""
    scheme = engine.load_scheme(body) if body else _scheme
    return SchemeVersion.objects.create(
        code=scheme.code, version=version, title=scheme.zh, body=json.loads(json.dumps(scheme.body)), digest=scheme.digest,
        state="active", activated_at="2026-01-01T00:00Z",
    )  # fmt: skip


def cycle(year: int = 2025, version: SchemeVersion | None = None) -> Cycle:
    version = version or SchemeVersion.objects.first() or scheme_version()
    return Cycle.objects.create(
        year=year, scheme_version=version, declaration_deadline=f"{year + 1}-06-30T00:00Z"
    )


def enterprise(number: int, **fields: Any) -> Enterprise:
    code = uscc(number)
    organisation = fields.pop("organisation", None) or people.organisation(
        "enterprise", f"企业{number}", code
    )
    return Enterprise.objects.create(
        organisation=organisation, uscc=code, name=fields.pop("name", f"示例企业{number}"), industry=fields.pop("industry", "C39"),
        certification_state="certified", member_from="2020-01-01", **fields,
    )  # fmt: skip


def values_of(inputs: dict[str, Any]) -> dict[str, Value]:
    """Golden inputs (money in 万元, lists as levels) as verified values (money in yuan, entries)."""
    found = {}
    for code, value in inputs.items():
        item = _scheme.input_by_code[code]
        if item.is_list and isinstance(value, list):
            entries = [{"level": v} if isinstance(v, str) else {"level": v[0], "rank": v[1]} for v in value]
            found[code] = Value(entries=entries)
        elif item.is_list:
            found[code] = Value(entries=[{"name": str(n)} for n in range(int(value))])
        else:
            found[code] = Value(amount=Decimal(str(value)) * (WAN if item.type == "money" else 1))
    return found


def golden_cases(first: int = 1, *, scale: int = 1) -> list[Case]:
    """The catalogue's worked examples as cases, `scale` copies of each."""
    cases = []
    for number in range(len(GOLDEN) * scale):
        example = GOLDEN[number % len(GOLDEN)]
        firm = enterprise(first + number, name=f"{example['name']}{number // len(GOLDEN) or ''}")
        cases.append(Case(enterprise_id=firm.pk, uscc=firm.uscc, values=values_of(example["inputs"])))
    return cases


def snapshot(by: Actor, year: int = 2025, cases: list[Case] | None = None, **kwargs: Any) -> Snapshot:
    """A frozen cycle, without the way through declarations."""
    frozen = Cycle.objects.filter(year=year).first() or cycle(year)
    return snapshots.store(by=by, cycle=frozen, cases=golden_cases() if cases is None else cases, **kwargs)


def park_with(code: str) -> Park:
    return people.park(code=code)
