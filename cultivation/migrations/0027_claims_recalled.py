from pathlib import Path
from typing import Any

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "guards.sql").read_text(encoding="utf-8")


def load_steps(apps: Any, schema_editor: Any) -> None:
    from cultivation.states import CLAIM_STEPS

    model = apps.get_model("cultivation", "ClaimTransition")
    for from_state, event, role, to_state in CLAIM_STEPS:
        model.objects.get_or_create(from_state=from_state, event=event, role=role, to_state=to_state)


class Migration(migrations.Migration):
    """Money of a claim that was paid wrongly comes back 追缴: the budget has it again."""

    dependencies = [
        ('cultivation', '0026_one_claim_under_a_policy'),
        ('enterprises', '0006_assigned_claims'),
        ('parks', '0015_starter_tasks'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='claim',
            name='claim_one_for_a_thing',
        ),
        migrations.RemoveConstraint(
            model_name='claim',
            name='claim_paid_with_reference',
        ),
        migrations.RemoveConstraint(
            model_name='claim',
            name='claim_one_under_a_policy',
        ),
        migrations.AlterField(
            model_name='claim',
            name='state',
            field=models.CharField(choices=[('draft', '待确认'), ('submitted', '待初审'), ('returned', '退回补正'), ('reviewed', '待联审'), ('joint', '待公示'), ('notice', '公示中'), ('approved_once', '待第二人审定'), ('approved', '待拨付'), ('paid', '待确认到账'), ('closed', '已兑现'), ('recalled', '追缴中'), ('recovered', '已追回'), ('refused', '不予兑现'), ('withdrawn', '已撤回')], default='draft', max_length=16),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['refused', 'withdrawn', 'recovered']), _negated=True), fields=('park', 'enterprise', 'subject'), name='claim_one_for_a_thing'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['refused', 'withdrawn', 'recovered']), _negated=True), fields=('park', 'enterprise', 'policy'), name='claim_one_under_a_policy'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['paid', 'closed', 'recalled', 'recovered']), _negated=True), models.Q(('paid_on__isnull', False), models.Q(('paid_reference', ''), _negated=True)), _connector='OR'), name='claim_paid_with_reference'),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        migrations.RunPython(load_steps, migrations.RunPython.noop),
    ]
