-- Seats of an event are counted by its sign-ups, and by nothing else; the check event_seats refuses one too many. Codes: IS004 state, IS006 immutable.
CREATE OR REPLACE FUNCTION cultivation_seats() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  before integer := 0;
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM public.cultivation_gathering g WHERE g.park_id = NEW.park_id AND g.id = NEW.gathering_id AND g.state = 'published';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'nobody signs up for an event that is not published' USING ERRCODE = 'IS004';
    END IF;
  ELSE
    IF OLD.state = 'given_up' AND NEW.state <> 'given_up' THEN
      RAISE EXCEPTION 'a seat that was given up is asked for anew' USING ERRCODE = 'IS004';
    END IF;
    before := CASE WHEN OLD.state = 'booked' THEN OLD.people ELSE 0 END;
  END IF;
  UPDATE public.cultivation_gathering SET taken = taken - before + CASE WHEN NEW.state = 'booked' THEN NEW.people ELSE 0 END
   WHERE park_id = NEW.park_id AND id = NEW.gathering_id;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS seats ON cultivation_signup;
CREATE TRIGGER seats AFTER INSERT OR UPDATE ON cultivation_signup FOR EACH ROW EXECUTE FUNCTION cultivation_seats();

CREATE OR REPLACE FUNCTION cultivation_gathering_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' OR NEW.taken <> 0 THEN
      RAISE EXCEPTION 'an event starts as an empty draft' USING ERRCODE = 'IS004';
    END IF;
  ELSIF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (('draft', 'published'), ('published', 'cancelled')) THEN
    RAISE EXCEPTION 'event % -> %', OLD.state, NEW.state USING ERRCODE = 'IS004';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_gathering;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON cultivation_gathering FOR EACH ROW EXECUTE FUNCTION cultivation_gathering_guard();
