from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0013_accounts'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='factorreset',
            name='one_open_factor_reset',
        ),
        migrations.AddConstraint(
            model_name='factorreset',
            constraint=models.UniqueConstraint(condition=models.Q(('confirmed_by', None), ('withdrawn_at', None)), fields=('user',), name='one_open_reset_of_a_factor'),
        ),
    ]
