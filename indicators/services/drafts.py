"""Drafts of scheme versions: copied, edited by one person, proposed, and activated by another."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from decimal import InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from scoring import engine
from scoring.engine.canonical import canonical_json, sha256

from .. import formulas, rules
from ..models import SchemeVersion
from ..states import SchemeState


def begin(*, by: Actor, source: SchemeVersion, version: str) -> SchemeVersion:
    """A draft with the content of a version under a new version number. Raises Refused, Conflict."""
    version = version.strip()
    if not version or len(version) > 32:
        raise Refused(
            code="version_missing",
            field="version",
            message=_("请填写新的版本号，例如 2026.1，最多 32 个字符。"),
        )
    body = copy.deepcopy(source.body) | {"version": version}
    try:
        with transaction.atomic():
            draft = SchemeVersion.objects.create(
                code=source.code, version=version, title=source.title, body=body, digest=_digest(body), based_on=source,
                created_by_ref=by.person_id, edited_by_ref=by.person_id, edited_by_name=by.person_name,
            )  # fmt: skip
            audit.record(by=by, action="scheme.drafted", obj=draft, after={"based_on": source.digest})
    except IntegrityError as error:
        message = _("版本 %(version)s 已存在，请换一个版本号。") % {"version": version}
        raise Conflict(code="scheme_exists", field="version", message=message) from error
    return draft


def set_weights(
    *,
    by: Actor,
    draft: SchemeVersion,
    weights: Mapping[tuple[str, str], str],
    boards: Mapping[tuple[str, str], str],
) -> SchemeVersion:
    """Weights by (indicator, group) and by (board, indicator) as typed; an empty board weight takes the indicator off.

    Sums may be wrong while a draft is edited; text that is no number is refused with its cell.
    """
    with transaction.atomic():
        locked = _locked(draft)
        return _save(locked, weighed(locked.body, weights, boards), by=by, what="weights")


def weighed(
    body: Mapping[str, Any], weights: Mapping[tuple[str, str], str], boards: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    """A body with the weights as typed (see set_weights); nothing is kept."""
    made = copy.deepcopy(dict(body))
    for item in made["indicators"]:
        item["weight"] = {
            group: _number(weights.get((item["code"], group), ""), f"w-{item['code']}-{group}")
            for group in rules.groups_of(made)
        }
    for board in made.get("boards", []):
        typed = {
            item["code"]: boards.get((board["code"], item["code"]), "").strip() for item in made["indicators"]
        }
        board["weights"] = {
            code: _number(text, f"b-{board['code']}-{code}")
            for code, text in typed.items()
            if text not in ("", "0")
        }
    return made


def set_indicator(
    *, by: Actor, draft: SchemeVersion, code: str, names: Mapping[str, str], function: str, texts: Mapping[str, str],
    levels: str, what: Mapping[str, str] | None = None,
) -> SchemeVersion:  # fmt: skip
    """Names, function and parameters of one indicator, and of a local one also `what` it measures.

    what: formula in names or codes of data items, unit, direction, dimension. Raises Refused naming what cannot be read.
    """
    with transaction.atomic():
        locked = _locked(draft)
        body = copy.deepcopy(locked.body)
        item = _indicator(body, code)
        if what and item.get("scope") != rules.CORE:
            conditions = formulas.read_by_conditions(item)
            item |= _measured(body, what, item.get("constants", {}))
            item["inputs"] = list(dict.fromkeys([*item["inputs"], *conditions]))
        try:
            scoring = rules.read_parameters(function, texts, levels)
        except rules.BadParameters as error:
            raise Refused(code="bad_parameters", field="parameters", message=str(error)) from error
        if scoring["function"] == item["scoring"]["function"]:
            kept = {key: value for key, value in item["scoring"].items() if key not in scoring}
            scoring |= kept
        item["scoring"] = scoring
        _check_lengths(names)
        for key in ("zh", "en", "evidence"):
            if names.get(key, "").strip():
                item[key] = names[key].strip()
        return _save(locked, body, by=by, what=code)


def add_local(
    *, by: Actor, draft: SchemeVersion, code: str, like: str, zh: str, en: str, formula: str
) -> SchemeVersion:
    """A new local indicator with a formula over data items, the rest as another one has it, weight 0 until it is set.

    Raises Refused for a code that is taken or no identifier, or a formula that cannot be read.
    """
    with transaction.atomic():
        locked = _locked(draft)
        body = copy.deepcopy(locked.body)
        if not code.isidentifier() or not code.isascii() or code != code.lower():
            message = _("代码只能用小写字母、数字和下划线，并以字母开头。")
            raise Refused(code="bad_code", field="code", message=message)
        if code in {item["code"] for item in (*body["indicators"], *body["inputs"])}:
            raise Refused(code="code_taken", field="code", message=_("代码已被使用，请换一个。"))
        _check_lengths({"code": code, "zh": zh, "en": en})
        if not zh.strip():
            raise Refused(code="name_missing", field="zh", message=_("请填写指标名称。"))
        model = _indicator(body, like)
        as_model = {key: model.get(key, "") for key in ("unit", "direction", "dimension")}
        body["indicators"].append(
            {"code": code, "zh": zh.strip(), "en": en.strip() or code, "scope": "local"}
            | _measured(body, as_model | {"formula": formula})
            | {"scoring": copy.deepcopy(model["scoring"]), "weight": dict.fromkeys(rules.groups_of(body), 0)}
        )
        return _save(locked, body, by=by, what=f"+{code}")


def _measured(
    body: Mapping[str, Any], what: Mapping[str, str], constants: Iterable[str] = ()
) -> dict[str, Any]:
    """What an indicator measures, as the body keeps it. Raises Refused naming the field."""
    _check_lengths(what)
    try:
        formula, used = formulas.read(what["formula"], body["inputs"], constants)
    except rules.BadParameters as error:
        raise Refused(code="bad_formula", field="formula", message=str(error)) from error
    if what["dimension"] not in {item["code"] for item in body["dimensions"]}:
        raise Refused(code="no_such_dimension", field="dimension", message=_("请从列表中选择维度。"))
    sources = [
        source for item in body["inputs"] if item["code"] in used for source in item.get("sources", [])
    ]
    return {
        "formula": formula, "inputs": used, "dimension": what["dimension"], "unit": what["unit"].strip(),
        "direction": "lower_better" if what["direction"] == "lower_better" else "higher_better",
        "sources": list(dict.fromkeys(sources)),
    }  # fmt: skip


def _check_lengths(words: Mapping[str, str]) -> None:
    for field, (label, most) in rules.TYPED.items():
        if len(words.get(field, "")) > most:
            message = _("“%(label)s”最多 %(n)s 个字符，请缩短。") % {"label": label, "n": most}
            raise Refused(code="too_long", field=field, message=message)


def remove_local(*, by: Actor, draft: SchemeVersion, code: str) -> SchemeVersion:
    """Take a local indicator out, boards included. Core indicators stay: Refused."""
    with transaction.atomic():
        locked = _locked(draft)
        body = copy.deepcopy(locked.body)
        if _indicator(body, code).get("scope") == rules.CORE:
            raise Refused(code="core_stays", field="code", message=_("国家核心指标不能删除，可以调整权重。"))
        body["indicators"] = [item for item in body["indicators"] if item["code"] != code]
        for board in body.get("boards", []):
            board["weights"].pop(code, None)
        return _save(locked, body, by=by, what=f"-{code}")


def propose(*, by: Actor, draft: SchemeVersion, notes: str) -> SchemeVersion:
    """The draft is finished and goes to another person. Raises Refused naming the first thing that is wrong."""
    with transaction.atomic():
        locked = _locked(draft)
        checked(locked.body)
        if not notes.strip():
            raise Refused(code="notes_missing", field="notes", message=_("请写明修改的理由和依据。"))
        locked.notes, locked.proposed_at = notes.strip(), db_now()
        locked.proposed_by_ref, locked.proposed_by_name = by.person_id, by.person_name
        locked.save(update_fields=["notes", "proposed_at", "proposed_by_ref", "proposed_by_name"])
        audit.record(
            by=by, action="scheme.proposed", obj=locked, after={"digest": locked.digest}, reason=notes
        )
    return locked


def activate(*, by: Actor, draft: SchemeVersion, seen_digest: str) -> SchemeVersion:
    """Another person puts a proposed draft into force; from then on it never changes.

    Raises Forbidden for its editor or proposer, Conflict when it changed since it was read.
    """
    with transaction.atomic():
        locked = _locked(draft)
        if locked.proposed_at is None:
            raise Conflict(code="not_proposed", message=_("草案还没有提请启用。"))
        if by.person_id in (None, locked.proposed_by_ref, locked.edited_by_ref):
            raise Forbidden(code="same_person", message=_("编辑或提请的人不能自己启用，请另一位同事启用。"))
        if locked.digest != seen_digest:
            raise Conflict(code="changed_meanwhile", message=_("草案在您阅读后有变化，请重新核对。"))
        scheme = checked(locked.body)
        locked.title, locked.state, locked.activated_at = scheme.zh, SchemeState.ACTIVE, db_now()
        locked.activated_by_ref, locked.activated_by_name = by.person_id, by.person_name
        locked.save(update_fields=["title", "state", "activated_at", "activated_by_ref", "activated_by_name"])
        audit.record(by=by, action="scheme.activated", obj=locked, after={"digest": locked.digest})
    return locked


def discard(*, by: Actor, draft: SchemeVersion) -> None:
    """Throw a draft away."""
    with transaction.atomic():
        locked = _locked(draft)
        audit.record(by=by, action="scheme.discarded", obj=locked, before={"digest": locked.digest})
        locked.delete()


def checked(body: Mapping[str, Any]) -> engine.Scheme:
    """The scheme of a body that may come into force; Refused naming what is wrong."""
    found = rules.findings(body)
    if found:
        raise Refused(
            code="draft_wrong",
            message=_("草案还有 %(n)s 处问题：%(first)s") % {"n": len(found), "first": found[0].text},
        )
    try:
        return engine.load_scheme(body)
    except engine.EngineError as error:
        raise Refused(
            code="draft_wrong", message=_("草案有误：%(what)s") % {"what": str(error)[:500]}
        ) from error


def _locked(draft: SchemeVersion) -> SchemeVersion:
    locked = SchemeVersion.objects.select_for_update(of=("self",)).filter(pk=draft.pk).first()
    if locked is None:
        raise NotFound(code="not_found", message=_("没有这份草案。"))
    if locked.state != SchemeState.DRAFT:
        raise Conflict(code="in_force", message=_("这个版本已经启用，不能修改；请复制为新的草案。"))
    return locked


def _save(draft: SchemeVersion, body: dict[str, Any], *, by: Actor, what: str) -> SchemeVersion:
    """Keep the body; what was proposed before has to be proposed again."""
    before = draft.digest
    draft.body, draft.digest = body, _digest(body)
    draft.edited_by_ref, draft.edited_by_name = by.person_id, by.person_name
    draft.proposed_at, draft.proposed_by_ref, draft.proposed_by_name = None, None, ""
    draft.save(
        update_fields=[
            "body", "digest", "edited_by_ref", "edited_by_name", "proposed_at", "proposed_by_ref", "proposed_by_name",
        ]
    )  # fmt: skip
    audit.record(
        by=by,
        action="scheme.edited",
        obj=draft,
        before={"digest": before},
        after={"digest": draft.digest, "what": what},
    )
    return draft


def _digest(body: Mapping[str, Any]) -> str:
    return sha256(canonical_json(body)).hex()


def _number(text: str, field: str) -> int | float:
    try:
        return rules.read_number(text or "0")
    except InvalidOperation as error:
        message = _("“%(text)s”不是数字。") % {"text": text[:20]}
        raise Refused(code="not_a_number", field=field, message=message) from error


def _indicator(body: Mapping[str, Any], code: str) -> Any:
    found = next((item for item in body["indicators"] if item["code"] == code), None)
    if found is None:
        raise NotFound(code="no_such_indicator", message=_("指标体系里没有这个指标。"))
    return found
