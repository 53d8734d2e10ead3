"""The frozen facts of a cycle: copied, dense, never changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from parks.tenancy import ManyRows, ParkForeignKey, ParkModel


class Snapshot(ParkModel):
    """Verified values of a cycle at lock.

    `columns` names the entries of `SnapshotRow.facts` (the fact columns of the scheme: inputs, lists flattened
    to counts per level, penalties), `inputs` the letters of `SnapshotRow.states`. `root` is the Merkle root over
    the rows (docs/scheme.md); `format` says what it covers: 1 the facts and their states, 2 also where each value comes
    from, when the firm confirmed, whether it refuses publication, and what this row says. `excluded` counts declarations that were not verified at the freeze, by state.
    A correction is a new snapshot that names the old one and says why.
    """

    class Format(models.IntegerChoices):
        FACTS = 1
        SEALED = 2

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    scheme_version = ParkForeignKey("indicators.SchemeVersion", related_name="+")
    format = models.PositiveSmallIntegerField(choices=Format.choices, default=Format.FACTS)
    columns = ArrayField(models.CharField(max_length=120))
    inputs = ArrayField(models.CharField(max_length=64))
    rows = models.PositiveIntegerField()
    root = models.CharField(max_length=64)
    excluded = models.JSONField(default=dict)
    corrects = ParkForeignKey("self", null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True)
    frozen_by_ref = models.BigIntegerField(null=True)
    frozen_by_name = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "cycle"],
                condition=models.Q(corrects__isnull=True),
                name="snapshot_first_once",
            ),
            models.UniqueConstraint(
                fields=["park", "corrects"],
                condition=models.Q(corrects__isnull=False),
                name="snapshot_corrected_once",
            ),
        ]

    class Tenancy:
        append_only = True


class SnapshotRow(ManyRows):
    """One enterprise's facts: integers in minor units (money in fen, counts in units), 0 where there is none.

    `states` has one letter per input of `Snapshot.inputs`: r reported, p prefilled, z zero confirmed,
    n not applicable, m missing (then the facts say nothing). `provenance` is the canonical JSON of {input: {source, as_of,
    verifier, evidence, version, rows}}: persons as numbers, never by name, files and the rows of a list by their SHA-256.
    `provenance_digest` is the SHA-256 of that text, which the snapshot's root covers (empty in format 1).
    """

    snapshot = ParkForeignKey(Snapshot, related_name="facts", db_index=False)
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+", db_index=False)
    uscc = models.CharField(max_length=18)
    facts = ArrayField(models.BigIntegerField())
    states = models.TextField()
    stage_override = models.CharField(max_length=32, blank=True)
    provenance = models.TextField(default="{}")
    provenance_digest = models.CharField(max_length=64, blank=True, db_default="")
    confirmed_at = models.DateTimeField(null=True)
    publication_refused = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "snapshot", "uscc"], name="snapshot_row_once")]

    class Tenancy:
        append_only = True
