"""Products: one person of a bank proposes terms, another puts them in force."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now

from .. import rules
from ..formula import Formula
from ..models import Product, ProductVersion
from ..queries import products as queries
from ..queries import risk
from ..queries.acting import organisation_of, person_of
from ..states import RiskKind, VersionState
from .problems import guarded

DEFAULT_FORMULA: dict[str, Any] = {
    "bands": [["60", "500000"], ["70", "3000000"], ["80", "6000000"], ["90", "10000000"], ["100", "15000000"]],
    "stage": {"startup": "0.8", "growth": "1.0", "mature": "1.0"},
    "alpha": "0.30", "beta": "8", "gamma": "0.50", "growth_weight": "0.5", "growth_low": "0.8", "growth_high": "1.2",
}  # fmt: skip

FORMULA_FAULTS = {
    "unreadable": gettext_lazy(
        '公式参数不完整或无法读取：须有 bands、stage、alpha、beta、gamma，数字写成文本，例如 "0.30"。'
    ),
    "numbers": gettext_lazy("公式参数中的数字不能为负，也不能是无穷大。"),
    "bands": gettext_lazy("积分档（bands）须按积分从低到高写，额度不能随积分降低。"),
    "growth": gettext_lazy("增长系数的下限（growth_low）不能高于 1，上限（growth_high）不能低于 1。"),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Amounts in yuan, rates as fractions a year (0.0345 = 3.45 %), terms in months, points out of 100.

    Figures may be `fresh_months` old. `guarantor_id` bears between `cover_low` and `cover_high` (0-1) of a loss, the pool of the fund `pool_id` its
    `pool_share`, at most `pool_project_cap` yuan a loan; the bank bears the rest.
    """

    cap: Decimal
    min_score: Decimal
    rate_low: Decimal
    rate_high: Decimal
    term_min: int
    term_max: int
    min_amount: Decimal = rules.LEAST_LOAN
    first_loan_cap: Decimal | None = None
    conditions: str = ""
    documents: str = ""
    fresh_months: int = 24
    promised_days: int = 7
    guarantor_id: int | None = None
    cover_low: Decimal = Decimal(0)
    cover_high: Decimal = Decimal(0)
    pool_id: int | None = None
    pool_share: Decimal = Decimal(0)
    pool_project_cap: Decimal | None = None
    day_count: int = 360


def propose(
    *, by: Actor, code: str, name: str, terms: Terms, formula: dict[str, Any] | None = None
) -> ProductVersion:
    """A new version of a product (the product itself with its first version), not yet in force."""
    formula = formula or DEFAULT_FORMULA
    try:
        Formula.from_data(formula)
    except ValueError as error:
        raise Refused(code="formula", field="formula", message=str(FORMULA_FAULTS[str(error)])) from error
    _check_terms(terms)
    with transaction.atomic(), guarded():
        product = _product(by, code, name)
        last = ProductVersion.objects.filter(product=product).order_by("-number").first()
        content = {**asdict(terms), "formula": formula, "product": product.code}
        version = ProductVersion.objects.create(
            product=product,
            number=last.number + 1 if last else 1,
            formula=formula,
            digest=rules.digest_of(content),
            proposed_by_ref=person_of(by),
            proposed_by_name=by.person_name,
            **asdict(terms),
        )
        audit.record(by=by, action="product_version.proposed", obj=version, after=content)
    return version


def activate(*, by: Actor, version_id: int) -> ProductVersion:
    """Put a version in force; the one before retires. Another person than the one who proposed it."""
    with transaction.atomic(), guarded():
        version = queries.version_of(by, version_id)
        product_versions = (
            ProductVersion.objects.select_for_update().filter(product=version.product).order_by("pk")
        )
        version = next(item for item in product_versions if item.pk == version_id)
        if version.state != VersionState.DRAFT:
            raise Conflict(code="not_draft", message=_("这个版本已经启用或停用，不能再启用。"))
        if version.proposed_by_ref == by.person_id:
            raise Forbidden(
                code="same_person", message=_("提出人不能启用自己提出的版本，请由另一位同事启用。")
            )
        ProductVersion.objects.filter(product=version.product, state=VersionState.ACTIVE).update(
            state=VersionState.RETIRED
        )
        version.state, version.activated_by_ref, version.activated_by_name = (
            VersionState.ACTIVE,
            by.person_id,
            by.person_name,
        )
        version.activated_at = db_now()
        version.save(update_fields=["state", "activated_by_ref", "activated_by_name", "activated_at"])
        audit.record(by=by, action="product_version.activated", obj=version, after={"digest": version.digest})
    return version


def _product(by: Actor, code: str, name: str) -> Product:
    existing = queries.product_named(by, code)
    if existing:
        return existing
    if Product.objects.filter(code=code).exists():
        raise Refused(
            code="product_code",
            field="code",
            message=_("产品代码“%(code)s”已被使用，请换一个。") % {"code": code},
        )
    return Product.objects.create(organisation_id=organisation_of(by), code=code, name=name)


def _check_terms(terms: Terms) -> None:
    """Raises Refused for the first rule that the terms break."""
    first, project = terms.first_loan_cap, terms.pool_project_cap
    least = f"{rules.LEAST_LOAN / 10_000:f}"
    checks = (
        (rules.LEAST_LOAN <= terms.min_amount <= terms.cap, "min_amount", "min_amount", _("起贷金额须在 %(least)s 万元和单户上限之间。") % {"least": least}),
        (first is None or first >= terms.min_amount, "first_loan_cap", "first_loan_cap", _("首贷上限不能低于起贷金额；没有首贷上限时请留空。")),
        (project is None or project > 0, "pool_project_cap", "pool_project_cap", _("资金池单笔上限须大于 0；没有上限时请留空。")),
        (terms.rate_low > 0, "rates", "rate_low", _("最低利率须大于 0。")),
        (terms.rate_low <= terms.rate_high, "rates", "rate_high", _("最高利率不能低于最低利率。")),
        (
            (terms.guarantor_id is None) == (terms.cover_high == 0) and 0 <= terms.cover_low <= terms.cover_high,
            "cover", "cover_high", _("选择担保机构时请填写担保比例的下限和上限；不担保时请留空。"),
        ),
        (
            (terms.pool_id is None) == (terms.pool_share == 0) and terms.pool_share >= 0,
            "pool", "pool_share", _("选择资金池时请填写分担比例；不用资金池时请留空。"),
        ),
        (terms.cover_high + terms.pool_share <= 1, "shares", "pool_share", _("担保和资金池的比例合计不能超过 100%。")),
        (terms.term_min <= terms.term_max, "terms", "term_max", _("最长期限不能短于最短期限。")),
        *(
            (house is None or house in {one.pk for one in risk.partners_with_terms(kind)}, "no_terms", field, _("请选择已在本园区启用额度方案的担保机构或资金池。"))
            for house, kind, field in (
                (terms.guarantor_id, RiskKind.GUARANTOR, "guarantor_id"), (terms.pool_id, RiskKind.POOL, "pool_id"),
            )
        ),
    )  # fmt: skip
    for holds, code, field, message in checks:
        if not holds:
            raise Refused(code=code, field=field, message=message)
