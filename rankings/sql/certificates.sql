-- Certificates, keys and witnesses: signed and written by the worker alone; the web role may only close a certificate
-- or note the firm's consent. What is written must be what was published.
CREATE OR REPLACE FUNCTION rankings_here() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT nullif(current_setting('app.park_id', true), '')::bigint
$$;

CREATE OR REPLACE FUNCTION rankings_register_key(new_id text, new_key text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE public.rankings_publishedkey SET retired_at = statement_timestamp()
    WHERE park_id = public.rankings_here() AND key_id <> new_id AND retired_at IS NULL;
  INSERT INTO public.rankings_publishedkey (park_id, key_id, public_key, registered_at)
    VALUES (public.rankings_here(), new_id, new_key, statement_timestamp())
    ON CONFLICT (park_id, key_id) DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION rankings_issue_certificate(
  which bigint, at_position integer, its_code text, its_number text, its_payload text, its_signature text, its_key text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  shown public.rankings_publishedboard;
  line public.rankings_publishedentry;
  says jsonb := its_payload::jsonb;
  made bigint;
BEGIN
  SELECT * INTO shown FROM public.rankings_publishedboard p
    WHERE p.id = which AND p.park_id = public.rankings_here() AND p.state = 'final' FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM public.rankings_refuse('only a final board has certificates');
  END IF;
  SELECT * INTO STRICT line FROM public.rankings_publishedentry x WHERE x.published_id = which AND x.position = at_position;
  IF (says->>'uscc', says->>'name', says->>'place', says->>'leaf', says->>'entries_root', says->>'content_hash', says->>'number', says->>'key_id')
     IS DISTINCT FROM
     (line.uscc, line.name, line.place::text, line.leaf, shown.entries_root, shown.content_hash, its_number, its_key) THEN
    PERFORM public.rankings_refuse('a certificate says what was published');
  END IF;
  IF NOT EXISTS (SELECT 1 FROM public.rankings_publishedkey k WHERE k.park_id = shown.park_id AND k.key_id = its_key) THEN
    PERFORM public.rankings_refuse('the key is not registered');
  END IF;
  INSERT INTO public.rankings_publishedcertificate (
    park_id, published_id, position, code, number, uscc, name, place, payload, signature, key_id, issued_at, state, shows_score, reason)
  VALUES (shown.park_id, which, at_position, its_code, its_number, line.uscc, line.name, line.place, its_payload, its_signature, its_key,
    statement_timestamp(), 'valid', false, '')
  ON CONFLICT (park_id, published_id, position) DO NOTHING RETURNING id INTO made;
  RETURN made;
END $$;

CREATE OR REPLACE FUNCTION rankings_withdraw_certificate(which bigint, person bigint, why text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT public.rankings_holds_role(person, ARRAY['publisher']) OR coalesce(why, '') = '' THEN
    PERFORM public.rankings_refuse('a publisher withdraws a certificate, with a reason');
  END IF;
  UPDATE public.rankings_publishedcertificate SET state = 'withdrawn', reason = why, closed_at = statement_timestamp()
    WHERE id = which AND park_id = public.rankings_here() AND state = 'valid';
  IF NOT FOUND THEN
    PERFORM public.rankings_refuse('only a valid certificate is withdrawn');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION rankings_show_score(which bigint, person bigint, yes boolean) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE public.rankings_publishedcertificate c SET shows_score = yes
    WHERE c.id = which AND c.park_id = public.rankings_here() AND EXISTS (
      SELECT 1 FROM public.parks_membership m JOIN public.parks_account a ON a.id = m.account_id
        JOIN public.parks_organisation o ON o.id = m.organisation_id
      WHERE a.person_id = person AND a.is_active AND m.park_id = c.park_id AND o.uscc = c.uscc
        AND m.role IN ('enterprise_agent', 'enterprise_signatory')
        AND m.starts_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date AND (m.ends_on IS NULL OR m.ends_on > (now() AT TIME ZONE 'Asia/Shanghai')::date));
  IF NOT FOUND THEN
    PERFORM public.rankings_refuse('only the firm itself consents');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION rankings_record_witness(its_payload text, its_signature text, its_key text) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  says jsonb := its_payload::jsonb;
  made bigint;
BEGIN
  INSERT INTO public.rankings_publishedwitness (
    park_id, number, at, audit_seq, audit_head, publication_seq, publication_head, payload, signature, key_id)
  VALUES (public.rankings_here(), (says->>'number')::integer, (says->>'at')::timestamptz, (says->>'audit_seq')::bigint, says->>'audit_head',
    (says->>'publication_seq')::integer, says->>'publication_head', its_payload, its_signature, its_key)
  RETURNING id INTO made;
  RETURN made;
END $$;

REVOKE ALL ON FUNCTION rankings_register_key(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_issue_certificate(bigint, integer, text, text, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_record_witness(text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_withdraw_certificate(bigint, bigint, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_show_score(bigint, bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rankings_register_key(text, text) TO innovscore_worker;
GRANT EXECUTE ON FUNCTION rankings_issue_certificate(bigint, integer, text, text, text, text, text) TO innovscore_worker;
GRANT EXECUTE ON FUNCTION rankings_record_witness(text, text, text) TO innovscore_worker;
GRANT EXECUTE ON FUNCTION rankings_withdraw_certificate(bigint, bigint, text) TO innovscore_web;
GRANT EXECUTE ON FUNCTION rankings_show_score(bigint, bigint, boolean) TO innovscore_web;
