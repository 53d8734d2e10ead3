"""Contracts, money out and back, defaults and claims as the bank API takes and gives them."""

from __future__ import annotations

from rest_framework import serializers

from ..states import RepaymentMethod
from .fields import Choice, Day, Money, Rate, Text, Whole, money
from .serializers import ActorToken


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
