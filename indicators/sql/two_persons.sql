-- A version comes into force by two persons: neither its last editor nor its proposer activates it.
-- The platform itself, which makes zones by command, is nobody's person: then no person stands in the row at all.
CREATE OR REPLACE FUNCTION indicators_two_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = 'draft' OR (TG_OP = 'UPDATE' AND OLD.state <> 'draft') THEN
    RETURN NEW;
  END IF;
  IF coalesce(NEW.created_by_ref, NEW.edited_by_ref, NEW.proposed_by_ref, NEW.activated_by_ref) IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.proposed_by_ref IS NULL OR NEW.activated_by_ref IS NULL
     OR NEW.activated_by_ref = NEW.proposed_by_ref OR NEW.activated_by_ref IS NOT DISTINCT FROM NEW.edited_by_ref THEN
    RAISE EXCEPTION 'scheme version %: one proposes, another activates', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'scheme_two_persons';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER two_persons BEFORE INSERT OR UPDATE ON indicators_schemeversion
  FOR EACH ROW EXECUTE FUNCTION indicators_two_persons();
