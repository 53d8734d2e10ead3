-- One step of an application: numbered, from the state it is in, by a person with that role, with all that the step
-- needs; moves the application and the line. Nothing else can move them. What a step does with money and with the
-- counters of guarantors and pools is in effects.sql.
CREATE OR REPLACE FUNCTION finance_acts_as(p_park bigint, p_person bigint, p_role text, p_organisation bigint) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM public.parks_membership m JOIN public.parks_account a ON a.id = m.account_id
    WHERE m.park_id = p_park AND m.role = p_role AND a.person_id = p_person AND m.organisation_id = p_organisation
      AND m.starts_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date AND (m.ends_on IS NULL OR m.ends_on > (now() AT TIME ZONE 'Asia/Shanghai')::date))
$$;

CREATE OR REPLACE FUNCTION finance_event_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog AS $$
DECLARE
  app public.finance_application%ROWTYPE;
  terms public.finance_productversion%ROWTYPE;
  line public.finance_creditline%ROWTYPE;
  verdict public.finance_decision%ROWTYPE;
  amount numeric;
  house bigint;
  keeps boolean;
BEGIN
  SELECT * INTO app FROM public.finance_application WHERE park_id = NEW.park_id AND id = NEW.application_id FOR UPDATE;
  IF NOT FOUND OR app.status <> NEW.from_state THEN
    RAISE EXCEPTION 'the application is in state %, not %', app.status, NEW.from_state USING ERRCODE = 'IS004';
  END IF;
  SELECT * INTO terms FROM public.finance_productversion v WHERE v.park_id = app.park_id AND v.id = app.product_version_id;
  house := CASE WHEN NEW.role LIKE 'bank%' THEN app.organisation_id
                WHEN NEW.role LIKE 'guarantor%' THEN terms.guarantor_id
                WHEN NEW.role LIKE 'fund%' THEN terms.pool_id
                WHEN NEW.role LIKE 'enterprise%' THEN (SELECT e.organisation_id FROM public.enterprises_enterprise e
                                                       WHERE e.park_id = app.park_id AND e.id = app.enterprise_id) END;
  IF NEW.role <> 'system' AND NOT public.finance_acts_as(NEW.park_id, NEW.person_ref, NEW.role, house) THEN
    RAISE EXCEPTION 'person % is not % here', NEW.person_ref, NEW.role USING ERRCODE = 'IS005';
  END IF;

  IF NEW.event IN ('submit', 'acknowledge', 'g_propose', 'g_grant', 'propose', 'approve') THEN
    IF NOT public.finance_consent_active(NEW.park_id, app.consent_id) THEN
      RAISE EXCEPTION 'the consent is not active' USING ERRCODE = 'IS002';
    END IF;
  END IF;
  IF NEW.event IN ('submit', 'approve') THEN
    SELECT l.* INTO line FROM public.finance_creditline l
      JOIN public.finance_quote q ON q.park_id = l.park_id AND q.id = l.quote_id
       AND q.state = 'live' AND q.expires_at > (clock_timestamp() + public.park_shift())
     WHERE l.park_id = app.park_id AND l.id = app.line_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the quote is not live' USING ERRCODE = 'IS003';
    END IF;
  END IF;

  IF NEW.event = 'offer_guarantee' THEN
    IF terms.guarantor_id IS NULL THEN
      RAISE EXCEPTION 'the product has no guarantor' USING ERRCODE = 'IS004';
    END IF;
  ELSIF NEW.event = 'g_propose' THEN
    PERFORM FROM public.finance_guarantee g WHERE g.park_id = app.park_id AND g.application_id = app.id
       AND g.live AND g.outcome = '' AND g.maker_person = NEW.person_ref;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no proposal of this person' USING ERRCODE = 'IS004';
    END IF;
  ELSIF NEW.event IN ('g_grant', 'g_return', 'g_decline') THEN
    PERFORM FROM public.finance_guarantee g WHERE g.park_id = app.park_id AND g.application_id = app.id
       AND g.id = (SELECT max(l.id) FROM public.finance_guarantee l WHERE l.park_id = app.park_id AND l.application_id = app.id)
       AND g.checker_person = NEW.person_ref AND g.checker_person <> g.maker_person
       AND g.outcome = (CASE NEW.event WHEN 'g_grant' THEN 'granted' WHEN 'g_return' THEN 'returned' ELSE 'declined' END);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the step is not what two people decided' USING ERRCODE = 'IS005';
    END IF;
  ELSIF NEW.event = 'propose' THEN
    PERFORM FROM public.finance_decision d WHERE d.park_id = app.park_id AND d.application_id = app.id
       AND d.live AND d.outcome = '' AND d.maker_person = NEW.person_ref;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no proposal of this person' USING ERRCODE = 'IS004';
    END IF;
    IF terms.guarantor_id IS NOT NULL AND NOT public.finance_guaranteed(app.park_id, app.id) THEN
      RAISE EXCEPTION 'the product needs a guarantee first' USING ERRCODE = 'IS004';
    END IF;
  ELSIF NEW.event IN ('approve', 'return', 'reject') THEN
    SELECT * INTO verdict FROM public.finance_decision d WHERE d.park_id = app.park_id AND d.application_id = app.id
     ORDER BY d.id DESC LIMIT 1;
    IF verdict.id IS NULL OR verdict.checker_person IS DISTINCT FROM NEW.person_ref
       OR verdict.checker_person = verdict.maker_person
       OR verdict.outcome <> (CASE NEW.event WHEN 'approve' THEN 'approved' WHEN 'return' THEN 'returned' ELSE 'rejected' END) THEN
      RAISE EXCEPTION 'the step is not what two people decided' USING ERRCODE = 'IS005';
    END IF;
  ELSIF NEW.event IN ('contract', 'disburse') THEN
    amount := public.finance_document_amount(app.park_id, app.id, NEW.event, NEW.source_id, NEW.person_ref);
  END IF;

  keeps := NEW.to_state IN ('submitted', 'screened', 'guarantee_review', 'g_proposed', 'guaranteed', 'proposed', 'on_hold',
                            'approved', 'contracted', 'active', 'overdue');
  NEW.reserve := CASE WHEN NOT keeps THEN 0 WHEN NEW.event = 'submit' THEN app.amount
                      WHEN NEW.event = 'approve' THEN NEW.reserve WHEN NEW.event = 'contract' THEN amount
                      WHEN NEW.event = 'disburse' THEN app.reserved - amount ELSE app.reserved END;
  IF NEW.reserve < 0 OR (NEW.event = 'contract' AND NEW.reserve > app.reserved) THEN
    RAISE EXCEPTION 'more than what was approved' USING ERRCODE = 'IS001';
  END IF;
  IF NEW.event = 'approve' THEN
    IF NEW.reserve <> verdict.amount OR NOT verdict.live OR verdict.amount > app.reserved THEN
      RAISE EXCEPTION 'the amount is not the decided one' USING ERRCODE = 'IS001';
    END IF;
    IF line.state <> 'active' OR line.reserved + line.drawn - app.reserved + verdict.amount > line.quoted_limit THEN
      RAISE EXCEPTION 'the line was cut below this amount' USING ERRCODE = 'IS001';
    END IF;
  END IF;

  IF NEW.reserve <> app.reserved THEN
    PERFORM public.finance_reserve(app.park_id, app.line_id, NEW.reserve - app.reserved);
  END IF;
  SELECT coalesce(max(e.seq), 0) + 1 INTO NEW.seq FROM public.finance_applicationevent e
   WHERE e.park_id = NEW.park_id AND e.application_id = NEW.application_id;
  NEW.at := clock_timestamp() + public.park_shift();
  UPDATE public.finance_application SET status = NEW.to_state, reserved = NEW.reserve,
         contacted_at = CASE WHEN NEW.event IN ('acknowledge', 'propose') THEN coalesce(contacted_at, NEW.at) ELSE contacted_at END
   WHERE park_id = app.park_id AND id = app.id;
  IF NEW.to_state IN ('declined_auto', 'g_declined', 'rejected', 'withdrawn', 'lapsed') THEN
    UPDATE public.finance_decision SET live = false
     WHERE park_id = app.park_id AND application_id = app.id AND live AND NEW.event <> 'reject';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION finance_event_step() FROM PUBLIC;
DROP TRIGGER IF EXISTS step ON finance_applicationevent;
CREATE TRIGGER step BEFORE INSERT ON finance_applicationevent FOR EACH ROW EXECUTE FUNCTION finance_event_step();
