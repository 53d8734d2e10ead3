"""Bodies and answers as they are sent; the tests send each body and compare the answers' shape."""

from __future__ import annotations

from typing import Any

TOKEN = "eyJhbGciOiJFUzI1NiJ9.…"  # noqa: S105  # a shortened example
USCC = "91500000MA5U000018"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

CONSENT: dict[str, Any] = {
    "id": 7, "status": "active", "product": "points-loan", "purpose": "credit", "groups": ["id", "score", "dims", "fin"],
    "starts_at": "2026-03-02T09:00:00+08:00", "ends_at": "2026-09-02T09:00:00+08:00", "revoked_at": None,
    "text_version": "credit-2026.1", "digest": SHA, "uscc": USCC,
}  # fmt: skip
BAND = {"year": 2025, "known": True, "from": "20000000.00", "below": "50000000.00"}
CARD: dict[str, Any] = {
    "consent": 7, "groups": ["id", "score", "dims", "fin"],
    "id": {"name": "示例精密仪器有限公司", "uscc": USCC, "sub_park": "直管园"},
    "score": {
        "year": 2025, "total": "86.00", "place": 12, "ranked": 527, "stage": "growth", "snapshot": 3, "run_hash": SHA, "published": True,
    },
    "dims": {
        "names": {"economy_tax": "经济税务", "rd_input": "研发投入", "talent": "人才队伍", "tech_activity": "科技活动"},
        "points": {"economy_tax": "26.00", "rd_input": "22.00", "talent": "18.00", "tech_activity": "20.00"},
        "reachable": {"economy_tax": "30.00", "rd_input": "28.00", "talent": "20.00", "tech_activity": "22.00"},
        "median": {"economy_tax": "17.20", "rd_input": "15.60", "talent": "9.80", "tech_activity": "8.40"},
    },
    "fin": {"revenue": [BAND], "tax": [BAND], "rd": [BAND]},
}  # fmt: skip
MORE: dict[str, Any] = {
    "consent": 7, "groups": ["indicators", "history", "evidence"],
    "indicators": {
        "year": 2025,
        "items": [{
            "code": "rd_intensity", "dimension": "rd_input", "name": "研发投入强度", "value": "8", "unit": "%", "points": "7.65",
            "reachable": "9.00", "applies": True,
        }],
    },
    "history": {"years": [{"year": 2025, "total": "86.00", "comparable": "86.00", "place": 12, "ranked": 527}]},
    "evidence": {
        "year": 2025,
        "documents": [{
            "id": 31, "title": "2025 年度审计报告", "proves": ["营业收入"], "date": "2026-03-20T10:00:00+08:00", "size": 482133,
        }],
    },
}  # fmt: skip
"""What a firm may add to that; in a card only where its consent names them."""
STEPS = [{"code": "points", "value": "86.00"}, {"code": "base", "value": "8400000.00"}]
QUOTE: dict[str, Any] = {
    "id": 5, "consent": 7, "product": "points-loan", "state": "live", "amount": "9000000.00", "binding": "equity_capacity",
    "steps": STEPS, "snapshot": 3, "digest": SHA, "expires_at": "2026-05-31T09:00:00+08:00",
}  # fmt: skip
DECISION: dict[str, Any] = {
    "id": 2, "amount": "4000000.00", "rate": "0.034500", "term_months": 12, "content_hash": SHA, "maker": "周维", "checker": "",
    "outcome": "", "reasons": [], "live": True,
}  # fmt: skip
ROW: dict[str, Any] = {
    "id": 12, "number": "A000012", "status": "proposed", "consent": 7, "quote": 5, "product": "points-loan", "product_version": 1,
    "amount": "5000000.00", "term_months": 12, "purpose": "采购研发设备", "uscc": USCC,
    "contact_due_at": "2026-03-03T18:00:00+08:00", "contacted_at": "2026-03-02T15:10:00+08:00",
    "lapses_at": "2026-03-11T18:00:00+08:00", "created_at": "2026-03-02T10:00:00+08:00",
}  # fmt: skip
DETAIL: dict[str, Any] = ROW | {"decision": DECISION, "etag": SHA[:32]}
ENDPOINT: dict[str, Any] = {
    "id": 1, "url": "https://hooks.bank.example/innovscore", "events": ["application.submitted", "consent.revoked"], "state": "active",
    "last_sequence": 0, "failing_since": None, "previous_until": None, "public_key": "whpk_" + "A" * 43 + "=", "created_at": "2026-03-02T09:00:00+08:00",
}  # fmt: skip
DELIVERY: dict[str, Any] = {
    "id": 9, "event_id": "evt_0f9d2c5b7a", "event": "application.submitted", "sequence": 4, "state": "dead", "attempts": 12,
    "next_attempt_at": "2026-03-05T09:00:00+08:00", "last_status": 503, "last_error": "", "created_at": "2026-03-02T09:00:00+08:00",
    "delivered_at": None,
}  # fmt: skip
CONTRACT: dict[str, Any] = {
    "id": 3, "number": "2026-0317", "amount": "4000000.00", "rate": "0.034500", "starts_on": "2026-03-17", "ends_on": "2027-03-17",
    "method": "bullet", "day_count": 360, "signed_at": None,
}  # fmt: skip
LOAN: dict[str, Any] = {
    "application": 12, "status": "approved", "etag": SHA[:32], "outstanding": "0.00", "undrawn": "4000000.00", "contract": CONTRACT,
    "disbursements": [], "repayments": [], "schedule": [],
    "due": {"principal": "0.00", "interest": "0.00", "penalty": "0.00"}, "claim": None,
}  # fmt: skip
PAID: dict[str, Any] = {
    "id": 1, "amount": "4000000.00", "value_date": "2026-03-18", "bank_ref": "DK-0001", "maker": "陈放", "checker": "",
}  # fmt: skip
RUNNING = LOAN | {
    "status": "active",
    "outstanding": "4000000.00",
    "undrawn": "0.00",
    "disbursements": [PAID | {"checker": "许核"}],
}
CLAIM: dict[str, Any] = {
    "id": 1, "state": "filed", "loss": "4000000.00", "amount": "3200000.00",
    "shares": [
        {"party": "bank", "share": "0.200000", "amount": "800000.00", "paid": False},
        {"party": "guarantor", "share": "0.800000", "amount": "3200000.00", "paid": False},
    ],
}  # fmt: skip

BODIES: dict[str, dict[str, Any]] = {
    "simulateQuote": {"consent": 7},
    "acknowledge": {"actor_token": TOKEN, "note": "已电话联系"},
    "propose": {"actor_token": TOKEN, "amount": "4000000.00", "rate": "0.0345", "term_months": 12},
    "decide": {"actor_token": TOKEN, "outcome": "approve", "content_hash": SHA},
    "recordContract": {
        "actor_token": TOKEN, "number": "2026-0317", "amount": "4000000.00", "rate": "0.0345", "starts_on": "2026-03-17", "ends_on": "2027-03-17",
    },
    "recordDisbursement": {"actor_token": TOKEN, "amount": "4000000.00", "value_date": "2026-03-18", "bank_ref": "DK-0001"},
    "confirmDisbursement": {"actor_token": TOKEN, "disbursement": 1},
    "dropDisbursement": {"actor_token": TOKEN, "disbursement": 1},
    "recordRepayment": {
        "actor_token": TOKEN, "principal": "0.00", "interest": "11500.00", "value_date": "2026-04-17", "bank_ref": "HK-0001",
    },
    "requestReversal": {"actor_token": TOKEN, "repayment": 1, "bank_ref": "CZ-0001", "reason": "记错企业"},
    "confirmReversal": {"actor_token": TOKEN, "reversal": 2},
    "dropReversal": {"actor_token": TOKEN, "reversal": 2},
    "declareDefault": {"actor_token": TOKEN, "reason": "逾期 90 天，催收无果"},
    "confirmDefault": {"actor_token": TOKEN},
    "fileClaim": {"actor_token": TOKEN},
    "createEndpoint": {key: ENDPOINT[key] for key in ("url", "events")},
    "advanceClock": {"days": 31},
    "rotateSecret": {},
    "endFormerSecret": {},
    "replayRange": {"first": 3, "last": 5},
    "enableEndpoint": {},
    "disableEndpoint": {},
    "replayEvent": {},
}  # fmt: skip
CLOCK = {"now": "2026-05-19T09:00:00+08:00", "days_ahead": 31}
SECRET = ENDPOINT | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…"}
ANSWERS: dict[str, dict[str, Any]] = {
    "listConsents": {"items": [CONSENT], "next_cursor": None},
    "getConsent": CONSENT,
    "getScoreCard": CARD,
    "getDocument": {"id": 31, "title": "2025 年度审计报告", "page": 1, "pages": 12, "jpeg": "/9j/4AAQSkZJRgABAQ…"},
    "verifySnapshot": {
        "snapshot": 3, "leaf": SHA, "path": [{"side": "right", "hash": SHA}], "snapshot_root": SHA, "scheme_digest": SHA,
        "engine_version": "1", "result_root": SHA, "run_hash": SHA,
    },
    "simulateQuote": {
        "consent": 7, "product_version": 1, "amount": "9000000.00", "binding": "equity_capacity", "usable": True, "provisional": False,
        "steps": STEPS,
    },
    "getQuote": QUOTE,
    "listApplications": {"items": [ROW], "next_cursor": "YmVmb3JlOjEy"},
    "getApplication": DETAIL,
    "getDossier": {"application": DETAIL, "card": CARD, "quote": QUOTE},
    "acknowledge": DETAIL | {"status": "screened", "decision": None},
    "propose": DETAIL,
    "decide": DETAIL | {"status": "approved", "decision": DECISION | {"checker": "冯立", "outcome": "approved"}},
    "getLoan": RUNNING,
    "recordContract": LOAN,
    "recordDisbursement": LOAN | {"status": "contracted", "disbursements": [PAID]},
    "confirmDisbursement": RUNNING,
    "dropDisbursement": LOAN | {"status": "contracted"},
    "dropReversal": RUNNING,
    "declareDefault": RUNNING | {"status": "overdue"},
    "confirmDefault": RUNNING | {"status": "defaulted"},
    "fileClaim": RUNNING | {"status": "claim_filed", "claim": CLAIM},
    "getClock": CLOCK,
    "advanceClock": CLOCK,
    "listEndpoints": {"items": [ENDPOINT]},
    "createEndpoint": SECRET,
    "getEndpoint": ENDPOINT,
    "rotateSecret": SECRET | {"previous_until": "2026-03-03T09:00:00+08:00"},
    "endFormerSecret": ENDPOINT,
    "replayRange": {"first": 3, "last": 5, "replayed": 2},
    "enableEndpoint": ENDPOINT,
    "disableEndpoint": ENDPOINT | {"state": "disabled"},
    "listDeliveries": {"items": [DELIVERY], "next_cursor": None},
    "replayEvent": DELIVERY | {"state": "pending", "attempts": 0},
}  # fmt: skip
ADDED = {"getScoreCard": MORE}
"""Second answers: what only some consents give."""
