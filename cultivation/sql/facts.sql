-- A fact is stated, then checked once; nothing else of it ever changes. Codes IS004, IS006.
CREATE OR REPLACE FUNCTION cultivation_fact_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'stated' OR NEW.checked_by_ref IS NOT NULL THEN
      RAISE EXCEPTION 'a fact starts as stated' USING ERRCODE = 'IS004';
    END IF;
  ELSIF OLD.state <> 'stated' OR NEW.state NOT IN ('accepted', 'returned') THEN
    RAISE EXCEPTION 'fact % -> %', OLD.state, NEW.state USING ERRCODE = 'IS006';
  ELSIF (to_jsonb(NEW) - '{state,checked_by_ref,checked_by_name,checked_at,reason}'::text[])
     <> (to_jsonb(OLD) - '{state,checked_by_ref,checked_by_name,checked_at,reason}'::text[]) THEN
    RAISE EXCEPTION 'what was stated stays' USING ERRCODE = 'IS006';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_statedfact;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON cultivation_statedfact FOR EACH ROW EXECUTE FUNCTION cultivation_fact_guard();
