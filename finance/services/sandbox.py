"""Firms of a sandbox park follow a script that their name tells, so that a bank can try every outcome.

`ent-approve-01` takes part in the whole loan; others end it earlier (SCRIPTS). A firm whose last application has ended
applies again, so that there is always one to try. Nobody waits for the calendar: a bank moves the park's clock ahead.
Nothing happens in other parks; all steps go through the usual services.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, NotFound, Problem, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Membership, Park
from parks.roles import Role
from parks.scope import current_park_id, park_scope

from ..models import Application, Consent, ProductVersion
from ..queries import consents as consent_queries
from ..queries import lines as line_queries
from ..queries import loans as loan_queries
from ..queries import products
from ..queries.acting import organisation_of
from ..states import OPEN_STATES, OWING_STATES, RESERVING_STATES, ApplicationState
from . import applications, consents, daily, loans

DAYS = 366
"""The most that the clock is moved at once."""
NAME = re.compile(r"^ent-(?P<script>[a-z]+)-\d+$")
MONTHS = 12
AMOUNT = Decimal(1_000_000)
Script = Callable[[Actor, Application], None]


def play() -> int:
    """One round in every sandbox park; returns how many steps firms took."""
    taken = 0
    for park in Park.objects.filter(kind=Park.Kind.SANDBOX).order_by("pk"):
        with park_scope(park.pk):
            taken += play_here()
        taken += daily.mark_overdue([park])
    return taken


def advance(*, by: Actor, days: int) -> dt.datetime:
    """Move the clock of the sandbox park entered by 1 to 366 days, then do what falls due; returns its time.

    What lapsed, became overdue or ends soon is as if the days had passed; it is told once, at their end. Raises NotFound
    in any other park, Refused for days that do not fit.
    """
    if not 1 <= days <= DAYS:
        raise Refused(code="days", field="days", message=_("天数须在 1 至 %(most)s 之间。") % {"most": DAYS})
    with transaction.atomic():
        park = here()
        try:
            with transaction.atomic():
                Park.objects.filter(pk=park.pk).update(clock_days=F("clock_days") + days)
        except IntegrityError as error:
            raise Conflict(code="clock_end", message=_("测试时钟已到头，请新建测试园区。")) from error
        audit.record(by=by, action="sandbox.clock_advanced", obj=park, after={"days": days})
        daily.remind_of_contact([park])
        daily.lapse([park])
        daily.mark_overdue([park])
        daily.tell_expiring()
        play_here()
    return db_now()


def here() -> Park:
    """The park entered; raises NotFound when it is not a sandbox."""
    park = Park.objects.filter(pk=current_park_id(), kind=Park.Kind.SANDBOX).first()
    if park is None:
        raise NotFound(code="not_found", message=_("只有测试园区有可拨动的时钟。"))
    return park


def play_here() -> int:
    """One round in the park entered, which must be a sandbox."""
    taken = 0
    for version in products.active_versions():
        for signatory in _signatories():
            taken += _turn(signatory, version)
    return taken


def _signatories() -> list[Membership]:
    rows = Membership.objects.filter(
        role=Role.ENTERPRISE_SIGNATORY, organisation__name__startswith="ent-", park__kind=Park.Kind.SANDBOX
    )
    return list(rows.select_related("account__person", "organisation", "park").order_by("pk"))


def _turn(signatory: Membership, version: ProductVersion) -> int:
    """What a firm does next; 0 when it waits for the bank or its line is used up."""
    script = NAME.match(signatory.organisation.name)
    if script is None:
        return 0
    actor = Actor.of(signatory)
    last = (
        Application.objects.filter(
            enterprise__organisation_id=signatory.organisation_id, product_version__product=version.product
        )
        .order_by("-pk")
        .first()
    )
    try:
        if last is None or last.status not in (*RESERVING_STATES, *OWING_STATES):
            return _apply(actor, version, last)
        return _react(SCRIPTS.get(script["script"], _go_on), actor, last)
    except Problem:
        return 0


def _apply(actor: Actor, version: ProductVersion, last: Application | None) -> int:
    """Consent where there is none, then apply for at most a million."""
    code = version.product.code
    enterprise_id = last.enterprise_id if last else None
    if enterprise_id is None or consent_queries.active_for(enterprise_id, version.product_id) is None:
        try:
            enterprise_id = consents.grant(by=actor, product_code=code, months=MONTHS).enterprise_id
        except Conflict:
            enterprise_id = enterprise_id or _own(actor, version)
    line = line_queries.of_product(enterprise_id, version.product_id) if enterprise_id else None
    amount = min(AMOUNT, line.available) if line else Decimal(0)
    if amount < version.min_amount:
        return 0
    applications.submit(
        by=actor, product_code=code, amount=amount, term_months=max(version.term_min, MONTHS), purpose=_("测试贷款"), client_ref=str(uuid.uuid4())
    )  # fmt: skip
    return 1


def _own(actor: Actor, version: ProductVersion) -> int | None:
    held = Consent.objects.filter(
        enterprise__organisation_id=organisation_of(actor), product_id=version.product_id
    )
    return held.order_by("-pk").values_list("enterprise_id", flat=True).first()


def _react(script: Script, actor: Actor, application: Application) -> int:
    before = application.status
    script(actor, application)
    application.refresh_from_db()
    return int(application.status != before)


def _go_on(actor: Actor, application: Application) -> None:
    """Signs the contract that the bank has recorded; everything else is up to the bank."""
    contract = loan_queries.recorded_contract(application.pk)
    if contract is not None and contract.signed_at is None:
        loans.sign_contract(by=actor, application_id=application.pk, contract_id=contract.pk)


def _time_out(actor: Actor, application: Application) -> None:
    """As soon as the bank has been in touch, the days run out."""
    if application.status in OPEN_STATES and application.contacted_at is not None:
        Application.objects.filter(pk=application.pk).update(lapses_at=db_now())
        applications.lapse(by=actor, application_id=application.pk)


def _withdraw(actor: Actor, application: Application) -> None:
    """Withdraws once the bank has proposed."""
    if application.status == ApplicationState.PROPOSED:
        applications.withdraw(by=actor, application_id=application.pk, note=_("测试：企业撤回"))


def _revoke(actor: Actor, application: Application) -> None:
    """Takes the consent back once the bank has been in touch: reads stop in the middle of the work."""
    if consent_queries.holds(application.consent_id) and application.contacted_at is not None:
        consents.revoke(by=actor, consent_id=application.consent_id)
    elif application.status == ApplicationState.ON_HOLD:
        applications.withdraw(by=actor, application_id=application.pk)


SCRIPTS: dict[str, Script] = {
    "approve": _go_on,
    "timeout": _time_out,
    "withdraw": _withdraw,
    "revoke": _revoke,
}
"""What the name of a firm says it will do."""
