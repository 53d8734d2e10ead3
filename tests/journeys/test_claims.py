"""A loan goes bad: default, claim, payment by guarantor and pool, recovery and write-off, by the people of four houses."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
GUARANTEED = """
SELECT a.id, a.drawn FROM finance_application a JOIN finance_productversion v ON v.id = a.product_version_id
 WHERE a.status = 'active' AND v.guarantor_id IS NOT NULL AND v.pool_id IS NOT NULL ORDER BY a.id LIMIT 1
"""
RECOVERED = Decimal("1000100.01")
SHARES = {"loss:bank": Decimal("0.1"), "loss:guarantor": Decimal("0.8"), "loss:pool": Decimal("0.1")}


def act(person: Visitor, loan: int, step: str, **fields: str) -> Visitor:
    """Take a step of the loan's page by its form."""
    form = person.go(f"/p/cq/desk/loans/{loan}/").page.locator(
        f"main form:has(input[name=action][value={step}])"
    )
    for name, value in fields.items():
        spot = form.locator(f"[name={name}]").first
        if spot.get_attribute("type") == "radio":
            form.locator(f"[name={name}][value={value}]").check()
        else:
            spot.fill(value)
    form.locator("button").click()
    person.page.wait_for_load_state()
    return person


def test_from_default_to_write_off(visit: Any, site: Any) -> None:
    loan, owed = site.rows("cq", GUARANTEED)[0]
    maker, checker = visit("bank.maker@demo"), visit("bank.check@demo", width=360)
    act(maker, loan, "default", reason="停产，三期未还")
    assert maker.page.locator("main form:has(input[value=default_confirm])").count() == 0
    act(checker, loan, "default_confirm").sees("违约").looks_right()
    act(maker, loan, "claim").sees("待审核", "担保机构", "资金池").looks_right()

    guarantor, second = visit("guar.maker@demo", width=360), visit("guar.check@demo")
    guarantor.go("/p/cq/desk/claims/").looks_right()
    act(guarantor, loan, "claim_review", opinion="accept", reason="材料齐全")
    assert guarantor.page.locator("main form:has(input[value=claim_decide])").count() == 0
    act(second, loan, "claim_decide").sees("已受理")
    act(guarantor, loan, "pay", bank_ref="DC-1").sees("待另一人确认")
    act(second, loan, "pay_confirm")
    fund, other = visit("fund@demo"), visit("fund2@demo", width=360)
    act(fund, loan, "pay", bank_ref="ZJC-1")
    act(other, loan, "pay_confirm").sees("已代偿").looks_right()

    ops, another = visit("bank.ops@demo"), visit("bank.ops2@demo")
    amount = f"{RECOVERED / 10_000}"
    act(ops, loan, "recover", amount=amount, value_date=str(dt.date.today()), bank_ref="ZC-1")
    ops.sees("待另一人确认")
    act(another, loan, "recover_confirm").sees(f"追回 {RECOVERED:,} 元").looks_right()
    act(maker, loan, "write_off", reason="无其他财产可供执行")
    act(checker, loan, "write_off_confirm").sees("已核销").looks_right()

    found = site.rows("cq", f"SELECT code, balance FROM finance_ledgeraccount WHERE application_id = {loan}")
    lost = {code: balance for code, balance in found if code.startswith("loss:")}
    assert sum(lost.values()) == owed - RECOVERED
    for code, share in SHARES.items():
        assert abs(lost[code] - (owed - RECOVERED) * share) < Decimal("0.02")
    checked = subprocess.run(
        [sys.executable, "manage.py", "verify_invariants", "--park", "cq"],
        cwd=ROOT, env=site.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
