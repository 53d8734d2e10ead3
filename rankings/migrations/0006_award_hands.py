from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "awards.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):

    dependencies = [
        ('rankings', '0005_held_releases'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='award',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['cancelled', 'reclaimed']), _negated=True), fields=('park', 'budget', 'enterprise'), name='award_once_a_year'),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
