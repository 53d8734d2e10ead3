from __future__ import annotations

from rest_framework import serializers

from ..models import PublishedBoard, PublishedEntry


class EntrySerializer(serializers.ModelSerializer):
    """A place of a board; its score counts out of 100."""

    score = serializers.DecimalField(max_digits=9, decimal_places=4)

    class Meta:
        model = PublishedEntry
        fields = ("position", "place", "tied", "uscc", "name", "stage", "score", "leaf")


class BoardSerializer(serializers.ModelSerializer):
    """A board that is on notice or was published, with its fingerprints."""

    entries = EntrySerializer(many=True, read_only=True)

    class Meta:
        model = PublishedBoard
        fields = (
            "id", "year", "board", "number", "name_zh", "name_en", "state", "eligible", "scheme_version", "scheme_digest",
            "engine_version", "snapshot_root", "result_root", "run_hash", "entries_root", "content_hash", "seq", "prev", "chain",
            "notice_starts_at", "notice_ends_at", "notice_days", "notice_contact", "published_at", "closed_at", "reason", "entries",
        )  # fmt: skip
