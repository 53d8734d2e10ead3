from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("enterprises", "0005_letters_of_authority"),
    ]

    operations = [
        migrations.AddField(
            model_name="reviewclaim",
            name="assigned_by_name",
            field=models.CharField(blank=True, db_default="", max_length=80),
        ),
    ]
