"""A slow, plain second implementation of the 30-indicator rules, written from the rules and the scheme's data alone.

Fractions everywhere; logarithms in 80-digit decimals. It shares no code with the engine.
"""

from decimal import Decimal, getcontext
from fractions import Fraction as F  # noqa: N817

getcontext().prec = 80


def half_up(value: F, places: int) -> F:
    scaled = value * 10**places
    return F((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**places)


def f(number: object) -> F:
    return F(str(number))


def decimal(value: F) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def log_cap(x: F, k: F, cap: F) -> F:
    if x <= 0:
        return F(0)
    if x >= cap:
        return F(1)
    return F((1 + decimal(x / k)).ln() / (1 + decimal(cap / k)).ln())


def piecewise(x: F, points: list) -> F:
    if x <= f(points[0][0]):
        return f(points[0][1])
    for (x0, s0), (x1, s1) in zip(points, points[1:], strict=False):
        if x <= f(x1):
            return f(s0) + (x - f(x0)) * (f(s1) - f(s0)) / (f(x1) - f(x0))
    return f(points[-1][1])


def stage_of(values: dict) -> str:
    revenue = values.get("revenue")
    if revenue is None or revenue < 2000:
        return "startup"
    return "growth" if revenue < 20000 else "mature"


def growth(now: F, before: F, least: object) -> F:
    base = max(before, f(least))
    return (now - base) / base * 100


def share(a: F, b: F) -> F | None:
    return a / b * 100 if b else None


SIMPLE = {
    "hightech_revenue": "hightech_revenue", "equity_financing": "equity_financing_24m", "tax_paid": "tax_paid_total",
    "rd_expense": "rd_expense", "rd_super_deduction_relief": "rd_super_deduction_relief",
    "rd_equipment_investment": "rd_equipment_invest", "fresh_graduates_hired": "fresh_graduates",
    "golden_phoenix_talents": "golden_phoenix", "invention_applications": "invention_applications",
    "pct_applications": "pct_applications", "tech_contract_amount": "tech_contract_amount",
    "univ_collab_funding": "univ_collab_paid",
}  # fmt: skip


def raw(code: str, v: dict, least: dict, stage: str) -> tuple[object, bool]:  # noqa: C901
    """(x, alternative table?); KeyError = missing; x None = zero points."""
    if code in SIMPLE:
        return v[SIMPLE[code]], False
    if code == "revenue_growth":
        return growth(v["revenue"], v["revenue_prev"], least[stage]), False
    if code == "rd_expense_growth":
        return growth(v["rd_expense"], v["rd_expense_prev"], least[stage]), False
    if code == "hightech_revenue_ratio":
        high, revenue = v["hightech_revenue"], v["revenue"]
        return (high / revenue * 100 if revenue > 0 else None), False
    if code == "return_on_net_assets":
        profit, average = v["net_profit"], (v["net_assets_begin"] + v["net_assets_end"]) / 2
        return (profit / average * 100 if average > 0 else None), False
    if code == "debt_asset_ratio":
        debt, assets = v["total_liabilities_end"], v["total_assets_end"]
        return (debt / assets * 100 if assets > 0 else None), False
    if code == "rd_intensity":
        if v["revenue"] < 100:
            return share(v["rd_expense"], v["total_cost_expense"]), True
        return share(v["rd_expense"], v["revenue"]), False
    if code == "rd_staff_ratio":
        return share(v["rd_staff"], v["staff_total"]), False
    if code == "senior_talent_ratio":
        return share(v["senior_staff"], v["staff_total"]), False
    assert code == "ip_per_100_rd_staff"
    return (v["ip_class1"] + F(1, 5) * v["ip_class2"]) / max(v["rd_staff"], F(5)) * 100, False


LISTS = {
    "high_level_talents": "high_level_talents", "provincial_platforms": "platforms", "provincial_awards": "awards",
    "provincial_projects": "projects", "innovation_qualification": "qualifications",
    "competition_awards": "competitions", "cc_linkage_projects": "cc_projects", "standards_led": "standards",
    "district_platforms": "platforms",
}  # fmt: skip


def normalised(item: dict, values: dict, stage: str) -> F | None:
    """s of one indicator, not rounded; None = missing."""
    code, scoring = item["code"], item["scoring"]
    v = {key: value for key, value in values.items() if value is not None}
    if code in LISTS:
        entries = v.get(LISTS[code])
        if entries is None:
            return None
        points = []
        for entry in entries:
            level, place = (entry, "1") if isinstance(entry, str) else entry
            factor = scoring.get("rank_factor", {}).get(place if place in ("1", "2") else "3+", 1)
            points.append(f(scoring["levels"].get(level, 0)) * f(factor))
        if scoring["function"] == "level_max":
            return max(points, default=F(0))
        return min(F(1), sum(points, F(0)) / f(scoring["cap"][stage]))
    try:
        x, other = raw(code, v, item.get("constants", {}).get("min_base", {}), stage)
    except KeyError:
        return None
    if x is None:
        return F(0)
    if scoring["function"] == "log_cap":
        return log_cap(x, f(scoring["k"][stage]), f(scoring["cap"][stage]))
    return piecewise(x, item["alternative"]["points"] if other else scoring["points"][stage])


def score(scheme: dict, values: dict, absent: set[str], hits: set[str]) -> dict:
    """values in 万元 and units (None = missing); absent = inputs not applicable; hits = penalties."""
    stage = stage_of(values)
    s: dict[str, F | None] = {}
    gone: set[str] = set()
    for item in scheme["indicators"]:
        code = item["code"]
        if "not_applicable" in item and absent & set(item["inputs"]):
            gone.add(code)
            s[code] = None
            continue
        known = {key: (None if key in absent else value) for key, value in values.items()}
        value = normalised(item, known, stage)
        s[code] = None if value is None else half_up(value, 4)
    total, there, whole = F(0), F(0), F(0)
    for item in scheme["indicators"]:
        code = item["code"]
        if code in gone:
            continue
        siblings = [i for i in scheme["indicators"] if i["dimension"] == item["dimension"]]
        full = sum(f(i["weight"][stage]) for i in siblings)
        left = sum(f(i["weight"][stage]) for i in siblings if i["code"] not in gone)
        weight = f(item["weight"][stage]) * full / left
        whole += weight
        if s[code] is not None:
            there += weight
            total += weight * s[code]
    deducted = sum(f(p["points"]) for p in scheme["penalties"]["deductions"] if p["code"] in hits)
    total = max(F(0), half_up(total, 2) - min(deducted, f(scheme["penalties"]["cap"])))
    return {
        "stage": stage,
        "s": {code: (value or F(0)) for code, value in s.items()},
        "total": total,
        "provisional": there / whole < F(70, 100),
    }
