"""The tables as the migrations named below leave them, made at once in a new database."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from portal.records.creation import Creation


class Migration(Creation):

    initial = True

    replaces = [
        ('applications', '0001_initial'),
        ('applications', '0002_company_edited_by'),
        ('applications', '0003_endings'),
        ('applications', '0004_told_steps'),
        ('applications', '0005_owner_nominations'),
        ('applications', '0006_late_ties'),
        ('applications', '0007_partner_number'),
        ('applications', '0008_company_claims'),
    ]

    dependencies = [
        ('portal', '0001_squashed_0004_job_cause'),
        ('programs', '0001_squashed_0002_outage_bounds'),
    ]

    operations = [
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('state', models.CharField(choices=[('preparing', '협약 준비'), ('active', '수행 중'), ('settling', '완료점검·정산'), ('settled', '정산 확정'), ('closed', '종료'), ('ended', '중도 종료')], default='preparing', editable=False, max_length=20, verbose_name='상태')),
                ('number', models.CharField(max_length=60, unique=True, verbose_name='협약번호')),
                ('kind', models.CharField(choices=[('share', '비율 지원'), ('flat', '정액 지원'), ('in_kind', '현물(서비스) 지원'), ('requested', '신청금액 심사')], max_length=10, verbose_name='지원 방식')),
                ('award_won', models.PositiveBigIntegerField(verbose_name='선정 금액(원)')),
                ('grant_won', models.PositiveBigIntegerField(verbose_name='협약 지원금(원)')),
                ('terms', models.JSONField(default=dict, verbose_name='협약 기준')),
                ('version', models.PositiveSmallIntegerField(default=1, verbose_name='최근 협약서')),
                ('in_force', models.PositiveSmallIntegerField(default=0, verbose_name='효력 있는 협약서')),
                ('starts_on', models.DateField(null=True, verbose_name='수행 시작')),
                ('ends_on', models.DateField(null=True, verbose_name='수행 종료')),
                ('drafted_at', models.DateTimeField(verbose_name='협약 준비 시작')),
                ('papers_due_at', models.DateTimeField(verbose_name='서류 제출 기한')),
                ('sign_due_at', models.DateTimeField(verbose_name='협약 체결 기한')),
                ('concluded_at', models.DateTimeField(null=True, verbose_name='협약 체결 시각')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='최종보고서 제출 시각')),
                ('spending_at', models.DateTimeField(null=True, verbose_name='사용내역 제출 시각')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='정산 확정 시각')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='종료 시각')),
            ],
            options={
                'verbose_name': '협약',
                'verbose_name_plural': '협약',
            },
        ),
        migrations.CreateModel(
            name='AgreementMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '협약 처리 이력',
                'verbose_name_plural': '협약 처리 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AgreementPaper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requirement', models.CharField(max_length=40, verbose_name='서류')),
                ('state', models.CharField(choices=[('pending', '확인 전'), ('accepted', '확인'), ('returned', '보완 필요')], default='pending', max_length=10, verbose_name='상태')),
                ('name', models.CharField(max_length=160, verbose_name='파일 이름')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='크기')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
                ('uploaded_at', models.DateTimeField(verbose_name='올린 시각')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='의견')),
                ('checked_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
            ],
            options={
                'verbose_name': '협약 서류',
                'verbose_name_plural': '협약 서류',
            },
        ),
        migrations.CreateModel(
            name='AgreementSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('firm', '주관기업'), ('ministry', '중소벤처기업부')], max_length=10, verbose_name='서명한 쪽')),
                ('name', models.CharField(max_length=50, verbose_name='서명')),
                ('wording', models.CharField(max_length=20, verbose_name='문구 버전')),
                ('consent', models.TextField(verbose_name='동의 문구')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '협약 서명',
                'verbose_name_plural': '협약 서명',
            },
        ),
        migrations.CreateModel(
            name='AgreementVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='차수')),
                ('content', models.JSONField(verbose_name='내용')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='작성 사유')),
                ('made_at', models.DateTimeField(verbose_name='작성 시각')),
            ],
            options={
                'verbose_name': '협약서',
                'verbose_name_plural': '협약서',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='AidException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('limit', models.CharField(max_length=40, verbose_name='한도')),
                ('reason', models.CharField(max_length=300, verbose_name='사유')),
                ('at', models.DateTimeField(verbose_name='인정한 시각')),
            ],
            options={
                'verbose_name': '지원 한도 예외',
                'verbose_name_plural': '지원 한도 예외',
            },
        ),
        migrations.CreateModel(
            name='Amendment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lead', '주관기업'), ('supplier', '공급기업'), ('sums', '사업비'), ('period', '수행기간')], max_length=10, verbose_name='변경 대상')),
                ('proposal', models.JSONField(default=dict, verbose_name='변경 내용')),
                ('reason', models.CharField(max_length=500, verbose_name='변경 사유')),
                ('state', models.CharField(choices=[('asked', '신청'), ('examined', '검토 완료(승인 전)'), ('approved', '승인'), ('refused', '불승인')], default='asked', max_length=10, verbose_name='상태')),
                ('asked_at', models.DateTimeField(verbose_name='신청 시각')),
                ('opinion', models.CharField(blank=True, max_length=500, verbose_name='검토 의견')),
                ('examined_at', models.DateTimeField(null=True, verbose_name='검토 시각')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='결정 사유')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='결정 시각')),
            ],
            options={
                'verbose_name': '협약변경',
                'verbose_name_plural': '협약변경',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('state', models.CharField(choices=[('draft', '작성 중'), ('submitted', '접수'), ('screening', '요건검토'), ('assessing', '평가'), ('decided', '결정(발표 전)'), ('released', '결과 발표'), ('contracted', '협약·수행'), ('closed', '종료'), ('ended', '중도 종료'), ('ineligible', '요건 미충족'), ('withdrawn', '취하')], default='draft', editable=False, max_length=20, verbose_name='상태')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('number', models.CharField(editable=False, max_length=40, null=True, unique=True, verbose_name='접수번호')),
                ('submitted_at', models.DateTimeField(editable=False, null=True, verbose_name='제출 시각')),
                ('region', models.CharField(blank=True, editable=False, max_length=20, verbose_name='지역')),
                ('size', models.CharField(blank=True, editable=False, max_length=20, verbose_name='기업 규모')),
                ('supplement_state', models.CharField(blank=True, editable=False, max_length=10, verbose_name='보완')),
            ],
            options={
                'verbose_name': '신청',
                'verbose_name_plural': '신청',
            },
        ),
        migrations.CreateModel(
            name='ApplicationMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '처리 이력',
                'verbose_name_plural': '처리 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AssessorProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('programs', models.JSONField(blank=True, default=list, verbose_name='전문 내역사업')),
                ('industries', models.JSONField(blank=True, default=list, verbose_name='전문 업종(KSIC 앞자리)')),
                ('region', models.CharField(blank=True, max_length=20, verbose_name='활동 지역')),
                ('max_load', models.PositiveSmallIntegerField(default=20, verbose_name='최대 배정 건수')),
                ('active', models.BooleanField(default=True, verbose_name='배정 가능')),
                ('employer', models.CharField(blank=True, max_length=100, verbose_name='소속 기관')),
                ('business_number', models.CharField(blank=True, max_length=10, verbose_name='소속 기관 사업자등록번호')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='주소')),
            ],
            options={
                'verbose_name': '평가위원 정보',
                'verbose_name_plural': '평가위원 정보',
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requirement', models.CharField(max_length=40, verbose_name='제출서류')),
                ('name', models.CharField(max_length=160, verbose_name='파일 이름')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='크기')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
                ('uploaded_at', models.DateTimeField(verbose_name='올린 시각')),
                ('removed_at', models.DateTimeField(null=True, verbose_name='삭제 시각')),
            ],
            options={
                'verbose_name': '첨부 파일',
                'verbose_name_plural': '첨부 파일',
            },
        ),
        migrations.CreateModel(
            name='BonusClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='가점 항목')),
                ('label', models.CharField(max_length=100, verbose_name='가점 항목명')),
                ('claim', models.TextField(verbose_name='신청 내용')),
                ('points', models.PositiveSmallIntegerField(verbose_name='배점')),
                ('hinted', models.BooleanField(default=False, verbose_name='산업분류 참고 일치')),
                ('state', models.CharField(choices=[('claimed', '확인 전'), ('granted', '인정'), ('refused', '불인정')], default='claimed', max_length=10, verbose_name='확인')),
                ('reason', models.TextField(blank=True, verbose_name='사유')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
            ],
            options={
                'verbose_name': '가점 신청',
                'verbose_name_plural': '가점 신청',
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60, verbose_name='조건')),
                ('message', models.CharField(max_length=300, verbose_name='내용')),
                ('met', models.BooleanField(null=True, verbose_name='자동 판정 충족')),
                ('decision', models.CharField(choices=[('pending', '확인 전'), ('confirmed', '자동 판정 확인'), ('overruled', '자동 판정 뒤집음')], default='pending', max_length=10, verbose_name='확인')),
                ('reason', models.TextField(blank=True, verbose_name='사유')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
            ],
            options={
                'verbose_name': '요건 점검',
                'verbose_name_plural': '요건 점검',
            },
        ),
        migrations.CreateModel(
            name='CommitteeProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seed', models.PositiveBigIntegerField(verbose_name='시드')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('solved_at', models.DateTimeField(null=True, verbose_name='계산 시각')),
                ('inputs_sha256', models.CharField(blank=True, max_length=64, verbose_name='입력 SHA-256')),
                ('pairs', models.JSONField(default=list, verbose_name='배정(평가위원, 신청)')),
                ('wanted', models.PositiveIntegerField(default=0, verbose_name='필요한 자리')),
                ('placed', models.PositiveIntegerField(default=0, verbose_name='채운 자리')),
                ('shortages', models.JSONField(default=list, verbose_name='부족')),
                ('explanation', models.JSONField(default=list, verbose_name='설명')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='확정 시각')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='확정·폐기 사유')),
                ('discarded_at', models.DateTimeField(null=True, verbose_name='폐기 시각')),
            ],
            options={
                'verbose_name': '평가위원 배정안',
                'verbose_name_plural': '평가위원 배정안',
            },
        ),
        migrations.CreateModel(
            name='CommitteeWish',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('pin', '꼭 배정'), ('forbid', '배정 금지')], max_length=6, verbose_name='구분')),
                ('reason', models.CharField(max_length=300, verbose_name='사유')),
                ('at', models.DateTimeField(verbose_name='시각')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='거둔 시각')),
            ],
            options={
                'verbose_name': '배정 조건',
                'verbose_name_plural': '배정 조건',
            },
        ),
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('business_number', models.CharField(max_length=10, unique=True, verbose_name='사업자등록번호')),
                ('name', models.CharField(db_index=True, max_length=100, verbose_name='기업명')),
                ('kind', models.CharField(default='company', max_length=20, verbose_name='구분')),
                ('size', models.CharField(blank=True, max_length=20, verbose_name='기업 규모')),
                ('industry_code', models.CharField(blank=True, max_length=6, verbose_name='산업분류코드(KSIC)')),
                ('industry_revision', models.PositiveSmallIntegerField(default=10, verbose_name='KSIC 차수')),
                ('founded_on', models.DateField(blank=True, null=True, verbose_name='설립일')),
                ('employees', models.PositiveIntegerField(blank=True, null=True, verbose_name='상시 근로자 수')),
                ('representative', models.CharField(blank=True, max_length=50, verbose_name='대표자')),
                ('region', models.CharField(blank=True, max_length=20, verbose_name='지역')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='주소')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='전화번호')),
            ],
            options={
                'verbose_name': '기업',
                'verbose_name_plural': '기업',
            },
        ),
        migrations.CreateModel(
            name='CompanyClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm_name', models.CharField(max_length=100, verbose_name='사업자등록증의 기업명')),
                ('text', models.TextField(max_length=1000, verbose_name='내용')),
                ('name', models.CharField(max_length=160, verbose_name='파일 이름')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='크기')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
                ('filed_at', models.DateTimeField(verbose_name='신청 시각')),
                ('answer', models.TextField(blank=True, max_length=1000, verbose_name='등록한 쪽의 소명')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='소명 시각')),
                ('state', models.CharField(choices=[('filed', '확인 중'), ('examined', '검토 완료(결정 전)'), ('upheld', '인정'), ('dismissed', '받아들이지 않음')], default='filed', editable=False, max_length=10, verbose_name='상태')),
                ('uphold', models.BooleanField(null=True, verbose_name='인정 의견')),
                ('opinion', models.CharField(blank=True, max_length=500, verbose_name='검토 의견')),
                ('examined_at', models.DateTimeField(null=True, verbose_name='검토 시각')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='결정 시각')),
            ],
            options={
                'verbose_name': '기업 등록 이의',
                'verbose_name_plural': '기업 등록 이의',
            },
        ),
        migrations.CreateModel(
            name='CompanyTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('members', models.JSONField(verbose_name='이전 구성원')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '기업 이전',
                'verbose_name_plural': '기업 이전',
            },
        ),
        migrations.CreateModel(
            name='ConflictOfInterest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='종류')),
                ('reason', models.CharField(max_length=500, verbose_name='사유')),
                ('found_at', models.DateTimeField(verbose_name='확인 시각')),
                ('cleared_at', models.DateTimeField(null=True, verbose_name='해소 시각')),
                ('late', models.BooleanField(default=False, verbose_name='배정 뒤에 확인')),
                ('kept_at', models.DateTimeField(null=True, verbose_name='유지 결정 시각')),
            ],
            options={
                'verbose_name': '이해관계',
                'verbose_name_plural': '이해관계',
            },
        ),
        migrations.CreateModel(
            name='ConflictStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tied', models.BooleanField(verbose_name='이해관계 있음')),
                ('words', models.CharField(blank=True, max_length=500, verbose_name='내용')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '이해관계 확인서',
                'verbose_name_plural': '이해관계 확인서',
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='동의')),
                ('wording', models.CharField(max_length=20, verbose_name='문구 버전')),
                ('given', models.BooleanField(verbose_name='동의 여부')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '동의',
                'verbose_name_plural': '동의',
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('selected', '선정'), ('reserve', '예비'), ('rejected', '탈락'), ('declined', '포기'), ('cancelled', '선정 취소')], max_length=10, verbose_name='결과')),
                ('rank', models.PositiveIntegerField(null=True, verbose_name='순위')),
                ('grant_won', models.PositiveBigIntegerField(default=0, verbose_name='지원금(원)')),
                ('reason_code', models.CharField(max_length=40, verbose_name='사유 코드')),
                ('reason', models.CharField(max_length=300, verbose_name='사유')),
                ('at', models.DateTimeField(null=True, verbose_name='변경 시각')),
            ],
            options={
                'verbose_name': '결정',
                'verbose_name_plural': '결정',
            },
        ),
        migrations.CreateModel(
            name='DecisionChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('drafted', '담당자 확인 대기'), ('proposed', '승인 대기'), ('seconded', '2차 승인 대기'), ('in_force', '확정'), ('discarded', '폐기')], default='proposed', editable=False, max_length=20, verbose_name='상태')),
                ('kind', models.CharField(choices=[('move_up', '예비 승계'), ('reversal', '결정 번복'), ('cancel', '선정 취소'), ('objection', '이의신청 인용'), ('decline', '포기'), ('lapse', '협약 미체결')], max_length=10, verbose_name='종류')),
                ('outcome', models.CharField(choices=[('selected', '선정'), ('reserve', '예비'), ('rejected', '탈락'), ('declined', '포기'), ('cancelled', '선정 취소')], max_length=10, verbose_name='새 결과')),
                ('grant_won', models.PositiveBigIntegerField(default=0, verbose_name='지원금(원)')),
                ('rank', models.PositiveIntegerField(null=True, verbose_name='순위')),
                ('reason', models.CharField(max_length=300, verbose_name='사유')),
                ('drafted_at', models.DateTimeField(verbose_name='작성 시각')),
            ],
            options={
                'verbose_name': '결정 변경',
                'verbose_name_plural': '결정 변경',
            },
        ),
        migrations.CreateModel(
            name='DecisionChangeMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '결정 변경 이력',
                'verbose_name_plural': '결정 변경 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Deliverable',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('state', models.CharField(choices=[('planned', '예정'), ('under_way', '진행 중'), ('handed_in', '확인 대기'), ('accepted', '완료'), ('stopped', '조기 종료')], default='planned', editable=False, max_length=20, verbose_name='상태')),
                ('code', models.CharField(max_length=40, verbose_name='코드')),
                ('label', models.CharField(max_length=100, verbose_name='이름')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('spec', models.JSONField(default=dict, verbose_name='기준')),
                ('starts_on', models.DateField(null=True, verbose_name='시작일')),
                ('ends_on', models.DateField(null=True, verbose_name='종료일')),
                ('result', models.JSONField(default=dict, verbose_name='결과')),
                ('handed_in_at', models.DateTimeField(null=True, verbose_name='제출 시각')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='끝난 시각')),
            ],
            options={
                'verbose_name': '수행 항목',
                'verbose_name_plural': '수행 항목',
                'ordering': ['agreement', 'order'],
            },
        ),
        migrations.CreateModel(
            name='DeliverableMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '수행 이력',
                'verbose_name_plural': '수행 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DeliveryEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='차수')),
                ('on', models.DateField(verbose_name='날짜')),
                ('title', models.CharField(max_length=100, verbose_name='제목')),
                ('body', models.TextField(verbose_name='내용')),
                ('outcome', models.TextField(blank=True, verbose_name='결과')),
                ('amount', models.PositiveBigIntegerField(null=True, verbose_name='수')),
                ('written_at', models.DateTimeField(verbose_name='적은 시각')),
                ('confirmed', models.BooleanField(null=True, verbose_name='기업 확인')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='기업 의견')),
            ],
            options={
                'verbose_name': '수행 기록',
                'verbose_name_plural': '수행 기록',
                'ordering': ['deliverable', 'number'],
            },
        ),
        migrations.CreateModel(
            name='DeliveryFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=160, verbose_name='파일 이름')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='크기')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
                ('uploaded_at', models.DateTimeField(verbose_name='올린 시각')),
            ],
            options={
                'verbose_name': '수행 파일',
                'verbose_name_plural': '수행 파일',
            },
        ),
        migrations.CreateModel(
            name='Ending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('decline', '포기'), ('lapse', '협약 미체결'), ('terminate', '협약해지'), ('cancel', '선정취소')], max_length=10, verbose_name='구분')),
                ('reason', models.CharField(max_length=500, verbose_name='사유')),
                ('state', models.CharField(choices=[('asked', '승인 전'), ('approved', '승인'), ('refused', '불승인')], default='asked', max_length=10, verbose_name='상태')),
                ('asked_at', models.DateTimeField(verbose_name='요청 시각')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='결정 사유')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='결정 시각')),
            ],
            options={
                'verbose_name': '중도 종료',
                'verbose_name_plural': '중도 종료',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Exclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('failed', models.JSONField(verbose_name='충족하지 못한 요건')),
                ('reason', models.TextField(verbose_name='사유')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
            ],
            options={
                'verbose_name': '요건 미충족',
                'verbose_name_plural': '요건 미충족',
            },
        ),
        migrations.CreateModel(
            name='Expert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('pool', models.CharField(max_length=40, verbose_name='전문가 풀')),
                ('route', models.CharField(max_length=40, verbose_name='자격')),
                ('employer', models.CharField(blank=True, max_length=100, verbose_name='근무한 곳')),
                ('years', models.PositiveSmallIntegerField(default=0, verbose_name='경력(년)')),
                ('degree', models.CharField(blank=True, max_length=100, verbose_name='학위')),
                ('institution', models.CharField(blank=True, max_length=100, verbose_name='소속 기관')),
                ('institution_number', models.CharField(blank=True, max_length=10, verbose_name='소속 기관 사업자등록번호')),
                ('career', models.TextField(blank=True, verbose_name='경력 소개')),
                ('fields', models.JSONField(default=list, verbose_name='분야')),
                ('regions', models.JSONField(default=list, verbose_name='활동 지역')),
                ('capacity', models.PositiveSmallIntegerField(default=1, verbose_name='함께 맡는 기업 수')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('file_name', models.CharField(max_length=160, verbose_name='증빙 파일')),
                ('file_sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
                ('state', models.CharField(choices=[('applied', '확인 대기'), ('verified', '등록'), ('refused', '등록 거절'), ('left', '활동 종료')], default='applied', editable=False, max_length=10, verbose_name='상태')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='확인 의견')),
                ('checked_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
            ],
            options={
                'verbose_name': '전문가',
                'verbose_name_plural': '전문가',
            },
        ),
        migrations.CreateModel(
            name='ExpertMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pool', models.CharField(max_length=40, verbose_name='전문가 풀')),
                ('seed', models.PositiveIntegerField(verbose_name='시드')),
                ('inputs_sha256', models.CharField(max_length=64, verbose_name='입력 SHA-256')),
                ('pairs', models.JSONField(default=list, verbose_name='배정안')),
                ('shortages', models.JSONField(default=list, verbose_name='부족')),
                ('made_at', models.DateTimeField(verbose_name='작성 시각')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='확정 시각')),
            ],
            options={
                'verbose_name': '전문가 배정안',
                'verbose_name_plural': '전문가 배정안',
            },
        ),
        migrations.CreateModel(
            name='FormVersion',
            fields=[
                ('sha256', models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name='SHA-256')),
                ('content', models.JSONField(verbose_name='양식')),
            ],
            options={
                'verbose_name': '양식 버전',
                'verbose_name_plural': '양식 버전',
            },
        ),
        migrations.CreateModel(
            name='InKindUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=80, unique=True, verbose_name='근거 번호')),
                ('label', models.CharField(max_length=200, verbose_name='내용')),
                ('amount_won', models.PositiveBigIntegerField(verbose_name='가액(원)')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '현물 사용',
                'verbose_name_plural': '현물 사용',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Instalment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='차수')),
                ('label', models.CharField(max_length=60, verbose_name='이름')),
                ('after', models.CharField(choices=[('conclusion', '협약 체결 뒤'), ('mid_check', '중간점검 ‘계속’ 뒤'), ('settlement', '정산 승인 뒤')], max_length=12, verbose_name='지급 조건')),
                ('percent', models.PositiveSmallIntegerField(null=True, verbose_name='비율(%)')),
                ('amount_won', models.PositiveBigIntegerField(verbose_name='금액(원)')),
                ('state', models.CharField(choices=[('planned', '예정'), ('requested', '지급 요청'), ('paid', '지급'), ('cancelled', '취소')], default='planned', max_length=10, verbose_name='상태')),
                ('requested_at', models.DateTimeField(null=True, verbose_name='요청 시각')),
                ('paid_at', models.DateTimeField(null=True, verbose_name='지급 시각')),
            ],
            options={
                'verbose_name': '지급 차수',
                'verbose_name_plural': '지급 차수',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='이메일')),
                ('role', models.CharField(choices=[('owner', '대표 담당자 (제출·취하·구성원 관리)'), ('editor', '작성자 (작성·제출)'), ('viewer', '열람자')], max_length=10, verbose_name='권한')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('invited_at', models.DateTimeField(verbose_name='초대 시각')),
                ('expires_at', models.DateTimeField(verbose_name='만료 시각')),
                ('accepted_at', models.DateTimeField(null=True, verbose_name='수락 시각')),
                ('cancelled_at', models.DateTimeField(null=True, verbose_name='취소 시각')),
            ],
            options={
                'verbose_name': '초대',
                'verbose_name_plural': '초대',
            },
        ),
        migrations.CreateModel(
            name='IssuedDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('file', models.CharField(blank=True, editable=False, max_length=100)),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64, verbose_name='SHA-256')),
                ('pages', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='쪽수')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('issued_at', models.DateTimeField(editable=False, null=True, verbose_name='발급 시각')),
                ('kind', models.CharField(choices=[('receipt', '접수증'), ('result', '평가 결과서'), ('agreement', '협약서'), ('settlement', '정산서'), ('notice', '선정결과 통지서'), ('sheets', '평가표'), ('certificate', '수준확인서')], max_length=12, verbose_name='종류')),
                ('version', models.PositiveSmallIntegerField(default=1, verbose_name='차수')),
            ],
            options={
                'verbose_name': '발급 문서',
                'verbose_name_plural': '발급 문서',
            },
        ),
        migrations.CreateModel(
            name='LateGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300, verbose_name='사유')),
                ('until', models.DateTimeField(verbose_name='허용 기한')),
                ('granted_at', models.DateTimeField(verbose_name='허용 시각')),
                ('cancelled_at', models.DateTimeField(null=True, verbose_name='취소 시각')),
                ('used_at', models.DateTimeField(null=True, verbose_name='사용 시각')),
            ],
            options={
                'verbose_name': '기한 뒤 접수 허용',
                'verbose_name_plural': '기한 뒤 접수 허용',
            },
        ),
        migrations.CreateModel(
            name='LevelCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=60, unique=True, verbose_name='확인서 번호')),
                ('level', models.CharField(max_length=20, verbose_name='확인 수준')),
                ('level_label', models.CharField(max_length=100, verbose_name='확인 수준(말)')),
                ('issued_on', models.DateField(verbose_name='발급일')),
                ('valid_until', models.DateField(verbose_name='유효기한')),
                ('at', models.DateTimeField(verbose_name='발급 시각')),
            ],
            options={
                'verbose_name': '수준확인서',
                'verbose_name_plural': '수준확인서',
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', '대표 담당자 (제출·취하·구성원 관리)'), ('editor', '작성자 (작성·제출)'), ('viewer', '열람자')], max_length=10, verbose_name='권한')),
                ('since', models.DateTimeField(verbose_name='등록 시각')),
            ],
            options={
                'verbose_name': '구성원',
                'verbose_name_plural': '구성원',
            },
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('filed', '심의 중'), ('upheld', '인용(재산정 중)'), ('closed', '인용(재결정)'), ('dismissed', '기각(결정 유지)'), ('lapsed', '심의 종료(신청이 끝남)')], default='filed', editable=False, max_length=20, verbose_name='상태')),
                ('text', models.TextField(verbose_name='이의 내용')),
                ('due_at', models.DateTimeField(verbose_name='신청 기한')),
                ('filed_at', models.DateTimeField(verbose_name='접수 시각')),
                ('answer_due_at', models.DateTimeField(verbose_name='처리 기한')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='심의 시각')),
                ('answer', models.TextField(blank=True, verbose_name='심의 결과와 이유')),
                ('remedy', models.CharField(blank=True, choices=[('bonus', '가점을 다시 인정하고 점수를 다시 산정'), ('sheets', '다른 평가위원이 다시 평가하고 점수를 다시 산정'), ('screening', '요건 미충족을 거두고 요건을 다시 검토')], max_length=10, verbose_name='조치')),
            ],
            options={
                'verbose_name': '이의신청',
                'verbose_name_plural': '이의신청',
            },
        ),
        migrations.CreateModel(
            name='ObjectionMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '이의신청 이력',
                'verbose_name_plural': '이의신청 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ObjectionPaper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=160, verbose_name='파일 이름')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='크기')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
            ],
            options={
                'verbose_name': '이의신청 증빙',
                'verbose_name_plural': '이의신청 증빙',
            },
        ),
        migrations.CreateModel(
            name='OwnerNomination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300, verbose_name='사유와 확인한 근거')),
                ('state', models.CharField(choices=[('proposed', '승인 대기'), ('approved', '승인'), ('refused', '불승인')], default='proposed', editable=False, max_length=10, verbose_name='상태')),
                ('proposed_at', models.DateTimeField(verbose_name='제안 시각')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='결정 시각')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='결정 사유')),
            ],
            options={
                'verbose_name': '대표 담당자 지정',
                'verbose_name_plural': '대표 담당자 지정',
            },
        ),
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(max_length=30, verbose_name='역할')),
                ('company_name', models.CharField(max_length=100, verbose_name='기업명')),
                ('business_number', models.CharField(blank=True, max_length=10, verbose_name='초대한 사업자등록번호')),
                ('email', models.EmailField(max_length=254, verbose_name='담당자 이메일')),
                ('state', models.CharField(choices=[('invited', '응답 대기'), ('pending', '신청기업 확인 대기'), ('accepted', '참여 수락'), ('refused', '참여 거절'), ('cancelled', '초대 취소')], default='invited', max_length=10, verbose_name='상태')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('invited_at', models.DateTimeField(verbose_name='초대 시각')),
                ('seen_at', models.DateTimeField(null=True, verbose_name='열람 시각')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='응답 시각')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='의견')),
            ],
            options={
                'verbose_name': '참여기관',
                'verbose_name_plural': '참여기관',
            },
        ),
        migrations.CreateModel(
            name='PartnerTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(max_length=300, verbose_name='맡은 일')),
                ('share_won', models.PositiveBigIntegerField(null=True, verbose_name='부담금(원)')),
                ('quote_won', models.PositiveBigIntegerField(null=True, verbose_name='견적금액(원)')),
                ('set_at', models.DateTimeField(verbose_name='정한 시각')),
                ('confirmed', models.BooleanField(null=True, verbose_name='확인')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='답한 시각')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='의견')),
            ],
            options={
                'verbose_name': '참여 조건',
                'verbose_name_plural': '참여 조건',
            },
        ),
        migrations.CreateModel(
            name='PendingStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=20, verbose_name='할 일')),
                ('waits_for', models.CharField(choices=[('firm', '기업'), ('officer', '사업 담당자'), ('manager', '결정권자')], max_length=10, verbose_name='할 사람')),
                ('since', models.DateTimeField(verbose_name='시작')),
                ('due_at', models.DateTimeField(verbose_name='기한')),
                ('done_at', models.DateTimeField(null=True, verbose_name='끝난 때')),
                ('soon_told_at', models.DateTimeField(null=True, verbose_name='기한 전 알림')),
                ('late_told_at', models.DateTimeField(null=True, verbose_name='기한 뒤 알림')),
            ],
            options={
                'verbose_name': '협약 할 일',
                'verbose_name_plural': '협약 할 일',
            },
        ),
        migrations.CreateModel(
            name='Recovery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_won', models.PositiveBigIntegerField(verbose_name='환수액(원)')),
                ('due_at', models.DateTimeField(verbose_name='납부 기한')),
                ('state', models.CharField(choices=[('due', '납부 전'), ('received', '납부 확인')], default='due', max_length=10, verbose_name='상태')),
                ('received_on', models.DateField(null=True, verbose_name='납부일')),
                ('evidence', models.CharField(blank=True, max_length=200, verbose_name='납부 확인')),
                ('recorded_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
            ],
            options={
                'verbose_name': '환수',
                'verbose_name_plural': '환수',
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('progress', '중간보고서'), ('final', '최종보고서')], max_length=10, verbose_name='종류')),
                ('state', models.CharField(choices=[('draft', '작성 중'), ('filed', '제출')], default='draft', max_length=10, verbose_name='상태')),
                ('due_at', models.DateTimeField(verbose_name='제출 기한')),
                ('data', models.JSONField(default=dict, verbose_name='내용')),
                ('version', models.PositiveIntegerField(default=0, verbose_name='판')),
                ('saved_at', models.DateTimeField(null=True, verbose_name='저장 시각')),
                ('filed_at', models.DateTimeField(null=True, verbose_name='제출 시각')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
            ],
            options={
                'verbose_name': '보고서',
                'verbose_name_plural': '보고서',
            },
        ),
        migrations.CreateModel(
            name='ReportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=160, verbose_name='파일 이름')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='크기')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
                ('uploaded_at', models.DateTimeField(verbose_name='올린 시각')),
                ('removed_at', models.DateTimeField(null=True, verbose_name='삭제 시각')),
            ],
            options={
                'verbose_name': '보고서 첨부',
                'verbose_name_plural': '보고서 첨부',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='RoundReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.CharField(choices=[('pdf', 'PDF'), ('hwpx', '한글(HWPX)'), ('xlsx', '엑셀(XLSX)'), ('csv', 'CSV(선정 목록)')], max_length=4, verbose_name='형식')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('announced', models.PositiveIntegerField(null=True, verbose_name='예고한 줄 수')),
                ('rows', models.PositiveIntegerField(null=True, verbose_name='담은 줄 수')),
                ('file', models.CharField(blank=True, editable=False, max_length=100)),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('made_at', models.DateTimeField(null=True, verbose_name='만든 시각')),
            ],
            options={
                'verbose_name': '회차 보고서',
                'verbose_name_plural': '회차 보고서',
            },
        ),
        migrations.CreateModel(
            name='RubricVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='버전')),
                ('content', models.JSONField(verbose_name='평가 기준')),
                ('guides', models.JSONField(default=dict, verbose_name='평가 안내')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('frozen_at', models.DateTimeField(verbose_name='고정 시각')),
                ('reason', models.CharField(max_length=300, verbose_name='사유')),
            ],
            options={
                'verbose_name': '평가 기준 판',
                'verbose_name_plural': '평가 기준 판',
            },
        ),
        migrations.CreateModel(
            name='ScoreResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('raw', models.DecimalField(decimal_places=2, max_digits=7, null=True, verbose_name='평가점수')),
                ('bonus', models.PositiveSmallIntegerField(default=0, verbose_name='가점')),
                ('total', models.DecimalField(decimal_places=2, max_digits=7, null=True, verbose_name='합계')),
                ('core', models.DecimalField(decimal_places=2, max_digits=7, null=True, verbose_name='핵심 항목')),
                ('passed_floor', models.BooleanField(default=False, verbose_name='과락 없음')),
                ('breakdown', models.JSONField(verbose_name='산출 내역')),
                ('inputs_sha256', models.CharField(max_length=64, verbose_name='입력 SHA-256')),
            ],
            options={
                'verbose_name': '평가 결과',
                'verbose_name_plural': '평가 결과',
            },
        ),
        migrations.CreateModel(
            name='ScoreRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='회차')),
                ('rubric', models.JSONField(verbose_name='평가 기준(고정)')),
                ('rubric_sha256', models.CharField(max_length=64, verbose_name='기준 SHA-256')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='완료 시각')),
                ('scored', models.PositiveIntegerField(default=0, verbose_name='산정 건수')),
                ('inputs_sha256', models.CharField(blank=True, max_length=64, verbose_name='입력 SHA-256')),
                ('results_sha256', models.CharField(blank=True, max_length=64, verbose_name='결과 SHA-256')),
                ('stale_at', models.DateTimeField(null=True, verbose_name='다시 산정이 필요해진 시각')),
                ('stale_reason', models.CharField(blank=True, max_length=300, verbose_name='다시 산정이 필요한 사유')),
            ],
            options={
                'verbose_name': '점수 산정',
                'verbose_name_plural': '점수 산정',
            },
        ),
        migrations.CreateModel(
            name='ScoreSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('assigned_at', models.DateTimeField(verbose_name='배정 시각')),
                ('due_at', models.DateTimeField(null=True, verbose_name='제출 기한')),
                ('declared_at', models.DateTimeField(null=True, verbose_name='이해관계 확인 시각')),
                ('marks', models.JSONField(default=dict, verbose_name='점수')),
                ('reasons', models.JSONField(default=dict, verbose_name='평가 의견')),
                ('comment', models.TextField(blank=True, verbose_name='종합 의견')),
                ('version', models.PositiveIntegerField(default=1)),
                ('locked_at', models.DateTimeField(null=True, verbose_name='제출 시각')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('abstained_at', models.DateTimeField(null=True, verbose_name='회피 시각')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='제외 시각')),
                ('end_reason', models.CharField(blank=True, max_length=500, verbose_name='회피·제외 사유')),
            ],
            options={
                'verbose_name': '평가표',
                'verbose_name_plural': '평가표',
            },
        ),
        migrations.CreateModel(
            name='Section',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20, verbose_name='단계')),
                ('data', models.JSONField(default=dict, verbose_name='내용')),
                ('version', models.PositiveIntegerField(default=1)),
                ('saved_at', models.DateTimeField(verbose_name='저장 시각')),
            ],
            options={
                'verbose_name': '신청서 단계',
                'verbose_name_plural': '신청서 단계',
            },
        ),
        migrations.CreateModel(
            name='Selection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('preparing', '선정안 작성 중'), ('proposed', '선정안'), ('confirmed', '선정안 확인(승인 전)'), ('decided', '결정(발표 전)'), ('released', '발표'), ('discarded', '폐기')], default='preparing', editable=False, max_length=20, verbose_name='상태')),
                ('places', models.PositiveIntegerField(null=True, verbose_name='선정 규모')),
                ('available_won', models.PositiveBigIntegerField(null=True, verbose_name='가용 예산(원)')),
                ('tie_rule', models.TextField(blank=True, verbose_name='동점 처리 기준')),
                ('cut', models.JSONField(default=dict, verbose_name='선정선')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='승인 시각')),
                ('released_at', models.DateTimeField(null=True, verbose_name='발표 시각')),
            ],
            options={
                'verbose_name': '선정',
                'verbose_name_plural': '선정',
            },
        ),
        migrations.CreateModel(
            name='SelectionMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '선정 이력',
                'verbose_name_plural': '선정 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='차수')),
                ('state', models.CharField(choices=[('proposed', '승인 전'), ('returned', '반려'), ('approved', '승인')], default='proposed', max_length=10, verbose_name='상태')),
                ('content', models.JSONField(verbose_name='계산 내역')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('eligible_won', models.PositiveBigIntegerField(verbose_name='인정 사업비(원)')),
                ('settled_won', models.PositiveBigIntegerField(verbose_name='확정 지원금(원)')),
                ('paid_won', models.PositiveBigIntegerField(verbose_name='지급액(원)')),
                ('balance_won', models.PositiveBigIntegerField(verbose_name='더 지급할 금액(원)')),
                ('recover_won', models.PositiveBigIntegerField(verbose_name='환수할 금액(원)')),
                ('release_won', models.PositiveBigIntegerField(verbose_name='예산으로 돌아갈 금액(원)')),
                ('proposed_at', models.DateTimeField(verbose_name='작성 시각')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='결정 시각')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='의견')),
            ],
            options={
                'verbose_name': '정산',
                'verbose_name_plural': '정산',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='SheetDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('exclude', '합산에서 제외'), ('keep', '이해관계가 있어도 유지'), ('restore', '제외한 평가표 복원')], max_length=8, verbose_name='처리')),
                ('reason', models.CharField(max_length=500, verbose_name='사유')),
                ('two', models.BooleanField(default=True, verbose_name='두 사람이 결정')),
                ('proposed_at', models.DateTimeField(verbose_name='제안 시각')),
                ('approved_at', models.DateTimeField(null=True, verbose_name='확정 시각')),
                ('discarded_at', models.DateTimeField(null=True, verbose_name='거둔 시각')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='거둔 사유')),
            ],
            options={
                'verbose_name': '평가표 제외·유지·복원',
                'verbose_name_plural': '평가표 제외·유지·복원',
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='사업장 이름')),
                ('region', models.CharField(blank=True, max_length=20, verbose_name='지역')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='주소')),
            ],
            options={
                'verbose_name': '사업장',
                'verbose_name_plural': '사업장',
            },
        ),
        migrations.CreateModel(
            name='Spending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.CharField(max_length=40, verbose_name='비목')),
                ('spent_on', models.DateField(verbose_name='사용일')),
                ('payee', models.CharField(max_length=100, verbose_name='받은 곳')),
                ('purpose', models.CharField(max_length=200, verbose_name='사용 내용')),
                ('amount_won', models.PositiveBigIntegerField(verbose_name='금액(원)')),
                ('name', models.CharField(max_length=160, verbose_name='증빙 파일')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='크기')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content_type', models.CharField(max_length=120, verbose_name='형식')),
                ('entered_at', models.DateTimeField(verbose_name='입력 시각')),
                ('removed_at', models.DateTimeField(null=True, verbose_name='삭제 시각')),
                ('state', models.CharField(choices=[('claimed', '확인 전'), ('allowed', '인정'), ('refused', '불인정')], default='claimed', max_length=10, verbose_name='확인')),
                ('allowed_won', models.PositiveBigIntegerField(default=0, verbose_name='인정액(원)')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='사유')),
                ('checked_at', models.DateTimeField(null=True, verbose_name='확인 시각')),
            ],
            options={
                'verbose_name': '사용내역',
                'verbose_name_plural': '사용내역',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='StageCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mid', '중간점검'), ('final', '최종점검')], max_length=10, verbose_name='점검')),
                ('outcome', models.CharField(max_length=12, verbose_name='결과')),
                ('reason', models.CharField(max_length=1000, verbose_name='사유')),
                ('until', models.DateTimeField(null=True, verbose_name='보완 기한')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '수행 점검',
                'verbose_name_plural': '수행 점검',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Supplement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', '보완 대기'), ('answered', '보완 제출'), ('expired', '기한 경과'), ('closed', '신청이 끝나 닫음')], default='open', max_length=10, verbose_name='상태')),
                ('message', models.TextField(verbose_name='요청 내용')),
                ('requirements', models.JSONField(default=list, verbose_name='요청 서류')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('due_at', models.DateTimeField(verbose_name='기한')),
                ('answer', models.TextField(blank=True, verbose_name='답변')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='제출 시각')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
            ],
            options={
                'verbose_name': '보완 요청',
                'verbose_name_plural': '보완 요청',
            },
        ),
        migrations.AddField(
            model_name='agreement',
            name='drafted_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='agreementmove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='agreementmove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='agreementpaper',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='agreementpaper',
            name='checked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='agreementpaper',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='agreementsignature',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='agreementversion',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='agreementversion',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='agreementsignature',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='applications.agreementversion'),
        ),
        migrations.AddField(
            model_name='aidexception',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='인정한 사람'),
        ),
        migrations.AddField(
            model_name='amendment',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='amendments', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='amendment',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='amendment',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='결정자'),
        ),
        migrations.AddField(
            model_name='amendment',
            name='examined_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='검토자'),
        ),
        migrations.AddField(
            model_name='amendment',
            name='version',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='amendment', to='applications.agreementversion'),
        ),
        migrations.CreateModel(
            name='FrozenParties',
            fields=[
                ('application', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='frozen_parties', serialize=False, to='applications.application')),
                ('parties', models.JSONField(verbose_name='기업과 담당자')),
                ('frozen_at', models.DateTimeField(verbose_name='고정 시각')),
            ],
            options={
                'verbose_name': '접수 때의 기업 정보',
                'verbose_name_plural': '접수 때의 기업 정보',
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('application', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='submission', serialize=False, to='applications.application')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='접수번호')),
                ('submitted_at', models.DateTimeField(verbose_name='제출 시각')),
                ('content', models.JSONField(verbose_name='내용')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('total_cost_won', models.PositiveBigIntegerField(null=True, verbose_name='총사업비(원)')),
                ('support_won', models.PositiveBigIntegerField(null=True, verbose_name='정부지원금(원)')),
                ('own_won', models.PositiveBigIntegerField(null=True, verbose_name='기업부담금(원)')),
            ],
            options={
                'verbose_name': '제출본',
                'verbose_name_plural': '제출본',
            },
        ),
        migrations.AddField(
            model_name='application',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='application',
            name='sub_program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='programs.subprogram', verbose_name='내역사업'),
        ),
        migrations.AddField(
            model_name='application',
            name='track',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.track', verbose_name='지원유형'),
        ),
        migrations.AddField(
            model_name='aidexception',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='aid_exceptions', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='application',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='agreement', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='applicationmove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='applicationmove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='applications.application'),
        ),
        migrations.AddField(
            model_name='assessorprofile',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='assessor_profile', to=settings.AUTH_USER_MODEL, verbose_name='평가위원'),
        ),
        migrations.AddField(
            model_name='attachment',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='applications.application'),
        ),
        migrations.AddField(
            model_name='attachment',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bonusclaim',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bonuses', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='bonusclaim',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='확인한 사람'),
        ),
        migrations.AddField(
            model_name='check',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='check',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='확인한 사람'),
        ),
        migrations.AddField(
            model_name='committeeproposal',
            name='application',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='committee_proposals', to='applications.application', verbose_name='신청(한 건만 다시 풀 때)'),
        ),
        migrations.AddField(
            model_name='committeeproposal',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='확정한 사람'),
        ),
        migrations.AddField(
            model_name='committeeproposal',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.job'),
        ),
        migrations.AddField(
            model_name='committeeproposal',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자'),
        ),
        migrations.AddField(
            model_name='committeeproposal',
            name='sub_program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='committee_proposals', to='programs.subprogram', verbose_name='내역사업'),
        ),
        migrations.AddField(
            model_name='committeewish',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='committee_wishes', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='committeewish',
            name='assessor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='평가위원'),
        ),
        migrations.AddField(
            model_name='committeewish',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='정한 사람'),
        ),
        migrations.AddField(
            model_name='company',
            name='edited_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='마지막으로 고친 사람'),
        ),
        migrations.AddField(
            model_name='application',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='applications.company', verbose_name='신청기업'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agreements', to='applications.company', verbose_name='주관기업'),
        ),
        migrations.AddField(
            model_name='companyclaim',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='소명한 사람'),
        ),
        migrations.AddField(
            model_name='companyclaim',
            name='claimant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='company_claims', to=settings.AUTH_USER_MODEL, verbose_name='신청한 사람'),
        ),
        migrations.AddField(
            model_name='companyclaim',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='applications.company', verbose_name='기업'),
        ),
        migrations.AddField(
            model_name='companyclaim',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='결정한 사람'),
        ),
        migrations.AddField(
            model_name='companyclaim',
            name='examined_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='검토한 사람'),
        ),
        migrations.AddField(
            model_name='companytransfer',
            name='claim',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='transfer', to='applications.companyclaim'),
        ),
        migrations.AddField(
            model_name='companytransfer',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transfers', to='applications.company'),
        ),
        migrations.AddField(
            model_name='companytransfer',
            name='former',
            field=models.ManyToManyField(related_name='former_companies', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='application',
            name='detached',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='applications.companytransfer'),
        ),
        migrations.AddField(
            model_name='conflictofinterest',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='conflictofinterest',
            name='assessor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to=settings.AUTH_USER_MODEL, verbose_name='평가위원'),
        ),
        migrations.AddField(
            model_name='conflictstatement',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflict_statements', to='applications.application'),
        ),
        migrations.AddField(
            model_name='conflictstatement',
            name='assessor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflict_statements', to=settings.AUTH_USER_MODEL, verbose_name='평가위원'),
        ),
        migrations.AddField(
            model_name='consent',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='applications.application'),
        ),
        migrations.AddField(
            model_name='consent',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='decision',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='applications.application'),
        ),
        migrations.AddField(
            model_name='decision',
            name='previous',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='next', to='applications.decision', verbose_name='이전 결정'),
        ),
        migrations.AddField(
            model_name='decisionchange',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='decisionchange',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='승인자'),
        ),
        migrations.AddField(
            model_name='decisionchange',
            name='fills',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='filled_by', to='applications.decision', verbose_name='빈자리'),
        ),
        migrations.AddField(
            model_name='decisionchange',
            name='made',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='change', to='applications.decision', verbose_name='새 결정'),
        ),
        migrations.AddField(
            model_name='decisionchange',
            name='proposed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='제안자'),
        ),
        migrations.AddField(
            model_name='decisionchange',
            name='replaces',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='applications.decision', verbose_name='바꾸는 결정'),
        ),
        migrations.AddField(
            model_name='decisionchange',
            name='seconded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='1차 승인자'),
        ),
        migrations.AddField(
            model_name='decisionchangemove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='decisionchangemove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='applications.decisionchange'),
        ),
        migrations.AddField(
            model_name='deliverable',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliverables', to='applications.agreement', verbose_name='협약'),
        ),
        migrations.AddField(
            model_name='deliverablemove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='deliverablemove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='applications.deliverable'),
        ),
        migrations.AddField(
            model_name='deliveryentry',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deliveryentry',
            name='deliverable',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='applications.deliverable'),
        ),
        migrations.AddField(
            model_name='deliveryentry',
            name='written_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deliveryfile',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='applications.deliveryentry'),
        ),
        migrations.AddField(
            model_name='deliveryfile',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ending',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='endings', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='ending',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ending',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='결정자'),
        ),
        migrations.AddField(
            model_name='exclusion',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='exclusion',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리한 사람'),
        ),
        migrations.AddField(
            model_name='expert',
            name='checked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='확인한 사람'),
        ),
        migrations.AddField(
            model_name='expert',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='expertise', to=settings.AUTH_USER_MODEL, verbose_name='전문가'),
        ),
        migrations.AddField(
            model_name='deliverable',
            name='expert',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliverables', to='applications.expert', verbose_name='전문가'),
        ),
        migrations.AddField(
            model_name='expertmatch',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='expertmatch',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='작성한 사람'),
        ),
        migrations.AddField(
            model_name='expertmatch',
            name='sub_program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='expert_matches', to='programs.subprogram', verbose_name='내역사업'),
        ),
        migrations.AddField(
            model_name='inkinduse',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='inkinduse',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='instalment',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='instalments', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='instalment',
            name='paid_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='지급 승인자'),
        ),
        migrations.AddField(
            model_name='instalment',
            name='requested_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='accepted_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='invitation',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='applications.company'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='invited_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='issueddocument',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='applications.application'),
        ),
        migrations.AddField(
            model_name='lategrant',
            name='application',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='late_grant', to='applications.application'),
        ),
        migrations.AddField(
            model_name='lategrant',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='applications.company', verbose_name='기업'),
        ),
        migrations.AddField(
            model_name='lategrant',
            name='granted_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='허용한 사람'),
        ),
        migrations.AddField(
            model_name='lategrant',
            name='sub_program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.subprogram', verbose_name='내역사업'),
        ),
        migrations.AddField(
            model_name='levelcertificate',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='levelcertificate',
            name='deliverable',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='certificate', to='applications.deliverable'),
        ),
        migrations.AddField(
            model_name='member',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='applications.company'),
        ),
        migrations.AddField(
            model_name='member',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='objection',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', related_query_name='objection', to='applications.application', verbose_name='신청'),
        ),
        migrations.AddField(
            model_name='objection',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='심의자'),
        ),
        migrations.AddField(
            model_name='objection',
            name='decision',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='applications.decision', verbose_name='다투는 결정'),
        ),
        migrations.AddField(
            model_name='objection',
            name='exclusion',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='objection', to='applications.exclusion', verbose_name='다투는 요건 미충족'),
        ),
        migrations.AddField(
            model_name='objection',
            name='filed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='objectionmove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='objectionmove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='applications.objection'),
        ),
        migrations.AddField(
            model_name='objectionpaper',
            name='objection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='applications.objection'),
        ),
        migrations.AddField(
            model_name='ownernomination',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='applications.company', verbose_name='기업'),
        ),
        migrations.AddField(
            model_name='ownernomination',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='결정자'),
        ),
        migrations.AddField(
            model_name='ownernomination',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='제안자'),
        ),
        migrations.AddField(
            model_name='ownernomination',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='새 대표 담당자'),
        ),
        migrations.AddField(
            model_name='partner',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='partner',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='partners', to='applications.application'),
        ),
        migrations.AddField(
            model_name='partner',
            name='company',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='partnerships', to='applications.company'),
        ),
        migrations.AddField(
            model_name='partner',
            name='invited_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='partnerterms',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='partnerterms',
            name='partner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='all_terms', to='applications.partner'),
        ),
        migrations.AddField(
            model_name='partnerterms',
            name='set_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='partner',
            name='terms',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='applications.partnerterms'),
        ),
        migrations.AddField(
            model_name='pendingstep',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pending_steps', to='applications.agreement', verbose_name='협약'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='recorded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='report',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='report',
            name='filed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='report',
            name='saved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reportfile',
            name='report',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='applications.report'),
        ),
        migrations.AddField(
            model_name='reportfile',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='roundreport',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.job'),
        ),
        migrations.AddField(
            model_name='roundreport',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자'),
        ),
        migrations.AddField(
            model_name='roundreport',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='programs.programround', verbose_name='회차'),
        ),
        migrations.AddField(
            model_name='rubricversion',
            name='frozen_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='고정한 사람'),
        ),
        migrations.AddField(
            model_name='rubricversion',
            name='previous',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='following', to='applications.rubricversion', verbose_name='앞 버전'),
        ),
        migrations.AddField(
            model_name='rubricversion',
            name='sub_program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rubrics', to='programs.subprogram', verbose_name='내역사업'),
        ),
        migrations.AddField(
            model_name='scoreresult',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='results', to='applications.application'),
        ),
        migrations.AddField(
            model_name='scorerun',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.job'),
        ),
        migrations.AddField(
            model_name='scorerun',
            name='previous',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='later', to='applications.scorerun', verbose_name='이전 산정'),
        ),
        migrations.AddField(
            model_name='scorerun',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자'),
        ),
        migrations.AddField(
            model_name='scorerun',
            name='sub_program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='score_runs', to='programs.subprogram', verbose_name='내역사업'),
        ),
        migrations.AddField(
            model_name='scorerun',
            name='version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='applications.rubricversion', verbose_name='평가 기준 판'),
        ),
        migrations.AddField(
            model_name='scoreresult',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='applications.scorerun'),
        ),
        migrations.AddField(
            model_name='objection',
            name='run',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='objection', to='applications.scorerun', verbose_name='재산정'),
        ),
        migrations.AddField(
            model_name='scoresheet',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sheets', to='applications.application'),
        ),
        migrations.AddField(
            model_name='scoresheet',
            name='assessor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sheets', to=settings.AUTH_USER_MODEL, verbose_name='평가위원'),
        ),
        migrations.AddField(
            model_name='scoresheet',
            name='assigned_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='scoresheet',
            name='rubric',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sheets', to='applications.rubricversion', verbose_name='평가 기준'),
        ),
        migrations.AddField(
            model_name='section',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sections', to='applications.application'),
        ),
        migrations.AddField(
            model_name='section',
            name='saved_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='selection',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='확인자'),
        ),
        migrations.AddField(
            model_name='selection',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='승인자'),
        ),
        migrations.AddField(
            model_name='selection',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.job'),
        ),
        migrations.AddField(
            model_name='selection',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='selection',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='selections', to='applications.scorerun', verbose_name='점수 산정'),
        ),
        migrations.AddField(
            model_name='selection',
            name='sub_program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='selections', to='programs.subprogram', verbose_name='내역사업'),
        ),
        migrations.AddField(
            model_name='decision',
            name='selection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='applications.selection'),
        ),
        migrations.AddField(
            model_name='selectionmove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='selectionmove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='applications.selection'),
        ),
        migrations.AddField(
            model_name='settlement',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlements', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='settlement',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='결정자'),
        ),
        migrations.AddField(
            model_name='settlement',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='recovery',
            name='settlement',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='recovery', to='applications.settlement'),
        ),
        migrations.AddField(
            model_name='sheetdecision',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='승인한 사람'),
        ),
        migrations.AddField(
            model_name='sheetdecision',
            name='discarded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='거둔 사람'),
        ),
        migrations.AddField(
            model_name='sheetdecision',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='제안한 사람'),
        ),
        migrations.AddField(
            model_name='sheetdecision',
            name='sheet',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='applications.scoresheet', verbose_name='평가표'),
        ),
        migrations.AddField(
            model_name='site',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sites', to='applications.company'),
        ),
        migrations.AddField(
            model_name='lategrant',
            name='site',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='applications.site', verbose_name='사업장'),
        ),
        migrations.AddField(
            model_name='application',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='applications.site', verbose_name='사업장'),
        ),
        migrations.AddField(
            model_name='spending',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spendings', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='spending',
            name='checked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spending',
            name='entered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='stagecheck',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stage_checks', to='applications.agreement'),
        ),
        migrations.AddField(
            model_name='stagecheck',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='supplement',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='supplement',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='supplements', to='applications.application'),
        ),
        migrations.AddField(
            model_name='supplement',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='attachment',
            name='supplement',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='applications.supplement'),
        ),
        migrations.AddConstraint(
            model_name='agreementpaper',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'returned'), _negated=True), fields=('agreement', 'requirement'), name='one_standing_paper'),
        ),
        migrations.AddConstraint(
            model_name='agreementpaper',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('checked_by', None), ('state', 'pending')), models.Q(models.Q(('state', 'pending'), _negated=True), ('checked_by__isnull', False)), _connector='OR'), name='checked_paper_has_its_checker'),
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.UniqueConstraint(fields=('agreement', 'number'), name='one_text_per_version'),
        ),
        migrations.AddConstraint(
            model_name='agreementsignature',
            constraint=models.UniqueConstraint(fields=('version', 'side'), name='a_side_signs_once'),
        ),
        migrations.AddConstraint(
            model_name='amendment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'examined'])), fields=('agreement',), name='one_amendment_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='amendment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by__isnull', False), ('examined_by__isnull', False), ('version__isnull', False)), _connector='OR'), name='approved_amendment_has_its_people'),
        ),
        migrations.AddConstraint(
            model_name='amendment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by', models.F('examined_by')), _negated=True), _connector='OR'), name='amendment_has_four_eyes'),
        ),
        migrations.AddField(
            model_name='submission',
            name='form',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='applications.formversion', verbose_name='양식 버전'),
        ),
        migrations.AddField(
            model_name='submission',
            name='submitted_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='aidexception',
            constraint=models.UniqueConstraint(fields=('application', 'limit'), name='one_exception_per_limit'),
        ),
        migrations.AddConstraint(
            model_name='aidexception',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='aid_exception_has_a_reason'),
        ),
        migrations.AddIndex(
            model_name='bonusclaim',
            index=models.Index(fields=['state', '-application'], name='bonus_state'),
        ),
        migrations.AddConstraint(
            model_name='bonusclaim',
            constraint=models.UniqueConstraint(fields=('application', 'code'), name='one_claim_per_bonus'),
        ),
        migrations.AddConstraint(
            model_name='bonusclaim',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'claimed'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='bonus_decision_needs_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='check',
            constraint=models.UniqueConstraint(fields=('application', 'code'), name='one_check_per_condition'),
        ),
        migrations.AddConstraint(
            model_name='check',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'overruled'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='overruling_needs_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='committeeproposal',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_at', None), models.Q(('discarded_at', None), ('solved_at__isnull', False)), _connector='OR'), name='confirmed_committee_was_solved'),
        ),
        migrations.AddConstraint(
            model_name='committeeproposal',
            constraint=models.UniqueConstraint(condition=models.Q(('confirmed_at', None), ('discarded_at', None)), fields=('sub_program',), name='one_open_committee_per_program'),
        ),
        migrations.AddConstraint(
            model_name='committeewish',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('application', 'assessor'), name='one_open_wish_per_pair'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.CheckConstraint(condition=models.Q(('business_number__regex', '^[0-9]{10}$')), name='company_business_number_is_ten_digits'),
        ),
        migrations.AddIndex(
            model_name='agreement',
            index=models.Index(fields=['state', '-id'], name='agreement_state'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('grant_won__lte', models.F('award_won'))), name='agreed_within_the_award'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['active', 'settling', 'settled', 'closed']), _negated=True), models.Q(('concluded_at__isnull', False), ('ends_on__isnull', False), ('in_force__gte', 1), ('starts_on__isnull', False)), _connector='OR'), name='concluded_agreement_is_in_force'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state__in', ['closed', 'ended'])), models.Q(models.Q(('state__in', ['closed', 'ended']), _negated=True), ('closed_at', None)), _connector='OR'), name='ended_agreement_has_its_time'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('in_force__lte', models.F('version'))), name='in_force_is_a_version'),
        ),
        migrations.AddConstraint(
            model_name='companyclaim',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['filed', 'examined'])), fields=('company', 'claimant'), name='one_open_claim_per_person'),
        ),
        migrations.AddConstraint(
            model_name='companyclaim',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', models.F('examined_by')), _negated=True), name='claim_is_decided_by_two'),
        ),
        migrations.AddConstraint(
            model_name='companyclaim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['upheld', 'dismissed']), _negated=True), models.Q(('decided_by__isnull', False), ('examined_by__isnull', False), ('uphold__isnull', False)), _connector='OR'), name='decided_claim_was_examined'),
        ),
        migrations.AddConstraint(
            model_name='conflictofinterest',
            constraint=models.UniqueConstraint(condition=models.Q(('cleared_at', None)), fields=('application', 'assessor', 'code'), name='one_open_conflict_per_code'),
        ),
        migrations.AddIndex(
            model_name='conflictstatement',
            index=models.Index(fields=['application', 'assessor'], name='statement_of_pair'),
        ),
        migrations.AddConstraint(
            model_name='conflictstatement',
            constraint=models.CheckConstraint(condition=models.Q(('tied', False), models.Q(('words', ''), _negated=True), _connector='OR'), name='stated_tie_has_a_description'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(fields=('application', 'code'), name='one_consent_per_code'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['drafted', 'proposed', 'seconded'])), fields=('application',), name='one_open_change_per_application'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'discarded'), _negated=True), fields=('fills',), name='a_place_is_filled_once'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('made__isnull', False), ('state', 'in_force')), models.Q(models.Q(('state', 'in_force'), _negated=True), ('made', None)), _connector='OR'), name='change_in_force_made_a_decision'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['drafted', 'discarded']), ('proposed_by__isnull', False), _connector='OR'), name='change_has_its_proposer'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'in_force'), _negated=True), models.Q(('approved_by', None), ('kind', 'decline')), models.Q(models.Q(('kind', 'decline'), _negated=True), ('approved_by__isnull', False)), _connector='OR'), name='change_in_force_is_approved'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reversal'), ('seconded_by__isnull', False)), models.Q(('kind', 'reversal'), ('state__in', ['seconded', 'in_force']), _negated=True), _connector='OR'), name='reversal_has_two_approvals'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', models.F('approved_by')), _negated=True), models.Q(('proposed_by', models.F('seconded_by')), _negated=True), models.Q(('seconded_by', models.F('approved_by')), _negated=True)), name='change_needs_two_people'),
        ),
        migrations.AddConstraint(
            model_name='decisionchange',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', 'selected'), ('grant_won', 0), _connector='OR'), name='only_a_selecting_change_has_a_grant'),
        ),
        migrations.AddConstraint(
            model_name='deliveryentry',
            constraint=models.UniqueConstraint(fields=('deliverable', 'number'), name='entry_once'),
        ),
        migrations.AddConstraint(
            model_name='deliveryentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('answered_by', None), ('confirmed', None)), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('confirmed__isnull', False)), _connector='OR'), name='confirmed_entry_names_who_and_when'),
        ),
        migrations.AddConstraint(
            model_name='deliveryentry',
            constraint=models.CheckConstraint(condition=models.Q(('answered_by', None), models.Q(('answered_by', models.F('written_by')), _negated=True), _connector='OR'), name='nobody_confirms_their_own_entry'),
        ),
        migrations.AddConstraint(
            model_name='ending',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('agreement',), name='one_ending_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='ending',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'approved')), fields=('agreement', 'kind'), name='an_agreement_ends_once_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='ending',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='ending_has_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='exclusion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('failed', []), _negated=True), models.Q(('reason', ''), _negated=True)), name='exclusion_says_what_failed'),
        ),
        migrations.AddConstraint(
            model_name='expert',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['applied', 'verified'])), fields=('user', 'pool'), name='one_place_in_a_pool'),
        ),
        migrations.AddConstraint(
            model_name='expert',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'applied'), models.Q(('checked_at__isnull', False), ('checked_by__isnull', False)), _connector='OR'), name='checked_expert_has_a_checker'),
        ),
        migrations.AddConstraint(
            model_name='expert',
            constraint=models.CheckConstraint(condition=models.Q(('checked_by', models.F('user')), _negated=True), name='nobody_verifies_themselves'),
        ),
        migrations.AddIndex(
            model_name='deliverable',
            index=models.Index(fields=['state', 'ends_on', 'id'], name='deliverable_due'),
        ),
        migrations.AddIndex(
            model_name='deliverable',
            index=models.Index(fields=['expert', 'state'], name='deliverable_of_expert'),
        ),
        migrations.AddConstraint(
            model_name='deliverable',
            constraint=models.UniqueConstraint(fields=('agreement', 'code'), name='deliverable_once'),
        ),
        migrations.AddConstraint(
            model_name='deliverable',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['accepted', 'stopped']), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='finished_deliverable_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='inkinduse',
            constraint=models.CheckConstraint(condition=models.Q(('amount_won__gt', 0)), name='in_kind_use_positive'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.UniqueConstraint(fields=('agreement', 'number'), name='instalment_once'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_won__gt', 0)), name='instalment_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('paid_by__isnull', False), ('requested_by__isnull', False), ('state', 'paid')), models.Q(models.Q(('state', 'paid'), _negated=True), ('paid_at', None), ('paid_by', None)), _connector='OR'), name='paid_instalment_has_its_payer'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.CheckConstraint(condition=models.Q(('paid_by', None), models.Q(('paid_by', models.F('requested_by')), _negated=True), _connector='OR'), name='payment_has_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='issueddocument',
            constraint=models.UniqueConstraint(fields=('application', 'kind', 'version'), name='one_pdf_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='levelcertificate',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gt', models.F('issued_on'))), name='certificate_is_valid_for_a_while'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(fields=('company', 'user'), name='one_membership_per_company'),
        ),
        migrations.AddConstraint(
            model_name='objectionpaper',
            constraint=models.UniqueConstraint(fields=('objection', 'sha256'), name='one_paper_per_content'),
        ),
        migrations.AddConstraint(
            model_name='ownernomination',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('company',), name='one_open_nomination'),
        ),
        migrations.AddConstraint(
            model_name='ownernomination',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', models.F('decided_by')), _negated=True), models.Q(('user', models.F('decided_by')), _negated=True), models.Q(('user', models.F('proposed_by')), _negated=True)), name='nomination_needs_two_others'),
        ),
        migrations.AddConstraint(
            model_name='ownernomination',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('state', 'proposed'), _negated=True)), _connector='OR'), name='decided_nomination_has_its_person'),
        ),
        migrations.AddConstraint(
            model_name='partnerterms',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('answered_by', None), ('confirmed', None)), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('confirmed__isnull', False)), _connector='OR'), name='answered_terms_name_who_and_when'),
        ),
        migrations.AddConstraint(
            model_name='partner',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'cancelled'), _negated=True), fields=('application', 'role', 'email'), name='one_invitation_per_partner'),
        ),
        migrations.AddConstraint(
            model_name='partner',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'accepted')), fields=('application', 'company'), name='a_company_takes_part_once'),
        ),
        migrations.AddConstraint(
            model_name='partner',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['pending', 'accepted']), _negated=True), ('company__isnull', False), _connector='OR'), name='accepted_partner_has_a_company'),
        ),
        migrations.AddIndex(
            model_name='pendingstep',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['due_at', 'id'], name='pending_step_due'),
        ),
        migrations.AddConstraint(
            model_name='pendingstep',
            constraint=models.UniqueConstraint(condition=models.Q(('done_at', None)), fields=('agreement', 'step'), name='pending_step_open_once'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('agreement', 'kind'), name='one_report_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'filed'), _negated=True), models.Q(('filed_at__isnull', False), ('filed_by__isnull', False), models.Q(('sha256', ''), _negated=True)), _connector='OR'), name='filed_report_is_frozen'),
        ),
        migrations.AddConstraint(
            model_name='roundreport',
            constraint=models.CheckConstraint(condition=models.Q(('made_at', None), models.Q(('rows', models.F('announced')), models.Q(('file', ''), _negated=True)), _connector='OR'), name='made_report_holds_what_it_announced'),
        ),
        migrations.AddConstraint(
            model_name='rubricversion',
            constraint=models.UniqueConstraint(fields=('sub_program', 'number'), name='one_rubric_per_number'),
        ),
        migrations.AddConstraint(
            model_name='rubricversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number', 1), ('previous', None)), models.Q(('number__gt', 1), ('previous__isnull', False)), _connector='OR'), name='later_rubric_names_the_one_before'),
        ),
        migrations.AddConstraint(
            model_name='scorerun',
            constraint=models.UniqueConstraint(fields=('sub_program', 'number'), name='one_run_per_number'),
        ),
        migrations.AddConstraint(
            model_name='scoreresult',
            constraint=models.UniqueConstraint(fields=('run', 'application'), name='one_result_per_run'),
        ),
        migrations.AddIndex(
            model_name='objection',
            index=models.Index(fields=['state', '-id'], name='objection_state'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.UniqueConstraint(condition=models.Q(('exclusion', None)), fields=('application',), name='one_objection_to_a_result'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision__isnull', False), ('exclusion', None)), models.Q(('decision', None), ('exclusion__isnull', False)), _connector='OR'), name='objection_contests_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('decided_at', None), ('decided_by', None), ('state', 'filed')), models.Q(('decided_at__isnull', False), ('decided_by', None), ('state', 'lapsed'), models.Q(('answer', ''), _negated=True)), models.Q(models.Q(('state__in', ['filed', 'lapsed']), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='decided_objection_has_its_answer'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['upheld', 'closed']), models.Q(('remedy', ''), _negated=True)), models.Q(models.Q(('state__in', ['upheld', 'closed']), _negated=True), ('remedy', ''), ('run', None)), _connector='OR'), name='upheld_objection_has_a_remedy'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), ('run__isnull', False), models.Q(('exclusion__isnull', False), ('remedy', 'screening')), _connector='OR'), name='closed_objection_was_scored_again'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(('filed_at__lt', models.F('due_at'))), name='objection_was_in_time'),
        ),
        migrations.AddIndex(
            model_name='scoresheet',
            index=models.Index(fields=['assessor', '-id'], name='sheet_of_assessor'),
        ),
        migrations.AddIndex(
            model_name='scoresheet',
            index=models.Index(condition=models.Q(('abstained_at', None), ('locked_at', None), ('withdrawn_at', None)), fields=['assessor', 'due_at'], name='sheet_waiting'),
        ),
        migrations.AddIndex(
            model_name='scoresheet',
            index=models.Index(condition=models.Q(('locked_at__isnull', False)), fields=['locked_at'], name='sheet_locked'),
        ),
        migrations.AddConstraint(
            model_name='scoresheet',
            constraint=models.UniqueConstraint(fields=('application', 'assessor'), name='one_sheet_per_assessor'),
        ),
        migrations.AddConstraint(
            model_name='scoresheet',
            constraint=models.CheckConstraint(condition=models.Q(('locked_at', None), models.Q(('sha256', ''), _negated=True), _connector='OR'), name='locked_sheet_is_hashed'),
        ),
        migrations.AddConstraint(
            model_name='scoresheet',
            constraint=models.CheckConstraint(condition=models.Q(('abstained_at', None), ('locked_at', None), _connector='OR'), name='abstained_sheet_is_not_handed_in'),
        ),
        migrations.AddConstraint(
            model_name='scoresheet',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('abstained_at', None), ('end_reason', ''), ('withdrawn_at', None)), models.Q(models.Q(('abstained_at__isnull', False), ('withdrawn_at__isnull', False), _connector='OR'), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='ended_sheet_says_why'),
        ),
        migrations.AddConstraint(
            model_name='section',
            constraint=models.UniqueConstraint(fields=('application', 'name'), name='one_section_per_step'),
        ),
        migrations.AddConstraint(
            model_name='selection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'released'), _negated=True), ('released_at__isnull', False), _connector='OR'), name='released_selection_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='selection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False), ('state__in', ['confirmed', 'decided', 'released'])), models.Q(models.Q(('state__in', ['confirmed', 'decided', 'released']), _negated=True), ('confirmed_at', None), ('confirmed_by', None)), _connector='OR'), name='confirmed_selection_has_its_officer'),
        ),
        migrations.AddConstraint(
            model_name='selection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['decided', 'released'])), models.Q(models.Q(('state__in', ['decided', 'released']), _negated=True), ('decided_at', None), ('decided_by', None)), _connector='OR'), name='decided_selection_has_its_manager'),
        ),
        migrations.AddConstraint(
            model_name='selection',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', models.F('confirmed_by')), _negated=True), name='selection_needs_two_people'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['selection', 'rank'], name='decision_rank'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('previous', None)), fields=('selection', 'application'), name='one_first_decision_per_selection'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('at', None), ('previous', None)), models.Q(('at__isnull', False), ('previous__isnull', False)), _connector='OR'), name='later_decision_has_its_time'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', 'selected'), ('grant_won', 0), _connector='OR'), name='only_the_selected_have_a_grant'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.UniqueConstraint(fields=('agreement', 'number'), name='settlement_number_once'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'approved'])), fields=('agreement',), name='one_standing_settlement'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('paid_won', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('settled_won'), '+', models.F('recover_won')), '-', models.F('balance_won')))), name='settlement_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('balance_won', 0), ('recover_won', 0), _connector='OR'), name='pay_or_recover_not_both'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='settlement_has_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(('amount_won__gt', 0)), name='recovery_positive'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('received_on', None), ('recorded_by', None), ('state', 'due')), models.Q(('received_on__isnull', False), ('recorded_by__isnull', False), ('state', 'received')), _connector='OR'), name='received_recovery_has_its_record'),
        ),
        migrations.AddConstraint(
            model_name='sheetdecision',
            constraint=models.UniqueConstraint(condition=models.Q(('approved_at', None), ('discarded_at', None)), fields=('sheet',), name='one_open_decision_per_sheet'),
        ),
        migrations.AddConstraint(
            model_name='sheetdecision',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', models.F('proposed_by')), _negated=True), name='sheet_decision_has_two_people'),
        ),
        migrations.AddConstraint(
            model_name='sheetdecision',
            constraint=models.CheckConstraint(condition=models.Q(('approved_at', None), models.Q(('approved_by', None), ('two', False)), models.Q(('approved_by__isnull', False), ('two', True)), _connector='OR'), name='sheet_decision_of_two_is_approved'),
        ),
        migrations.AddConstraint(
            model_name='sheetdecision',
            constraint=models.CheckConstraint(condition=models.Q(('approved_at', None), ('discarded_at', None), _connector='OR'), name='sheet_decision_ends_once'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.UniqueConstraint(fields=('company', 'name'), name='one_site_per_name'),
        ),
        migrations.AddConstraint(
            model_name='lategrant',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='late_grant_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='lategrant',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('granted_at'))), name='late_grant_has_time'),
        ),
        migrations.AddConstraint(
            model_name='lategrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('application', None), ('used_at', None)), models.Q(('application__isnull', False), ('cancelled_at', None), ('used_at__isnull', False)), _connector='OR'), name='late_grant_is_used_once'),
        ),
        migrations.AddConstraint(
            model_name='lategrant',
            constraint=models.CheckConstraint(condition=models.Q(('used_at', None), ('used_at__lt', models.F('until')), _connector='OR'), name='late_grant_was_used_in_time'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['sub_program', 'state', '-id'], name='application_program_state'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['state', '-id'], name='application_state'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['sub_program', '-id'], name='application_program'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['track', '-id'], name='application_track'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['region', '-id'], name='application_region'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['size', '-id'], name='application_size'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['submitted_at'], name='application_received'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(condition=models.Q(('state', 'screening'), models.Q(('supplement_state', ''), _negated=True)), fields=['supplement_state', '-id'], name='application_supplement'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'withdrawn'), _negated=True), fields=('sub_program', 'site'), name='one_active_application_per_site'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'withdrawn']), models.Q(('number__isnull', False), ('submitted_at__isnull', False)), _connector='OR'), name='filed_application_has_number_and_time'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'draft'), _negated=True), models.Q(('number', None), ('submitted_at', None)), _connector='OR'), name='draft_has_no_number'),
        ),
        migrations.AddConstraint(
            model_name='spending',
            constraint=models.CheckConstraint(condition=models.Q(('amount_won__gt', 0)), name='spending_positive'),
        ),
        migrations.AddConstraint(
            model_name='spending',
            constraint=models.CheckConstraint(condition=models.Q(('allowed_won__lte', models.F('amount_won'))), name='allowed_within_the_spending'),
        ),
        migrations.AddConstraint(
            model_name='spending',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'allowed'), ('allowed_won', 0), _connector='OR'), name='only_allowed_spending_counts'),
        ),
        migrations.AddConstraint(
            model_name='stagecheck',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', 'held'), _negated=True), fields=('agreement', 'kind'), name='one_verdict_per_check'),
        ),
        migrations.AddIndex(
            model_name='supplement',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['due_at'], name='supplement_due'),
        ),
        migrations.AddConstraint(
            model_name='supplement',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('application',), name='one_open_supplement'),
        ),
    ]
