"""What must hold of lending at every moment, as SQL that finds the rows where it does not.

Each query runs inside one park (row-level security cuts the rest off) and names offending rows in words; no row means
that it holds. The guards in the database should make all of them impossible: this is the proof, not the guard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

INVARIANTS: dict[str, tuple[str, str]] = {
    "I1": (
        "what is taken of a line is within its limits",
        """
        SELECT format('line %s: reserved %s + drawn %s, hard limit %s, quoted limit %s', id, reserved, drawn, hard_limit, quoted_limit)
          FROM finance_creditline
         WHERE reserved < 0 OR drawn < 0 OR reserved + drawn > hard_limit OR hard_limit < quoted_limit
        """,
    ),
    "I2": (
        "a line's reserve is the sum over its applications",
        """
        SELECT format('line %s: reserved %s, applications hold %s', l.id, l.reserved, coalesce(sum(a.reserved), 0))
          FROM finance_creditline l LEFT JOIN finance_application a ON a.park_id = l.park_id AND a.line_id = l.id
         GROUP BY l.id, l.reserved HAVING l.reserved <> coalesce(sum(a.reserved), 0)
        UNION ALL
        SELECT format('application %s: %s but holds %s', id, status, reserved)
          FROM finance_application
         WHERE reserved <> 0 AND status NOT IN ('submitted', 'screened', 'proposed', 'on_hold', 'approved')
        """,
    ),
    "I3": (
        "every decision has two persons",
        """
        SELECT format('decision %s: maker and checker are person %s', id, maker_person) FROM finance_decision
         WHERE checker_person = maker_person OR (outcome <> '' AND checker_person IS NULL)
        UNION ALL
        SELECT format('product version %s: proposed and activated by person %s', id, proposed_by_ref) FROM finance_productversion
         WHERE activated_by_ref = proposed_by_ref OR (state <> 'draft' AND activated_by_ref IS NULL)
        """,
    ),
    "I4": (
        "each read of a bank had a consent at that instant",
        """
        SELECT format('read %s at %s: consent %s', r.id, r.at, c.id)
          FROM finance_consentaccess r JOIN finance_consent c ON c.park_id = r.park_id AND c.id = r.consent_id
         WHERE NOT c.period @> r.at OR c.revoked_at < r.at OR c.organisation_id <> r.organisation_id
            OR c.enterprise_id <> r.enterprise_id OR NOT r.groups <@ c.groups
        """,
    ),
    "I5": (
        "each approval stood on a quote that had not expired and was large enough",
        """
        SELECT format('application %s: approved %s at %s without such a quote', a.id, e.reserve, e.at)
          FROM finance_applicationevent e JOIN finance_application a ON a.park_id = e.park_id AND a.id = e.application_id
          JOIN finance_creditline l ON l.park_id = a.park_id AND l.id = a.line_id
         WHERE e.event = 'approve' AND NOT EXISTS (
               SELECT FROM finance_quote q WHERE q.park_id = a.park_id AND q.enterprise_id = a.enterprise_id AND q.product_id = l.product_id
                  AND q.created_at <= e.at AND q.expires_at > e.at AND q.amount >= e.reserve)
        """,
    ),
    "I6": (
        "approved is at most applied for, and what is held is at most approved",
        """
        SELECT format('decision %s: %s of %s applied for', d.id, d.amount, a.amount)
          FROM finance_decision d JOIN finance_application a ON a.park_id = d.park_id AND a.id = d.application_id
         WHERE d.amount > a.amount
        UNION ALL
        SELECT format('application %s: approved %s, holds %s', a.id, d.amount, a.reserved)
          FROM finance_application a JOIN finance_decision d ON d.park_id = a.park_id AND d.application_id = a.id AND d.outcome = 'approved' AND d.live
         WHERE a.status = 'approved' AND a.reserved <> d.amount
        UNION ALL
        SELECT format('application %s: approved without a decision', a.id) FROM finance_application a
         WHERE a.status = 'approved' AND NOT EXISTS (
               SELECT FROM finance_decision d WHERE d.park_id = a.park_id AND d.application_id = a.id AND d.outcome = 'approved' AND d.live)
        """,
    ),
    "I13": (
        "one live quote a firm and product; consents do not overlap",
        """
        SELECT format('enterprise %s, product %s: %s live quotes', enterprise_id, product_id, count(*)) FROM finance_quote
         WHERE state = 'live' GROUP BY enterprise_id, product_id HAVING count(*) > 1
        UNION ALL
        SELECT format('consents %s and %s overlap', one.id, two.id)
          FROM finance_consent one JOIN finance_consent two ON two.park_id = one.park_id AND two.id > one.id
           AND (two.enterprise_id, two.organisation_id, two.product_id, two.purpose) = (one.enterprise_id, one.organisation_id, one.product_id, one.purpose)
           AND two.period && one.period AND one.revoked_at IS NULL AND two.revoked_at IS NULL
        """,
    ),
    "I14": (
        "history chains: every step begins where the one before ended",
        """
        SELECT format('application %s, step %s: from %s after %s', application_id, seq, from_state, before) FROM (
            SELECT application_id, seq, from_state,
                   coalesce(lag(to_state) OVER w, 'draft') AS before, row_number() OVER w AS n
              FROM finance_applicationevent WINDOW w AS (PARTITION BY application_id ORDER BY seq)) steps
         WHERE from_state <> before OR seq <> n
        """,
    ),
    "I15": (
        "an application is in the state its last step led to",
        """
        SELECT format('application %s: %s, history says %s', a.id, a.status, coalesce(last.to_state, 'draft'))
          FROM finance_application a LEFT JOIN LATERAL (
               SELECT to_state FROM finance_applicationevent e WHERE e.park_id = a.park_id AND e.application_id = a.id
                ORDER BY seq DESC LIMIT 1) last ON true
         WHERE a.status <> coalesce(last.to_state, 'draft')
        """,
    ),
}


@dataclass(frozen=True, slots=True)
class Breach:
    """A row for which an invariant does not hold."""

    code: str
    rule: str
    row: str


def breaches() -> Iterator[Breach]:
    """Every breach in the park that was entered; nothing means that all invariants hold."""
    with connection.cursor() as cursor:
        for code, (rule, query) in INVARIANTS.items():
            cursor.execute(query)
            for (row,) in cursor.fetchall():
                yield Breach(code, rule, row)
