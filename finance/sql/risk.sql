-- Counters of guarantors and pools: caps follow the terms in force; what is committed moves with steps of applications.

-- The cap of a counter by the terms in force.
CREATE OR REPLACE FUNCTION finance_cap_of(p_counter public.finance_riskcounter) RETURNS numeric LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE p_counter.scope WHEN 'total' THEN round(t.capital * t.leverage, 2) WHEN 'client' THEN t.client_cap ELSE t.group_cap END
    FROM public.finance_riskterms t WHERE t.park_id = p_counter.park_id AND t.organisation_id = p_counter.organisation_id
     AND t.kind = p_counter.kind AND t.state = 'active'
$$;

-- Money that did not come back after all is owed again, whatever others have taken in the meantime: the cap makes room for it.
CREATE OR REPLACE FUNCTION finance_make_room(p_park bigint, p_counter bigint, p_application bigint, p_amount numeric) RETURNS void
  LANGUAGE sql SET search_path = pg_catalog AS $$
  UPDATE public.finance_riskcounter c SET cap = greatest(c.cap, c.committed + p_amount - coalesce((
         SELECT h.amount FROM public.finance_riskhold h WHERE h.park_id = p_park AND h.counter_id = p_counter AND h.application_id = p_application), 0))
   WHERE c.park_id = p_park AND c.id = p_counter
$$;
REVOKE EXECUTE ON FUNCTION finance_make_room(bigint, bigint, bigint, numeric) FROM PUBLIC;

-- Takes from a counter, or gives back: one guarded statement. IS007 names the cap and what is left of it.
CREATE OR REPLACE FUNCTION finance_commit(p_park bigint, p_counter bigint, p_delta numeric, p_paid numeric) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE counter public.finance_riskcounter%ROWTYPE;
BEGIN
  UPDATE public.finance_riskcounter c SET committed = committed + p_delta, paid = paid + p_paid,
         cap = CASE WHEN p_delta < 0 THEN least(cap, greatest(coalesce(public.finance_cap_of(c), cap), committed + p_delta)) ELSE cap END
   WHERE park_id = p_park AND id = p_counter AND (p_delta <= 0 OR committed + p_delta <= cap)
     AND (p_paid <= 0 OR paid + p_paid <= paid_cap);
  IF NOT FOUND THEN
    SELECT * INTO counter FROM public.finance_riskcounter WHERE park_id = p_park AND id = p_counter;
    RAISE EXCEPTION 'the cap does not allow this amount' USING ERRCODE = 'IS007',
      DETAIL = counter.kind || ':' || counter.scope || ':' || (counter.cap - counter.committed)::text;
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION finance_commit(bigint, bigint, numeric, numeric) FROM PUBLIC;

-- What an application holds of a counter becomes this amount (and what was paid on it this much).
CREATE OR REPLACE FUNCTION finance_hold(p_park bigint, p_counter bigint, p_application bigint, p_amount numeric, p_paid numeric)
  RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE before public.finance_riskhold%ROWTYPE;
BEGIN
  INSERT INTO public.finance_riskhold (park_id, counter_id, application_id, amount, paid)
  VALUES (p_park, p_counter, p_application, 0, 0) ON CONFLICT DO NOTHING;
  SELECT * INTO before FROM public.finance_riskhold h
   WHERE h.park_id = p_park AND h.counter_id = p_counter AND h.application_id = p_application FOR UPDATE;
  IF before.amount = p_amount AND before.paid = p_paid THEN
    RETURN;
  END IF;
  PERFORM public.finance_commit(p_park, p_counter, p_amount - before.amount, p_paid - before.paid);
  UPDATE public.finance_riskhold SET amount = p_amount, paid = p_paid WHERE park_id = p_park AND id = before.id;
END $$;
REVOKE EXECUTE ON FUNCTION finance_hold(bigint, bigint, bigint, numeric, numeric) FROM PUBLIC;

-- The counters of a party that an application touches: total, client, and group where one is named. Made when missing.
CREATE OR REPLACE FUNCTION finance_counters(p_park bigint, p_organisation bigint, p_kind text, p_client bigint, p_group text)
  RETURNS SETOF bigint LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE terms public.finance_riskterms%ROWTYPE;
BEGIN
  SELECT * INTO terms FROM public.finance_riskterms t WHERE t.park_id = p_park AND t.organisation_id = p_organisation
     AND t.kind = p_kind AND t.state = 'active';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no terms are in force' USING ERRCODE = 'IS007', DETAIL = p_kind || ':total:0';
  END IF;
  INSERT INTO public.finance_riskcounter (park_id, organisation_id, kind, scope, key, cap, paid_cap, committed, paid)
  SELECT p_park, p_organisation, p_kind, s.scope, s.key, s.cap, s.cap, 0, 0
    FROM (VALUES ('client', p_client::text, terms.client_cap), ('group', p_group, terms.group_cap)) s (scope, key, cap)
   WHERE s.key <> '' ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT c.id FROM public.finance_riskcounter c WHERE c.park_id = p_park AND c.organisation_id = p_organisation
     AND c.kind = p_kind AND (c.scope = 'total' OR c.scope = 'client' AND c.key = p_client::text OR c.scope = 'group' AND c.key = p_group AND p_group <> '')
   ORDER BY CASE c.scope WHEN 'total' THEN 1 WHEN 'client' THEN 2 ELSE 3 END;
END $$;
REVOKE EXECUTE ON FUNCTION finance_counters(bigint, bigint, text, bigint, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION finance_terms_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' OR NEW.checker_person IS NOT NULL THEN
      RAISE EXCEPTION 'terms start as a draft' USING ERRCODE = 'IS004';
    END IF;
    RETURN NEW;
  END IF;
  IF (OLD.state, NEW.state) NOT IN (('draft', 'active'), ('active', 'retired')) OR NEW.checker_person IS NULL THEN
    RAISE EXCEPTION 'terms % -> %', OLD.state, NEW.state USING ERRCODE = 'IS004';
  END IF;
  IF NEW.state = 'active' THEN
    INSERT INTO public.finance_riskcounter (park_id, organisation_id, kind, scope, key, cap, paid_cap, committed, paid)
    VALUES (NEW.park_id, NEW.organisation_id, NEW.kind, 'total', '', round(NEW.capital * NEW.leverage, 2), NEW.capital, 0, 0)
    ON CONFLICT DO NOTHING;
    UPDATE public.finance_riskcounter c SET
           cap = CASE c.scope WHEN 'total' THEN round(NEW.capital * NEW.leverage, 2) WHEN 'client' THEN NEW.client_cap ELSE NEW.group_cap END,
           paid_cap = CASE c.scope WHEN 'total' THEN NEW.capital WHEN 'client' THEN NEW.client_cap ELSE NEW.group_cap END
     WHERE c.park_id = NEW.park_id AND c.organisation_id = NEW.organisation_id AND c.kind = NEW.kind;
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION finance_terms_guard() FROM PUBLIC;
DROP TRIGGER IF EXISTS terms ON finance_riskterms;
CREATE TRIGGER terms BEFORE INSERT OR UPDATE ON finance_riskterms FOR EACH ROW EXECUTE FUNCTION finance_terms_guard();

CREATE OR REPLACE FUNCTION finance_guaranteed(p_park bigint, p_application bigint) RETURNS boolean LANGUAGE sql STABLE
  SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM public.finance_guarantee g WHERE g.park_id = p_park AND g.application_id = p_application
                    AND g.live AND g.outcome = 'granted')
$$;

-- A guarantee stays in the product's band and is its guarantor's.
CREATE OR REPLACE FUNCTION finance_guarantee_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM public.finance_application a
      JOIN public.finance_productversion v ON v.park_id = a.park_id AND v.id = a.product_version_id
     WHERE a.park_id = NEW.park_id AND a.id = NEW.application_id AND v.guarantor_id = NEW.organisation_id
       AND NEW.cover_ratio BETWEEN v.cover_low AND v.cover_high;
    IF NOT FOUND OR NEW.outcome <> '' OR NOT NEW.live THEN
      RAISE EXCEPTION 'the guarantee is outside of the product' USING ERRCODE = 'IS001';
    END IF;
  ELSIF NEW.live AND NOT OLD.live THEN
    RAISE EXCEPTION 'a guarantee that is over does not come back' USING ERRCODE = 'IS006';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_guarantee;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_guarantee FOR EACH ROW EXECUTE FUNCTION finance_guarantee_guard();

-- A second person signs once, at the database's time; after that nothing of the row changes but its state.
CREATE OR REPLACE FUNCTION finance_second_person() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.checker_person IS NOT NULL THEN
      RAISE EXCEPTION 'the second person comes later' USING ERRCODE = 'IS005';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.checker_person IS NOT NULL AND to_jsonb(OLD) - '{live,state,committed,paid}'::text[] <> to_jsonb(NEW) - '{live,state,committed,paid}'::text[] THEN
    RAISE EXCEPTION 'it was confirmed already' USING ERRCODE = 'IS006';
  END IF;
  IF OLD.checker_person IS NULL AND NEW.checker_person IS NOT NULL THEN
    NEW.checked_at := clock_timestamp() + public.park_shift();
  END IF;
  RETURN NEW;
END $$;
