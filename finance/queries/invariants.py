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
        "counters are the sums over applications and loans",
        """
        SELECT format('line %s: reserved %s, applications hold %s', l.id, l.reserved, coalesce(sum(a.reserved), 0))
          FROM finance_creditline l LEFT JOIN finance_application a ON a.park_id = l.park_id AND a.line_id = l.id
         GROUP BY l.id, l.reserved HAVING l.reserved <> coalesce(sum(a.reserved), 0)
        UNION ALL
        SELECT format('line %s: drawn %s, loans owe %s', l.id, l.drawn, coalesce(sum(a.drawn), 0))
          FROM finance_creditline l LEFT JOIN finance_application a ON a.park_id = l.park_id AND a.line_id = l.id
         GROUP BY l.id, l.drawn HAVING l.drawn <> coalesce(sum(a.drawn), 0)
        UNION ALL
        SELECT format('application %s: %s but holds %s', id, status, reserved)
          FROM finance_application
         WHERE reserved <> 0 AND status NOT IN ('submitted', 'screened', 'guarantee_review', 'g_proposed', 'guaranteed', 'proposed',
                                                'on_hold', 'approved', 'contracted', 'active', 'overdue')
        UNION ALL
        SELECT format('application %s: drawn %s, its principal account says %s', a.id, a.drawn, coalesce(b.balance, 0))
          FROM finance_application a LEFT JOIN finance_ledgeraccount b ON b.park_id = a.park_id AND b.application_id = a.id AND b.code = 'principal'
         WHERE a.drawn <> coalesce(b.balance, 0)
        UNION ALL
        SELECT format('%s %s %s: committed %s, held %s', c.kind, c.scope, c.key, c.committed, coalesce(sum(h.amount), 0))
          FROM finance_riskcounter c LEFT JOIN finance_riskhold h ON h.park_id = c.park_id AND h.counter_id = c.id
         GROUP BY c.id, c.kind, c.scope, c.key, c.committed, c.paid
        HAVING (c.committed, c.paid) <> (coalesce(sum(h.amount), 0), coalesce(sum(h.paid), 0))
        UNION ALL
        SELECT format('programme %s: committed %s and paid %s differ from its subsidies', g.code, g.committed, g.paid)
          FROM finance_subsidyprogramme g LEFT JOIN finance_subsidy s ON s.park_id = g.park_id AND s.programme_id = g.id
         GROUP BY g.id, g.code, g.committed, g.paid
        HAVING (g.committed, g.paid) <> (
               coalesce(sum(s.amount) FILTER (WHERE s.state IN ('applied', 'bank_confirmed', 'checked', 'paid')), 0),
               coalesce(sum(s.amount) FILTER (WHERE s.state = 'paid'), 0))
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
        UNION ALL
        SELECT format('guarantee %s: made and confirmed by person %s', id, maker_person) FROM finance_guarantee WHERE checker_person = maker_person
        UNION ALL
        SELECT format('disbursement %s: made and confirmed by person %s', id, maker_person) FROM finance_disbursement WHERE checker_person = maker_person
        UNION ALL
        SELECT format('repayment %s: made and confirmed by person %s', id, maker_person) FROM finance_repayment WHERE checker_person = maker_person
        UNION ALL
        SELECT format('defaultnotice %s: made and confirmed by person %s', id, maker_person) FROM finance_defaultnotice WHERE checker_person = maker_person
        UNION ALL
        SELECT format('claim %s: made and confirmed by person %s', id, maker_person) FROM finance_claim WHERE checker_person = maker_person
        UNION ALL
        SELECT format('claimshare %s: made and confirmed by person %s', id, maker_person) FROM finance_claimshare WHERE checker_person = maker_person
        UNION ALL
        SELECT format('recovery %s: made and confirmed by person %s', id, maker_person) FROM finance_recovery WHERE checker_person = maker_person
        UNION ALL
        SELECT format('lineorder %s: made and confirmed by person %s', id, maker_person) FROM finance_lineorder WHERE checker_person = maker_person
        UNION ALL
        SELECT format('riskterms %s: made and confirmed by person %s', id, maker_person) FROM finance_riskterms WHERE checker_person = maker_person
        UNION ALL
        SELECT format('subsidyprogramme %s: made and confirmed by person %s', id, maker_person) FROM finance_subsidyprogramme WHERE checker_person = maker_person
        UNION ALL
        SELECT format('subsidyproject %s: made and confirmed by person %s', id, maker_person) FROM finance_subsidyproject WHERE checker_person = maker_person
        UNION ALL
        SELECT format('application %s: step %s by one person alone', e.application_id, e.seq) FROM finance_applicationevent e
         WHERE e.event = 'disburse' AND NOT EXISTS (SELECT FROM finance_disbursement d WHERE d.park_id = e.park_id AND d.id = e.source_id AND d.checker_person = e.person_ref)
        UNION ALL
        SELECT format('subsidy %s: checked and paid by person %s', one.subsidy_id, one.person_ref)
          FROM finance_subsidyevent one JOIN finance_subsidyevent two ON two.park_id = one.park_id AND two.subsidy_id = one.subsidy_id
           AND (one.event, two.event) IN (('check', 'pay'), ('pay', 'claw_back')) AND two.person_ref = one.person_ref
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
        "paid out is at most the contract, which is at most approved, which is at most applied for",
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
    "I6b": (
        "disbursements stay within a signed contract within the approval",
        """
        SELECT format('contract %s: %s of %s approved', c.id, c.amount, d.amount)
          FROM finance_contract c JOIN finance_decision d ON d.park_id = c.park_id AND d.application_id = c.application_id AND d.outcome = 'approved' AND d.live
         WHERE c.amount > d.amount
        UNION ALL
        SELECT format('application %s: %s paid out of a contract of %s', a.id, sum(d.amount), max(c.amount))
          FROM finance_application a
          JOIN finance_applicationevent e ON e.park_id = a.park_id AND e.application_id = a.id AND e.event = 'disburse'
          JOIN finance_disbursement d ON d.park_id = e.park_id AND d.id = e.source_id
          LEFT JOIN finance_contract c ON c.park_id = a.park_id AND c.application_id = a.id AND c.live AND c.signed_at IS NOT NULL
         GROUP BY a.id HAVING sum(d.amount) > coalesce(max(c.amount), 0)
        """,
    ),
    "I7": (
        "principal repaid is at most what was paid out; a repayment is the sum of its parts",
        """
        SELECT format('repayment %s: %s is not the sum of its parts', id, amount) FROM finance_repayment
         WHERE amount <> principal + interest + penalty + fee OR least(principal, interest, penalty, fee) < 0
        UNION ALL
        SELECT format('application %s: owes %s', id, drawn) FROM finance_application WHERE drawn < 0
        """,
    ),
    "I8": (
        "journals balance; an account is the sum of its entries",
        """
        SELECT format('journal %s of application %s does not balance', j.id, j.application_id)
          FROM finance_journal j LEFT JOIN finance_entry e ON e.park_id = j.park_id AND e.journal_id = j.id
         GROUP BY j.id, j.application_id HAVING count(e.id) < 2 OR sum(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) <> 0
        UNION ALL
        SELECT format('account %s of application %s: balance %s', a.code, a.application_id, a.balance)
          FROM finance_ledgeraccount a LEFT JOIN finance_entry e ON e.park_id = a.park_id AND e.account_id = a.id
         GROUP BY a.id, a.code, a.application_id, a.balance
        HAVING a.balance <> coalesce(sum(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END), 0)
        UNION ALL
        SELECT format('application %s: step %s has no journal', e.application_id, e.seq) FROM finance_applicationevent e
         WHERE e.event IN ('disburse', 'repay', 'reverse', 'pay', 'recover')
           AND NOT EXISTS (SELECT FROM finance_journal j WHERE j.park_id = e.park_id AND j.application_id = e.application_id
                              AND j.kind = e.event AND j.source_id = e.source_id)
        """,
    ),
    "I9": (
        "a claim is at most the covered part of the loss; one is open at most",
        """
        SELECT format('claim %s: %s of a loss of %s', c.id, c.amount, c.loss) FROM finance_claim c
          JOIN finance_application a ON a.park_id = c.park_id AND a.id = c.application_id
          JOIN finance_productversion v ON v.park_id = a.park_id AND v.id = a.product_version_id
          LEFT JOIN finance_guarantee g ON g.park_id = a.park_id AND g.application_id = a.id AND g.live AND g.outcome = 'granted'
         WHERE c.amount > ceil(c.loss * (coalesce(g.cover_ratio, 0) + v.pool_share) * 100) / 100
        UNION ALL
        SELECT format('application %s: %s claims are open', application_id, count(*)) FROM finance_claim
         WHERE state <> 'refused' GROUP BY application_id HAVING count(*) > 1
        """,
    ),
    "I10": (
        "shares sum to one and to the cent",
        """
        SELECT format('claim %s: shares sum to %s and %s of %s', c.id, sum(s.share), sum(s.amount), c.loss)
          FROM finance_claim c LEFT JOIN finance_claimshare s ON s.park_id = c.park_id AND s.claim_id = c.id
         GROUP BY c.id, c.loss HAVING (coalesce(sum(s.share), 0), coalesce(sum(s.amount), 0)) <> (1, c.loss)
        UNION ALL
        SELECT format('recovery %s: parts differ from %s', id, amount) FROM finance_recovery WHERE amount <> bank_part + guarantor_part + pool_part
        """,
    ),
    "I11": (
        "pools commit within their cap and pay within what is in them",
        """
        SELECT format('pool %s: committed %s of %s, paid %s of %s', organisation_id, committed, cap, paid, paid_cap) FROM finance_riskcounter
         WHERE kind = 'pool' AND (committed > cap OR paid > paid_cap OR paid < 0 OR committed < paid)
        """,
    ),
    "I12": (
        "caps of guarantor, client and group",
        """
        SELECT format('guarantor %s, %s %s: committed %s of %s', organisation_id, scope, key, committed, cap) FROM finance_riskcounter
         WHERE kind = 'guarantor' AND (committed > cap OR committed < paid OR paid < 0)
        UNION ALL
        SELECT format('application %s: needs a guarantee', a.id) FROM finance_application a
          JOIN finance_productversion v ON v.park_id = a.park_id AND v.id = a.product_version_id AND v.guarantor_id IS NOT NULL
         WHERE a.status IN ('guaranteed', 'proposed', 'approved', 'contracted', 'active', 'overdue') AND NOT EXISTS (
               SELECT FROM finance_guarantee g WHERE g.park_id = a.park_id AND g.application_id = a.id AND g.live AND g.outcome = 'granted')
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
    "I16": (
        "each message to the outside is about something that exists; each delivery carries such a message",
        """
        SELECT format('message %s (%s): its source is missing', m.id, m.aggregate) FROM parks_outboxmessage m
         WHERE m.topic = 'bank.event' AND NOT CASE m.payload -> 'object' ->> 'type'
               WHEN 'application' THEN EXISTS (SELECT FROM finance_application o WHERE o.id = (m.payload -> 'object' ->> 'id')::bigint)
               WHEN 'consent' THEN EXISTS (SELECT FROM finance_consent o WHERE o.id = (m.payload -> 'object' ->> 'id')::bigint)
               WHEN 'quote' THEN EXISTS (SELECT FROM finance_quote o WHERE o.id = (m.payload -> 'object' ->> 'id')::bigint)
               WHEN 'auditchain' THEN EXISTS (SELECT FROM parks_auditchain o WHERE o.id = (m.payload -> 'object' ->> 'id')::bigint)
               ELSE false END
            OR m.topic = 'notice' AND NOT EXISTS (SELECT FROM parks_notification n WHERE n.id = (m.payload ->> 'notification')::bigint)
        UNION ALL
        SELECT format('delivery %s: no such message', d.id) FROM finance_webhookdelivery d
         WHERE NOT EXISTS (SELECT FROM parks_outboxmessage m WHERE m.park_id = d.park_id AND m.topic = 'bank.event' AND m.payload ->> 'id' = d.event_id)
        """,
    ),
    "I17": (
        "a board in force stands on exactly one snapshot",
        """
        SELECT format('board %s of %s: %s snapshots', c.board, c.year, count(s.id))
          FROM rankings_publishedcurrent c
          LEFT JOIN rankings_publishedboard p ON p.park_id = c.park_id AND p.id = c.published_id
          LEFT JOIN rankings_boardedition e ON e.park_id = p.park_id AND e.id = p.edition_id
          LEFT JOIN scoring_scorerun r ON r.park_id = e.park_id AND r.id = e.run_id AND r.run_hash = p.run_hash
          LEFT JOIN scoring_snapshot s ON s.park_id = r.park_id AND s.id = r.snapshot_id AND s.root = p.snapshot_root
         WHERE c.park_id = current_setting('app.park_id')::bigint
         GROUP BY c.id, c.board, c.year HAVING count(s.id) <> 1
        """,
    ),
    "I18": (
        "each published line equals its hash and the line of its edition",
        """
        SELECT format('board %s of %s, line %s: differs from its hash or its edition', p.board, p.year, x.position)
          FROM rankings_publishedentry x JOIN rankings_publishedboard p ON p.park_id = x.park_id AND p.id = x.published_id
          LEFT JOIN rankings_boardentry e ON e.park_id = p.park_id AND e.edition_id = p.edition_id
           AND (e.position, e.place, e.tied, e.uscc, e.name, e.stage, e.score, e.leaf) = (x.position, x.place, x.tied, x.uscc, x.name, x.stage, x.score, x.leaf)
         WHERE x.park_id = current_setting('app.park_id')::bigint
           AND (e.id IS NULL OR x.leaf <> encode(sha256('\\x00'::bytea || convert_to(format(
                '{"name":%s,"place":%s,"position":%s,"score":"%s","stage":%s,"tied":%s,"uscc":%s,"v":1}', to_json(normalize(x.name)), x.place,
                x.position, x.score, to_json(normalize(x.stage)), x.tied::text, to_json(x.uscc)), 'UTF8')), 'hex'))
        UNION ALL
        SELECT format('board %s of %s: %s lines, its edition has %s', p.board, p.year,
               (SELECT count(*) FROM rankings_publishedentry x WHERE x.park_id = p.park_id AND x.published_id = p.id),
               (SELECT count(*) FROM rankings_boardentry e WHERE e.park_id = p.park_id AND e.edition_id = p.edition_id))
          FROM rankings_publishedboard p WHERE p.park_id = current_setting('app.park_id')::bigint
           AND (SELECT count(*) FROM rankings_publishedentry x WHERE x.park_id = p.park_id AND x.published_id = p.id)
            <> (SELECT count(*) FROM rankings_boardentry e WHERE e.park_id = p.park_id AND e.edition_id = p.edition_id)
        """,
    ),
    "I19": (
        "an idempotency record that is done has its answer",
        """
        SELECT format('key %s of %s: no answer is stored', key, route) FROM parks_idempotencyrecord
         WHERE status <> 0 AND (response IS NULL OR NOT response ? 'data')
        """,
    ),
    "I20": (
        "subsidy periods are disjoint, within caps and within the interest paid",
        """
        SELECT format('subsidies %s and %s overlap', one.id, two.id) FROM finance_subsidy one
          JOIN finance_subsidy two ON two.park_id = one.park_id AND two.application_id = one.application_id AND two.id > one.id AND two.period && one.period
         WHERE one.state NOT IN ('refused', 'clawed_back') AND two.state NOT IN ('refused', 'clawed_back')
        UNION ALL
        SELECT format('application %s: programmes %s and %s exclude each other', one.application_id, g.code, o.code)
          FROM finance_subsidy one JOIN finance_subsidy two ON two.park_id = one.park_id AND two.application_id = one.application_id
          JOIN finance_subsidyprogramme g ON g.park_id = one.park_id AND g.id = one.programme_id
          JOIN finance_subsidyprogramme o ON o.park_id = two.park_id AND o.id = two.programme_id AND o.id <> g.id AND g.exclusive_with ? o.code
         WHERE one.state NOT IN ('refused', 'clawed_back') AND two.state NOT IN ('refused', 'clawed_back')
        UNION ALL
        SELECT format('subsidy %s: %s of %s interest', id, amount, interest_paid) FROM finance_subsidy WHERE amount > interest_paid
        UNION ALL
        SELECT format('enterprise %s: %s of programme %s', s.enterprise_id, sum(s.amount), g.code) FROM finance_subsidy s
          JOIN finance_subsidyprogramme g ON g.park_id = s.park_id AND g.id = s.programme_id
         WHERE s.state NOT IN ('computed', 'refused', 'clawed_back')
         GROUP BY s.enterprise_id, g.code, g.total_cap HAVING sum(s.amount) > g.total_cap
        UNION ALL
        SELECT format('programme %s: committed %s of %s', code, committed, budget) FROM finance_subsidyprogramme
         WHERE committed > budget OR paid > committed
        """,
    ),
    "I21": (
        "no open application is past its time (with a day of grace for the task that ends them)",
        """
        SELECT format('application %s: %s since %s', id, status, lapses_at) FROM finance_application
         WHERE status IN ('submitted', 'screened', 'guarantee_review', 'g_proposed', 'guaranteed', 'proposed', 'on_hold')
           AND lapses_at < now() + park_shift() - interval '1 day'
        """,
    ),
    "I22": (
        "no job's lease (20 s, renewed all the time) is older than twice its length without the sweeper having rung for it",
        """
        SELECT format('job %s (%s): lease ended %s', id, kind, lease_until) FROM parks_job
         WHERE state = 'running' AND lease_until < now() - interval '20 seconds'
           AND coalesce(rung_at, started_at, created_at) < now() - interval '20 seconds'
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
