from pathlib import Path
from typing import Any

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "guards.sql").read_text(encoding="utf-8")


def load_steps(apps: Any, schema_editor: Any) -> None:
    from cultivation.states import CLAIM_STEPS

    model = apps.get_model("cultivation", "ClaimTransition")
    for from_state, event, role, to_state in CLAIM_STEPS:
        model.objects.get_or_create(from_state=from_state, event=event, role=role, to_state=to_state)


class Migration(migrations.Migration):
    dependencies = [("cultivation", "0025_facts_and_feeds")]

    operations = [
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                fields=["park", "enterprise", "policy"],
                condition=~models.Q(state__in=["refused", "withdrawn"]),
                name="claim_one_under_a_policy",
            ),
        ),
        migrations.AddField(
            model_name="claimnotice",
            name="is_end",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RemoveConstraint(model_name="claimnotice", name="claim_notice_once"),
        migrations.AddConstraint(
            model_name="claimnotice",
            constraint=models.UniqueConstraint(
                fields=["park", "claim", "ends_at", "is_end"], name="claim_notice_once"
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        migrations.RunPython(load_steps, migrations.RunPython.noop),
    ]
