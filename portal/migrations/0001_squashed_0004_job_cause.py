"""The tables as the migrations named below leave them, made at once in a new database."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from portal.records.creation import Creation


class Migration(Creation):

    initial = True

    replaces = [
        ('portal', '0001_initial'),
        ('portal', '0002_account_safety'),
        ('portal', '0003_staff_acts'),
        ('portal', '0004_job_cause'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditChain',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name='사슬')),
                ('number', models.PositiveIntegerField(default=0, verbose_name='마지막 봉인')),
                ('head', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('rows', models.PositiveBigIntegerField(default=0, verbose_name='봉인한 행')),
                ('swept_at', models.DateTimeField(null=True, verbose_name='마지막으로 훑은 시각')),
            ],
            options={
                'verbose_name': '감사 사슬',
                'verbose_name_plural': '감사 사슬',
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='이메일')),
                ('name', models.CharField(blank=True, max_length=50, verbose_name='이름')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='연락처')),
                ('is_staff', models.BooleanField(default=False, verbose_name='관리자 화면 접근')),
                ('is_active', models.BooleanField(default=True, verbose_name='사용 중')),
                ('joined_at', models.DateTimeField(auto_now_add=True, verbose_name='가입 시각')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': '계정',
                'verbose_name_plural': '계정',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='user_email_lower_case'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50, verbose_name='이름')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('scope', models.CharField(choices=[('read', '조회'), ('write', '작성·제출')], max_length=10, verbose_name='범위')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='발급 시각')),
                ('expires_at', models.DateTimeField(verbose_name='만료 시각')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='마지막 사용 시각')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='폐기 시각')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL, verbose_name='사용자')),
            ],
            options={
                'verbose_name': 'API 토큰',
                'verbose_name_plural': 'API 토큰',
            },
        ),
        migrations.CreateModel(
            name='AuditCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(verbose_name='시작')),
                ('finished_at', models.DateTimeField(verbose_name='끝')),
                ('rows', models.PositiveBigIntegerField(verbose_name='확인한 행')),
                ('seals', models.PositiveIntegerField(verbose_name='확인한 봉인')),
                ('faults', models.PositiveIntegerField(verbose_name='어긋난 행')),
                ('unsealed', models.PositiveIntegerField(verbose_name='봉인 전 행')),
                ('oldest_unsealed_at', models.DateTimeField(null=True, verbose_name='가장 오래된 봉인 전 행')),
                ('findings', models.JSONField(default=list, verbose_name='발견한 것')),
                ('heads', models.JSONField(default=list, verbose_name='사슬의 끝')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자')),
            ],
            options={
                'verbose_name': '감사 검증',
                'verbose_name_plural': '감사 검증',
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='번호')),
                ('columns', models.JSONField(verbose_name='열')),
                ('pks', models.JSONField(verbose_name='행')),
                ('digests', models.BinaryField(verbose_name='행마다의 SHA-256')),
                ('count', models.PositiveIntegerField(verbose_name='행 수')),
                ('previous', models.CharField(blank=True, max_length=64, verbose_name='앞 봉인의 SHA-256')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('sealed_at', models.DateTimeField(verbose_name='봉인 시각')),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seals', to='portal.auditchain')),
            ],
            options={
                'verbose_name': '봉인',
                'verbose_name_plural': '봉인',
                'indexes': [
                    models.Index(fields=['chain', 'sealed_at'], name='seal_of_late'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('chain', 'number'), name='one_seal_per_number'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DeclaredTie',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('employment', '재직'), ('shares', '지분·출자'), ('family', '가족·친족'), ('advice', '자문·용역'), ('other', '그 밖의 이해관계')], max_length=12, verbose_name='관계')),
                ('firm_name', models.CharField(max_length=100, verbose_name='기업명')),
                ('business_number', models.CharField(blank=True, max_length=10, verbose_name='사업자등록번호')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='설명')),
                ('declared_at', models.DateTimeField(verbose_name='신고 시각')),
                ('ended_on', models.DateField(blank=True, null=True, verbose_name='관계가 끝난 날')),
                ('declared_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='신고한 사람')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declared_ties', to=settings.AUTH_USER_MODEL, verbose_name='사람')),
            ],
            options={
                'verbose_name': '이해관계 신고',
                'verbose_name_plural': '이해관계 신고',
            },
        ),
        migrations.CreateModel(
            name='FactorReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='사유와 본인 확인 방법')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='승인 시각')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='승인자')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='factor_resets', to=settings.AUTH_USER_MODEL, verbose_name='대상 계정')),
            ],
            options={
                'verbose_name': '2단계 인증 재설정',
                'verbose_name_plural': '2단계 인증 재설정',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', None)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False)), _connector='OR'), name='factor_reset_confirmed_whole'),
                    models.CheckConstraint(condition=models.Q(models.Q(('requested_by', models.F('user')), _negated=True), models.Q(('confirmed_by', None), models.Q(models.Q(('confirmed_by', models.F('requested_by')), _negated=True), models.Q(('confirmed_by', models.F('user')), _negated=True)), _connector='OR')), name='factor_reset_has_two_operators'),
                    models.UniqueConstraint(condition=models.Q(('confirmed_by', None)), fields=('user',), name='one_open_factor_reset'),
                ],
            },
        ),
        migrations.CreateModel(
            name='FirmLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('one', models.CharField(db_index=True, max_length=10, verbose_name='사업자등록번호')),
                ('other', models.CharField(db_index=True, max_length=10, verbose_name='상대 사업자등록번호')),
                ('kind', models.CharField(choices=[('shares', '지분 관계'), ('partner', '협력 관계')], max_length=12, verbose_name='관계')),
                ('origin', models.CharField(max_length=100, verbose_name='출처')),
                ('recorded_at', models.DateTimeField(verbose_name='기록 시각')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='기록한 사람')),
            ],
            options={
                'verbose_name': '기업 간 관계',
                'verbose_name_plural': '기업 간 관계',
                'constraints': [
                    models.UniqueConstraint(fields=('one', 'other', 'kind'), name='one_link_of_two_firms'),
                    models.CheckConstraint(condition=models.Q(('one', models.F('other')), _negated=True), name='a_link_joins_two_firms'),
                ],
            },
        ),
        migrations.CreateModel(
            name='IdempotentCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('body', models.JSONField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '멱등 호출',
                'verbose_name_plural': '멱등 호출',
                'constraints': [
                    models.UniqueConstraint(fields=('user', 'key'), name='one_answer_per_key'),
                ],
            },
        ),
        migrations.CreateModel(
            name='IncidentMinute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(max_length=80, verbose_name='대상')),
                ('minute', models.DateTimeField(verbose_name='분')),
                ('kind', models.CharField(choices=[('closed', '마감 뒤 접수 거절'), ('error', '오류'), ('unavailable', '이용 불가'), ('slow', '느린 응답')], max_length=12, verbose_name='종류')),
                ('source', models.CharField(max_length=80, verbose_name='프로세스')),
                ('count', models.PositiveIntegerField(verbose_name='건수')),
            ],
            options={
                'verbose_name': '장애 기록',
                'verbose_name_plural': '장애 기록',
                'indexes': [models.Index(fields=['minute'], name='incident_minute')],
                'constraints': [models.UniqueConstraint(fields=('scope', 'minute', 'kind', 'source'), name='one_count_per_minute')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60, verbose_name='종류')),
                ('key', models.CharField(max_length=200, unique=True, verbose_name='고유 키')),
                ('args', models.JSONField(default=dict, verbose_name='인자')),
                ('state', models.CharField(choices=[('queued', '대기'), ('running', '진행 중'), ('done', '완료'), ('parked', '중단(확인 필요)'), ('cancelled', '취소')], default='queued', max_length=10, verbose_name='상태')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='전체')),
                ('done', models.PositiveIntegerField(default=0, verbose_name='처리')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='시도')),
                ('postponements', models.PositiveSmallIntegerField(default=0, verbose_name='미룸')),
                ('lease_until', models.DateTimeField(null=True, verbose_name='점유 기한')),
                ('run_after', models.DateTimeField(null=True, verbose_name='다음 시도')),
                ('stage', models.CharField(blank=True, max_length=60, verbose_name='단계')),
                ('cancel_requested_at', models.DateTimeField(null=True, verbose_name='취소 요청 시각')),
                ('error', models.TextField(blank=True, verbose_name='오류')),
                ('cause', models.TextField(blank=True, verbose_name='기술적 원인')),
                ('result', models.JSONField(default=dict, verbose_name='결과')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='요청 시각')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='끝난 시각')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자')),
            ],
            options={
                'verbose_name': '작업',
                'verbose_name_plural': '작업',
                'indexes': [
                    models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['created_at'], name='job_pending'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True, verbose_name='고유 키')),
                ('to_email', models.EmailField(max_length=254, verbose_name='받는 주소')),
                ('subject', models.CharField(max_length=200, verbose_name='제목')),
                ('body', models.TextField(verbose_name='본문')),
                ('secret', models.BooleanField(default=False, verbose_name='보안 메일')),
                ('state', models.CharField(choices=[('pending', '발송 대기'), ('sent', '발송'), ('failed', '발송 실패(확인 필요)')], default='pending', max_length=10, verbose_name='상태')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='시도')),
                ('next_at', models.DateTimeField(null=True, verbose_name='다음 시도')),
                ('error', models.CharField(blank=True, max_length=200, verbose_name='오류')),
                ('created_at', models.DateTimeField(verbose_name='작성 시각')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='발송 시각')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL, verbose_name='받는 사람')),
            ],
            options={
                'verbose_name': '알림',
                'verbose_name_plural': '알림',
                'indexes': [
                    models.Index(condition=models.Q(('state', 'pending')), fields=['id'], name='notice_pending'),
                    models.Index(fields=['user', '-id'], name='notice_of_user'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StaffAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=100, verbose_name='대상')),
                ('number', models.PositiveIntegerField(verbose_name='차례')),
                ('key', models.CharField(max_length=40, unique=True, verbose_name='양식')),
                ('act', models.CharField(max_length=40, verbose_name='처리')),
                ('label', models.CharField(max_length=100, verbose_name='처리')),
                ('message', models.TextField(blank=True, verbose_name='결과')),
                ('changes', models.JSONField(default=list, verbose_name='바뀐 것')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리한 사람')),
            ],
            options={
                'verbose_name': '직원 처리 기록',
                'verbose_name_plural': '직원 처리 기록',
                'constraints': [
                    models.UniqueConstraint(fields=('subject', 'number'), name='one_staff_act_per_number'),
                ],
            },
        ),
    ]
