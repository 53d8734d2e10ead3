"""What the bank API takes and gives about consents, quotes and applications."""

from __future__ import annotations

from rest_framework import serializers

from ..states import CONSENT_STATES, REJECT_REASONS
from .base import Page
from .card_serializers import ScoreCard
from .fields import Choice, Money, Number, Rate, Strict, Text, Whole, money


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


class SandboxClock(serializers.Serializer):
    """The time of a sandbox park."""

    now = serializers.DateTimeField()
    days_ahead = serializers.IntegerField()


class AdvanceForm(Strict):
    days = Number(min_value=1, max_value=366)
