"""Certificates: signed by the worker alone, checked by anybody with or without the platform, closed with their board."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from innovscore.core.problems import Conflict
from parks.actors import Actor
from parks.scope import park_scope
from rankings import rules, signing
from rankings.models import PublishedBoard, PublishedCertificate, PublishedKey
from rankings.queries import certificates as queries
from rankings.services import certificates, lookups, publication
from tests.factories import parks as people
from tests.factories import rankings as make
from tests.factories import scoring

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_certificate.py"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "signing"


@pytest.fixture
def world(live_db: None, park: Any, keys: Path) -> Any:
    return make.certified_world(park, keys)


def first(position: int = 1) -> PublishedCertificate:
    return PublishedCertificate.everywhere.select_related("published__park", "park").get(position=position)


def page(code: str, **query: str) -> str:
    return Client().get(reverse("rankings:check", args=[code]), query).content.decode()


def test_every_place_has_a_certificate_and_another_code_or_paper_is_told(world: Any, park: Any) -> None:
    with park_scope(park.pk):
        assert PublishedCertificate.objects.count() == world[1].size
        assert list(queries.breaks()) == []
    text = page(first(3).code)
    assert "证书有效" in text and first(3).name in text and "第 3 名" in text
    assert "企业未同意在此显示" in text
    code = first().code
    other = ("b" if code[0] != "b" else "c") + code[1:]
    assert "未查到" in page(other) and first().name not in page(other)
    assert Client().get(reverse("rankings:check_json", args=[other])).status_code == 404
    assert "纸面内容可能被改动" in page(first().code, t="0" * 32)
    assert "纸面内容可能被改动" not in page(first().code, t=rules.tag_of(first().payload))


def test_guessing_is_slowed_down_and_a_right_code_is_not_counted(world: Any) -> None:
    for _number in range(lookups.LIMIT):
        assert Client().get(reverse("rankings:check", args=["a" * 26])).status_code == 200
    assert Client().get(reverse("rankings:check", args=["a" * 26])).status_code == 429
    elsewhere = Client(REMOTE_ADDR="10.9.8.7")
    for _number in range(lookups.LIMIT + 5):
        assert elsewhere.get(reverse("rankings:check", args=[first().code])).status_code == 200


def test_the_score_shows_only_while_the_firm_consents(world: Any, park: Any) -> None:
    row = first()
    from rankings.models import BoardEntry

    with park_scope(park.pk):
        organisation = BoardEntry.objects.get(uscc=row.uscc).enterprise.organisation
    agent = people.actor("enterprise_agent", park, organisation=organisation)
    stranger = people.actor("enterprise_agent", park)
    client = people.client_for(agent)
    path = reverse("rankings:own_show_score", args=[park.code, row.pk])
    assert people.client_for(stranger).post(path, {"show": "yes"}).status_code == 404
    assert client.post(path, {"show": "yes"}).status_code == 302
    envelope = Client().get(reverse("rankings:check_json", args=[row.code])).json()
    assert envelope["line"]["score"] and "企业未同意在此显示" not in page(row.code)
    assert client.post(path, {"show": "no"}).status_code == 302
    assert "line" not in Client().get(reverse("rankings:check_json", args=[row.code])).json()
    with (
        park_scope(park.pk),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT rankings_show_score(%s, %s, true)", [row.pk, stranger.person_id])


def test_only_the_worker_signs_and_only_what_was_published(world: Any, park: Any, keys: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, has_function_privilege('innovscore_worker', oid, 'EXECUTE'), "
            "has_function_privilege('innovscore_web', oid, 'EXECUTE') FROM pg_proc WHERE proname = ANY(%s)",
            [["rankings_register_key", "rankings_issue_certificate", "rankings_record_witness"]],
        )
        assert {row[1:] for row in cursor.fetchall()} == {(True, False)}
    with park_scope(park.pk):
        with pytest.raises(DatabaseError), transaction.atomic():
            PublishedCertificate.objects.update(state="valid")
        with pytest.raises(Conflict):
            certificates.signer()
    row = first(2)  # even the worker's function refuses another place than the board has
    says = json.loads(row.payload) | {"place": 1}
    with make.as_worker(keys), park_scope(park.pk), pytest.raises(Conflict):
        publication.call(
            "SELECT rankings_issue_certificate(%s, 2, 'x', %s, %s, 'y', %s)",
            [row.published_id, row.number, json.dumps(says), row.key_id],
        )


def test_a_new_edition_makes_the_old_certificates_superseded(world: Any, park: Any, keys: Path) -> None:
    from scoring.services import snapshots
    from tests.rankings.test_editions import corrected

    office, edition = world
    old = first()
    with park_scope(park.pk):
        snapshots.store(
            by=office.officer, cycle=scoring.Cycle.objects.get(), cases=corrected(edition.run),
            corrects=edition.run.snapshot, reason="更正令第 1 号",
        )  # fmt: skip
        make.compute(office.officer)
        newer = office.on_notice()
    make.run_out(newer)
    with park_scope(park.pk):
        office.publish(newer)
    text = page(old.code)
    assert "已更正" in text and "证书有效" not in text and "原因" not in text
    with make.as_worker(keys), park_scope(park.pk):
        assert certificates.issue_missing(by=Actor.system(park)) == newer.size
    with park_scope(park.pk):
        states = set(PublishedCertificate.objects.values_list("published__number", "state"))
        assert states == {(1, "superseded"), (2, "valid")}
        assert list(queries.breaks()) == []


def test_one_certificate_is_withdrawn_with_a_reason(world: Any, park: Any) -> None:
    office, _edition = world
    row = first(4)
    client = people.client_for(office.second)
    path = reverse("rankings:office_certificate", args=[park.code, row.pk])
    assert client.post(path, {"reason": ""}).status_code == 422
    assert client.post(path, {"reason": "企业材料不实"}).status_code == 302
    assert client.post(path, {"reason": "再撤一次"}).status_code == 409
    assert "企业材料不实" in page(row.code) and "已撤回" in page(row.code)
    assert people.client_for(office.officer).post(path, {"reason": "x"}).status_code == 403


def test_a_withdrawn_board_withdraws_its_certificates(world: Any, park: Any) -> None:
    office, edition = world
    with park_scope(park.pk):
        publication.withdraw(by=office.second, edition=edition, reason="数据有误")
        assert set(PublishedCertificate.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_a_new_key_signs_and_what_the_old_one_signed_still_verifies(
    world: Any, park: Any, keys: Path
) -> None:
    old = first().key_id
    fresh = signing.create(keys)
    with make.as_worker(keys), park_scope(park.pk):
        assert certificates.signer().key_id == fresh.key_id != old
    with park_scope(park.pk):
        known = {row.key_id: row.retired_at is not None for row in PublishedKey.objects.all()}
        assert known == {old: True, fresh.key_id: False}
        assert list(queries.breaks()) == []
    assert "证书有效" in page(first().code)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    signing.create(tmp_path)
    file = next(tmp_path.glob("*.pem"))
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    with pytest.raises(signing.NoKey, match="read by others"):
        signing.current(tmp_path)
    with pytest.raises(signing.NoKey):
        signing.current(tmp_path / "absent")
    assert signing.current(tmp_path / "new", make=True).key_id


# Without the platform


def run_script(folder: Path, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder / "certificate.json"), "--keys", str(folder / "keys.json"), *more],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_stand_alone_program_agrees_and_names_what_was_changed(
    world: Any, park: Any, tmp_path: Path
) -> None:
    row = first(2)
    client = Client()
    envelope = client.get(reverse("rankings:check_json", args=[row.code])).json()
    files = {
        "certificate.json": envelope,
        "keys.json": client.get(reverse("rankings:public_keys", args=[park.code])).json(),
        "board.json": client.get(
            reverse("rankings:public_board_json", args=[park.code, 2025, make.BOARD])
        ).json(),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    board = ("--board", str(tmp_path / "board.json"))
    code, said = run_script(tmp_path, *board, "--tag", rules.tag_of(row.payload))
    assert code == 0 and row.name in said, said
    for change, expected in (
        ({"place": 1}, "signature"),
        ({"name": "冒名公司"}, "signature"),
        ({"path": []}, "path"),
    ):
        changed = envelope | {"certificate": envelope["certificate"] | change}
        (tmp_path / "certificate.json").write_text(json.dumps(changed), encoding="utf-8")
        code, said = run_script(tmp_path)
        assert code == 1 and expected in said, said
    (tmp_path / "certificate.json").write_text(json.dumps(envelope), encoding="utf-8")
    files["board.json"]["entries"][0]["name"] = "冒名公司"
    (tmp_path / "board.json").write_text(json.dumps(files["board.json"]), encoding="utf-8")
    code, said = run_script(tmp_path, *board)
    assert code == 1 and "line 1 differs" in said


def test_a_withdrawn_certificate_or_board_is_told_without_the_platform_too(
    world: Any, park: Any, tmp_path: Path
) -> None:
    """The file of before, with the board's file of today; and the file of today by itself."""
    office, edition = world
    row = first(2)
    board = reverse("rankings:public_board_json", args=[park.code, 2025, make.BOARD])
    keys = reverse("rankings:public_keys", args=[park.code])

    def fetch(path: str, name: str) -> None:
        (tmp_path / name).write_bytes(Client().get(path).content)

    fetch(keys, "keys.json")
    fetch(reverse("rankings:check_json", args=[row.code]), "certificate.json")
    fetch(board, "board.json")
    today = ("--board", str(tmp_path / "board.json"))
    assert run_script(tmp_path, *today)[0] == 0
    with park_scope(park.pk):
        certificates.withdraw(by=office.second, certificate_id=row.pk, reason="企业材料不实")
    fetch(board, "board.json")
    code, said = run_script(tmp_path, *today)
    assert code == 1 and "certificate was withdrawn" in said, said
    fetch(reverse("rankings:check_json", args=[row.code]), "certificate.json")
    assert "says that the certificate is withdrawn" in run_script(tmp_path)[1]
    fetch(reverse("rankings:check_json", args=[first(3).code]), "certificate.json")
    assert run_script(tmp_path, *today)[0] == 0
    with park_scope(park.pk):
        publication.withdraw(by=office.second, edition=edition, reason="数据有误")
    fetch(board, "board.json")
    code, said = run_script(tmp_path, *today)
    assert code == 1 and "board is withdrawn" in said, said


def test_the_commands_verify_certificates_runs_and_chains(world: Any, park: Any, keys: Path) -> None:
    _office, edition = world
    with make.as_worker(keys), park_scope(park.pk):
        kept = certificates.record_witness(by=Actor.system(park))
    file = keys.parent / "witness" / park.code / "000001.json"
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(json.dumps(kept, default=str))
    out = StringIO()
    call_command("verify_certificate", first().code, stdout=out)
    call_command("verify_certificate", "--park", park.code, stdout=out)
    call_command("verify_chain", "--park", park.code, "--witness", str(file), stdout=out)
    for run in (str(edition.run_id), edition.run_hash[:16]):
        call_command("verify_run", run, "--park", park.code, stdout=out)
    said = out.getvalue()
    assert (
        "valid" in said and "10 certificates verify" in said and "verify" in said and edition.run_hash in said
    )
    forged = json.loads(file.read_text(encoding="utf-8"))
    forged["witness"]["audit_head"] = "0" * 64
    file.write_text(json.dumps(forged), encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("verify_chain", "--park", park.code, "--witness", str(file), stdout=StringIO())
    for run in ("f" * 16, "77777", "x"):
        with pytest.raises(CommandError):
            call_command("verify_run", run, "--park", park.code, stdout=StringIO())
    with pytest.raises(CommandError):
        call_command("verify_certificate", "b" * 26, stdout=StringIO())


def test_the_witness_page_and_its_json(world: Any, park: Any, keys: Path) -> None:
    with make.as_worker(keys), park_scope(park.pk):
        certificates.record_witness(by=Actor.system(park))
    path = reverse("rankings:public_witness", args=[park.code])
    assert first().key_id in Client().get(path).content.decode()
    found = Client().get(path, {"format": "json"}).json()["witnesses"][0]
    key = PublishedKey.everywhere.get(key_id=found["key_id"])
    assert signing.verifies(found["payload"], found["signature"], key.public_key)


# Documents


@pytest.mark.slow
def test_certificate_and_notice_are_made_as_pdf(world: Any, park: Any) -> None:
    office, _edition = world
    row = first()
    client = people.client_for(office.admin)
    made = client.get(reverse("rankings:office_certificate_pdf", args=[park.code, row.pk]))
    assert made["Content-Type"] == "application/pdf" and made.content[:5] == b"%PDF-"
    shown = PublishedBoard.everywhere.get()
    notice = Client().get(reverse("rankings:public_notice_pdf", args=[park.code, shown.pk]))
    assert notice.content[:5] == b"%PDF-"
    printed = (
        Client().get(reverse("rankings:public_notice_print", args=[park.code, shown.pk])).content.decode()
    )
    assert make.CONTACT in printed and "24:00" in printed or ":" in printed
    assert "style=" not in printed and "<script" not in printed


def test_without_the_libraries_the_printable_page_is_offered(world: Any, park: Any, monkeypatch: Any) -> None:
    from parks import papers

    def absent(html: str, style: Any) -> bytes:
        raise papers.NoPrinter("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(papers, "pdf", absent)
    shown = PublishedBoard.everywhere.get()
    answer = Client().get(reverse("rankings:public_notice_pdf", args=[park.code, shown.pk]))
    assert answer.status_code == 503
    text = answer.content.decode()
    assert (
        "libpango-1.0-0" in text
        and reverse("rankings:public_notice_print", args=[park.code, shown.pk]) in text
    )


@override_settings(PUBLIC_CACHE_SECONDS=3600)
def test_a_thousand_readers_are_one_query_and_a_publication_is_seen_at_once(
    world: Any, park: Any, django_assert_num_queries: Any
) -> None:
    from rankings import caching

    caching.forget()
    path = reverse("rankings:public_board", args=[park.code, 2025, make.BOARD])
    one = Client().get(path)
    assert one["Cache-Control"] == "public, max-age=3600" and "csrf" not in one.content.decode()
    assert "sessionid" not in one.cookies and "csrftoken" not in one.cookies
    reader = Client()
    with django_assert_num_queries(0):
        for _number in range(1000):
            assert reader.get(path).content == one.content
        for mark in ({"from": "singlemessage"}, {"utm_source": "x", "isappinstalled": "0"}):
            shared = reader.get(path, mark, headers={"accept-language": "zh-CN,zh;q=0.9"})
            assert shared.content == one.content
    assert Client().get(path, headers={"if-none-match": one["ETag"]}).status_code == 304
    office, edition = world
    with park_scope(park.pk):
        publication.withdraw(by=office.second, edition=edition, reason="数据有误")
    assert "数据有误" in Client().get(path).content.decode()
    switched = Client().get(path, {"lang": "en"})
    assert switched.status_code == 302 and switched.cookies["django_language"].value == "en"
    caching.forget()
