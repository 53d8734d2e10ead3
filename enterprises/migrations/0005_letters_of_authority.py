import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

import parks.tenancy


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0004_declaration_depth'),
        ('parks', '0011_sub_park_places'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='agentletter',
            name='agent_letter_one_in_force',
        ),
        migrations.AddField(  # letters given before were given by the legal representative: they count
            model_name='agentletter',
            name='confirmed_at',
            field=models.DateTimeField(null=True, db_default=Now()),
        ),
        migrations.AlterField(
            model_name='agentletter',
            name='confirmed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='agentletter',
            name='confirmed_by_name',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='agentletter',
            name='may_sign',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='enterprise',
            name='operating_address',
            field=models.CharField(blank=True, db_default='', max_length=300),
        ),
        migrations.AddField(
            model_name='invitation',
            name='authority_from',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='invitation',
            name='document',
            field=parks.tenancy.ParkForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parks.evidencefile'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='may_sign',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='receipt',
            name='letter',
            field=parks.tenancy.ParkForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.agentletter'),
        ),
        migrations.AddConstraint(
            model_name='agentletter',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('park', 'membership', 'starts_on'), name='agent_letter_one_from_a_day'),
        ),
        migrations.AddConstraint(
            model_name='agentletter',
            constraint=models.CheckConstraint(condition=models.Q(('may_sign', False), ('document__isnull', False), _connector='OR'), name='agent_letter_signing_needs_paper'),
        ),
    ]
