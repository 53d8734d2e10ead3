"""Uploaded files and library schemes follow the rule of drafts: the check of copies only becomes a trigger for all.

Versions that came into force before stay as they are.
"""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "two_persons.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):

    dependencies = [
        ('indicators', '0003_drafts'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='schemeversion', name='scheme_two_persons'),
        migrations.RunSQL(SQL, "DROP TRIGGER two_persons ON indicators_schemeversion"),
    ]
