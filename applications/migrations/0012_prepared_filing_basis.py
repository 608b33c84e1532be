from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0011_company_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='preparedfiling',
            name='basis',
            field=models.CharField(blank=True, default='', max_length=32, verbose_name='바탕'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='preparedfiling',
            name='parties',
            field=models.JSONField(default=list, verbose_name='기업과 담당자'),
            preserve_default=False,
        ),
    ]
