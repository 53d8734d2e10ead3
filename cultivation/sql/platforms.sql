-- A platform starts as proposed; who, what and under which approval is fixed once it is checked. Codes: IS004 state, IS006 immutable.
CREATE OR REPLACE FUNCTION cultivation_platform_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'proposed' OR NEW.checked_by_ref IS NOT NULL THEN
      RAISE EXCEPTION 'a platform starts as proposed' USING ERRCODE = 'IS004';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
     (('proposed', 'in_force'), ('proposed', 'refused'), ('proposed', 'withdrawn'), ('in_force', 'upgraded'), ('in_force', 'expired'), ('in_force', 'revoked')) THEN
    RAISE EXCEPTION 'platform % -> %', OLD.state, NEW.state USING ERRCODE = 'IS004';
  END IF;
  IF (NEW.enterprise_id, NEW.before_id, NEW.proposed_by_ref, NEW.proposed_at)
     IS DISTINCT FROM (OLD.enterprise_id, OLD.before_id, OLD.proposed_by_ref, OLD.proposed_at)
     OR (NEW.type_id, NEW.level_id, NEW.name, NEW.approver, NEW.approval_number, NEW.approved_on, NEW.valid_until)
     IS DISTINCT FROM (OLD.type_id, OLD.level_id, OLD.name, OLD.approver, OLD.approval_number, OLD.approved_on, OLD.valid_until)
     OR OLD.ended_on IS NOT NULL AND NEW.ended_on IS DISTINCT FROM OLD.ended_on
     OR OLD.checked_by_ref IS NOT NULL AND NEW.checked_by_ref IS DISTINCT FROM OLD.checked_by_ref THEN
    RAISE EXCEPTION 'what was approved stays' USING ERRCODE = 'IS006';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_platform;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON cultivation_platform FOR EACH ROW EXECUTE FUNCTION cultivation_platform_guard();

-- A report stands once its day is over (Beijing time).
CREATE OR REPLACE FUNCTION cultivation_report_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM public.cultivation_platformyear y WHERE y.park_id = NEW.park_id AND y.id = NEW.year_id
             AND y.due_on < (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date) THEN
    RAISE EXCEPTION 'the day of the report is over' USING ERRCODE = 'IS004';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON cultivation_platformreport;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON cultivation_platformreport FOR EACH ROW EXECUTE FUNCTION cultivation_report_guard();
