from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "guards.sql").read_text(encoding="utf-8")


def load_steps(apps, schema_editor):
    from cultivation.states import CLAIM_STEPS

    model = apps.get_model("cultivation", "ClaimTransition")
    for from_state, event, role, to_state in CLAIM_STEPS:
        model.objects.get_or_create(from_state=from_state, event=event, role=role, to_state=to_state)


class Migration(migrations.Migration):
    dependencies = [("cultivation", "0001_policies_and_claims")]
    operations = [
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        migrations.RunPython(load_steps, migrations.RunPython.noop),
    ]
