from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "sandbox_clock.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("parks", "0012_benefits")]

    operations = [
        migrations.AddField(
            model_name="park", name="clock_days", field=models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.AddConstraint(
            model_name="park",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("clock_days", 0),
                    models.Q(("clock_days__lte", 36600), ("kind", "sandbox")),
                    _connector="OR",
                ),
                name="park_clock_sandbox_only",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
