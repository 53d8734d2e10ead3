from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0004_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="snapshot",
            name="format",
            field=models.PositiveSmallIntegerField(choices=[(1, "Facts"), (2, "Sealed")], default=1),
        ),
        migrations.AddField(
            model_name="snapshotrow",
            name="provenance_digest",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="snapshotrow",
            name="provenance",
            field=models.TextField(default="{}"),
        ),
    ]
