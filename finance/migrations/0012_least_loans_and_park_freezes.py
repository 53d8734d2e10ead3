from decimal import Decimal
from pathlib import Path

from django.db import migrations, models

FOLDER = Path(__file__).parent.parent / "sql"
FILES = ("guards.sql", "reserve.sql", "renewal.sql", "lineorders.sql", "risk.sql", "events.sql", "subsidies.sql", "effects.sql")
GROUNDS = [("score_fall", "积分大幅下降"), ("veto", "出现一票否决事项"), ("objection", "数据异议成立"), ("fraud", "疑似虚假申报")]


class Migration(migrations.Migration):
    dependencies = [("finance", "0011_renewal_and_freezing"), ("parks", "0013_sandbox_clock")]

    operations = [
        migrations.AddField(
            model_name="productversion",
            name="min_amount",
            field=models.DecimalField(db_default=Decimal("10000"), decimal_places=2, default=Decimal("10000"), max_digits=18),
        ),
        migrations.AddConstraint(
            model_name="productversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("min_amount__gte", Decimal("10000")), ("min_amount__lte", models.F("cap"))), name="product_version_least"
            ),
        ),
        migrations.AddField(
            model_name="lineorder",
            name="ground",
            field=models.CharField(blank=True, choices=GROUNDS, db_default="", default="", max_length=16),
        ),
        migrations.AddConstraint(
            model_name="lineorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground", ""), ("kind", "freeze"), _connector="OR"), name="line_order_park_freezes"
            ),
        ),
        *(migrations.RunSQL((FOLDER / name).read_text(encoding="utf-8"), migrations.RunSQL.noop) for name in FILES),
    ]
