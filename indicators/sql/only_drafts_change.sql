-- Only a draft may change its content or be thrown away; of any other version only the state may move on.
CREATE OR REPLACE FUNCTION indicators_active_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'draft' THEN
    RETURN coalesce(NEW, OLD);
  END IF;
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'scheme version % is or was active and cannot be deleted', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  IF (to_jsonb(NEW) - 'state') IS DISTINCT FROM (to_jsonb(OLD) - 'state') OR NEW.state = 'draft' THEN
    RAISE EXCEPTION 'scheme version % is active and cannot change', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER active_is_immutable BEFORE UPDATE OR DELETE ON indicators_schemeversion
  FOR EACH ROW EXECUTE FUNCTION indicators_active_is_immutable();
