from pathlib import Path

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "audit_chain.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("parks", "0001_initial")]
    operations = [BtreeGistExtension(), migrations.RunSQL(SQL, migrations.RunSQL.noop)]
