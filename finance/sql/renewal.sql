-- A consent and those that renew or widen it are one: what stands on the first goes on while one of them holds.
CREATE OR REPLACE FUNCTION finance_consent_root() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.root_id IS NULL THEN
    NEW.root_id := NEW.id;
    RETURN NEW;
  END IF;
  PERFORM FROM public.finance_consent c WHERE c.park_id = NEW.park_id AND c.root_id = NEW.root_id
    AND c.enterprise_id = NEW.enterprise_id AND c.organisation_id = NEW.organisation_id AND c.product_id = NEW.product_id
    AND c.purpose = NEW.purpose AND upper(c.period) > (clock_timestamp() + public.park_shift())
    AND (c.revoked_at IS NULL AND upper(c.period) = lower(NEW.period)
      -- replaced in this very transaction: what was revoked before stays revoked
      OR c.revoked_at = lower(NEW.period) AND c.revoked_at >= transaction_timestamp() + public.park_shift()
        AND upper(c.period) = upper(NEW.period) AND c.groups <@ NEW.groups);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a consent goes on where one that holds ends, or is replaced by a wider one' USING ERRCODE = 'IS002';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS root ON finance_consent;
CREATE TRIGGER root BEFORE INSERT ON finance_consent FOR EACH ROW EXECUTE FUNCTION finance_consent_root();

CREATE OR REPLACE FUNCTION finance_consent_active(p_park bigint, p_consent bigint) RETURNS boolean LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.finance_consent one JOIN public.finance_consent c ON c.park_id = one.park_id AND c.root_id = one.root_id
                  WHERE one.park_id = p_park AND one.id = p_consent AND c.revoked_at IS NULL AND c.period @> (clock_timestamp() + public.park_shift()));
END $$;
