-- Hash chain of the audit trail, one a park. Fields are length-prefixed, never joined by a separator.
CREATE OR REPLACE FUNCTION parks_prefixed(value text) RETURNS bytea LANGUAGE sql IMMUTABLE
  SET search_path = pg_catalog AS $$
  SELECT CASE WHEN value IS NULL THEN convert_to('-:', 'UTF8')
         ELSE convert_to(octet_length(convert_to(value, 'UTF8'))::text || ':' || value, 'UTF8') END
$$;

CREATE OR REPLACE FUNCTION parks_audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog AS $$
DECLARE
  head_seq bigint;
  head_hash text;
BEGIN
  INSERT INTO public.parks_auditchain (park_id, seq, hash) VALUES (NEW.park_id, 0, repeat('0', 64))
    ON CONFLICT (park_id) DO NOTHING;
  SELECT seq, hash INTO head_seq, head_hash FROM public.parks_auditchain WHERE park_id = NEW.park_id FOR UPDATE;
  NEW.seq := head_seq + 1;
  NEW.at := clock_timestamp();
  NEW.prev := head_hash;
  NEW.hash := encode(sha256(
    public.parks_prefixed(NEW.park_id::text) || public.parks_prefixed(NEW.seq::text)
    || public.parks_prefixed((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
    || public.parks_prefixed(NEW.prev) || public.parks_prefixed(NEW.action)
    || public.parks_prefixed(NEW.object_type) || public.parks_prefixed(NEW.object_id)
    || public.parks_prefixed(NEW.account_ref::text) || public.parks_prefixed(NEW.person_ref::text)
    || public.parks_prefixed(NEW.person_name) || public.parks_prefixed(NEW.role)
    || public.parks_prefixed(NEW.organisation_ref::text) || public.parks_prefixed(NEW.before)
    || public.parks_prefixed(NEW.after) || public.parks_prefixed(NEW.reason)
    || public.parks_prefixed(NEW.request_id)), 'hex');
  UPDATE public.parks_auditchain SET seq = NEW.seq, hash = NEW.hash WHERE park_id = NEW.park_id;
  RETURN NEW;
END $$;

REVOKE EXECUTE ON FUNCTION parks_audit_chain() FROM PUBLIC;

DROP TRIGGER IF EXISTS audit_chain ON parks_auditevent;
CREATE TRIGGER audit_chain BEFORE INSERT ON parks_auditevent
  FOR EACH ROW EXECUTE FUNCTION parks_audit_chain();
