from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent.parent / "sql"
FILES = ("guards.sql", "reserve.sql", "events.sql")


def load_transitions(apps, schema_editor):
    from finance.states import TRANSITIONS

    model = apps.get_model("finance", "AllowedTransition")
    for machine, from_state, event, role, to_state in TRANSITIONS:
        model.objects.get_or_create(machine=machine, from_state=from_state, event=event, role=role, to_state=to_state)


class Migration(migrations.Migration):
    dependencies = [("finance", "0001_initial"), ("parks", "0002_audit_chain")]
    operations = [
        *(migrations.RunSQL((FOLDER / name).read_text(encoding="utf-8"), migrations.RunSQL.noop) for name in FILES),
        migrations.RunPython(load_transitions, migrations.RunPython.noop),
    ]
