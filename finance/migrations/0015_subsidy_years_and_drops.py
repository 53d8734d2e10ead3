from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent.parent / "sql"
FILES = ("subsidies.sql", "risk.sql", "effects.sql")


class Migration(migrations.Migration):
    """Caps of a year hold across its turn, a programme pays for so many months of a loan in all, what is paid is still there;
    payments, reversals and recoveries that nobody confirmed can be taken back; a reversal finds room in a cap that others took."""

    dependencies = [("finance", "0014_wider_consents")]

    operations = [
        migrations.RunSQL((FOLDER / name).read_text(encoding="utf-8"), migrations.RunSQL.noop) for name in FILES
    ]
