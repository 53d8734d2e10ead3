from __future__ import annotations

from rest_framework import serializers

from ..models import PublishedBoard


class BoardSerializer(serializers.ModelSerializer):
    """A board that is on notice or was published, with its fingerprints."""

    entries = serializers.SerializerMethodField()

    class Meta:
        model = PublishedBoard
        fields = (
            "id", "year", "board", "number", "name_zh", "name_en", "state", "eligible", "scheme_version", "scheme_digest",
            "engine_version", "snapshot_root", "result_root", "run_hash", "entries_root", "content_hash", "seq", "prev", "chain",
            "notice_starts_at", "notice_ends_at", "notice_days", "notice_contact", "published_at", "closed_at", "reason", "entries",
        )  # fmt: skip

    def get_entries(self, board: PublishedBoard) -> list[dict[str, object]]:
        return [
            {
                "position": row.position, "place": row.place, "tied": row.tied, "uscc": row.uscc, "name": row.name,
                "stage": row.stage, "score": f"{row.score:.4f}", "leaf": row.leaf,
            }
            for row in board.entries.all()
        ]  # fmt: skip
