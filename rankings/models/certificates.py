"""Signed certificates, the keys that signed them, and the witness of the chains. Readable by all, written by functions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import CertificateState
from .published import PublishedBoard


class PublishedKey(ParkModel):
    """A public key (Ed25519, raw, hex) that signs for the park. Old ones are kept, so that what they signed verifies."""

    key_id = models.CharField(max_length=16)
    public_key = models.CharField(max_length=64)
    registered_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "key_id"], name="published_key_once")]

    class Tenancy:
        grants = "select"
        visible = "true"


class PublishedCertificate(ParkModel):
    """A certificate of a place on a final board.

    `payload` is the canonical JSON that `signature` (Ed25519, hex) signs; `code` (128 random bits, base32) names it in
    public. `shows_score` is the firm's consent to show its board score on the check page.
    """

    published = ParkForeignKey(PublishedBoard, related_name="certificates")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=26, unique=True)
    number = models.CharField(max_length=40)
    uscc = models.CharField(max_length=18)
    name = models.CharField(max_length=200)
    place = models.PositiveSmallIntegerField()
    payload = models.TextField()
    signature = models.CharField(max_length=128)
    key_id = models.CharField(max_length=16)
    issued_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=CertificateState.choices, default=CertificateState.VALID)
    shows_score = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "published", "position"], name="certificate_once"),
            models.UniqueConstraint(fields=["park", "number"], name="certificate_number"),
            models.CheckConstraint(
                condition=Q(state=CertificateState.VALID) | Q(closed_at__isnull=False),
                name="certificate_closed_with_time",
            ),
        ]
        indexes = [models.Index(fields=["park", "uscc"], name="certificate_uscc")]

    class Tenancy:
        grants = "select"
        visible = "true"


class PublishedWitness(ParkModel):
    """The heads of the park's chains at a moment, signed: whoever keeps one can tell that nothing before it changed."""

    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    audit_seq = models.PositiveBigIntegerField()
    audit_head = models.CharField(max_length=64)
    publication_seq = models.PositiveIntegerField()
    publication_head = models.CharField(max_length=64)
    payload = models.TextField()
    signature = models.CharField(max_length=128)
    key_id = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "number"], name="witness_number")]

    class Tenancy:
        grants = "select"
        visible = "true"


class LookupMiss(models.Model):
    """Wrong codes and receipts by address (a keyed digest) and quarter of an hour, to slow down guessing."""

    origin = models.CharField(max_length=64)
    slot = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "slot"], name="lookup_miss_once")]
