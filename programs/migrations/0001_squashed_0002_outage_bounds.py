"""The tables as the migrations named below leave them, made at once in a new database."""

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from portal.records.creation import Creation


class Migration(Creation):

    initial = True

    replaces = [
        ('programs', '0001_initial'),
        ('programs', '0002_outage_bounds'),
    ]

    dependencies = [
        ('portal', '0001_squashed_0004_job_cause'),
    ]

    operations = [
        migrations.CreateModel(
            name='NationalGoal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='코드')),
                ('label', models.CharField(max_length=100, verbose_name='이름')),
                ('value', models.PositiveBigIntegerField(verbose_name='값')),
                ('unit', models.CharField(max_length=10, verbose_name='단위')),
                ('as_of', models.DateField(blank=True, null=True, verbose_name='기준일')),
                ('kind', models.CharField(max_length=20, verbose_name='성격')),
                ('origin', models.CharField(max_length=40, verbose_name='출처')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
            ],
            options={
                'verbose_name': '국가 목표',
                'verbose_name_plural': '국가 목표',
                'ordering': ['order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('code', models.CharField(max_length=60, unique=True, verbose_name='코드')),
                ('name', models.CharField(max_length=100, verbose_name='이름')),
                ('appropriated_won', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='배정액')),
                ('reserved_won', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='선정액')),
                ('committed_won', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='협약액')),
                ('paid_won', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='지급액')),
            ],
            options={
                'verbose_name': '예산',
                'verbose_name_plural': '예산',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('appropriated_won__gte', 0), ('committed_won__gte', 0), ('paid_won__gte', 0), ('reserved_won__gte', 0)), name='budget_not_below_zero'), models.CheckConstraint(condition=models.Q(('appropriated_won__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reserved_won'), '+', models.F('committed_won')), '+', models.F('paid_won')))), name='budget_not_overspent')],
            },
        ),
        migrations.CreateModel(
            name='ProgramRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='코드')),
                ('year', models.PositiveSmallIntegerField(verbose_name='연도')),
                ('sequence', models.PositiveSmallIntegerField(verbose_name='차수')),
                ('name', models.CharField(max_length=100, verbose_name='이름')),
                ('opens_at', models.DateTimeField(verbose_name='접수 시작')),
                ('closes_at', models.DateTimeField(verbose_name='접수 마감')),
                ('announced', models.BooleanField(default=False, verbose_name='공고함')),
                ('total_won', models.PositiveBigIntegerField(verbose_name='총예산')),
                ('outage_hours', models.PositiveSmallIntegerField(default=24, verbose_name='장애로 보는 마감 전 시간')),
                ('extension_days', models.PositiveSmallIntegerField(default=3, verbose_name='장애로 늘릴 수 있는 날')),
                ('profile', models.JSONField(blank=True, default=list, verbose_name='기업정보 질문')),
                ('pools', models.JSONField(blank=True, default=list, verbose_name='전문가 풀')),
                ('limits', models.JSONField(blank=True, default=list, verbose_name='기업별 지원 한도')),
                ('origins', models.JSONField(blank=True, default=dict, verbose_name='출처')),
            ],
            options={
                'verbose_name': '사업 회차',
                'verbose_name_plural': '사업 회차',
                'ordering': ['-opens_at'],
                'constraints': [models.UniqueConstraint(fields=('year', 'sequence'), name='round_once_a_year'), models.CheckConstraint(condition=models.Q(('closes_at__gt', models.F('opens_at'))), name='round_closes_after_it_opens')],
            },
        ),
        migrations.CreateModel(
            name='SubProgram',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('code', models.SlugField(max_length=40, verbose_name='코드')),
                ('short', models.CharField(help_text='접수번호에 쓰입니다.', max_length=20, verbose_name='약칭')),
                ('name', models.CharField(max_length=100, verbose_name='이름')),
                ('summary', models.TextField(blank=True, verbose_name='소개')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('intake', models.CharField(choices=[('window', '기간 접수'), ('rolling', '상시 접수(예산 소진 시까지)')], default='window', max_length=10, verbose_name='접수 방식')),
                ('opens_at', models.DateTimeField(blank=True, null=True, verbose_name='접수 시작(따로 정할 때)')),
                ('closes_at', models.DateTimeField(blank=True, null=True, verbose_name='접수 마감(따로 정할 때)')),
                ('quota_count', models.PositiveIntegerField(blank=True, null=True, verbose_name='모집 규모')),
                ('quota_kind', models.CharField(choices=[('about', '내외'), ('at_least', '이상'), ('exact', '정확히'), ('none', '정함 없음')], default='none', max_length=10, verbose_name='모집 규모 구분')),
                ('rounding_won', models.PositiveIntegerField(default=1000, verbose_name='지원금 절사 단위(원)')),
                ('assessors', models.PositiveSmallIntegerField(default=5, verbose_name='평가위원 수')),
                ('minimum_sheets', models.PositiveSmallIntegerField(default=3, verbose_name='최소 평가표 수')),
                ('trim_from', models.PositiveSmallIntegerField(default=5, verbose_name='최고·최저 제외 기준(평가표 수)')),
                ('decimals', models.PositiveSmallIntegerField(default=2, verbose_name='점수 소수 자리')),
                ('floor', models.DecimalField(decimal_places=2, default=60, max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='최저 점수')),
                ('bonus_cap', models.PositiveSmallIntegerField(default=5, verbose_name='가점 상한')),
                ('blind', models.BooleanField(default=False, help_text='평가위원에게 신청기업의 이름·사람·주소·번호·파일을 보여 주지 않습니다.', verbose_name='블라인드 심사')),
                ('fit_program', models.PositiveSmallIntegerField(default=400, help_text='평가위원 배정은 비용의 합이 가장 작은 안을 찾습니다.', verbose_name='배정 비용: 모르는 내역사업')),
                ('fit_industry', models.PositiveSmallIntegerField(default=200, verbose_name='배정 비용: 모르는 업종')),
                ('fit_region', models.PositiveSmallIntegerField(default=50, verbose_name='배정 비용: 같은 지역')),
                ('fit_load', models.PositiveSmallIntegerField(default=40, verbose_name='배정 비용: 한 사람의 다음 건마다')),
                ('supplement_days', models.PositiveSmallIntegerField(default=7, verbose_name='보완 기한(일)')),
                ('objection_days', models.PositiveSmallIntegerField(default=10, verbose_name='이의신청 기한(일)')),
                ('objection_answer_days', models.PositiveSmallIntegerField(default=30, verbose_name='이의신청 처리 기한(일)')),
                ('due_policies', models.JSONField(blank=True, default=dict, verbose_name='기한이 끝나는 때')),
                ('conditions', models.JSONField(blank=True, default=list, verbose_name='신청 요건')),
                ('questions', models.JSONField(blank=True, default=list, verbose_name='질문')),
                ('cost_items', models.JSONField(blank=True, default=list, verbose_name='비목')),
                ('partner_roles', models.JSONField(blank=True, default=list, verbose_name='참여기업 역할')),
                ('consents', models.JSONField(blank=True, default=list, verbose_name='동의')),
                ('steps', models.JSONField(blank=True, default=list, verbose_name='절차')),
                ('delivery', models.JSONField(blank=True, default=list, verbose_name='수행')),
                ('agreement', models.JSONField(blank=True, default=dict, verbose_name='협약과 정산')),
                ('form_version', models.CharField(blank=True, editable=False, max_length=64, verbose_name='양식 버전')),
                ('origins', models.JSONField(blank=True, default=dict, verbose_name='출처')),
                ('officers', models.ManyToManyField(blank=True, related_name='sub_programs', to=settings.AUTH_USER_MODEL, verbose_name='담당자')),
                ('pot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sub_programs', to='programs.budget', verbose_name='예산')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sub_programs', to='programs.programround', verbose_name='회차')),
            ],
            options={
                'verbose_name': '내역사업',
                'verbose_name_plural': '내역사업',
                'ordering': ['round', 'order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='RequiredDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='코드')),
                ('label', models.CharField(max_length=100, verbose_name='제출서류')),
                ('guide', models.TextField(blank=True, verbose_name='안내')),
                ('required', models.BooleanField(default=True, verbose_name='필수')),
                ('when', models.JSONField(blank=True, null=True, verbose_name='해당 조건')),
                ('formats', models.JSONField(default=list, verbose_name='파일 형식')),
                ('max_files', models.PositiveSmallIntegerField(default=1, verbose_name='파일 수')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('origin', models.CharField(max_length=40, verbose_name='출처')),
                ('sub_program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='programs.subprogram')),
            ],
            options={
                'verbose_name': '제출서류',
                'verbose_name_plural': '제출서류',
                'ordering': ['order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Criterion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='코드')),
                ('label', models.CharField(max_length=100, verbose_name='평가항목')),
                ('guide', models.TextField(blank=True, verbose_name='평가 기준')),
                ('max_points', models.PositiveSmallIntegerField(verbose_name='배점')),
                ('core', models.BooleanField(default=False, help_text='동점일 때 먼저 견줍니다.', verbose_name='핵심 항목')),
                ('skippable', models.BooleanField(default=False, help_text='평가위원이 ‘해당 없음’을 고를 수 있습니다. 그 항목은 점수와 배점에서 빠집니다.', verbose_name='해당 없음 허용')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('origin', models.CharField(max_length=40, verbose_name='출처')),
                ('sub_program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='criteria', to='programs.subprogram')),
            ],
            options={
                'verbose_name': '평가항목',
                'verbose_name_plural': '평가항목',
                'ordering': ['order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='BonusItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, verbose_name='코드')),
                ('label', models.CharField(max_length=100, verbose_name='가점항목')),
                ('points', models.PositiveSmallIntegerField(verbose_name='점수')),
                ('guide', models.TextField(blank=True, verbose_name='판단 기준')),
                ('industry_hints', models.JSONField(blank=True, default=list, verbose_name='참고 업종(KSIC 앞자리)')),
                ('question', models.CharField(blank=True, max_length=40, verbose_name='주장하는 질문')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('origin', models.CharField(max_length=40, verbose_name='출처')),
                ('sub_program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bonus_items', to='programs.subprogram')),
            ],
            options={
                'verbose_name': '가점항목',
                'verbose_name_plural': '가점항목',
                'ordering': ['order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Track',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('code', models.SlugField(max_length=40, verbose_name='코드')),
                ('name', models.CharField(max_length=100, verbose_name='이름')),
                ('summary', models.TextField(blank=True, verbose_name='소개')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('grant_kind', models.CharField(choices=[('share', '비율 지원'), ('flat', '정액 지원'), ('in_kind', '현물(서비스) 지원'), ('requested', '신청금액 심사')], max_length=10, verbose_name='지원 방식')),
                ('cap_won', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='지원 한도(원)')),
                ('share_percent', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='지원 비율(%)')),
                ('flat_won', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='정액(원)')),
                ('planning_won', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='현물 계획 가액(원)')),
                ('days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='지원 일수')),
                ('months', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='지원 개월')),
                ('previous_cap_won', models.PositiveBigIntegerField(blank=True, help_text='비교용이며 올해 한도가 아닙니다.', null=True, verbose_name='전년도 한도(원)')),
                ('origins', models.JSONField(blank=True, default=dict, verbose_name='출처')),
                ('sub_program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tracks', to='programs.subprogram', verbose_name='내역사업')),
            ],
            options={
                'verbose_name': '지원유형',
                'verbose_name_plural': '지원유형',
                'ordering': ['order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('appropriate', '예산 배정'), ('reduce', '예산 감액'), ('reserve', '선정 예약'), ('release', '예약 해제'), ('commit', '협약 확정'), ('decommit', '협약 해제'), ('pay', '지급'), ('recover', '환수')], max_length=12, verbose_name='구분')),
                ('amount_won', models.PositiveBigIntegerField(verbose_name='금액')),
                ('reference', models.CharField(max_length=120, unique=True, verbose_name='근거 번호')),
                ('subject', models.CharField(blank=True, max_length=80, verbose_name='대상')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='비고')),
                ('at', models.DateTimeField(verbose_name='시각')),
                ('budget', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='programs.budget', verbose_name='예산')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자')),
            ],
            options={
                'verbose_name': '예산 원장',
                'verbose_name_plural': '예산 원장',
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['subject', 'kind'], name='ledger_subject'), models.Index(fields=['budget', 'kind', 'amount_won'], name='ledger_fold')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_won__gt', 0)), name='ledger_amount_positive'), models.CheckConstraint(condition=models.Q(('kind__in', ['appropriate', 'reduce', 'reserve', 'release', 'commit', 'decommit', 'pay', 'recover'])), name='ledger_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='RoundChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=20, verbose_name='처리')),
                ('before', models.JSONField(default=dict, verbose_name='이전')),
                ('after', models.JSONField(default=dict, verbose_name='이후')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='사유')),
                ('ground', models.CharField(blank=True, choices=[('outage', '포털 장애(기록된 시간)'), ('legal', '그 밖의 법적 사유')], max_length=10, verbose_name='근거')),
                ('evidence', models.JSONField(blank=True, default=list, verbose_name='장애 기록')),
                ('at', models.DateTimeField(verbose_name='시각')),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='승인자')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='programs.programround')),
            ],
            options={
                'verbose_name': '회차 변경 이력',
                'verbose_name_plural': '회차 변경 이력',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ground', 'outage'), _negated=True), models.Q(('evidence', []), _negated=True), _connector='OR'), name='extension_by_outage_shows_its_minutes'), models.CheckConstraint(condition=models.Q(models.Q(('ground', 'legal'), _negated=True), models.Q(('approved_by__isnull', False), models.Q(('approved_by', models.F('by')), _negated=True)), _connector='OR'), name='extension_by_law_needs_two_people')],
            },
        ),
        migrations.CreateModel(
            name='RoundProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opens_at', models.DateTimeField(verbose_name='접수 시작')),
                ('closes_at', models.DateTimeField(verbose_name='접수 마감')),
                ('reason', models.CharField(max_length=300, verbose_name='사유와 근거')),
                ('at', models.DateTimeField(verbose_name='제안 시각')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='끝난 시각')),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='승인자')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='제안자')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='programs.programround', verbose_name='회차')),
            ],
            options={
                'verbose_name': '접수 기간 변경안',
                'verbose_name_plural': '접수 기간 변경안',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('round',), name='one_open_proposal_per_round'), models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(models.Q(('approved_by', models.F('by')), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='proposal_needs_two_people')],
            },
        ),
        migrations.AddConstraint(
            model_name='subprogram',
            constraint=models.UniqueConstraint(fields=('round', 'code'), name='sub_program_once_a_round'),
        ),
        migrations.AddConstraint(
            model_name='subprogram',
            constraint=models.UniqueConstraint(fields=('round', 'short'), name='short_name_once_a_round'),
        ),
        migrations.AddConstraint(
            model_name='subprogram',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quota_count', None), ('quota_kind', 'none')), models.Q(models.Q(('quota_kind', 'none'), _negated=True), ('quota_count__gt', 0)), _connector='OR'), name='quota_count_fits_its_word'),
        ),
        migrations.AddConstraint(
            model_name='subprogram',
            constraint=models.CheckConstraint(condition=models.Q(('floor__gte', 0), ('floor__lte', 100)), name='floor_is_a_score'),
        ),
        migrations.AddConstraint(
            model_name='subprogram',
            constraint=models.CheckConstraint(condition=models.Q(('assessors__gte', models.F('minimum_sheets')), ('minimum_sheets__gte', 1)), name='enough_assessors'),
        ),
        migrations.AddConstraint(
            model_name='subprogram',
            constraint=models.CheckConstraint(condition=models.Q(('rounding_won__gte', 1)), name='rounding_is_a_unit'),
        ),
        migrations.AddConstraint(
            model_name='requireddocument',
            constraint=models.UniqueConstraint(fields=('sub_program', 'code'), name='document_once'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.UniqueConstraint(fields=('sub_program', 'code'), name='criterion_once'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.UniqueConstraint(condition=models.Q(('core', True)), fields=('sub_program',), name='one_core_criterion'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('core', False), ('skippable', False), _connector='OR'), name='core_criterion_is_judged'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('max_points__gte', 1), ('max_points__lte', 100)), name='points_up_to_100'),
        ),
        migrations.AddConstraint(
            model_name='bonusitem',
            constraint=models.UniqueConstraint(fields=('sub_program', 'code'), name='bonus_item_once'),
        ),
        migrations.AddConstraint(
            model_name='track',
            constraint=models.UniqueConstraint(fields=('sub_program', 'code'), name='track_once'),
        ),
        migrations.AddConstraint(
            model_name='track',
            constraint=models.CheckConstraint(condition=models.Q(('share_percent', None), ('share_percent__lte', 100), _connector='OR'), name='share_is_a_percentage'),
        ),
    ]
