-- The clock of a sandbox park runs ahead by whole days; that of a zone is the database's (park_clock_sandbox_only).
CREATE OR REPLACE FUNCTION park_shift() RETURNS interval LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce((SELECT make_interval(days => p.clock_days) FROM public.parks_park p
                    WHERE p.id = nullif(current_setting('app.park_id', true), '')::bigint), interval '0')
$$;
