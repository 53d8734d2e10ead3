from pathlib import Path

from django.db import migrations

RENEWAL = Path(__file__).parent.parent / "sql" / "renewal.sql"


class Migration(migrations.Migration):
    """A consent in force may be replaced by a wider one that ends on the same day."""

    dependencies = [("finance", "0013_quotes_of_the_terms")]

    operations = [migrations.RunSQL(RENEWAL.read_text(encoding="utf-8"), migrations.RunSQL.noop)]
