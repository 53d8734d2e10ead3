from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "publication.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("rankings", "0006_award_hands")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
