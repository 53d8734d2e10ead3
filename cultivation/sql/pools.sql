-- A place starts as watched; a move starts where the place is, moves it, and nothing leaves where it has ended. Code: IS004.
CREATE OR REPLACE FUNCTION cultivation_pool_place() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.stage <> 'watched' THEN
    RAISE EXCEPTION 'a place starts as watched' USING ERRCODE = 'IS004';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_poolplace;
CREATE TRIGGER guard BEFORE INSERT ON cultivation_poolplace FOR EACH ROW EXECUTE FUNCTION cultivation_pool_place();

CREATE OR REPLACE FUNCTION cultivation_pool_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  place public.cultivation_poolplace;
BEGIN
  SELECT * INTO place FROM public.cultivation_poolplace p WHERE p.park_id = NEW.park_id AND p.id = NEW.place_id FOR UPDATE;
  IF NEW.from_stage = '' AND NEW.to_stage = place.stage
     AND NOT EXISTS (SELECT FROM public.cultivation_poolmove m WHERE m.park_id = NEW.park_id AND m.place_id = NEW.place_id) THEN
    RETURN NEW;
  END IF;
  IF NEW.from_stage IS DISTINCT FROM place.stage OR place.stage IN ('reached', 'left') AND NEW.to_stage <> place.stage THEN
    RAISE EXCEPTION 'pool % -> %', place.stage, NEW.to_stage USING ERRCODE = 'IS004';
  END IF;
  UPDATE public.cultivation_poolplace p SET stage = NEW.to_stage WHERE p.park_id = NEW.park_id AND p.id = NEW.place_id;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_poolmove;
CREATE TRIGGER guard BEFORE INSERT ON cultivation_poolmove FOR EACH ROW EXECUTE FUNCTION cultivation_pool_move();
