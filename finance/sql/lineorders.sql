-- Freezing and thawing: proposed by a maker of the line's bank, or by the park on a ground; confirmed by a checker of the bank, once.
CREATE OR REPLACE FUNCTION finance_line_order_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE house bigint;
BEGIN
  SELECT l.organisation_id INTO house FROM public.finance_creditline l WHERE l.park_id = NEW.park_id AND l.id = NEW.line_id;
  IF TG_OP = 'INSERT' AND NEW.ground = '' AND NOT public.finance_acts_as(NEW.park_id, NEW.maker_person, 'bank_maker', house) THEN
    RAISE EXCEPTION 'the maker is not of the bank' USING ERRCODE = 'IS005';
  END IF;
  IF TG_OP = 'INSERT' AND NEW.ground <> '' AND NOT EXISTS (
      SELECT FROM public.parks_membership m WHERE m.park_id = NEW.park_id AND m.role = 'park_admin'
         AND public.finance_acts_as(NEW.park_id, NEW.maker_person, 'park_admin', m.organisation_id)) THEN
    RAISE EXCEPTION 'the maker is not of the park' USING ERRCODE = 'IS005';
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF NOT OLD.live THEN
      RAISE EXCEPTION 'an order that was dropped does not come back' USING ERRCODE = 'IS006';
    END IF;
    IF OLD.checker_person IS NULL AND NEW.checker_person IS NOT NULL
       AND NOT public.finance_acts_as(NEW.park_id, NEW.checker_person, 'bank_checker', house) THEN
      RAISE EXCEPTION 'the checker is not of the bank' USING ERRCODE = 'IS005';
    END IF;
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON finance_lineorder;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON finance_lineorder FOR EACH ROW EXECUTE FUNCTION finance_line_order_guard();
DROP TRIGGER IF EXISTS second ON finance_lineorder;
CREATE TRIGGER second BEFORE INSERT OR UPDATE ON finance_lineorder FOR EACH ROW EXECUTE FUNCTION finance_second_person();
