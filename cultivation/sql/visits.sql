-- An appeal is raised open; open -> answered -> closed, or back to open. Code IS004.
CREATE OR REPLACE FUNCTION cultivation_appeal_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION 'an appeal is raised open' USING ERRCODE = 'IS004';
    END IF;
  ELSIF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (('open', 'answered'), ('answered', 'closed'), ('answered', 'open')) THEN
    RAISE EXCEPTION 'appeal % -> %', OLD.state, NEW.state USING ERRCODE = 'IS004';
  ELSIF OLD.state = 'closed' THEN
    RAISE EXCEPTION 'an appeal that is closed stays as it is' USING ERRCODE = 'IS006';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_appeal;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON cultivation_appeal FOR EACH ROW EXECUTE FUNCTION cultivation_appeal_guard();
