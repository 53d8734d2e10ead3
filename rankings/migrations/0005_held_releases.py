from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "publication.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("rankings", "0004_countdown"),
    ]

    operations = [
        migrations.AddField(
            model_name="boardrelease",
            name="reason",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
