-- Rules of policies and claims that hold for everyone, SQL at a prompt included. Codes: IS004 state, IS005 person,
-- IS006 immutable, IS007 budget.

-- Transitions are data of the release; the application only reads them.
CREATE OR REPLACE FUNCTION cultivation_transitions_fixed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF current_user IN ('innovscore_web', 'innovscore_worker') THEN
    RAISE EXCEPTION 'transitions are part of the release' USING ERRCODE = 'IS006';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
DROP TRIGGER IF EXISTS fixed ON cultivation_claimtransition;
CREATE TRIGGER fixed BEFORE INSERT OR UPDATE OR DELETE ON cultivation_claimtransition
  FOR EACH ROW EXECUTE FUNCTION cultivation_transitions_fixed();
ALTER TABLE cultivation_claimevent DROP CONSTRAINT IF EXISTS claim_event_allowed;
ALTER TABLE cultivation_claimevent ADD CONSTRAINT claim_event_allowed
  FOREIGN KEY (from_state, event, role, to_state) REFERENCES cultivation_claimtransition (from_state, event, role, to_state);

-- A version: words change in the draft only; draft <-> proposed -> released -> retired.
CREATE OR REPLACE FUNCTION cultivation_version_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.state <> 'draft' THEN
      RAISE EXCEPTION 'only a draft can be thrown away' USING ERRCODE = 'IS006';
    END IF;
    RETURN OLD;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      RAISE EXCEPTION 'a version starts as a draft' USING ERRCODE = 'IS004';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.policy_id, NEW.number, NEW.kind) IS DISTINCT FROM (OLD.policy_id, OLD.number, OLD.kind) OR OLD.state <> 'draft'
     AND (NEW.title, NEW.tags, NEW.starts_on, NEW.ends_on, NEW.text, NEW.rule, NEW.digest, NEW.edited_by_name, NEW.edited_at)
     IS DISTINCT FROM (OLD.title, OLD.tags, OLD.starts_on, OLD.ends_on, OLD.text, OLD.rule, OLD.digest, OLD.edited_by_name, OLD.edited_at) THEN
    RAISE EXCEPTION 'only a draft changes' USING ERRCODE = 'IS006';
  END IF;
  IF OLD.state IN ('released', 'retired') AND (NEW.proposed_by_ref, NEW.proposed_by_name, NEW.released_by_ref, NEW.released_by_name, NEW.released_at)
     IS DISTINCT FROM (OLD.proposed_by_ref, OLD.proposed_by_name, OLD.released_by_ref, OLD.released_by_name, OLD.released_at) THEN
    RAISE EXCEPTION 'who released a version stays' USING ERRCODE = 'IS006';
  END IF;
  IF OLD.state = 'proposed' AND NEW.state = 'released' AND NEW.proposed_by_ref IS DISTINCT FROM OLD.proposed_by_ref THEN
    RAISE EXCEPTION 'who proposed a version stays' USING ERRCODE = 'IS006';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
     (('draft', 'proposed'), ('proposed', 'draft'), ('proposed', 'released'), ('released', 'retired')) THEN
    RAISE EXCEPTION 'version % -> %', OLD.state, NEW.state USING ERRCODE = 'IS004';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_policyversion;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON cultivation_policyversion
  FOR EACH ROW EXECUTE FUNCTION cultivation_version_guard();

-- A claim starts as a draft under a released version; what it says changes only while the firm has it.
CREATE OR REPLACE FUNCTION cultivation_claim_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' OR NEW.returns <> 0 OR NOT EXISTS (SELECT FROM public.cultivation_policyversion v
       WHERE v.park_id = NEW.park_id AND v.id = NEW.version_id AND v.policy_id = NEW.policy_id AND v.state = 'released' AND v.kind = 'policy') THEN
      RAISE EXCEPTION 'a claim starts as a draft, under a released policy' USING ERRCODE = 'IS004';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state NOT IN ('draft', 'returned')
     AND (NEW.version_id, NEW.inputs, NEW.result, NEW.amount, NEW.account_name, NEW.account_bank, NEW.account_number)
     IS DISTINCT FROM (OLD.version_id, OLD.inputs, OLD.result, OLD.amount, OLD.account_name, OLD.account_bank, OLD.account_number) THEN
    RAISE EXCEPTION 'what a claim says is fixed once it is submitted' USING ERRCODE = 'IS006';
  END IF;
  -- A returned claim holds its amount: another amount moves the budget by the difference.
  IF OLD.state = 'returned' AND NEW.state = 'returned' AND NEW.amount <> OLD.amount THEN
    PERFORM public.cultivation_reserve(NEW.park_id, NEW.policy_id, NEW.amount - OLD.amount, 0);
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_claim;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON cultivation_claim FOR EACH ROW EXECUTE FUNCTION cultivation_claim_guard();

CREATE OR REPLACE FUNCTION cultivation_papers_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  paper public.cultivation_claimpaper%ROWTYPE := coalesce(NEW, OLD);
BEGIN
  PERFORM FROM public.cultivation_claim c WHERE c.park_id = paper.park_id AND c.id = paper.claim_id AND c.state IN ('draft', 'returned');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the papers of a claim are fixed once it is submitted' USING ERRCODE = 'IS006';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_claimpaper;
CREATE TRIGGER guard BEFORE INSERT OR DELETE ON cultivation_claimpaper
  FOR EACH ROW EXECUTE FUNCTION cultivation_papers_guard();

-- The budget: one guarded UPDATE, whose row lock makes parallel claims wait for each other.
CREATE OR REPLACE FUNCTION cultivation_reserve(p_park bigint, p_policy bigint, p_delta numeric, p_paid numeric) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE public.cultivation_policy SET committed = committed + p_delta, paid = paid + p_paid
   WHERE park_id = p_park AND id = p_policy AND (p_delta <= 0 OR budget IS NULL OR committed + p_delta <= budget);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the budget is used up' USING ERRCODE = 'IS007', DETAIL = (
      SELECT (p.budget - p.committed)::text FROM public.cultivation_policy p WHERE p.park_id = p_park AND p.id = p_policy);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION cultivation_reserve(bigint, bigint, numeric, numeric) FROM PUBLIC;

CREATE OR REPLACE FUNCTION cultivation_acts_as(p_park bigint, p_person bigint, p_role text) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM public.parks_membership m JOIN public.parks_account a ON a.id = m.account_id
    WHERE m.park_id = p_park AND m.role = p_role AND a.person_id = p_person
      AND m.starts_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date AND (m.ends_on IS NULL OR m.ends_on > (now() AT TIME ZONE 'Asia/Shanghai')::date))
$$;

-- One step of a claim: in order, by somebody who has the role and did not take the step it checks, within the budget.
CREATE OR REPLACE FUNCTION cultivation_claim_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  claim public.cultivation_claim%ROWTYPE;
  others text[];
  holds boolean;
  held boolean;
BEGIN
  SELECT * INTO claim FROM public.cultivation_claim WHERE park_id = NEW.park_id AND id = NEW.claim_id FOR UPDATE;
  IF NOT FOUND OR claim.state <> NEW.from_state THEN
    RAISE EXCEPTION 'the claim is in state %, not %', claim.state, NEW.from_state USING ERRCODE = 'IS004';
  END IF;
  IF NOT public.cultivation_acts_as(NEW.park_id, NEW.person_ref, NEW.role) THEN
    RAISE EXCEPTION 'person % is not % here', NEW.person_ref, NEW.role USING ERRCODE = 'IS005';
  END IF;
  others := CASE NEW.event WHEN 'review' THEN ARRAY['submit'] WHEN 'joint' THEN ARRAY['submit', 'review'] WHEN 'notice' THEN ARRAY['submit', 'review']
                 WHEN 'approve' THEN ARRAY['submit', 'review', 'joint', 'approve'] WHEN 'pay' THEN ARRAY['submit', 'approve'] WHEN 'confirm' THEN ARRAY['pay'] WHEN 'reject_payment' THEN ARRAY['pay']
                 WHEN 'drop_recall' THEN ARRAY['recall'] WHEN 'recover' THEN ARRAY['recall'] ELSE ARRAY[]::text[] END;
  IF EXISTS (SELECT FROM public.cultivation_claimevent e WHERE e.park_id = NEW.park_id AND e.claim_id = NEW.claim_id
     AND e.person_ref = NEW.person_ref AND e.event = ANY(others) AND (e.event = 'submit' OR e.seq > (SELECT coalesce(max(s.seq), 0)
       FROM public.cultivation_claimevent s WHERE s.park_id = NEW.park_id AND s.claim_id = NEW.claim_id AND s.event = 'submit'))) THEN
    RAISE EXCEPTION 'another person has to do this' USING ERRCODE = 'IS005';
  END IF;
  IF NEW.event = 'approve' AND statement_timestamp() < claim.notice_ends_at THEN
    RAISE EXCEPTION 'the notice is still running' USING ERRCODE = 'IS004';
  END IF;
  IF NEW.event = 'notice' AND (NEW.notice_ends_at IS NULL OR NEW.notice_ends_at < statement_timestamp() + interval '5 days') THEN
    RAISE EXCEPTION 'a notice runs for at least five working days' USING ERRCODE = 'IS004';
  END IF;
  IF NEW.event IN ('return', 'refuse', 'recall', 'drop_recall') AND NEW.note = '' AND NEW.reason = '' THEN
    RAISE EXCEPTION 'a reason is missing' USING ERRCODE = 'IS004';
  END IF;
  IF NEW.event = 'recover' AND (NEW.paid_on IS NULL OR NEW.paid_on < claim.paid_on OR NEW.paid_reference = '') THEN
    RAISE EXCEPTION 'money that came back has its day and reference' USING ERRCODE = 'IS004';
  END IF;

  held := claim.state NOT IN ('draft', 'refused', 'withdrawn', 'recovered');
  holds := NEW.to_state NOT IN ('draft', 'refused', 'withdrawn', 'recovered');
  IF held <> holds THEN
    PERFORM public.cultivation_reserve(NEW.park_id, claim.policy_id, CASE WHEN holds THEN claim.amount ELSE -claim.amount END,
      CASE NEW.event WHEN 'recover' THEN -claim.amount ELSE 0 END);
  END IF;
  IF NEW.event = 'confirm' THEN
    PERFORM public.cultivation_reserve(NEW.park_id, claim.policy_id, 0, claim.amount);
  END IF;

  SELECT coalesce(max(e.seq), 0) + 1 INTO NEW.seq FROM public.cultivation_claimevent e
   WHERE e.park_id = NEW.park_id AND e.claim_id = NEW.claim_id;
  NEW.at := clock_timestamp();
  UPDATE public.cultivation_claim SET state = NEW.to_state, returns = returns + (NEW.event = 'return')::int,
         submitted_at = CASE WHEN NEW.event = 'submit' THEN coalesce(submitted_at, NEW.at) ELSE submitted_at END,
         due_on = coalesce(due_on, NEW.due_on), notice_ends_at = coalesce(NEW.notice_ends_at, notice_ends_at),
         paid_on = CASE NEW.event WHEN 'pay' THEN NEW.paid_on WHEN 'reject_payment' THEN NULL ELSE paid_on END,
         paid_reference = CASE NEW.event WHEN 'pay' THEN NEW.paid_reference WHEN 'reject_payment' THEN '' ELSE paid_reference END
   WHERE park_id = NEW.park_id AND id = NEW.claim_id;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION cultivation_claim_step() FROM PUBLIC;
DROP TRIGGER IF EXISTS step ON cultivation_claimevent;
CREATE TRIGGER step BEFORE INSERT ON cultivation_claimevent FOR EACH ROW EXECUTE FUNCTION cultivation_claim_step();
