"""A zone is opened and its first people are let in by the operator's commands."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from parks.models import Account, AuditEvent, Membership, Park, Partnership, SubPark
from parks.scope import park_scope

pytestmark = pytest.mark.django_db


def open_zone(code: str = "xa", **options: object) -> str:
    out = io.StringIO()
    call_command(
        "create_park", code, name="示例高新区", admin="xa.admin", sub_park=["core=核心区", "ext=拓展园"], stdout=out, **options
    )  # fmt: skip
    return out.getvalue()


def passphrase(printed: str) -> str:
    return printed.partition("passphrase ")[2].split()[0]


def test_the_administrator_can_sign_in_with_the_printed_passphrase() -> None:
    printed = open_zone()
    account = Account.objects.get(login="xa.admin")
    assert account.check_password(passphrase(printed))
    park = Park.objects.get(code="xa")
    with park_scope(park.pk):
        assert [member.role for member in Membership.objects.all()] == ["park_admin"]
        assert [(part.code, part.is_extension) for part in SubPark.objects.order_by("pk")] == [
            ("core", False), ("ext", True),
        ]  # fmt: skip
        actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions == {"park.opened", "membership.granted", "operator.let_in"}


def test_a_banks_person_makes_the_bank_a_partner_of_the_park() -> None:
    open_zone()
    for login, role in (("b.maker", "bank_maker"), ("b.check", "bank_checker")):
        call_command(
            "grant_role", park="xa", login=login, role=role, organisation="示例银行", reason="合作协议", stdout=io.StringIO()
        )  # fmt: skip
    with park_scope(Park.objects.get(code="xa").pk):
        assert [partner.organisation.name for partner in Partnership.objects.all()] == ["示例银行"]


def test_one_person_is_not_let_in_twice_under_two_logins() -> None:
    """Two people means two persons; a second role goes to the same login, a namesake is told apart by the name."""
    open_zone()
    bank = {"park": "xa", "organisation": "示例银行", "reason": "合作协议", "stdout": io.StringIO()}
    call_command("grant_role", login="zhang.1", name="张三", role="bank_maker", **bank)
    with pytest.raises(CommandError, match="zhang.1"):
        call_command("grant_role", login="zhang.2", name="张三", role="bank_checker", **bank)
    assert not Account.objects.filter(login="zhang.2").exists()
    call_command("grant_role", login="zhang.1", name="张三", role="bank_checker", **bank)
    call_command("grant_role", login="zhang.2", name="张三（风控部）", role="bank_checker", **bank)


def test_a_token_that_the_operator_makes_opens_the_api_as_that_role() -> None:
    open_zone()
    out = io.StringIO()
    call_command("issue_token", park="xa", login="xa.admin", role="park_admin", name="税务", stdout=out)
    boards = "/api/v1/parks/xa/boards/"
    assert (
        Client().get(boards, headers={"Authorization": f"Token {out.getvalue().strip()}"}).status_code == 200
    )
    assert Client().get(boards, headers={"Authorization": "Token isc_other"}).status_code == 401
    with park_scope(Park.objects.get(code="xa").pk):
        assert AuditEvent.objects.filter(action="token.issued").exists()


@pytest.mark.parametrize(
    ("command", "options", "says"),
    [
        ("create_park", {"code": "Bad Code", "name": "x", "admin": "a"}, "园区代码"),
        ("create_park", {"code": "xa", "name": "x", "admin": "a"}, "已被使用"),
        ("create_park", {"code": "xb", "name": "x", "admin": "a", "sub_park": ["core"]}, "CODE=NAME"),
        ("grant_role", {"park": "no", "login": "a", "role": "publisher", "reason": "r"}, "no park"),
        ("grant_role", {"park": "xa", "login": "a", "role": "bank_maker", "reason": "r"}, "名称"),
        ("grant_role", {"park": "xa", "login": "xa.admin", "role": "park_admin", "reason": "r"}, "已有"),
        (
            "grant_role",
            {"park": "xa", "login": "a", "role": "bank_system", "organisation": "示例银行", "reason": "r"},
            "invalid choice",
        ),
        (
            "issue_token",
            {"park": "xa", "login": "xa.admin", "role": "publisher", "name": "税务"},
            "not publisher",
        ),
        ("issue_token", {"park": "xa", "login": "nobody", "role": "publisher", "name": "税务"}, "no login"),
    ],
)
def test_a_wrong_wish_is_explained_and_leaves_nothing(
    command: str, options: dict[str, object], says: str
) -> None:
    open_zone()
    before = Park.objects.count(), Account.objects.count()
    code = options.pop("code", None)
    with pytest.raises(CommandError, match=says):
        call_command(command, *([code] if code else []), **options)
    assert (Park.objects.count(), Account.objects.count()) == before
