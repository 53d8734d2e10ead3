-- The only writers of the published tables: owned by the tables' owner, callable by the web role alone. Each works
-- in the park that was entered (app.park_id), checks the person's role there, and does everything in one statement.
CREATE OR REPLACE FUNCTION rankings_locked(edition bigint) RETURNS public.rankings_boardedition LANGUAGE plpgsql
  SET search_path = pg_catalog AS $$
DECLARE
  found_edition public.rankings_boardedition;
BEGIN
  SELECT * INTO found_edition FROM public.rankings_boardedition e
    WHERE e.id = edition AND e.park_id = nullif(current_setting('app.park_id', true), '')::bigint FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such edition' USING ERRCODE = 'no_data_found';
  END IF;
  RETURN found_edition;
END $$;

CREATE OR REPLACE FUNCTION rankings_take(edition bigint, person bigint) RETURNS public.rankings_boardedition LANGUAGE plpgsql
  SET search_path = pg_catalog AS $$
DECLARE
  found_edition public.rankings_boardedition := public.rankings_locked(edition);
BEGIN
  IF NOT public.rankings_holds_role(person, ARRAY['publisher']) THEN
    RAISE EXCEPTION 'person % is no publisher of this park', person USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN found_edition;
END $$;

DROP FUNCTION IF EXISTS rankings_supersede(bigint, text);
CREATE OR REPLACE FUNCTION rankings_supersede(old_edition bigint) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog AS $$
BEGIN
  UPDATE public.rankings_boardedition SET state = 'superseded' WHERE id = old_edition;
  UPDATE public.rankings_publishedboard SET state = 'superseded', closed_at = statement_timestamp()
    WHERE edition_id = old_edition;
  UPDATE public.rankings_publishedcertificate c SET state = 'superseded', closed_at = statement_timestamp()
    FROM public.rankings_publishedboard p WHERE p.id = c.published_id AND p.edition_id = old_edition AND c.state = 'valid';
  UPDATE public.rankings_boardrelease SET state = 'recalled', recalled_at = clock_timestamp()
    WHERE edition_id = old_edition AND state = 'waiting';
END $$;

-- A step towards the public is confirmed, waits a quarter of an hour in which it can be recalled, and is then in force
-- from that moment, whoever looks first. The edition's row is locked by all three, so that they happen one after another.
CREATE OR REPLACE FUNCTION rankings_confirm(
  edition bigint, person bigint, person_name text, towards text, ends_at timestamptz, days date[], notice text, contact text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  e public.rankings_boardedition := public.rankings_take(edition, person);
  due timestamptz := clock_timestamp() + interval '15 minutes';
  made bigint;
BEGIN
  IF (e.state, towards) NOT IN (('proposed', 'on_notice'), ('on_notice', 'final')) THEN
    PERFORM public.rankings_refuse(format('%s does not follow %s', towards, e.state));
  END IF;
  IF person = e.proposed_by_ref OR (towards = 'final' AND person = e.noticed_by_ref) THEN
    PERFORM public.rankings_refuse('who proposed it or put it on notice does not confirm it');
  END IF;
  IF towards = 'on_notice' THEN
    IF (SELECT count(*) FROM public.rankings_boardentry x WHERE x.edition_id = e.id) <> e.size THEN
      PERFORM public.rankings_refuse('the edition is not complete');
    END IF;
    IF ends_at IS NULL OR ends_at < due + interval '5 days' THEN
      PERFORM public.rankings_refuse('a notice runs for at least five working days');
    END IF;
  ELSE
    IF clock_timestamp() < e.notice_ends_at THEN
      PERFORM public.rankings_refuse('the notice is still running');
    END IF;
    IF EXISTS (SELECT 1 FROM public.rankings_objection o WHERE o.edition_id = e.id AND o.state <> 'rejected') THEN
      PERFORM public.rankings_refuse('an objection is open or was upheld');
    END IF;
  END IF;
  INSERT INTO public.rankings_boardrelease (park_id, edition_id, step, state, confirmed_by_ref, confirmed_by_name, confirmed_at, due_at,
      notice_ends_at, notice_days, notice_text, notice_contact, recalled_by_name)
    VALUES (e.park_id, e.id, towards, 'waiting', person, person_name, clock_timestamp(), due, ends_at, days, notice, contact, '')
    RETURNING id INTO made;
  RETURN made;
END $$;

CREATE OR REPLACE FUNCTION rankings_recall(edition bigint, person bigint, person_name text) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  e public.rankings_boardedition := public.rankings_locked(edition);
  recalled bigint;
BEGIN
  IF NOT public.rankings_holds_role(person, ARRAY['publisher', 'score_officer']) THEN
    RAISE EXCEPTION 'person % may not recall in this park', person USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE public.rankings_boardrelease SET state = 'recalled', recalled_by_ref = person, recalled_by_name = person_name,
      recalled_at = clock_timestamp()
    WHERE edition_id = e.id AND state = 'waiting' AND clock_timestamp() < due_at RETURNING id INTO recalled;
  IF recalled IS NULL THEN
    PERFORM public.rankings_refuse('the countdown is over');
  END IF;
  RETURN recalled;
END $$;

-- Something changed during the countdown: what waits is stopped, by nobody, with the reason. Stopping needs no role.
CREATE OR REPLACE FUNCTION rankings_hold(edition bigint, why text) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  e public.rankings_boardedition := public.rankings_locked(edition);
  held bigint;
BEGIN
  UPDATE public.rankings_boardrelease SET state = 'recalled', recalled_at = clock_timestamp(), reason = why
    WHERE edition_id = e.id AND state = 'waiting' RETURNING id INTO held;
  RETURN held;
END $$;

CREATE OR REPLACE FUNCTION rankings_settle(edition bigint) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  e public.rankings_boardedition := public.rankings_locked(edition);
  r record;
  shown bigint;
BEGIN
  SELECT * INTO r FROM public.rankings_boardrelease x
    WHERE x.edition_id = e.id AND x.state = 'waiting' AND x.due_at <= clock_timestamp();
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT 1 FROM public.rankings_boardentry x JOIN public.enterprises_enterprise f ON f.park_id = x.park_id AND f.id = x.enterprise_id
    WHERE x.edition_id = e.id AND f.publication_refused) THEN
    PERFORM public.rankings_refuse('a firm on the list refuses to be shown');
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('rankings publication', e.park_id));
  IF r.step = 'on_notice' THEN
    shown := public.rankings_put_on_notice(e, r.id);
  ELSE
    shown := public.rankings_publish(e, r.id);
  END IF;
  UPDATE public.rankings_boardrelease SET state = 'done' WHERE id = r.id;
  RETURN shown;
END $$;

CREATE OR REPLACE FUNCTION rankings_put_on_notice(e public.rankings_boardedition, release bigint) RETURNS bigint
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  r record;
  old_edition record;
  last_seq integer := 0;
  last_chain text := repeat('0', 64);
  made bigint;
BEGIN
  SELECT * INTO STRICT r FROM public.rankings_boardrelease x WHERE x.id = release;
  FOR old_edition IN
    SELECT o.id, o.run_id FROM public.rankings_boardedition o
    WHERE o.cycle_id = e.cycle_id AND o.board = e.board AND o.state = 'on_notice'
  LOOP
    IF old_edition.run_id = e.run_id THEN
      PERFORM public.rankings_refuse('only a newer run supersedes an edition on notice');
    END IF;
    PERFORM public.rankings_supersede(old_edition.id);
  END LOOP;
  UPDATE public.rankings_boardedition SET state = 'on_notice', noticed_by_ref = r.confirmed_by_ref,
    noticed_by_name = r.confirmed_by_name, notice_ends_at = r.notice_ends_at, notice_days = r.notice_days,
    notice_text = r.notice_text, notice_contact = r.notice_contact WHERE id = e.id RETURNING * INTO e;
  INSERT INTO public.rankings_publishedmethod (park_id, code, version, title, digest, body, published_at)
    SELECT s.park_id, s.code, s.version, s.title, s.digest, s.body, statement_timestamp()
    FROM public.indicators_schemeversion s WHERE s.id = e.scheme_version_id
    ON CONFLICT (park_id, digest) DO NOTHING;
  SELECT p.seq, p.chain INTO last_seq, last_chain FROM public.rankings_publishedboard p
    WHERE p.park_id = e.park_id ORDER BY p.seq DESC LIMIT 1;
  last_seq := coalesce(last_seq, 0);
  last_chain := coalesce(last_chain, repeat('0', 64));
  INSERT INTO public.rankings_publishedboard (
    park_id, edition_id, year, board, number, name_zh, name_en, state, rule, eligible, size, scheme_version, scheme_digest,
    engine_version, snapshot_root, result_root, run_hash, entries_root, content_hash, seq, prev, chain,
    notice_starts_at, notice_ends_at, notice_days, notice_text, notice_contact, reason)
  SELECT e.park_id, e.id, c.year, e.board, e.number, e.name_zh, e.name_en, 'on_notice', e.rule, e.eligible, e.size, s.version, run.scheme_digest,
    run.engine_version, run.snapshot_root, run.result_root, e.run_hash, e.entries_root, e.content_hash, last_seq + 1, last_chain,
    encode(sha256(convert_to(last_chain || e.content_hash, 'UTF8')), 'hex'),
    e.notice_starts_at, e.notice_ends_at, e.notice_days, e.notice_text, e.notice_contact, ''
  FROM public.scoring_scorerun run, public.enterprises_cycle c, public.indicators_schemeversion s
  WHERE run.id = e.run_id AND c.id = e.cycle_id AND s.id = e.scheme_version_id
  RETURNING id INTO STRICT made;
  INSERT INTO public.rankings_publishedentry (park_id, published_id, position, place, tied, uscc, name, stage, score, leaf)
    SELECT x.park_id, made, x.position, x.place, x.tied, x.uscc, x.name, x.stage, x.score, x.leaf
    FROM public.rankings_boardentry x WHERE x.edition_id = e.id ORDER BY x.position;
  RETURN made;
END $$;

CREATE OR REPLACE FUNCTION rankings_publish(e public.rankings_boardedition, release bigint) RETURNS bigint
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  r record;
  old_edition bigint;
  shown public.rankings_publishedboard;
BEGIN
  SELECT * INTO STRICT r FROM public.rankings_boardrelease x WHERE x.id = release;
  FOR old_edition IN
    SELECT o.id FROM public.rankings_boardedition o
    WHERE o.cycle_id = e.cycle_id AND o.board = e.board AND o.state = 'final'
  LOOP
    PERFORM public.rankings_supersede(old_edition);
  END LOOP;
  UPDATE public.rankings_boardedition SET state = 'final', published_by_ref = r.confirmed_by_ref,
    published_by_name = r.confirmed_by_name WHERE id = e.id RETURNING * INTO e;
  UPDATE public.rankings_publishedboard SET state = 'final', published_at = e.published_at
    WHERE edition_id = e.id RETURNING * INTO STRICT shown;
  INSERT INTO public.rankings_publishedcurrent (park_id, year, board, published_id)
    VALUES (shown.park_id, shown.year, shown.board, shown.id)
    ON CONFLICT (park_id, year, board) DO UPDATE SET published_id = excluded.published_id;
  RETURN shown.id;
END $$;

CREATE OR REPLACE FUNCTION rankings_withdraw(edition bigint, person bigint, person_name text, why text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  e public.rankings_boardedition := public.rankings_take(edition, person);
BEGIN
  UPDATE public.rankings_boardedition SET state = 'withdrawn', withdrawn_by_ref = person, withdrawn_by_name = person_name,
    withdrawn_at = statement_timestamp(), reason = why WHERE id = e.id;
  UPDATE public.rankings_publishedboard SET state = 'withdrawn', reason = why, closed_at = statement_timestamp()
    WHERE edition_id = e.id;
  UPDATE public.rankings_publishedcertificate c SET state = 'withdrawn', reason = why, closed_at = statement_timestamp()
    FROM public.rankings_publishedboard p WHERE p.id = c.published_id AND p.edition_id = e.id AND c.state = 'valid';
END $$;

REVOKE ALL ON FUNCTION rankings_confirm(bigint, bigint, text, text, timestamptz, date[], text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_recall(bigint, bigint, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_hold(bigint, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_settle(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_withdraw(bigint, bigint, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_put_on_notice(public.rankings_boardedition, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_publish(public.rankings_boardedition, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_supersede(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_take(bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rankings_locked(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rankings_confirm(bigint, bigint, text, text, timestamptz, date[], text, text) TO innovscore_web;
GRANT EXECUTE ON FUNCTION rankings_recall(bigint, bigint, text) TO innovscore_web;
GRANT EXECUTE ON FUNCTION rankings_hold(bigint, text) TO innovscore_web, innovscore_worker;
GRANT EXECUTE ON FUNCTION rankings_settle(bigint) TO innovscore_web, innovscore_worker;
GRANT EXECUTE ON FUNCTION rankings_withdraw(bigint, bigint, text, text) TO innovscore_web;
