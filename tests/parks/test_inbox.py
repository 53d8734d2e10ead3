"""Messages: who sees them, who has read them, and what leaves the platform - never anything sensitive."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from innovscore.core.problems import NotFound, Refused
from parks import egress, notices, outbox, todo
from parks.models import Membership, Notification, OutboxMessage, Person
from parks.queries import inbox
from parks.services import inbox as services
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
SECRET = "重庆机密科技有限公司 营业收入 688 万元"


@pytest.fixture
def agent(in_park: Any) -> Any:
    return people.actor("enterprise_agent", in_park)


def colleague(agent: Any, in_park: Any, role: str = "enterprise_signatory") -> Any:
    from parks.models import Organisation

    return people.actor(role, in_park, organisation=Organisation.objects.get(pk=agent.organisation_id))


def tell(agent: Any, **more: Any) -> bool:
    return outbox.notify(organisation_id=agent.organisation_id, text=SECRET, **more)


def test_reading_is_each_persons_own(agent: Any, in_park: Any) -> None:
    other = colleague(agent, in_park)
    tell(agent)
    assert inbox.unread_count(agent) == inbox.unread_count(other) == 1
    assert services.mark_read(by=agent) == 1
    assert services.mark_read(by=agent) == 0
    assert (inbox.unread_count(agent), inbox.unread_count(other)) == (0, 1)


def test_a_message_may_be_for_one_person_or_one_role(agent: Any, in_park: Any) -> None:
    other = colleague(agent, in_park)
    tell(agent, person_ref=other.person_id)
    tell(agent, role="enterprise_signatory")
    assert (inbox.unread_count(agent), inbox.unread_count(other)) == (0, 2)
    stranger = people.actor("enterprise_agent", in_park)
    assert inbox.unread_count(stranger) == 0


def test_a_reminder_with_a_key_is_sent_once(agent: Any) -> None:
    assert [tell(agent, dedupe_key="d:1") for _ in range(2)] == [True, False]
    assert Notification.objects.count() == OutboxMessage.objects.count() == 1


def choose(agent: Any, mail_choice: str, email: str = "wang@example.com") -> None:
    services.choose_mail(by=agent, email=email, choices=dict.fromkeys(Notification.Kind.values, mail_choice))


def deliver() -> None:
    for _round in range(3):
        outbox.deliver_due()


def test_many_are_told_by_as_many_statements_as_few_and_once_for_a_key(in_park: Any) -> None:
    houses = [people.organisation("enterprise", f"企业{n}").pk for n in range(30)]
    with CaptureQueriesContext(connection) as few:
        assert outbox.notify_each(houses[:2], text="活动", dedupe_key="event:1") == 2
    with CaptureQueriesContext(connection) as many:
        assert outbox.notify_each(houses[2:], text="活动", dedupe_key="event:1") == 28
    assert len(few) == len(many)
    assert outbox.notify_each(houses, text="活动", dedupe_key="event:1") == 0
    assert outbox.notify_each(houses[:3], text="又一次") == 3
    assert Notification.objects.count() == 33
    waiting = OutboxMessage.objects.filter(topic=outbox.NOTICE).values_list(
        "payload__notification", flat=True
    )
    assert sorted(waiting) == sorted(Notification.objects.values_list("pk", flat=True))


def test_mail_comes_only_to_who_asked_and_says_nothing_of_the_matter(agent: Any, in_park: Any) -> None:
    colleague(agent, in_park)
    choose(agent, "at_once")
    tell(agent, kind="return")
    deliver()
    (message,) = mail.outbox
    assert message.to == ["wang@example.com"]
    assert "退回补正" in message.subject
    assert "/p/cq/messages/" in message.body
    whole = message.subject + message.body
    assert not any(word in whole for word in SECRET.split())
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"delivered"}


def test_choices_are_checked(agent: Any) -> None:
    with pytest.raises(Refused, match="邮箱地址不正确"):
        choose(agent, "daily", "nonsense")
    with pytest.raises(Refused, match="先填写邮箱"):
        choose(agent, "daily", "")
    with pytest.raises(Refused, match="接收方式"):
        choose(agent, "sometimes")
    choose(agent, "never", "")
    assert Person.objects.get(pk=agent.person_id).email == ""


def test_the_digest_is_sent_once_a_day(agent: Any, monkeypatch: Any) -> None:
    choose(agent, "daily")
    tell(agent, kind="task")
    tell(agent, kind="deadline")
    early = dt.datetime(2026, 11, 25, 0, 30, tzinfo=dt.UTC)
    monkeypatch.setattr(notices, "db_now", lambda: early)
    assert notices.send_digests() == 0
    monkeypatch.undo()
    monkeypatch.setattr(notices, "DIGEST_HOUR", 0)
    assert [notices.send_digests() for _ in range(2)] == [1, 0]
    deliver()
    assert "2 条新消息" in mail.outbox[0].subject


def test_whose_role_has_ended_gets_no_digest(agent: Any, monkeypatch: Any) -> None:
    choose(agent, "daily")
    tell(agent, kind="task")
    monkeypatch.setattr(notices, "DIGEST_HOUR", 0)
    Membership.objects.filter(pk=agent.membership_id).update(ends_on=dt.date(2026, 1, 1))
    assert notices.send_digests() == 0


@pytest.fixture
def robot_server(settings: Any) -> Iterator[tuple[str, list[Any]]]:
    """A chat platform on this machine, allowed as an inner network."""
    heard: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            refused = self.path.endswith("refuse")
            body = json.dumps({"errcode": 93000 if refused else 0}).encode()
            self.send_response(302 if self.path.endswith("away") else 200)
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EGRESS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()


@pytest.mark.parametrize(
    ("brand", "key"), [("wecom", "msgtype"), ("dingtalk", "msgtype"), ("feishu", "msg_type")]
)
def test_a_robot_says_that_something_waits(agent: Any, robot_server: Any, brand: str, key: str) -> None:
    address, heard = robot_server
    services.add_robot(by=agent, brand=brand, name="财务群", url=f"{address}/send?key=1", kinds=["task"])
    tell(agent, kind="task")
    tell(agent, kind="news")
    deliver()
    assert len(heard) == 1
    assert heard[0][key] == "text"
    assert not any(word in json.dumps(heard[0], ensure_ascii=False) for word in SECRET.split())


@pytest.mark.parametrize("path", ["/refuse", "/away"])
def test_what_a_robot_does_not_take_is_tried_again(agent: Any, robot_server: Any, path: str) -> None:
    address, heard = robot_server
    services.add_robot(by=agent, brand="wecom", name="群", url=address + path, kinds=["task"])
    tell(agent, kind="task")
    deliver()
    row = OutboxMessage.objects.get(topic="notice.robot")
    assert (row.state, row.attempts, len(heard)) == ("pending", 1, 1)


def test_a_robot_is_switched_off_by_its_own_organisation(agent: Any, robot_server: Any, in_park: Any) -> None:
    row = services.add_robot(by=agent, brand="wecom", name="群", url=robot_server[0], kinds=["task"])
    with pytest.raises(NotFound):
        services.remove_robot(by=people.actor("enterprise_agent", in_park), robot_id=row.pk)
    services.remove_robot(by=agent, robot_id=row.pk)
    assert not inbox.robots(agent).exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.5/hook", "https://169.254.169.254/latest",
        "https://192.168.1.1/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/", "https://localhost/", "ftp://example.com/",
        "file:///etc/passwd", "https://user:pw@example.com/", "https://2130706433/", "https://[fe80::1%25lo]/", "nonsense", "https://",
        "https://example.com:99999/", "https://224.0.0.1/", "https://0x7f.1/",
    ],
)  # fmt: skip
def test_inner_addresses_are_never_called(agent: Any, url: str) -> None:
    with pytest.raises(Refused):
        services.add_robot(by=agent, brand="wecom", name="群", url=url, kinds=["task"])


def test_one_inner_address_of_a_name_is_enough_to_refuse(monkeypatch: Any) -> None:
    rows = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(egress.socket, "getaddrinfo", lambda *args, **kwargs: rows)
    with pytest.raises(Refused):
        egress.check_robot("https://mixed.example/")
    monkeypatch.setattr(egress.socket, "getaddrinfo", lambda *args, **kwargs: rows[:1])
    assert egress.check_robot("https://public.example/").ip == "8.8.8.8"


def test_todos_with_a_date_come_first(agent: Any, monkeypatch: Any) -> None:
    past, coming = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2026, 2999))
    made = [todo.Todo("c", "/"), todo.Todo("b", "/", due=coming), todo.Todo("a", "/", due=past)]
    monkeypatch.setattr(todo, "_sources", {"test": lambda actor: made})
    assert [(one.label, one.late) for one in todo.todos_for(agent)] == [
        ("a", True),
        ("b", False),
        ("c", False),
    ]


def test_pages_of_the_inbox(agent: Any, in_park: Any, client_as: Any) -> None:
    tell(agent, url="/p/cq/todo/")
    tell(agent, url="https://evil.example/")
    client = client_as(agent)
    page = client.get("/p/cq/messages/").content.decode()
    assert SECRET in page
    assert "未读" in page
    good, evil = Notification.objects.order_by("pk")
    assert client.get(f"/p/cq/messages/{good.pk}/")["Location"] == "/p/cq/todo/"
    assert client.get(f"/p/cq/messages/{evil.pk}/")["Location"] == "/p/cq/messages/"
    assert inbox.unread_count(agent) == 0
    assert client.get("/p/cq/messages/?unread=1").status_code == 200
    assert client.get("/p/cq/messages/settings/").status_code == 200
    robot = {"act": "robot", "brand": "wecom", "name": "群", "url": "https://10.0.0.1/", "kinds": "task"}
    assert client.post("/p/cq/messages/settings/", robot).status_code == 403
    signatory = client_as(colleague(agent, in_park))
    refused = signatory.post("/p/cq/messages/settings/", robot)
    assert refused.status_code == 422
    assert 'value="https://10.0.0.1/"' in refused.content.decode()  # what was typed stays
    assert client.get("/p/cq/todo/").status_code == 200
