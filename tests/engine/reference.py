"""A slow, plain second implementation, written from the rules and the scheme's data alone: first the 30 indicators, then
every function of the format over one cohort.

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


def bounded(value: F) -> F:
    return min(F(1), max(F(0), value))


def absolute(function: str, p: dict, x: F) -> F:
    if function == "piecewise":
        return piecewise(x, p["points"])
    if function == "log_cap":
        return log_cap(x, f(p["k"]), f(p["cap"]))
    if function == "step":
        reached = [f(s) for edge, s in p["tiers"] if x >= f(edge)]
        return reached[-1] if reached else F(0)
    if function == "linear_cap":
        return bounded((x - f(p["floor"])) / (f(p["cap"]) - f(p["floor"])))
    if function == "efficacy":
        return bounded((60 + 40 * (x - f(p["low"])) / (f(p["high"]) - f(p["low"]))) / 100)
    assert function == "distance_target"
    return bounded(1 - abs(x - f(p["target"])) / f(p["reach"]))


def skew_and_kurtosis(values: list[F]) -> tuple[float, float]:
    n, mean = len(values), sum(values) / len(values)
    second, third, fourth = (sum((v - mean) ** k for v in values) / n for k in (2, 3, 4))
    if second == 0:
        return 0.0, 0.0
    return float(third) / float(second) ** 1.5, float(fourth / second**2) - 3


def treated(values: list[F], rule: dict) -> tuple[list[F], str]:
    """(values after the outlier rule, the curve to bend them by)."""
    method, n = rule.get("method", "none"), len(values)
    if method == "none" or n < 3:
        return values, ""
    if method in ("log", "box_cox"):
        return values, method
    ordered = sorted(values)
    if method == "clip":
        low, high = int(rule["low"] * (n - 1)), -int(-rule["high"] * (n - 1) // 1)
        return [min(max(v, ordered[low]), ordered[high]) for v in values], ""
    low, high = 0, n - 1
    for spent in range(rule["points"] + 1):
        skew, kurtosis = skew_and_kurtosis([min(max(v, ordered[low]), ordered[high]) for v in ordered])
        if abs(skew) <= 2 and kurtosis <= 3.5:
            break
        if spent == min(rule["points"], n - 2):
            if "otherwise" in rule:
                return values, rule["otherwise"]
            break
        low, high = (low, high - 1) if skew >= 0 else (low + 1, high)
    return [min(max(v, ordered[low]), ordered[high]) for v in values], ""


def bent(values: list[F], curve: str, power: object) -> list[F]:
    low, high = min(values), max(values)
    if not curve or low == high:
        return values
    mirrored = skew_and_kurtosis(values)[0] < 0
    result = []
    for value in values:
        distance = decimal((high - value if mirrored else value - low) + (high - low) / 100)
        bend = Decimal(str(power)) if curve == "box_cox" else Decimal(0)
        after = (distance**bend - 1) / bend if bend else distance.ln()
        result.append(F(-after if mirrored else after))
    return result


def cohort(function: str, p: dict, values: list[F], *, higher: bool, outliers: dict) -> list[F]:
    """s of every unit, not rounded. values are all known."""
    values, curve = treated(values, outliers)
    x = values if higher else [-v for v in values]
    n = len(x)
    less = [sum(other < own for other in x) for own in x]
    equal = [sum(other == own for other in x) for own in x]
    if function == "percentile":
        s = [(a + F(b - 1, 2)) / (n - 1) if n > 1 else F(1) for a, b in zip(less, equal, strict=True)]
    elif function == "rank":
        s = [F(a + b - 1, n - 1) if n > 1 else F(1) for a, b in zip(less, equal, strict=True)]
    elif function == "borda":
        s = [F(a, n - 1) if n > 1 else F(1) for a in less]
    else:
        s = scaled(function, p, bent(values, curve, outliers.get("lambda")), higher=higher)
    if p.get("zero_is_zero"):
        s = [F(0) if v == 0 else one for v, one in zip(values, s, strict=True)]
    return [bounded(one) for one in s]


def scaled(function: str, p: dict, values: list[F], *, higher: bool) -> list[F]:
    low, high, n = min(values), max(values), len(values)
    if function == "distance_max":
        if high <= 0:
            return [F(0)] * n
        return [v / high if higher or low == high else 1 - v / high for v in values]
    if function == "distance_median":
        ordered = sorted(values)
        middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
        reach = f(p["reach"]) if "reach" in p else max(middle - low, high - middle)
        return [F(1)] * n if low == high else [1 - abs(v - middle) / reach for v in values]
    if low == high:
        return [F(1, 2)] * n
    if function == "min_max":
        return [(v - low) / (high - low) if higher else (high - v) / (high - low) for v in values]
    assert function == "z_score"
    mean = sum(values) / n
    deviation = decimal(sum((v - mean) ** 2 for v in values) / n).sqrt()
    sign = 1 if higher else -1
    return [F(1, 2) + sign * F(decimal(v - mean) / deviation) / (2 * f(p.get("range", 3))) for v in values]


def mean(method: str, parts: list[tuple[F, F]]) -> F:
    """Weighted mean of (weight, share); geometric and harmonic half-up to 4 decimals, 0 where a share is 0."""
    parts = [(weight, share) for weight, share in parts if weight]
    total = sum(weight for weight, _ in parts)
    if not total:
        return F(0)
    if method == "arithmetic":
        return sum(weight * share for weight, share in parts) / total
    if any(share == 0 for _, share in parts):
        return F(0)
    if method == "harmonic":
        return half_up(total / sum(weight / share for weight, share in parts), 4)
    logs = sum((decimal(share).ln() * decimal(weight / total) for weight, share in parts), Decimal(0))
    return half_up(F(logs.exp()), 4)
