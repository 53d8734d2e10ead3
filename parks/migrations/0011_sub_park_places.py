from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parks', '0010_bank_systems'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='membership',
            name='scope',
        ),
        migrations.AddField(
            model_name='subpark',
            name='places',
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
    ]
