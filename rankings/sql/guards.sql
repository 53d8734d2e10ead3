-- States move only along rankings_allowedtransition; editions and objections keep their words.
CREATE OR REPLACE FUNCTION rankings_owner() RETURNS name LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.rankings_boardedition'::regclass
$$;

CREATE OR REPLACE FUNCTION rankings_refuse(what text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION '%', what USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE FUNCTION rankings_holds_role(whose bigint, roles text[]) RETURNS boolean LANGUAGE sql STABLE
  SET search_path = pg_catalog AS $$
  SELECT EXISTS (
    SELECT 1 FROM public.parks_membership m JOIN public.parks_account a ON a.id = m.account_id
    WHERE a.person_id = whose AND a.is_active AND m.role = ANY (roles)
      AND m.park_id = nullif(current_setting('app.park_id', true), '')::bigint
      AND m.starts_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date AND (m.ends_on IS NULL OR m.ends_on > (now() AT TIME ZONE 'Asia/Shanghai')::date))
$$;

CREATE OR REPLACE FUNCTION rankings_transition(what text, old_state text, new_state text) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM public.rankings_allowedtransition t
    WHERE t.aggregate = what AND t.before = old_state AND t.after = new_state
  ) THEN
    PERFORM public.rankings_refuse(format('%s cannot go from %s to %s', what, old_state, new_state));
  END IF;
END $$;

CREATE OR REPLACE FUNCTION rankings_transitions_are_fixed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF current_user <> public.rankings_owner() THEN
    PERFORM public.rankings_refuse('only the owner of the tables changes the allowed transitions');
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
DROP TRIGGER IF EXISTS fixed ON rankings_allowedtransition;
CREATE TRIGGER fixed BEFORE INSERT OR UPDATE OR DELETE ON rankings_allowedtransition
  FOR EACH ROW EXECUTE FUNCTION rankings_transitions_are_fixed();

CREATE OR REPLACE FUNCTION rankings_edition_made() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.state <> 'draft' OR NEW.noticed_by_ref IS NOT NULL OR NEW.published_by_ref IS NOT NULL THEN
    PERFORM public.rankings_refuse('an edition begins as a draft');
  END IF;
  IF NOT public.rankings_holds_role(NEW.proposed_by_ref, ARRAY['score_officer', 'park_admin']) THEN
    PERFORM public.rankings_refuse('an edition is proposed by a score officer of the park');
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS made ON rankings_boardedition;
CREATE TRIGGER made BEFORE INSERT ON rankings_boardedition FOR EACH ROW EXECUTE FUNCTION rankings_edition_made();

-- The owner's functions (publication.sql) run with current_user = owner; the application itself may only propose,
-- or take back what nobody has seen. Only a session of the owner may move the times of a notice.
CREATE OR REPLACE FUNCTION rankings_edition_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  owner name := public.rankings_owner();
  due timestamptz;
BEGIN
  IF (NEW.park_id, NEW.cycle_id, NEW.board, NEW.number, NEW.run_id, NEW.scheme_version_id, NEW.supersedes_id, NEW.name_zh, NEW.name_en,
      NEW.eligible, NEW.size, NEW.exclusions, NEW.rule, NEW.members, NEW.run_hash, NEW.entries_root, NEW.content_hash, NEW.proposed_by_ref, NEW.proposed_by_name, NEW.proposed_at)
     IS DISTINCT FROM
     (OLD.park_id, OLD.cycle_id, OLD.board, OLD.number, OLD.run_id, OLD.scheme_version_id, OLD.supersedes_id, OLD.name_zh, OLD.name_en,
      OLD.eligible, OLD.size, OLD.exclusions, OLD.rule, OLD.members, OLD.run_hash, OLD.entries_root, OLD.content_hash, OLD.proposed_by_ref, OLD.proposed_by_name, OLD.proposed_at)
  THEN
    PERFORM public.rankings_refuse('what an edition says is fixed');
  END IF;
  IF OLD.noticed_by_ref IS NOT NULL AND session_user <> owner THEN
    IF (NEW.noticed_by_ref, NEW.notice_starts_at) IS DISTINCT FROM (OLD.noticed_by_ref, OLD.notice_starts_at)
       OR NEW.notice_ends_at < OLD.notice_ends_at THEN
      PERFORM public.rankings_refuse('a notice cannot be shortened');
    END IF;
  END IF;
  IF OLD.published_by_ref IS NOT NULL AND (NEW.published_by_ref, NEW.published_at) IS DISTINCT FROM (OLD.published_by_ref, OLD.published_at) THEN
    PERFORM public.rankings_refuse('who published is fixed');
  END IF;
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  PERFORM public.rankings_transition('edition', OLD.state, NEW.state);
  IF current_user <> owner AND NOT (OLD.state = 'draft' OR (OLD.state = 'proposed' AND NEW.state = 'withdrawn')) THEN
    PERFORM public.rankings_refuse('this change of state belongs to the functions of publication');
  END IF;
  IF NEW.state = 'withdrawn' AND EXISTS (
    SELECT 1 FROM public.rankings_boardrelease r WHERE r.edition_id = NEW.id AND r.state = 'waiting') THEN
    PERFORM public.rankings_refuse('recall what waits first');
  END IF;
  IF NEW.state IN ('on_notice', 'final') THEN
    SELECT r.due_at INTO due FROM public.rankings_boardrelease r
      WHERE r.edition_id = NEW.id AND r.step = NEW.state AND r.state = 'waiting' AND r.due_at <= clock_timestamp();
    IF NOT FOUND THEN
      PERFORM public.rankings_refuse('nothing is released before its countdown is over');
    END IF;
  END IF;
  IF NEW.state = 'on_notice' THEN
    NEW.notice_starts_at := due;
    IF NEW.notice_ends_at IS NULL OR NEW.notice_ends_at < due + interval '5 days' THEN
      PERFORM public.rankings_refuse('a notice runs for at least five working days');
    END IF;
  ELSIF NEW.state = 'final' THEN
    NEW.published_at := due;
    IF due < OLD.notice_ends_at THEN
      PERFORM public.rankings_refuse('the notice is still running');
    END IF;
    IF NEW.published_by_ref IN (NEW.proposed_by_ref, NEW.noticed_by_ref) THEN
      PERFORM public.rankings_refuse('who proposed it or put it on notice does not publish it');
    END IF;
    IF EXISTS (SELECT 1 FROM public.rankings_objection o WHERE o.edition_id = NEW.id AND o.state <> 'rejected') THEN
      PERFORM public.rankings_refuse('an objection is open or was upheld');
    END IF;
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON rankings_boardedition;
CREATE TRIGGER guard BEFORE UPDATE ON rankings_boardedition FOR EACH ROW EXECUTE FUNCTION rankings_edition_guard();

CREATE OR REPLACE FUNCTION rankings_entry_made() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.rankings_boardedition e WHERE e.id = NEW.edition_id AND e.state = 'draft') THEN
    PERFORM public.rankings_refuse('entries belong to drafts');
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS made ON rankings_boardentry;
CREATE TRIGGER made BEFORE INSERT ON rankings_boardentry FOR EACH ROW EXECUTE FUNCTION rankings_entry_made();

-- An objection comes in while the notice runs by the database's clock; its words never change; the edition's
-- proposer does not judge it.
CREATE OR REPLACE FUNCTION rankings_objection_filed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.state <> 'filed' OR NEW.answered_by_ref IS NOT NULL THEN
    PERFORM public.rankings_refuse('an objection begins as filed');
  END IF;
  PERFORM 1 FROM public.rankings_boardedition e WHERE e.id = NEW.edition_id FOR SHARE;  -- against who publishes at this moment
  IF NOT EXISTS (
    SELECT 1 FROM public.rankings_boardedition e
    WHERE e.id = NEW.edition_id AND e.state = 'on_notice' AND clock_timestamp() < e.notice_ends_at
  ) THEN
    PERFORM public.rankings_refuse('the notice is over');
  END IF;
  NEW.filed_at := statement_timestamp();
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS filed ON rankings_objection;
CREATE TRIGGER filed BEFORE INSERT ON rankings_objection FOR EACH ROW EXECUTE FUNCTION rankings_objection_filed();

CREATE OR REPLACE FUNCTION rankings_verified(whose_edition bigint, firm bigint, person bigint) RETURNS boolean LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM public.rankings_boardedition e
    JOIN public.enterprises_declaration d ON d.cycle_id = e.cycle_id AND d.enterprise_id = firm
    LEFT JOIN public.enterprises_declaredvalue v ON v.declaration_id = d.id
    WHERE e.id = whose_edition AND (d.verified_by_ref = person OR v.verified_by_ref = person));
END $$;

CREATE OR REPLACE FUNCTION rankings_objection_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.state = OLD.state THEN
    PERFORM public.rankings_refuse('an objection changes only by a step');
  END IF;
  PERFORM public.rankings_transition('objection', OLD.state, NEW.state);
  IF NEW.answered_by_ref IS NOT NULL AND EXISTS (
    SELECT 1 FROM public.rankings_boardedition e WHERE e.id = NEW.edition_id AND e.proposed_by_ref = NEW.answered_by_ref
  ) THEN
    PERFORM public.rankings_refuse('who proposed the edition does not answer objections to it');
  END IF;
  IF NEW.answered_by_ref IS NOT NULL AND public.rankings_verified(NEW.edition_id, NEW.about_id, NEW.answered_by_ref) THEN
    PERFORM public.rankings_refuse('who verified the figures does not answer objections to them');
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS guard ON rankings_objection;
CREATE TRIGGER guard BEFORE UPDATE ON rankings_objection FOR EACH ROW EXECUTE FUNCTION rankings_objection_guard();
