-- What a step of a loan does with money (double entry) and with counters. The only writer of journals.

CREATE OR REPLACE FUNCTION finance_document_amount(p_park bigint, p_application bigint, p_event text, p_source bigint, p_person bigint)
  RETURNS numeric LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE found numeric;
BEGIN
  IF p_event = 'contract' THEN
    SELECT c.amount INTO found FROM public.finance_contract c WHERE c.park_id = p_park AND c.application_id = p_application
       AND c.id = p_source AND c.live AND c.signed_by_ref = p_person;
  ELSE
    SELECT d.amount INTO found FROM public.finance_disbursement d WHERE d.park_id = p_park AND d.application_id = p_application
       AND d.id = p_source AND d.checker_person = p_person AND d.checker_person <> d.maker_person;
  END IF;
  IF found IS NULL THEN
    RAISE EXCEPTION 'there is no such document of two people' USING ERRCODE = 'IS005';
  END IF;
  RETURN found;
END $$;

CREATE OR REPLACE FUNCTION finance_journal_new(p_park bigint, p_application bigint, p_kind text, p_source bigint, p_on date)
  RETURNS bigint LANGUAGE sql SET search_path = pg_catalog AS $$
  INSERT INTO public.finance_journal (park_id, application_id, kind, source_id, value_date)
  VALUES (p_park, p_application, p_kind, p_source, p_on) RETURNING id
$$;
REVOKE EXECUTE ON FUNCTION finance_journal_new(bigint, bigint, text, bigint, date) FROM PUBLIC;

CREATE OR REPLACE FUNCTION finance_entry_new(p_park bigint, p_journal bigint, p_code text, p_side text, p_amount numeric)
  RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE app bigint; acc bigint;
BEGIN
  IF p_amount = 0 THEN
    RETURN;
  END IF;
  SELECT j.application_id INTO app FROM public.finance_journal j WHERE j.park_id = p_park AND j.id = p_journal;
  INSERT INTO public.finance_ledgeraccount (park_id, application_id, code, balance) VALUES (p_park, app, p_code, 0) ON CONFLICT DO NOTHING;
  SELECT a.id INTO acc FROM public.finance_ledgeraccount a WHERE a.park_id = p_park AND a.application_id = app AND a.code = p_code;
  INSERT INTO public.finance_entry (park_id, journal_id, account_id, side, amount) VALUES (p_park, p_journal, acc, p_side, p_amount);
END $$;
REVOKE EXECUTE ON FUNCTION finance_entry_new(bigint, bigint, text, text, numeric) FROM PUBLIC;

-- An entry moves its account; one of principal also moves what is drawn of the application and of the line.
CREATE OR REPLACE FUNCTION finance_entry_moves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  delta numeric := CASE NEW.side WHEN 'D' THEN NEW.amount ELSE -NEW.amount END;
  acc public.finance_ledgeraccount%ROWTYPE;
  back boolean;
BEGIN
  UPDATE public.finance_ledgeraccount SET balance = balance + delta WHERE park_id = NEW.park_id AND id = NEW.account_id RETURNING * INTO acc;
  IF acc.code <> 'principal' THEN
    RETURN NULL;
  END IF;
  SELECT j.kind = 'reverse' INTO back FROM public.finance_journal j WHERE j.park_id = NEW.park_id AND j.id = NEW.journal_id;
  UPDATE public.finance_application SET drawn = drawn + delta WHERE park_id = NEW.park_id AND id = acc.application_id;
  UPDATE public.finance_creditline l SET drawn = l.drawn + delta,
         hard_limit = CASE WHEN delta < 0 THEN greatest(l.quoted_limit, l.reserved + l.drawn + delta)
                           WHEN back THEN greatest(l.hard_limit, l.reserved + l.drawn + delta) ELSE l.hard_limit END
    FROM public.finance_application a
   WHERE a.park_id = NEW.park_id AND a.id = acc.application_id AND l.park_id = a.park_id AND l.id = a.line_id;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION finance_entry_moves() FROM PUBLIC;
DROP TRIGGER IF EXISTS moves ON finance_entry;
CREATE TRIGGER moves AFTER INSERT ON finance_entry FOR EACH ROW EXECUTE FUNCTION finance_entry_moves();

-- At commit the lines of every journal balance.
CREATE OR REPLACE FUNCTION finance_balanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  here text := current_setting('app.park_id', true);
  lines bigint; off numeric;
BEGIN
  PERFORM set_config('app.park_id', NEW.park_id::text, true);
  SELECT count(*), sum(CASE side WHEN 'D' THEN amount ELSE -amount END) INTO lines, off
    FROM public.finance_entry WHERE park_id = NEW.park_id AND journal_id = NEW.journal_id;
  PERFORM set_config('app.park_id', coalesce(here, ''), true);
  IF lines < 2 OR off <> 0 THEN
    RAISE EXCEPTION 'journal % does not balance', NEW.journal_id USING ERRCODE = 'IS008';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION finance_balanced() FROM PUBLIC;
DROP TRIGGER IF EXISTS balanced ON finance_entry;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON finance_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION finance_balanced();

-- Counters after a step: the guarantor's and the pool's part of what may be owed.
CREATE OR REPLACE FUNCTION finance_rehold(p_park bigint, p_application bigint, p_event text) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog AS $$
DECLARE
  app public.finance_application%ROWTYPE;
  terms public.finance_productversion%ROWTYPE;
  pledge public.finance_guarantee%ROWTYPE;
  base numeric; part numeric; counter bigint;
BEGIN
  SELECT * INTO app FROM public.finance_application WHERE park_id = p_park AND id = p_application;
  SELECT * INTO terms FROM public.finance_productversion WHERE park_id = p_park AND id = app.product_version_id;
  SELECT * INTO pledge FROM public.finance_guarantee WHERE park_id = p_park AND application_id = p_application AND live AND outcome = 'granted';
  base := app.reserved + app.drawn;
  IF terms.pool_id IS NOT NULL AND (p_event = 'approve' OR EXISTS (SELECT FROM public.finance_riskhold h
      JOIN public.finance_riskcounter c ON c.park_id = h.park_id AND c.id = h.counter_id AND c.kind = 'pool'
      WHERE h.park_id = p_park AND h.application_id = p_application)) THEN
    part := least(round(base * terms.pool_share, 2), coalesce(terms.pool_project_cap, base));
    FOR counter IN SELECT * FROM public.finance_counters(p_park, terms.pool_id, 'pool', app.enterprise_id, coalesce(pledge.group_name, '')) LOOP
      IF p_event = 'reverse' THEN
        PERFORM public.finance_make_room(p_park, counter, p_application, part);
      END IF;
      PERFORM public.finance_hold(p_park, counter, p_application, part, 0);
    END LOOP;
  END IF;
  IF pledge.id IS NOT NULL THEN
    part := round(base * pledge.cover_ratio, 2);
    FOR counter IN SELECT * FROM public.finance_counters(p_park, pledge.organisation_id, 'guarantor', app.enterprise_id, pledge.group_name) LOOP
      IF p_event = 'reverse' THEN
        PERFORM public.finance_make_room(p_park, counter, p_application, part);
      END IF;
      PERFORM public.finance_hold(p_park, counter, p_application, part, 0);
    END LOOP;
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION finance_rehold(bigint, bigint, text) FROM PUBLIC;

-- Holds of a kind (or of all) become what was paid on them less `p_back`; with `p_forget` nothing stays.
CREATE OR REPLACE FUNCTION finance_unhold(p_park bigint, p_application bigint, p_kind text, p_back numeric, p_forget boolean)
  RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE held record;
BEGIN
  FOR held IN SELECT h.counter_id, h.paid FROM public.finance_riskhold h
      JOIN public.finance_riskcounter c ON c.park_id = h.park_id AND c.id = h.counter_id
      WHERE h.park_id = p_park AND h.application_id = p_application AND (p_kind = '' OR c.kind = p_kind)
      ORDER BY c.kind DESC, CASE c.scope WHEN 'total' THEN 1 WHEN 'client' THEN 2 ELSE 3 END LOOP
    PERFORM public.finance_hold(p_park, held.counter_id, p_application,
      CASE WHEN p_forget THEN 0 ELSE held.paid - p_back END, CASE WHEN p_forget THEN 0 ELSE held.paid - p_back END);
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION finance_unhold(bigint, bigint, text, numeric, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION finance_balance(p_park bigint, p_application bigint, p_code text) RETURNS numeric LANGUAGE sql STABLE
  SET search_path = pg_catalog AS $$
  SELECT coalesce((SELECT a.balance FROM public.finance_ledgeraccount a
                    WHERE a.park_id = p_park AND a.application_id = p_application AND a.code = p_code), 0)
$$;

CREATE OR REPLACE FUNCTION finance_event_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  app public.finance_application%ROWTYPE;
  back public.finance_repayment%ROWTYPE;
  claim public.finance_claim%ROWTYPE;
  share public.finance_claimshare%ROWTYPE;
  got public.finance_recovery%ROWTYPE;
  pledge numeric; pool numeric; lost numeric;
  journal bigint; counter bigint; party text;
  sides text[] := ARRAY['D', 'C'];
  p bigint := NEW.park_id; a bigint := NEW.application_id;
BEGIN
  SELECT * INTO app FROM public.finance_application WHERE park_id = p AND id = a;

  IF NEW.event = 'disburse' THEN
    journal := public.finance_journal_new(p, a, 'disburse', NEW.source_id, (SELECT d.value_date FROM public.finance_disbursement d WHERE d.park_id = p AND d.id = NEW.source_id));
    PERFORM public.finance_entry_new(p, journal, 'principal', 'D', (SELECT d.amount FROM public.finance_disbursement d WHERE d.park_id = p AND d.id = NEW.source_id));
    PERFORM public.finance_entry_new(p, journal, 'cash:bank', 'C', (SELECT d.amount FROM public.finance_disbursement d WHERE d.park_id = p AND d.id = NEW.source_id));

  ELSIF NEW.event IN ('repay', 'reverse') THEN
    SELECT * INTO back FROM public.finance_repayment r WHERE r.park_id = p AND r.id = NEW.source_id AND r.application_id = a
       AND (NEW.event = 'repay' AND r.reversal_of_id IS NULL AND r.maker_person = NEW.person_ref
            OR NEW.event = 'reverse' AND r.reversal_of_id IS NOT NULL AND r.checker_person = NEW.person_ref);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no such repayment' USING ERRCODE = 'IS005';
    END IF;
    IF NEW.event = 'reverse' THEN
      sides := ARRAY['C', 'D'];
    ELSIF back.principal > app.drawn THEN
      RAISE EXCEPTION 'more than what is owed' USING ERRCODE = 'IS001';
    END IF;
    journal := public.finance_journal_new(p, a, NEW.event, back.id, back.value_date);
    PERFORM public.finance_entry_new(p, journal, 'cash:bank', sides[1], back.amount);
    PERFORM public.finance_entry_new(p, journal, 'principal', sides[2], back.principal);
    PERFORM public.finance_entry_new(p, journal, 'income:interest', sides[2], back.interest);
    PERFORM public.finance_entry_new(p, journal, 'income:penalty', sides[2], back.penalty);
    PERFORM public.finance_entry_new(p, journal, 'income:fee', sides[2], back.fee);

  ELSIF NEW.event IN ('default', 'write_off') THEN
    PERFORM FROM public.finance_defaultnotice n WHERE n.park_id = p AND n.id = NEW.source_id AND n.application_id = a AND n.live
       AND n.kind = NEW.event AND n.checker_person = NEW.person_ref AND n.checker_person <> n.maker_person;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no notice of two people' USING ERRCODE = 'IS005';
    END IF;
    IF NEW.event = 'write_off' THEN
      journal := public.finance_journal_new(p, a, 'write_off', NEW.source_id, ((now() + public.park_shift()) AT TIME ZONE 'Asia/Shanghai')::date);
      FOREACH party IN ARRAY ARRAY['bank', 'guarantor', 'pool'] LOOP
        lost := public.finance_balance(p, a, CASE party WHEN 'bank' THEN 'principal' ELSE 'subrogated:' || party END);
        PERFORM public.finance_entry_new(p, journal, 'loss:' || party, 'D', lost);
        PERFORM public.finance_entry_new(p, journal, CASE party WHEN 'bank' THEN 'principal' ELSE 'subrogated:' || party END, 'C', lost);
      END LOOP;
    END IF;

  ELSIF NEW.event IN ('claim_file', 'claim_accept', 'claim_refuse') THEN
    SELECT * INTO claim FROM public.finance_claim c WHERE c.park_id = p AND c.id = NEW.source_id AND c.application_id = a;
    IF NEW.event = 'claim_file' THEN
      SELECT coalesce(g.cover_ratio, 0), v.pool_share INTO pledge, pool FROM public.finance_productversion v
        LEFT JOIN public.finance_guarantee g ON g.park_id = v.park_id AND g.application_id = a AND g.live AND g.outcome = 'granted'
       WHERE v.park_id = p AND v.id = app.product_version_id;
      IF claim.id IS NULL OR claim.loss <> app.drawn OR claim.filed_by_ref <> NEW.person_ref
         OR claim.amount > ceil(claim.loss * (pledge + pool) * 100) / 100
         OR (SELECT (sum(s.amount), sum(s.share), sum(s.amount) FILTER (WHERE s.party <> 'bank')) IS DISTINCT FROM (claim.loss, 1::numeric, claim.amount)
               FROM public.finance_claimshare s WHERE s.park_id = p AND s.claim_id = claim.id) THEN
        RAISE EXCEPTION 'the claim is not the loss by shares' USING ERRCODE = 'IS001';
      END IF;
    ELSE
      IF claim.id IS NULL OR claim.state <> 'filed' OR claim.checker_person IS DISTINCT FROM NEW.person_ref OR claim.maker_person = claim.checker_person
         OR claim.opinion <> (CASE NEW.event WHEN 'claim_accept' THEN 'accept' ELSE 'refuse' END)
         OR NEW.role = 'fund_manager' AND public.finance_guaranteed(p, a) THEN
        RAISE EXCEPTION 'the step is not what two people decided' USING ERRCODE = 'IS005';
      END IF;
      UPDATE public.finance_claim SET state = CASE NEW.event WHEN 'claim_accept' THEN 'accepted' ELSE 'refused' END WHERE park_id = p AND id = claim.id;
    END IF;

  ELSIF NEW.event = 'pay' THEN
    SELECT s.* INTO share FROM public.finance_claimshare s
      JOIN public.finance_claim c ON c.park_id = s.park_id AND c.id = s.claim_id AND c.application_id = a AND c.state = 'accepted'
     WHERE s.park_id = p AND s.id = NEW.source_id AND s.checker_person = NEW.person_ref AND s.checker_person <> s.maker_person
       AND s.party = (CASE NEW.role WHEN 'fund_manager' THEN 'pool' ELSE 'guarantor' END);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no payment of two people' USING ERRCODE = 'IS005';
    END IF;
    journal := public.finance_journal_new(p, a, 'pay', share.id, share.value_date);
    PERFORM public.finance_entry_new(p, journal, 'cash:bank', 'D', share.amount);
    PERFORM public.finance_entry_new(p, journal, 'principal', 'C', share.amount);
    PERFORM public.finance_entry_new(p, journal, 'subrogated:' || share.party, 'D', share.amount);
    PERFORM public.finance_entry_new(p, journal, 'cash:' || share.party, 'C', share.amount);
    FOR counter IN SELECT h.counter_id FROM public.finance_riskhold h
        JOIN public.finance_riskcounter c ON c.park_id = h.park_id AND c.id = h.counter_id AND c.kind = share.party
        WHERE h.park_id = p AND h.application_id = a ORDER BY CASE c.scope WHEN 'total' THEN 1 WHEN 'client' THEN 2 ELSE 3 END LOOP
      PERFORM public.finance_hold(p, counter, a, share.amount, share.amount);
    END LOOP;

  ELSIF NEW.event = 'indemnify' THEN
    PERFORM FROM public.finance_claimshare s JOIN public.finance_claim c ON c.park_id = s.park_id AND c.id = s.claim_id AND c.state = 'accepted'
      WHERE s.park_id = p AND c.application_id = a AND s.party <> 'bank' AND s.amount > 0 AND s.checker_person IS NULL;
    IF FOUND THEN
      RAISE EXCEPTION 'a share is not paid yet' USING ERRCODE = 'IS004';
    END IF;
    UPDATE public.finance_claim SET state = 'paid' WHERE park_id = p AND application_id = a AND state = 'accepted';
    PERFORM public.finance_unhold(p, a, '', 0, false);

  ELSIF NEW.event = 'recover' THEN
    SELECT * INTO got FROM public.finance_recovery r WHERE r.park_id = p AND r.id = NEW.source_id AND r.application_id = a
       AND r.checker_person = NEW.person_ref AND r.checker_person <> r.maker_person;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no recovery of two people' USING ERRCODE = 'IS005';
    END IF;
    IF got.bank_part > app.drawn OR got.guarantor_part > public.finance_balance(p, a, 'subrogated:guarantor')
       OR got.pool_part > public.finance_balance(p, a, 'subrogated:pool') THEN
      RAISE EXCEPTION 'more than what is owed' USING ERRCODE = 'IS001';
    END IF;
    journal := public.finance_journal_new(p, a, 'recover', got.id, got.value_date);
    PERFORM public.finance_entry_new(p, journal, 'cash:bank', 'D', got.bank_part);
    PERFORM public.finance_entry_new(p, journal, 'principal', 'C', got.bank_part);
    PERFORM public.finance_entry_new(p, journal, 'cash:guarantor', 'D', got.guarantor_part);
    PERFORM public.finance_entry_new(p, journal, 'subrogated:guarantor', 'C', got.guarantor_part);
    PERFORM public.finance_entry_new(p, journal, 'cash:pool', 'D', got.pool_part);
    PERFORM public.finance_entry_new(p, journal, 'subrogated:pool', 'C', got.pool_part);
    PERFORM public.finance_unhold(p, a, 'pool', got.pool_part, false);
    PERFORM public.finance_unhold(p, a, 'guarantor', got.guarantor_part, false);

  ELSIF NEW.event IN ('close', 'settle') THEN
    IF app.drawn <> 0 OR public.finance_balance(p, a, 'subrogated:guarantor') <> 0 OR public.finance_balance(p, a, 'subrogated:pool') <> 0 THEN
      RAISE EXCEPTION 'something is still owed' USING ERRCODE = 'IS004';
    END IF;
  END IF;

  IF NEW.to_state IN ('declined_auto', 'g_declined', 'rejected', 'withdrawn', 'lapsed', 'cancelled') THEN
    PERFORM public.finance_unhold(p, a, '', 0, true);
    UPDATE public.finance_guarantee SET live = false WHERE park_id = p AND application_id = a AND live AND NEW.event <> 'g_decline';
  ELSIF NEW.to_state = 'closed' OR (NEW.event = 'write_off' AND NEW.from_state = 'defaulted') THEN
    PERFORM public.finance_unhold(p, a, '', 0, true);
  ELSIF NEW.event = 'write_off' THEN
    PERFORM public.finance_unhold(p, a, 'guarantor', 0, true);
  ELSIF NEW.event IN ('g_grant', 'approve', 'contract', 'disburse', 'repay', 'reverse', 'default') THEN
    PERFORM public.finance_rehold(p, a, NEW.event);
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION finance_event_effect() FROM PUBLIC;
DROP TRIGGER IF EXISTS effect ON finance_applicationevent;
CREATE TRIGGER effect AFTER INSERT ON finance_applicationevent FOR EACH ROW EXECUTE FUNCTION finance_event_effect();

-- Documents: two persons; contracts once; reversals equal what they reverse; shares before the claim is filed.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['guarantee', 'disbursement', 'repayment', 'defaultnotice', 'claim', 'claimshare', 'recovery', 'riskterms', 'subsidyprogramme', 'subsidyproject'] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS a_second ON finance_%s', t);
    EXECUTE format('CREATE TRIGGER a_second BEFORE INSERT OR UPDATE ON finance_%s FOR EACH ROW EXECUTE FUNCTION finance_second_person()', t);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION finance_contract_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM public.finance_application a
      JOIN public.finance_decision d ON d.park_id = a.park_id AND d.application_id = a.id AND d.live AND d.outcome = 'approved'
     WHERE a.park_id = NEW.park_id AND a.id = NEW.application_id AND a.status = 'approved' AND a.organisation_id = NEW.organisation_id
       AND NEW.amount <= d.amount AND NEW.rate <= d.rate;
    IF NOT FOUND OR NEW.signed_at IS NOT NULL THEN
      RAISE EXCEPTION 'the contract is not what was approved' USING ERRCODE = 'IS001';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.signed_at IS NOT NULL OR NOT OLD.live THEN
    RAISE EXCEPTION 'a signed contract does not change' USING ERRCODE = 'IS006';
  END IF;
  IF NEW.signed_at IS NOT NULL THEN
    NEW.signed_at := clock_timestamp() + public.park_shift();
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_contract;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_contract FOR EACH ROW EXECUTE FUNCTION finance_contract_guard();

CREATE OR REPLACE FUNCTION finance_repayment_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.reversal_of_id IS NOT NULL THEN
    PERFORM FROM public.finance_repayment r WHERE r.park_id = NEW.park_id AND r.id = NEW.reversal_of_id AND r.reversal_of_id IS NULL
       AND (r.application_id, r.organisation_id, r.amount, r.principal, r.interest, r.penalty, r.fee)
         = (NEW.application_id, NEW.organisation_id, NEW.amount, NEW.principal, NEW.interest, NEW.penalty, NEW.fee);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'a reversal has the amounts of what it reverses' USING ERRCODE = 'IS001';
    END IF;
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_repayment;
CREATE TRIGGER guard BEFORE INSERT ON finance_repayment FOR EACH ROW EXECUTE FUNCTION finance_repayment_guard();

-- What nobody confirmed yet may be taken back; a repayment is booked by one, and counts at once.
CREATE OR REPLACE FUNCTION finance_drop_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF OLD.checker_person IS NOT NULL OR TG_TABLE_NAME = 'finance_repayment' AND to_jsonb(OLD) ->> 'reversal_of_id' IS NULL THEN
    RAISE EXCEPTION 'what counts is not deleted' USING ERRCODE = 'IS006';
  END IF;
  RETURN OLD;
END $$;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['disbursement', 'repayment', 'recovery'] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS dropped ON finance_%s', t);
    EXECUTE format('CREATE TRIGGER dropped BEFORE DELETE ON finance_%s FOR EACH ROW EXECUTE FUNCTION finance_drop_guard()', t);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION finance_share_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM FROM public.finance_applicationevent e JOIN public.finance_claim c ON c.park_id = e.park_id AND c.application_id = e.application_id
    WHERE e.park_id = NEW.park_id AND c.id = NEW.claim_id AND e.event = 'claim_file' AND e.source_id = c.id;
  IF FOUND THEN
    RAISE EXCEPTION 'a claim that was filed does not change' USING ERRCODE = 'IS006';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_claimshare;
CREATE TRIGGER guard BEFORE INSERT ON finance_claimshare FOR EACH ROW EXECUTE FUNCTION finance_share_guard();
