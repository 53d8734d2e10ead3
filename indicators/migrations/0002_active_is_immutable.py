from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "active_is_immutable.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("indicators", "0001_initial")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
