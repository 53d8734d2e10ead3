from pathlib import Path

from django.db import migrations

GUARDS = Path(__file__).parent.parent / "sql" / "guards.sql"


class Migration(migrations.Migration):
    """An application goes by a quote of the very terms it is made under."""

    dependencies = [("finance", "0012_least_loans_and_park_freezes")]

    operations = [migrations.RunSQL(GUARDS.read_text(encoding="utf-8"), migrations.RunSQL.noop)]
