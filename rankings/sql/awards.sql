-- Who pays is of the office and did not approve; who reclaims did not pay.
CREATE OR REPLACE FUNCTION rankings_award_hands(a public.rankings_award) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  who bigint := CASE a.state WHEN 'paid' THEN a.paid_by_ref ELSE a.reclaimed_by_ref END;
  before bigint := a.paid_by_ref;
BEGIN
  IF a.state = 'paid' THEN
    SELECT p.second_by_ref INTO before FROM public.rankings_awardplan p WHERE p.id = a.plan_id;
  END IF;
  IF who IS NULL OR who = before OR NOT public.rankings_holds_role(who, ARRAY['park_admin', 'score_officer']) THEN
    PERFORM public.rankings_refuse('another person of the office does this step');
  END IF;
END $$;

-- The budget's sum is kept by a trigger: the row of the budget is locked by its update, the CHECK refuses what is too much.
CREATE OR REPLACE FUNCTION rankings_award_sum() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  before numeric := 0;
  after numeric := 0;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.plan_id, NEW.budget_id, NEW.rule_id, NEW.enterprise_id, NEW.amount, NEW.place, NEW.board) IS DISTINCT FROM
       (OLD.plan_id, OLD.budget_id, OLD.rule_id, OLD.enterprise_id, OLD.amount, OLD.place, OLD.board) THEN
      PERFORM public.rankings_refuse('what an award says is fixed');
    END IF;
    IF NEW.state <> OLD.state THEN
      PERFORM public.rankings_transition('award', OLD.state, NEW.state);
    END IF;
    IF OLD.state NOT IN ('cancelled', 'reclaimed') THEN before := OLD.amount; END IF;
  ELSIF NEW.state <> 'proposed' THEN
    PERFORM public.rankings_refuse('an award begins as proposed');
  END IF;
  IF NEW.state NOT IN ('cancelled', 'reclaimed') THEN after := NEW.amount; END IF;
  IF NEW.state IN ('approved', 'paid') AND NOT EXISTS (
    SELECT 1 FROM public.rankings_awardplan p WHERE p.id = NEW.plan_id AND p.state = 'approved') THEN
    PERFORM public.rankings_refuse('an award is paid after its plan was approved');
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.state <> OLD.state AND NEW.state IN ('paid', 'reclaimed') THEN
    PERFORM public.rankings_award_hands(NEW);
  END IF;
  IF after <> before THEN
    UPDATE public.rankings_awardbudget SET committed = committed + after - before WHERE id = NEW.budget_id;
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS summed ON rankings_award;
CREATE TRIGGER summed BEFORE INSERT OR UPDATE ON rankings_award FOR EACH ROW EXECUTE FUNCTION rankings_award_sum();

CREATE OR REPLACE FUNCTION rankings_plan_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'proposed' OR NEW.first_by_ref IS NOT NULL OR NEW.second_by_ref IS NOT NULL THEN
      PERFORM public.rankings_refuse('a plan begins as proposed');
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.notice_ends_at IS NOT NULL AND NEW.notice_ends_at < OLD.notice_ends_at AND session_user <> public.rankings_owner() THEN
    PERFORM public.rankings_refuse('a notice cannot be shortened');
  END IF;
  IF NEW.state <> OLD.state THEN
    PERFORM public.rankings_transition('plan', OLD.state, NEW.state);
    IF NEW.state = 'publicised' AND (NEW.notice_ends_at IS NULL OR NEW.notice_ends_at < statement_timestamp() + interval '5 days') THEN
      PERFORM public.rankings_refuse('a notice runs for at least five working days');
    END IF;
    IF NEW.state = 'approved' AND statement_timestamp() < OLD.notice_ends_at THEN
      PERFORM public.rankings_refuse('the notice is still running');
    END IF;
  END IF;
  IF EXISTS (
    SELECT 1 FROM (VALUES (OLD.publicised_by_ref, NEW.publicised_by_ref), (OLD.first_by_ref, NEW.first_by_ref),
      (OLD.second_by_ref, NEW.second_by_ref)) AS hand (was, now)
    WHERE hand.now IS DISTINCT FROM hand.was
      AND (hand.was IS NOT NULL OR NOT public.rankings_holds_role(hand.now, ARRAY['park_admin', 'publisher']))) THEN
    PERFORM public.rankings_refuse('a plan is publicised and approved by people of the office, once');
  END IF;
  IF NEW.first_by_ref IS DISTINCT FROM OLD.first_by_ref AND (OLD.state <> 'publicised' OR statement_timestamp() < OLD.notice_ends_at) THEN
    PERFORM public.rankings_refuse('a plan is approved after its notice');
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON rankings_awardplan;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON rankings_awardplan FOR EACH ROW EXECUTE FUNCTION rankings_plan_guard();

-- A correction order is carried out once, by another person; its words never change.
CREATE OR REPLACE FUNCTION rankings_order_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'proposed' OR NEW.approved_by_ref IS NOT NULL THEN
      PERFORM public.rankings_refuse('an order begins as proposed');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.rankings_objection o WHERE o.id = NEW.objection_id AND o.state IN ('upheld', 'partly')) THEN
      PERFORM public.rankings_refuse('an order follows an upheld objection');
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.state <> OLD.state THEN
    PERFORM public.rankings_transition('order', OLD.state, NEW.state);
  ELSIF OLD.state <> 'approved' OR NEW.run_id IS NOT DISTINCT FROM OLD.run_id THEN
    PERFORM public.rankings_refuse('an order changes only by a step');
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON rankings_correctionorder;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON rankings_correctionorder FOR EACH ROW EXECUTE FUNCTION rankings_order_guard();
