from pathlib import Path

from django.db import migrations

SUBSIDIES = Path(__file__).parent.parent / "sql" / "subsidies.sql"


class Migration(migrations.Migration):
    """Caps of a year hold across its turn, a programme pays for so many months of a loan in all, what is paid is still there."""

    dependencies = [("finance", "0014_wider_consents")]

    operations = [migrations.RunSQL(SUBSIDIES.read_text(encoding="utf-8"), migrations.RunSQL.noop)]
