-- Takes from a line, or gives back: one guarded statement. Only the trigger of application events calls it.
CREATE OR REPLACE FUNCTION finance_reserve(p_park bigint, p_line bigint, p_delta numeric) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog AS $$
BEGIN
  UPDATE public.finance_creditline SET reserved = reserved + p_delta
   WHERE park_id = p_park AND id = p_line
     AND (p_delta <= 0 OR (state = 'active' AND reserved + drawn + p_delta <= quoted_limit));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the line does not allow this amount' USING ERRCODE = 'IS001', DETAIL = (
      SELECT CASE WHEN l.state = 'active' THEN greatest(l.quoted_limit - l.reserved - l.drawn, 0)::text ELSE l.state END
        FROM public.finance_creditline l WHERE l.park_id = p_park AND l.id = p_line);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION finance_reserve(bigint, bigint, numeric) FROM PUBLIC;
