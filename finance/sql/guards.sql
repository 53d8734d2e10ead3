-- Rules of lending that hold for everyone, SQL at a prompt included. Codes: IS001 line, IS002 consent, IS003 quote,
-- IS004 state, IS005 person, IS006 immutable.

-- Transitions: rows are data of the migrations; the application only reads them.
CREATE OR REPLACE FUNCTION finance_transitions_fixed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF current_user IN ('innovscore_web', 'innovscore_worker') THEN
    RAISE EXCEPTION 'transitions are part of the release' USING ERRCODE = 'IS006';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
DROP TRIGGER IF EXISTS fixed ON finance_allowedtransition;
CREATE TRIGGER fixed BEFORE INSERT OR UPDATE OR DELETE ON finance_allowedtransition
  FOR EACH ROW EXECUTE FUNCTION finance_transitions_fixed();
ALTER TABLE finance_applicationevent DROP CONSTRAINT IF EXISTS application_event_allowed;
ALTER TABLE finance_applicationevent ADD CONSTRAINT application_event_allowed
  FOREIGN KEY (machine, from_state, event, role, to_state)
  REFERENCES finance_allowedtransition (machine, from_state, event, role, to_state);

-- Product versions: terms never change; draft -> active -> retired.
CREATE OR REPLACE FUNCTION finance_version_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      RAISE EXCEPTION 'a version starts as a draft' USING ERRCODE = 'IS004';
    END IF;
    RETURN NEW;
  END IF;
  IF (OLD.state, NEW.state) NOT IN (('draft', 'active'), ('active', 'retired')) THEN
    RAISE EXCEPTION 'version % -> %', OLD.state, NEW.state USING ERRCODE = 'IS004';
  END IF;
  IF OLD.state = 'active' AND (OLD.activated_by_ref, OLD.activated_at) IS DISTINCT FROM (NEW.activated_by_ref, NEW.activated_at) THEN
    RAISE EXCEPTION 'an active version does not change' USING ERRCODE = 'IS006';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_productversion;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_productversion
  FOR EACH ROW EXECUTE FUNCTION finance_version_guard();

-- Consent: groups and period in bounds; revoked once, at the database's time.
ALTER TABLE finance_consent DROP CONSTRAINT IF EXISTS consent_groups_known;
ALTER TABLE finance_consent ADD CONSTRAINT consent_groups_known CHECK (
  cardinality(groups) > 0 AND groups <@ ARRAY['id','score','dims','indicators','fin','evidence','history']::varchar[]);
ALTER TABLE finance_consent DROP CONSTRAINT IF EXISTS consent_period_bounds;
ALTER TABLE finance_consent ADD CONSTRAINT consent_period_bounds CHECK (
  NOT isempty(period) AND lower(period) IS NOT NULL AND upper(period) IS NOT NULL
  AND upper(period) <= lower(period) + interval '366 days');
CREATE OR REPLACE FUNCTION finance_consent_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.revoked_at IS NOT NULL THEN
      RAISE EXCEPTION 'a consent starts unrevoked' USING ERRCODE = 'IS004';
    END IF;
    NEW.granted_at := clock_timestamp() + public.park_shift();
    RETURN NEW;
  END IF;
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL THEN
    RAISE EXCEPTION 'revoking happens once and is not taken back' USING ERRCODE = 'IS006';
  END IF;
  NEW.revoked_at := clock_timestamp() + public.park_shift();
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_consent;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_consent
  FOR EACH ROW EXECUTE FUNCTION finance_consent_guard();

-- A read needs a consent active at that instant; the row lock makes a revocation wait for reads under way.
CREATE OR REPLACE FUNCTION finance_access_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM FROM public.finance_consent c WHERE c.park_id = NEW.park_id AND c.id = NEW.consent_id
    AND c.organisation_id = NEW.organisation_id AND c.enterprise_id = NEW.enterprise_id AND NEW.groups <@ c.groups
    AND c.revoked_at IS NULL AND c.period @> (clock_timestamp() + public.park_shift()) FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no consent covers this read' USING ERRCODE = 'IS002';
  END IF;
  NEW.at := clock_timestamp() + public.park_shift();
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_consentaccess;
CREATE TRIGGER guard BEFORE INSERT ON finance_consentaccess
  FOR EACH ROW EXECUTE FUNCTION finance_access_guard();

-- Quotes leave `live` once.
CREATE OR REPLACE FUNCTION finance_quote_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'live' THEN
      RAISE EXCEPTION 'a quote starts live' USING ERRCODE = 'IS004';
    END IF;
  ELSIF OLD.state <> 'live' OR NEW.state = 'live' THEN
    RAISE EXCEPTION 'quote % -> %', OLD.state, NEW.state USING ERRCODE = 'IS004';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_quote;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_quote FOR EACH ROW EXECUTE FUNCTION finance_quote_guard();

-- A line is never above its quote, which is the enterprise's own.
CREATE OR REPLACE FUNCTION finance_line_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' AND (NEW.reserved <> 0 OR NEW.drawn <> 0) THEN
    RAISE EXCEPTION 'a line starts unused' USING ERRCODE = 'IS001';
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.state = 'frozen' AND NEW.state = 'active' AND (
      SELECT o.kind FROM public.finance_lineorder o WHERE o.park_id = NEW.park_id AND o.line_id = NEW.id
         AND o.checker_person IS NOT NULL ORDER BY o.checked_at DESC, o.id DESC LIMIT 1) = 'freeze' THEN
    RAISE EXCEPTION 'two people of the bank froze it; two have to thaw it' USING ERRCODE = 'IS004';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.quote_id = OLD.quote_id AND NEW.quoted_limit <= OLD.quoted_limit THEN
    RETURN NEW;
  END IF;
  PERFORM FROM public.finance_quote q WHERE q.park_id = NEW.park_id AND q.id = NEW.quote_id AND q.state = 'live'
    AND q.enterprise_id = NEW.enterprise_id AND q.organisation_id = NEW.organisation_id AND q.product_id = NEW.product_id
    AND NEW.quoted_limit <= q.amount;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the limit is not covered by a live quote' USING ERRCODE = 'IS003';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_creditline;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_creditline FOR EACH ROW EXECUTE FUNCTION finance_line_guard();

-- Applications begin as drafts whose parts belong together.
CREATE OR REPLACE FUNCTION finance_application_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.status <> 'draft' OR NEW.reserved <> 0 OR NEW.contacted_at IS NOT NULL THEN
    RAISE EXCEPTION 'an application starts as a draft' USING ERRCODE = 'IS004';
  END IF;
  PERFORM FROM public.finance_creditline l
    JOIN public.finance_consent c ON c.park_id = l.park_id AND c.id = NEW.consent_id AND c.enterprise_id = l.enterprise_id
     AND c.organisation_id = l.organisation_id AND c.product_id = l.product_id
    JOIN public.finance_productversion v ON v.park_id = l.park_id AND v.id = NEW.product_version_id AND v.product_id = l.product_id
    JOIN public.finance_quote q ON q.park_id = l.park_id AND q.id = NEW.quote_id AND q.product_version_id = v.id
    WHERE l.park_id = NEW.park_id AND l.id = NEW.line_id AND l.enterprise_id = NEW.enterprise_id
      AND l.organisation_id = NEW.organisation_id AND l.quote_id = NEW.quote_id
      AND NEW.term_months BETWEEN v.term_min AND v.term_max AND NEW.amount >= v.min_amount;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'line, consent, quote and product do not belong together' USING ERRCODE = 'IS003';
  END IF;
  NEW.created_at := clock_timestamp() + public.park_shift();
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_application;
CREATE TRIGGER guard BEFORE INSERT ON finance_application FOR EACH ROW EXECUTE FUNCTION finance_application_guard();

-- Decisions: within what was applied for and the product's band; decided once, content never changes (column grants).
CREATE OR REPLACE FUNCTION finance_decision_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.outcome <> '' OR NOT NEW.live THEN
      RAISE EXCEPTION 'a decision starts as a proposal' USING ERRCODE = 'IS004';
    END IF;
    PERFORM FROM public.finance_application a
      JOIN public.finance_productversion v ON v.park_id = a.park_id AND v.id = a.product_version_id
      WHERE a.park_id = NEW.park_id AND a.id = NEW.application_id AND NEW.amount BETWEEN v.min_amount AND a.amount
        AND NEW.rate BETWEEN v.rate_low AND v.rate_high AND NEW.term_months BETWEEN v.term_min AND v.term_max;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the proposal is outside of what was applied for' USING ERRCODE = 'IS001';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.live AND NOT OLD.live THEN
    RAISE EXCEPTION 'a decision that is over does not come back' USING ERRCODE = 'IS006';
  END IF;
  IF OLD.outcome <> '' AND (OLD.outcome, OLD.checker_person, OLD.reasons, OLD.note, OLD.decided_at)
       IS DISTINCT FROM (NEW.outcome, NEW.checker_person, NEW.reasons, NEW.note, NEW.decided_at) THEN
    RAISE EXCEPTION 'it was decided already' USING ERRCODE = 'IS006';
  END IF;
  IF OLD.outcome = '' AND NEW.outcome <> '' THEN
    NEW.decided_at := clock_timestamp() + public.park_shift();
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_decision;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_decision FOR EACH ROW EXECUTE FUNCTION finance_decision_guard();
