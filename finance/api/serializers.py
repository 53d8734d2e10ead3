"""What the bank API takes and gives. Score cards are made from the field groups: a group that was not consented to has no key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from ..services import posting
from ..services.sealing import unseal
from ..states import CONSENT_STATES, EVENTS, GROUPS, REJECT_REASONS, RepaymentMethod
from .base import Page
from .fields import Choice, Day, Money, Number, Rate, Strict, Text, Whole


def money(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **kwargs)


def score(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=8, decimal_places=2, **kwargs)


class BankFault(serializers.Serializer):
    """What is wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class BankProblem(serializers.Serializer):
    """Problem details (RFC 9457); programs go by `code`."""

    type = serializers.CharField()
    code = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    field = serializers.CharField(required=False)
    remedy = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "errors": BankFault(many=True, required=False)}


# --- Field groups --------------------------------------------------------------------------------------------------


class CardIdentity(serializers.Serializer):
    name = serializers.CharField()
    uscc = serializers.CharField()
    sub_park = serializers.CharField(allow_null=True)


class CardScore(serializers.Serializer):
    year = serializers.IntegerField()
    total = score()
    place = serializers.IntegerField(allow_null=True)
    ranked = serializers.IntegerField()
    stage = serializers.CharField()
    snapshot = serializers.IntegerField()
    run_hash = serializers.CharField()
    published = serializers.BooleanField()


class CardDimensions(serializers.Serializer):
    """By code: the name, the points, those within reach, and the median of the enterprises of the same stage."""

    names = serializers.DictField(child=serializers.CharField())
    points = serializers.DictField(child=score())
    reachable = serializers.DictField(child=score())
    median = serializers.DictField(child=score())


class FinanceBand(serializers.Serializer):
    """A range in yuan: from <= amount < below; null is open. `known` is false where there is no verified figure."""

    year = serializers.IntegerField()
    known = serializers.BooleanField()
    below = money(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "from": money(allow_null=True)}


class CardFinance(serializers.Serializer):
    revenue = FinanceBand(many=True)
    tax = FinanceBand(many=True)
    rd = FinanceBand(many=True)


class IndicatorItem(serializers.Serializer):
    """`value` is null where there is no figure; people are counts."""

    code = serializers.CharField()
    dimension = serializers.CharField()
    name = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    points = score()
    reachable = score()
    applies = serializers.BooleanField()


class CardIndicators(serializers.Serializer):
    year = serializers.IntegerField()
    items = IndicatorItem(many=True)


class HistoryYear(serializers.Serializer):
    """`comparable` is the year's total under the method of the newest; null where its figures do not suffice."""

    year = serializers.IntegerField()
    total = score()
    comparable = score(allow_null=True)
    place = serializers.IntegerField(allow_null=True)
    ranked = serializers.IntegerField()


class CardHistory(serializers.Serializer):
    """Published years, the oldest first."""

    years = HistoryYear(many=True)


class DocumentEntry(serializers.Serializer):
    """A paper behind verified figures; `size` in bytes."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    proves = serializers.ListField(child=serializers.CharField())
    date = serializers.DateTimeField()
    size = serializers.IntegerField()


class CardEvidence(serializers.Serializer):
    """Papers that may be opened one by one (getDocument); none about people."""

    year = serializers.IntegerField()
    documents = DocumentEntry(many=True)


GROUP_FORMS: dict[str, type[serializers.Serializer]] = {
    "id": CardIdentity,
    "score": CardScore,
    "dims": CardDimensions,
    "fin": CardFinance,
    "indicators": CardIndicators,
    "history": CardHistory,
    "evidence": CardEvidence,
}


class ScoreCard(serializers.Serializer):
    """The groups that were consented to; the others have no key. A group is null where there is no score yet."""

    consent = serializers.IntegerField()
    groups = serializers.ListField(child=serializers.ChoiceField(choices=list(GROUPS)))

    def __init__(self, *args: Any, groups: Iterable[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown = tuple(GROUP_FORMS) if groups is None else tuple(groups)

    def get_fields(self) -> dict[str, serializers.Field]:
        shown = getattr(self, "shown", tuple(GROUP_FORMS))
        own = {group: GROUP_FORMS[group](allow_null=True, required=False) for group in shown}
        return {**super().get_fields(), **own}


def card_data(consent_id: int, groups: list[str], card: dict[str, Any]) -> dict[str, Any]:
    """A score card with exactly these groups."""
    known = [group for group in groups if group in GROUP_FORMS]
    content = {"consent": consent_id, "groups": known, **{group: card[group] for group in known}}
    return dict(ScoreCard(content, groups=known).data)


# --- Consents and scores -------------------------------------------------------------------------------------------


class BankConsent(serializers.Serializer):
    """A consent given to the bank. `uscc` is told while it holds."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=list(CONSENT_STATES))
    product = serializers.CharField()
    purpose = serializers.CharField()
    groups = serializers.ListField(child=serializers.CharField())
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    text_version = serializers.CharField()
    digest = serializers.CharField()
    uscc = serializers.CharField(allow_null=True)


class ConsentPage(serializers.Serializer):
    items = BankConsent(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class AskConsents(Page):
    status = Choice(choices=["active", "ended"], required=False)


class AskCard(Strict):
    consent = Number(min_value=1)
    groups = serializers.RegexField(
        r"^[a-z]+(,[a-z]+)*$", required=False, max_length=120, help_text="only these groups, with commas"
    )


class AskProof(Strict):
    consent = Number(min_value=1)


class AskDocument(Strict):
    page = Number(min_value=1, max_value=10_000, required=False, default=1)


class DocumentPage(serializers.Serializer):
    """One page of a paper, drawn as JPEG and coded in base64."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    jpeg = serializers.CharField()


class ProofStep(serializers.Serializer):
    side = serializers.ChoiceField(choices=["left", "right"])
    hash = serializers.CharField()


class SnapshotProof(serializers.Serializer):
    """Join `leaf` with each step, node = SHA-256(0x01 + left + right), to reach `snapshot_root`.

    run_hash = SHA-256 over snapshot_root, scheme_digest, engine_version, result_root, each as u16 length (little-endian) and text.
    """

    snapshot = serializers.IntegerField(source="snapshot_id")
    leaf = serializers.CharField()
    path = ProofStep(many=True)
    snapshot_root = serializers.CharField()
    scheme_digest = serializers.CharField()
    engine_version = serializers.CharField()
    result_root = serializers.CharField()
    run_hash = serializers.CharField()


# --- Quotes --------------------------------------------------------------------------------------------------------


class QuoteStep(serializers.Serializer):
    code = serializers.CharField()
    value = serializers.CharField()


class BankQuote(serializers.Serializer):
    id = serializers.IntegerField()
    consent = serializers.IntegerField()
    product = serializers.CharField()
    state = serializers.CharField()
    amount = money()
    binding = serializers.CharField()
    steps = QuoteStep(many=True)
    snapshot = serializers.IntegerField()
    digest = serializers.CharField()
    expires_at = serializers.DateTimeField()


class Simulation(serializers.Serializer):
    """What the formula would give now; nothing is stored. Final approval stays with the bank."""

    consent = serializers.IntegerField()
    product_version = serializers.IntegerField()
    amount = money()
    binding = serializers.CharField()
    usable = serializers.BooleanField()
    provisional = serializers.BooleanField()
    steps = QuoteStep(many=True)


class SimulateForm(Strict):
    consent = Whole(min_value=1, max_value=2**62)
    product_version = Whole(
        min_value=1,
        max_value=2**62,
        required=False,
        help_text="a version of the consented product, drafts too",
    )


# --- Applications --------------------------------------------------------------------------------------------------


class BankDecision(serializers.Serializer):
    """What was proposed, and the verdict. `content_hash` is what the second person puts the name to."""

    id = serializers.IntegerField()
    amount = money()
    rate = serializers.DecimalField(max_digits=9, decimal_places=6)
    term_months = serializers.IntegerField()
    content_hash = serializers.CharField()
    maker = serializers.CharField(source="maker_name")
    checker = serializers.CharField(source="checker_name")
    outcome = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    live = serializers.BooleanField()


class BankApplication(serializers.Serializer):
    """A loan application addressed to the bank. `uscc` is told while the consent holds."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    status = serializers.CharField()
    consent = serializers.IntegerField(source="consent_id")
    quote = serializers.IntegerField(source="line.quote_id")
    product = serializers.CharField(source="product_version.product.code")
    product_version = serializers.IntegerField(source="product_version_id")
    amount = money()
    term_months = serializers.IntegerField()
    purpose = serializers.CharField()
    uscc = serializers.CharField(allow_null=True)
    contact_due_at = serializers.DateTimeField()
    contacted_at = serializers.DateTimeField(allow_null=True)
    lapses_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()


class BankApplicationDetail(BankApplication):
    decision = BankDecision(allow_null=True)
    etag = serializers.CharField(help_text="what If-Match has to say on the next decision")


class ApplicationPage(serializers.Serializer):
    items = BankApplication(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class Dossier(serializers.Serializer):
    application = BankApplicationDetail()
    card = ScoreCard()
    quote = BankQuote()


class AskApplications(Page):
    status = serializers.RegexField(r"^[a-z_]{1,16}$", required=False)


class ActorToken(Strict):
    """Names the person that the program acts for: a JWT signed by the program's key, `sub` = login of that person."""

    actor_token = Text(max_length=4096)


class AcknowledgeForm(ActorToken):
    note = Text(required=False, allow_blank=True, max_length=500, default="")


class ProposeForm(ActorToken):
    amount = Money()
    rate = Rate()
    term_months = Whole(min_value=1, max_value=600)
    note = Text(required=False, allow_blank=True, max_length=500, default="")


class DecideForm(ActorToken):
    outcome = Choice(choices=["approve", "return", "reject"])
    content_hash = Text(max_length=64)
    reason = Choice(choices=list(REJECT_REASONS), required=False, help_text="needed to reject")
    note = Text(
        required=False, allow_blank=True, max_length=500, default="", help_text="needed to return; internal"
    )


# --- Loans ---------------------------------------------------------------------------------------------------------


class BankContract(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.CharField()
    amount = money()
    rate = serializers.DecimalField(max_digits=9, decimal_places=6)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    method = serializers.CharField()
    day_count = serializers.IntegerField()
    signed_at = serializers.DateTimeField(allow_null=True)


class BankDisbursement(serializers.Serializer):
    """Counts once a second person has confirmed it."""

    id = serializers.IntegerField()
    amount = money()
    value_date = serializers.DateField()
    bank_ref = serializers.CharField()
    maker = serializers.CharField(source="maker_name")
    checker = serializers.CharField(source="checker_name")


class BankRepayment(BankDisbursement):
    principal = money()
    interest = money()
    penalty = money()
    fee = money()
    reversal_of = serializers.IntegerField(source="reversal_of_id", allow_null=True)


class BankInstalment(serializers.Serializer):
    due_on = serializers.DateField()
    principal = money()
    interest = money()


class BankDue(serializers.Serializer):
    """Due by today and not paid."""

    principal = money()
    interest = money()
    penalty = money()


class BankClaimShare(serializers.Serializer):
    party = serializers.CharField()
    share = serializers.DecimalField(max_digits=9, decimal_places=6)
    amount = money()
    paid = serializers.BooleanField(source="is_confirmed")


class BankClaim(serializers.Serializer):
    id = serializers.IntegerField()
    state = serializers.CharField()
    loss = money()
    amount = money()
    shares = BankClaimShare(many=True)


class BankLoan(serializers.Serializer):
    """What became of an application after its approval. Payments and reversals count when two people have booked them."""

    application = serializers.IntegerField()
    status = serializers.CharField()
    etag = serializers.CharField()
    outstanding = money()
    undrawn = money()
    contract = BankContract(allow_null=True)
    disbursements = BankDisbursement(many=True)
    repayments = BankRepayment(many=True)
    schedule = BankInstalment(many=True)
    due = BankDue()
    claim = BankClaim(allow_null=True)


class ContractForm(ActorToken):
    number = Text(max_length=64)
    amount = Money()
    rate = Rate()
    starts_on = Day()
    ends_on = Day()
    method = Choice(choices=RepaymentMethod.choices, required=False, default=RepaymentMethod.BULLET)


class DisburseForm(ActorToken):
    amount = Money()
    value_date = Day()
    bank_ref = Text(max_length=64)


class ConfirmDisburseForm(ActorToken):
    disbursement = Whole(min_value=1, max_value=2**62)


class RepayForm(ActorToken):
    principal = Money()
    interest = Money()
    penalty = Money(required=False)
    fee = Money(required=False)
    value_date = Day()
    bank_ref = Text(max_length=64)


class ReverseForm(ActorToken):
    repayment = Whole(min_value=1, max_value=2**62)
    bank_ref = Text(max_length=64)
    reason = Text(max_length=200)


class ConfirmReverseForm(ActorToken):
    reversal = Whole(min_value=1, max_value=2**62)


class DefaultForm(ActorToken):
    reason = Text(max_length=500)


class ClaimForm(ActorToken):
    note = Text(required=False, allow_blank=True, max_length=500, default="")


# --- Webhooks ------------------------------------------------------------------------------------------------------


class BankEndpoint(serializers.Serializer):
    id = serializers.IntegerField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=list(EVENTS)))
    state = serializers.CharField()
    last_sequence = serializers.IntegerField()
    failing_since = serializers.DateTimeField(allow_null=True)
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="until then the former secret signs too"
    )
    public_key = serializers.SerializerMethodField(help_text="checks `v1a` signatures (Ed25519)")
    created_at = serializers.DateTimeField()

    def get_public_key(self, row: Any) -> str:
        return posting.public_key(unseal(row.secret))


class EndpointSecret(BankEndpoint):
    secret = serializers.CharField(help_text="shown here only")


class EndpointPage(serializers.Serializer):
    items = BankEndpoint(many=True)


class EndpointForm(Strict):
    url = Text(max_length=500)
    events = serializers.ListField(child=Choice(choices=list(EVENTS)), max_length=len(EVENTS), min_length=1)


class Nothing(Strict):
    """An empty object."""


class BankDelivery(serializers.Serializer):
    id = serializers.IntegerField()
    event_id = serializers.CharField()
    event = serializers.CharField()
    sequence = serializers.IntegerField()
    state = serializers.CharField()
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField()
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)


class DeliveryPage(serializers.Serializer):
    items = BankDelivery(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class AskDeliveries(Page):
    state = Choice(choices=["pending", "delivered", "dead"], required=False)


class RangeForm(Strict):
    """Sequence numbers of an endpoint, both included, at most a thousand."""

    first = Number(min_value=1, max_value=2**31 - 1)
    last = Number(min_value=1, max_value=2**31 - 1)


class Replayed(serializers.Serializer):
    first = serializers.IntegerField()
    last = serializers.IntegerField()
    replayed = serializers.IntegerField(help_text="so many are sent again")


class SandboxClock(serializers.Serializer):
    """The time of a sandbox park."""

    now = serializers.DateTimeField()
    days_ahead = serializers.IntegerField()


class AdvanceForm(Strict):
    days = Number(min_value=1, max_value=366)
