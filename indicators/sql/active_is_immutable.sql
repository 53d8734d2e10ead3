-- A scheme version that is or was active never changes its content, whoever asks.
CREATE OR REPLACE FUNCTION indicators_active_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'draft' AND (NEW.body, NEW.digest, NEW.code, NEW.version) IS DISTINCT FROM (OLD.body, OLD.digest, OLD.code, OLD.version) THEN
    RAISE EXCEPTION 'scheme version % is active and cannot change', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER active_is_immutable BEFORE UPDATE ON indicators_schemeversion
  FOR EACH ROW EXECUTE FUNCTION indicators_active_is_immutable();
