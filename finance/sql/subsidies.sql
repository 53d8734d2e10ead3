-- One step of a subsidy: in order, by the right person, within the budget and the caps, paid by another than who checked.
CREATE OR REPLACE FUNCTION finance_budget(p_park bigint, p_programme bigint, p_delta numeric, p_paid numeric) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  UPDATE public.finance_subsidyprogramme SET committed = committed + p_delta, paid = paid + p_paid
   WHERE park_id = p_park AND id = p_programme AND (p_delta <= 0 OR committed + p_delta <= budget);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the budget is used up' USING ERRCODE = 'IS007', DETAIL = 'budget:total:' || (
      SELECT (g.budget - g.committed)::text FROM public.finance_subsidyprogramme g WHERE g.park_id = p_park AND g.id = p_programme);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION finance_budget(bigint, bigint, numeric, numeric) FROM PUBLIC;

-- What an enterprise was promised of a programme and not taken back.
CREATE OR REPLACE FUNCTION finance_standing(p_park bigint, p_programme bigint, p_enterprise bigint) RETURNS SETOF public.finance_subsidy
  LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT s.* FROM public.finance_subsidy s WHERE s.park_id = p_park AND s.programme_id = p_programme AND s.enterprise_id = p_enterprise
     AND s.state NOT IN ('computed', 'refused', 'clawed_back')
$$;

CREATE OR REPLACE FUNCTION finance_subsidy_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  grant_row public.finance_subsidy%ROWTYPE;
  rules public.finance_subsidyprogramme%ROWTYPE;
  app public.finance_application%ROWTYPE;
  house bigint; of_year numeric; of_all numeric; interest numeric;
BEGIN
  SELECT * INTO grant_row FROM public.finance_subsidy WHERE park_id = NEW.park_id AND id = NEW.subsidy_id;
  SELECT * INTO rules FROM public.finance_subsidyprogramme WHERE park_id = NEW.park_id AND id = grant_row.programme_id FOR UPDATE;
  SELECT * INTO grant_row FROM public.finance_subsidy WHERE park_id = NEW.park_id AND id = NEW.subsidy_id FOR UPDATE;
  IF grant_row.id IS NULL OR grant_row.state <> NEW.from_state THEN
    RAISE EXCEPTION 'the subsidy is in state %, not %', grant_row.state, NEW.from_state USING ERRCODE = 'IS004';
  END IF;
  SELECT * INTO app FROM public.finance_application WHERE park_id = NEW.park_id AND id = grant_row.application_id;
  house := CASE WHEN NEW.role LIKE 'bank%' THEN app.organisation_id WHEN NEW.role LIKE 'fund%' THEN rules.organisation_id
                ELSE (SELECT e.organisation_id FROM public.enterprises_enterprise e WHERE e.park_id = app.park_id AND e.id = app.enterprise_id) END;
  IF NOT public.finance_acts_as(NEW.park_id, NEW.person_ref, NEW.role, house) THEN
    RAISE EXCEPTION 'person % is not % here', NEW.person_ref, NEW.role USING ERRCODE = 'IS005';
  END IF;
  IF NEW.event IN ('pay', 'claw_back') AND EXISTS (SELECT FROM public.finance_subsidyevent e WHERE e.park_id = NEW.park_id
       AND e.subsidy_id = NEW.subsidy_id AND e.person_ref = NEW.person_ref AND e.event = (CASE NEW.event WHEN 'pay' THEN 'check' ELSE 'pay' END)) THEN
    RAISE EXCEPTION 'another person has to do this' USING ERRCODE = 'IS005';
  END IF;

  IF NEW.event = 'apply' THEN
    SELECT coalesce(sum(s.amount), 0) INTO of_all FROM public.finance_standing(NEW.park_id, rules.id, grant_row.enterprise_id) s;
    -- one that crosses the turn of a year counts in full in both
    SELECT coalesce(max(taken.sum), 0) INTO of_year
      FROM generate_series(extract(year FROM lower(grant_row.period))::int, extract(year FROM upper(grant_row.period) - 1)::int) AS y (year),
           LATERAL (SELECT sum(s.amount) FROM public.finance_standing(NEW.park_id, rules.id, grant_row.enterprise_id) s
                     WHERE s.period && daterange(make_date(y.year, 1, 1), make_date(y.year + 1, 1, 1))) AS taken;
    IF of_year + grant_row.amount > rules.year_cap OR of_all + grant_row.amount > rules.total_cap THEN
      RAISE EXCEPTION 'above the caps of the programme' USING ERRCODE = 'IS007',
        DETAIL = 'subsidy:client:' || least(rules.year_cap - of_year, rules.total_cap - of_all)::text;
    END IF;
    PERFORM public.finance_budget(NEW.park_id, rules.id, grant_row.amount, 0);
  ELSIF NEW.event IN ('bank_confirm', 'check', 'pay') THEN
    SELECT coalesce(sum(r.interest), 0) INTO interest FROM public.finance_repayment r WHERE r.park_id = NEW.park_id
       AND r.application_id = grant_row.application_id AND r.reversal_of_id IS NULL AND grant_row.period @> r.value_date
       AND NOT EXISTS (SELECT FROM public.finance_applicationevent e JOIN public.finance_repayment x ON x.park_id = e.park_id AND x.id = e.source_id
                        WHERE e.park_id = NEW.park_id AND e.event = 'reverse' AND x.reversal_of_id = r.id);
    IF grant_row.interest_paid > interest THEN
      RAISE EXCEPTION 'less interest was paid' USING ERRCODE = 'IS001';
    END IF;
    IF NEW.event = 'pay' THEN
      PERFORM public.finance_budget(NEW.park_id, rules.id, 0, grant_row.amount);
    END IF;
  ELSIF NEW.event = 'refuse' THEN
    PERFORM public.finance_budget(NEW.park_id, rules.id, -grant_row.amount, 0);
  ELSIF NEW.event = 'claw_back' THEN
    PERFORM public.finance_budget(NEW.park_id, rules.id, -grant_row.amount, -grant_row.amount);
  END IF;
  SELECT coalesce(max(e.seq), 0) + 1 INTO NEW.seq FROM public.finance_subsidyevent e WHERE e.park_id = NEW.park_id AND e.subsidy_id = NEW.subsidy_id;
  NEW.at := clock_timestamp() + public.park_shift();
  UPDATE public.finance_subsidy SET state = NEW.to_state WHERE park_id = NEW.park_id AND id = NEW.subsidy_id;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION finance_subsidy_step() FROM PUBLIC;
DROP TRIGGER IF EXISTS step ON finance_subsidyevent;
CREATE TRIGGER step BEFORE INSERT ON finance_subsidyevent FOR EACH ROW EXECUTE FUNCTION finance_subsidy_step();

CREATE OR REPLACE FUNCTION finance_subsidy_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM FROM public.finance_application a JOIN public.finance_subsidyprogramme g ON g.park_id = a.park_id AND g.id = NEW.programme_id AND g.state = 'active'
    WHERE a.park_id = NEW.park_id AND a.id = NEW.application_id AND a.enterprise_id = NEW.enterprise_id;
  IF NOT FOUND OR NEW.state <> 'computed' THEN
    RAISE EXCEPTION 'a subsidy starts computed, of an own loan, in a programme in force' USING ERRCODE = 'IS004';
  END IF;
  PERFORM FROM public.finance_application a WHERE a.park_id = NEW.park_id AND a.id = NEW.application_id FOR UPDATE;
  PERFORM FROM public.finance_subsidy s
    JOIN public.finance_subsidyprogramme o ON o.park_id = s.park_id AND o.id = s.programme_id
    JOIN public.finance_subsidyprogramme g ON g.park_id = s.park_id AND g.id = NEW.programme_id AND g.id <> o.id
    WHERE s.park_id = NEW.park_id AND s.application_id = NEW.application_id AND s.state NOT IN ('refused', 'clawed_back')
      AND (g.exclusive_with ? o.code OR o.exclusive_with ? g.code);
  IF FOUND THEN
    RAISE EXCEPTION 'another programme pays for this loan and excludes this one' USING ERRCODE = 'IS004';
  END IF;
  PERFORM FROM public.finance_subsidyprogramme g
    WHERE g.park_id = NEW.park_id AND g.id = NEW.programme_id AND upper(NEW.period) > make_interval(months => g.max_months)
      + (SELECT least(min(lower(s.period)), lower(NEW.period)) FROM public.finance_subsidy s WHERE s.park_id = NEW.park_id
           AND s.application_id = NEW.application_id AND s.programme_id = NEW.programme_id AND s.state NOT IN ('refused', 'clawed_back'));
  IF FOUND THEN
    RAISE EXCEPTION 'longer than the programme pays for a loan' USING ERRCODE = 'IS004';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_subsidy;
CREATE TRIGGER guard BEFORE INSERT ON finance_subsidy FOR EACH ROW EXECUTE FUNCTION finance_subsidy_guard();

-- A computation that was not applied for may be replaced by another.
CREATE OR REPLACE FUNCTION finance_subsidy_replaced() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF OLD.state <> 'computed' THEN
    RAISE EXCEPTION 'what was applied for is not deleted' USING ERRCODE = 'IS006';
  END IF;
  RETURN OLD;
END $$;
DROP TRIGGER IF EXISTS replaced ON finance_subsidy;
CREATE TRIGGER replaced BEFORE DELETE ON finance_subsidy FOR EACH ROW EXECUTE FUNCTION finance_subsidy_replaced();
ALTER TABLE finance_subsidyevent DROP CONSTRAINT IF EXISTS subsidy_event_allowed;
ALTER TABLE finance_subsidyevent ADD CONSTRAINT subsidy_event_allowed
  FOREIGN KEY (machine, from_state, event, role, to_state)
  REFERENCES finance_allowedtransition (machine, from_state, event, role, to_state);
