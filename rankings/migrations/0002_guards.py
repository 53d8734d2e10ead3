from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent.parent / "sql"
SQL = [(FOLDER / name).read_text(encoding="utf-8") for name in ("guards.sql", "publication.sql")]

TRANSITIONS = (
    ("edition", "draft", "proposed"),
    ("edition", "proposed", "on_notice"),
    ("edition", "proposed", "withdrawn"),
    ("edition", "on_notice", "final"),
    ("edition", "on_notice", "superseded"),
    ("edition", "on_notice", "withdrawn"),
    ("edition", "final", "superseded"),
    ("edition", "final", "withdrawn"),
    ("objection", "filed", "accepted"),
    ("objection", "accepted", "upheld"),
    ("objection", "accepted", "rejected"),
)


def fill(apps, schema_editor):
    table = apps.get_model("rankings", "AllowedTransition")
    table.objects.bulk_create([table(aggregate=a, before=b, after=c) for a, b, c in TRANSITIONS])



class Migration(migrations.Migration):
    dependencies = [("rankings", "0001_initial")]
    operations = [
        *[migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in SQL],
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
