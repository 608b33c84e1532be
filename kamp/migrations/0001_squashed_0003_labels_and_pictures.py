"""The tables as the migrations named below leave them, made at once in a new database."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from portal.records.creation import Creation


class Migration(Creation):

    initial = True

    replaces = [
        ('kamp', '0001_initial'),
        ('kamp', '0002_two_editors'),
        ('kamp', '0003_labels_and_pictures'),
    ]

    dependencies = [
        ('portal', '0001_squashed_0004_job_cause'),
    ]

    operations = [
        migrations.CreateModel(
            name='Clip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=160, verbose_name='파일 이름')),
                ('files', models.JSONField(default=list, editable=False)),
                ('size', models.PositiveBigIntegerField(verbose_name='크기(바이트)')),
                ('picture_names', models.JSONField(default=list, verbose_name='이미지 순서')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('state', models.CharField(choices=[('uploaded', '추출 대기'), ('ready', '추출 완료'), ('held', '판정 보류'), ('failed', '읽지 못함')], default='uploaded', max_length=10, verbose_name='상태')),
                ('fault', models.CharField(blank=True, max_length=500, verbose_name='까닭')),
                ('fault_code', models.CharField(blank=True, max_length=40)),
                ('info', models.JSONField(default=dict, verbose_name='파일 정보')),
                ('traits', models.JSONField(default=dict, verbose_name='촬영 특성')),
                ('vector', models.BinaryField(null=True)),
                ('phash', models.CharField(blank=True, editable=False, max_length=16)),
                ('thumb', models.BinaryField(null=True)),
                ('pictures', models.CharField(blank=True, editable=False, max_length=100)),
                ('shown', models.JSONField(default=list, verbose_name='보이는 프레임')),
                ('left_out_at', models.DateTimeField(null=True, verbose_name='학습에서 뺀 시각')),
                ('uploaded_at', models.DateTimeField(verbose_name='올린 시각')),
            ],
            options={
                'verbose_name': '검사 영상',
                'verbose_name_plural': '검사 영상',
            },
        ),
        migrations.CreateModel(
            name='Dataset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('name', models.CharField(max_length=100, verbose_name='이름')),
                ('process', models.CharField(choices=[('casting', '주조'), ('forming', '성형·가공'), ('heat', '열처리·소성'), ('surface', '표면처리'), ('welding', '용접'), ('assembly', '조립'), ('inspection', '검사'), ('logistics', '물류·공급망')], max_length=20, verbose_name='공정')),
                ('purpose', models.CharField(choices=[('quality', '품질보증'), ('anomaly', '이상탐지'), ('maintenance', '예지보전'), ('optimisation', '공정최적화'), ('supply', '공급망최적화')], max_length=20, verbose_name='목적')),
                ('modality', models.CharField(choices=[('video', '동영상'), ('image', '이미지')], default='video', max_length=10, verbose_name='자료 종류')),
                ('licence', models.CharField(blank=True, max_length=100, verbose_name='이용 조건')),
                ('provenance', models.CharField(blank=True, max_length=200, verbose_name='자료의 내력')),
                ('is_synthetic', models.BooleanField(default=False, editable=False, verbose_name='합성')),
                ('generator_seed', models.PositiveIntegerField(editable=False, null=True, verbose_name='생성 씨앗값')),
                ('split_key', models.CharField(editable=False, max_length=64)),
                ('retain_until', models.DateField(verbose_name='보관 기한')),
                ('purged_at', models.DateTimeField(editable=False, null=True, verbose_name='파일을 지운 시각')),
            ],
            options={
                'verbose_name': '검사 자료',
                'verbose_name_plural': '검사 자료',
                'indexes': [
                    models.Index(condition=models.Q(('purged_at', None)), fields=['retain_until'], name='dataset_to_purge'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DriftCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='확인한 시각')),
                ('n', models.PositiveIntegerField(verbose_name='제품 수')),
                ('flagged', models.PositiveIntegerField(verbose_name='정상이 아니라고 한 수')),
                ('held', models.PositiveIntegerField(default=0, verbose_name='판정을 보류할 수')),
                ('p_value', models.FloatField(verbose_name='유의확률')),
                ('shift', models.FloatField(verbose_name='점수의 이동')),
                ('drifted', models.BooleanField(verbose_name='달라짐')),
                ('message', models.CharField(blank=True, max_length=200, verbose_name='알림')),
            ],
            options={
                'verbose_name': '촬영 조건 점검',
                'verbose_name_plural': '촬영 조건 점검',
            },
        ),
        migrations.CreateModel(
            name='Duplicate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('exact', models.BooleanField(verbose_name='같은 파일')),
                ('similarity', models.FloatField(verbose_name='닮은 정도')),
            ],
            options={
                'verbose_name': '중복 의심',
                'verbose_name_plural': '중복 의심',
            },
        ),
        migrations.CreateModel(
            name='Inspection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('normal', '정상'), ('defect', '불량'), ('unknown', '미지 의심'), ('hold', '판정 보류')], max_length=10, verbose_name='판정')),
                ('reasons', models.JSONField(default=list, verbose_name='까닭')),
                ('known_score', models.FloatField(null=True, verbose_name='알려진 불량 점수')),
                ('anomaly_score', models.FloatField(null=True, verbose_name='이상 점수')),
                ('frame_scores', models.JSONField(default=list, verbose_name='프레임별 점수')),
                ('times', models.JSONField(default=dict, verbose_name='걸린 시간(ms)')),
                ('pictures', models.CharField(blank=True, editable=False, max_length=100)),
                ('shown', models.JSONField(default=list, verbose_name='보이는 프레임')),
                ('inspected_at', models.DateTimeField(verbose_name='판정한 시각')),
            ],
            options={
                'verbose_name': '판정',
                'verbose_name_plural': '판정',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'hold'), _negated=True), models.Q(('reasons', []), _negated=True), _connector='OR'), name='a_hold_says_why'),
                ],
            },
        ),
        migrations.CreateModel(
            name='InspectionModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('state', models.CharField(choices=[('training', '학습 중'), ('draft', '승인 전'), ('approved', '승인'), ('retired', '폐기')], default='training', editable=False, max_length=20, verbose_name='상태')),
                ('version', models.PositiveIntegerField(verbose_name='판')),
                ('seed', models.PositiveIntegerField(default=0, verbose_name='씨앗값')),
                ('is_synthetic', models.BooleanField(default=False, verbose_name='합성')),
                ('artefact', models.CharField(blank=True, editable=False, max_length=100)),
                ('artefact_sha256', models.CharField(blank=True, max_length=64, verbose_name='모델 확인 값')),
                ('manifest_sha256', models.CharField(blank=True, max_length=64, verbose_name='학습 자료 확인 값')),
                ('manifest', models.JSONField(default=list, verbose_name='학습 자료')),
                ('thresholds', models.JSONField(default=dict, verbose_name='기준값')),
                ('facts', models.JSONField(default=dict, verbose_name='학습 정보')),
                ('measures', models.JSONField(default=dict, verbose_name='성능')),
                ('trained_at', models.DateTimeField(null=True, verbose_name='학습한 시각')),
                ('approved_at', models.DateTimeField(null=True, verbose_name='승인한 시각')),
            ],
            options={
                'verbose_name': '검사 모델',
                'verbose_name_plural': '검사 모델',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('state', 'training'), ('state', 'retired'), models.Q(models.Q(('artefact', ''), _negated=True), models.Q(('artefact_sha256', ''), _negated=True)), _connector='OR'), name='trained_model_has_its_artefact'),
                ],
            },
        ),
        migrations.CreateModel(
            name='InspectionModelMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '모델 이력',
                'verbose_name_plural': '모델 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='InspectionReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('file', models.CharField(blank=True, editable=False, max_length=100)),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64, verbose_name='SHA-256')),
                ('pages', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='쪽수')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('issued_at', models.DateTimeField(editable=False, null=True, verbose_name='발급 시각')),
                ('decisions_until', models.PositiveBigIntegerField(default=0, editable=False)),
            ],
            options={
                'verbose_name': '검사 보고서',
                'verbose_name_plural': '검사 보고서',
            },
        ),
        migrations.CreateModel(
            name='InspectorDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.CharField(choices=[('normal', '정상'), ('defect', '불량'), ('unsure', '보류')], max_length=10, verbose_name='검사원 판정')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='덧붙임')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '검사원 판정',
                'verbose_name_plural': '검사원 판정',
            },
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('frame', models.PositiveIntegerField(null=True, verbose_name='프레임')),
                ('mark', models.CharField(choices=[('normal', '정상'), ('defect', '불량'), ('unsure', '보류')], max_length=10, verbose_name='라벨')),
                ('defect', models.CharField(blank=True, choices=[('crack', '크랙'), ('inclusion', '이물질'), ('void', '기공'), ('lamination', '층상 균열'), ('segregation', '편석'), ('other', '그 밖의 불량')], max_length=12, verbose_name='불량 종류')),
                ('box', models.JSONField(null=True, verbose_name='상자')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '라벨',
                'verbose_name_plural': '라벨',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('mark', 'defect'), models.Q(('box', None), ('defect', '')), _connector='OR'), name='only_a_defect_has_kind_and_box'),
                    models.CheckConstraint(condition=models.Q(models.Q(('mark', 'defect'), _negated=True), models.Q(('defect', ''), _negated=True), _connector='OR'), name='a_defect_has_a_kind'),
                ],
            },
        ),
        migrations.CreateModel(
            name='LabelUndo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='시각')),
            ],
            options={
                'verbose_name': '되돌린 라벨',
                'verbose_name_plural': '되돌린 라벨',
            },
        ),
        migrations.CreateModel(
            name='Metric',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('name', models.CharField(max_length=60, verbose_name='지표')),
                ('definition', models.CharField(max_length=300, verbose_name='정의')),
                ('unit', models.CharField(blank=True, max_length=20, verbose_name='단위')),
                ('before', models.DecimalField(blank=True, decimal_places=3, max_digits=14, null=True, verbose_name='도입 전')),
                ('after', models.DecimalField(blank=True, decimal_places=3, max_digits=14, null=True, verbose_name='도입 뒤')),
                ('direction', models.CharField(choices=[('higher', '높을수록 좋음'), ('lower', '낮을수록 좋음')], max_length=10, verbose_name='방향')),
                ('sample_size', models.PositiveIntegerField(blank=True, null=True, verbose_name='표본수')),
                ('origin', models.CharField(choices=[('press', '보도'), ('measured', '실측'), ('synthetic', '합성')], max_length=10, verbose_name='값의 출처')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='덧붙임')),
            ],
            options={
                'verbose_name': '성과 지표',
                'verbose_name_plural': '성과 지표',
                'ordering': ['order', 'pk'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('after__isnull', True), ('before__isnull', True)), models.Q(('after__gte', 0), ('after__isnull', False), ('before__gte', 0), ('before__isnull', False)), _connector='OR'), name='metric_has_both_figures_or_none'),
                    models.CheckConstraint(condition=models.Q(models.Q(('before', None), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='metric_without_figures_says_why'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('serial', models.CharField(max_length=60, verbose_name='제품 번호')),
                ('shape', models.CharField(blank=True, max_length=30, verbose_name='형상')),
                ('split', models.CharField(blank=True, choices=[('train', '학습'), ('validation', '기준값'), ('test', '시험')], max_length=10, verbose_name='쓰임')),
                ('true_size_mm', models.FloatField(editable=False, null=True, verbose_name='심은 결함의 크기(mm)')),
                ('created_at', models.DateTimeField(verbose_name='만든 시각')),
            ],
            options={
                'verbose_name': '제품',
                'verbose_name_plural': '제품',
            },
        ),
        migrations.CreateModel(
            name='Recipe',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='이름')),
                ('kv', models.DecimalField(blank=True, decimal_places=1, max_digits=6, null=True, verbose_name='관전압')),
                ('ma', models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, verbose_name='관전류')),
                ('fps', models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, verbose_name='초당 프레임')),
                ('mm_per_px', models.DecimalField(decimal_places=3, max_digits=6, verbose_name='화소당 길이')),
                ('bit_depth', models.PositiveSmallIntegerField(default=8, verbose_name='화소 깊이')),
                ('codec', models.CharField(blank=True, max_length=20, verbose_name='코덱')),
                ('motion', models.CharField(blank=True, max_length=60, verbose_name='제품의 움직임')),
                ('created_at', models.DateTimeField(verbose_name='만든 시각')),
            ],
            options={
                'verbose_name': '촬영 조건',
                'verbose_name_plural': '촬영 조건',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('mm_per_px__gte', '0.05'), ('mm_per_px__lte', 5)), name='recipe_scale_in_range'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Showcase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('state', models.CharField(choices=[('draft', '작성 중'), ('review', '검토 중'), ('published', '공개'), ('withdrawn', '공개 철회')], default='draft', editable=False, max_length=20, verbose_name='상태')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='주소 이름')),
                ('title', models.CharField(max_length=100, verbose_name='제목')),
                ('company', models.CharField(max_length=100, verbose_name='기업명')),
                ('company_profile', models.TextField(blank=True, verbose_name='기업 소개')),
                ('industry', models.CharField(blank=True, max_length=100, verbose_name='업종')),
                ('process', models.CharField(choices=[('casting', '주조'), ('forming', '성형·가공'), ('heat', '열처리·소성'), ('surface', '표면처리'), ('welding', '용접'), ('assembly', '조립'), ('inspection', '검사'), ('logistics', '물류·공급망')], max_length=20, verbose_name='공정')),
                ('equipment', models.CharField(blank=True, max_length=60, verbose_name='설비')),
                ('purpose', models.CharField(choices=[('quality', '품질보증'), ('anomaly', '이상탐지'), ('maintenance', '예지보전'), ('optimisation', '공정최적화'), ('supply', '공급망최적화')], max_length=20, verbose_name='목적')),
                ('data_kind', models.CharField(choices=[('video', '동영상'), ('image', '이미지'), ('series', '시계열'), ('table', '표')], max_length=20, verbose_name='자료 종류')),
                ('data_note', models.CharField(blank=True, max_length=200, verbose_name='자료 설명')),
                ('label_note', models.CharField(blank=True, max_length=200, verbose_name='라벨 종류')),
                ('summary', models.TextField(verbose_name='한눈에 보기')),
                ('problem', models.TextField(verbose_name='문제')),
                ('method_before', models.CharField(blank=True, max_length=200, verbose_name='도입 전 방법')),
                ('method_after', models.CharField(blank=True, max_length=200, verbose_name='도입 뒤 방법')),
                ('experts', models.TextField(blank=True, verbose_name='도움을 준 전문가')),
                ('event', models.CharField(blank=True, max_length=200, verbose_name='시연·행사')),
                ('caveat', models.TextField(blank=True, verbose_name='알려지지 않은 점')),
                ('source_name', models.CharField(max_length=200, verbose_name='출처')),
                ('source_url', models.URLField(blank=True, verbose_name='출처 주소')),
                ('edition', models.PositiveIntegerField(default=0, editable=False, verbose_name='공개 회차')),
                ('by_one_editor', models.BooleanField(default=False, editable=False)),
                ('published_at', models.DateTimeField(null=True, verbose_name='공개 시각')),
            ],
            options={
                'verbose_name': 'KAMP 사례',
                'verbose_name_plural': 'KAMP 사례',
                'indexes': [
                    models.Index(fields=['state', '-published_at'], name='showcase_public'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ShowcaseImage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('file', models.CharField(editable=False, max_length=100)),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('width', models.PositiveIntegerField(editable=False, verbose_name='너비')),
                ('height', models.PositiveIntegerField(editable=False, verbose_name='높이')),
                ('alt', models.CharField(max_length=200, verbose_name='대체 글')),
            ],
            options={
                'verbose_name': '사례 그림',
                'verbose_name_plural': '사례 그림',
                'ordering': ['order', 'pk'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('alt', ''), _negated=True), name='picture_has_words'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ShowcaseMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('move', models.CharField(max_length=30, verbose_name='처리')),
                ('source', models.CharField(max_length=20, verbose_name='이전 상태')),
                ('target', models.CharField(max_length=20, verbose_name='이후 상태')),
                ('at', models.DateTimeField(verbose_name='처리 시각')),
                ('note', models.TextField(blank=True, verbose_name='사유')),
            ],
            options={
                'verbose_name': '사례 이력',
                'verbose_name_plural': '사례 이력',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ShowcasePdf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('file', models.CharField(blank=True, editable=False, max_length=100)),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64, verbose_name='SHA-256')),
                ('pages', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='쪽수')),
                ('requested_at', models.DateTimeField(verbose_name='요청 시각')),
                ('issued_at', models.DateTimeField(editable=False, null=True, verbose_name='발급 시각')),
                ('edition', models.PositiveIntegerField(verbose_name='공개 회차')),
            ],
            options={
                'verbose_name': '사례 한 장 자료',
                'verbose_name_plural': '사례 한 장 자료',
            },
        ),
        migrations.CreateModel(
            name='ShowcaseStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('title', models.CharField(max_length=60, verbose_name='단계')),
                ('text', models.CharField(max_length=300, verbose_name='설명')),
            ],
            options={
                'verbose_name': '진행 단계',
                'verbose_name_plural': '진행 단계',
                'ordering': ['order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Testimonial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='순서')),
                ('speaker_title', models.CharField(max_length=60, verbose_name='직함')),
                ('speaker_company', models.CharField(max_length=100, verbose_name='소속')),
                ('quote', models.TextField(verbose_name='말')),
            ],
            options={
                'verbose_name': '한마디',
                'verbose_name_plural': '한마디',
                'ordering': ['order', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 시각')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='바뀐 시각')),
                ('name', models.CharField(max_length=100, verbose_name='기업명')),
                ('business_number', models.CharField(max_length=10, unique=True, verbose_name='사업자등록번호')),
                ('quota_bytes', models.PositiveBigIntegerField(editable=False, verbose_name='저장 한도(바이트)')),
            ],
            options={
                'verbose_name': '기업 작업실',
                'verbose_name_plural': '기업 작업실',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('business_number__regex', '^[0-9]{10}$')), name='workspace_business_number_is_ten_digits'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WorkspaceInvitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='이메일')),
                ('role', models.CharField(choices=[('owner', '대표 작업자'), ('editor', '작업자')], max_length=10, verbose_name='권한')),
                ('invited_at', models.DateTimeField(verbose_name='초대한 시각')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='답한 시각')),
            ],
            options={
                'verbose_name': '작업실 초대',
                'verbose_name_plural': '작업실 초대',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='workspace_invitation_lower_case'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WorkspaceMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', '대표 작업자'), ('editor', '작업자')], max_length=10, verbose_name='권한')),
                ('since', models.DateTimeField(verbose_name='들어온 시각')),
            ],
            options={
                'verbose_name': '작업실 구성원',
                'verbose_name_plural': '작업실 구성원',
            },
        ),
        migrations.AddField(
            model_name='clip',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.job'),
        ),
        migrations.AddField(
            model_name='clip',
            name='left_out_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='뺀 사람'),
        ),
        migrations.AddField(
            model_name='clip',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dataset',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='duplicates', to='kamp.dataset'),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='first',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='kamp.clip'),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='second',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='kamp.clip'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='clip',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inspections', to='kamp.clip'),
        ),
        migrations.AddField(
            model_name='driftcheck',
            name='last_inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kamp.inspection'),
        ),
        migrations.AddField(
            model_name='inspectionmodel',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='승인한 사람'),
        ),
        migrations.AddField(
            model_name='inspectionmodel',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='models', to='kamp.dataset'),
        ),
        migrations.AddField(
            model_name='inspectionmodel',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.job'),
        ),
        migrations.AddField(
            model_name='inspectionmodel',
            name='parent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='kamp.inspectionmodel'),
        ),
        migrations.AddField(
            model_name='inspectionmodel',
            name='trained_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='학습을 요청한 사람'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inspections', to='kamp.inspectionmodel'),
        ),
        migrations.AddField(
            model_name='driftcheck',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drifts', to='kamp.inspectionmodel'),
        ),
        migrations.AddField(
            model_name='inspectionmodelmove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='inspectionmodelmove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='kamp.inspectionmodel'),
        ),
        migrations.AddField(
            model_name='inspectionreport',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.job'),
        ),
        migrations.AddField(
            model_name='inspectionreport',
            name='last_inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kamp.inspection'),
        ),
        migrations.AddField(
            model_name='inspectionreport',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='kamp.inspectionmodel'),
        ),
        migrations.AddField(
            model_name='inspectionreport',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='inspectordecision',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='inspectordecision',
            name='inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='kamp.inspection'),
        ),
        migrations.AddField(
            model_name='label',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='labelundo',
            name='label',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='undo', to='kamp.label'),
        ),
        migrations.AddField(
            model_name='product',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='products', to='kamp.dataset'),
        ),
        migrations.AddField(
            model_name='label',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='labels', to='kamp.product'),
        ),
        migrations.AddField(
            model_name='clip',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clips', to='kamp.product'),
        ),
        migrations.AddField(
            model_name='inspectionmodel',
            name='recipe',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='models', to='kamp.recipe'),
        ),
        migrations.AddField(
            model_name='dataset',
            name='recipe',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='datasets', to='kamp.recipe'),
        ),
        migrations.AddField(
            model_name='showcase',
            name='checked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='확인한 편집자'),
        ),
        migrations.AddField(
            model_name='showcase',
            name='edited_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='마지막으로 쓴 사람'),
        ),
        migrations.AddField(
            model_name='showcase',
            name='published_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='공개한 사람'),
        ),
        migrations.AddField(
            model_name='metric',
            name='showcase',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='metrics', to='kamp.showcase'),
        ),
        migrations.AddField(
            model_name='showcaseimage',
            name='showcase',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images', to='kamp.showcase'),
        ),
        migrations.AddField(
            model_name='showcasemove',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='처리자'),
        ),
        migrations.AddField(
            model_name='showcasemove',
            name='thing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='kamp.showcase'),
        ),
        migrations.AddField(
            model_name='showcasepdf',
            name='showcase',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pdfs', to='kamp.showcase'),
        ),
        migrations.AddField(
            model_name='showcasestep',
            name='showcase',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='kamp.showcase'),
        ),
        migrations.AddField(
            model_name='testimonial',
            name='showcase',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='testimonials', to='kamp.showcase'),
        ),
        migrations.AddField(
            model_name='showcase',
            name='workspace',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='showcases', to='kamp.workspace', verbose_name='보낸 기업'),
        ),
        migrations.AddField(
            model_name='recipe',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recipes', to='kamp.workspace'),
        ),
        migrations.AddField(
            model_name='dataset',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='datasets', to='kamp.workspace'),
        ),
        migrations.AddField(
            model_name='workspaceinvitation',
            name='invited_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='workspaceinvitation',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='kamp.workspace'),
        ),
        migrations.AddField(
            model_name='workspacemember',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kamp_memberships', to=settings.AUTH_USER_MODEL, verbose_name='계정'),
        ),
        migrations.AddField(
            model_name='workspacemember',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='kamp.workspace'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.UniqueConstraint(fields=('first', 'second'), name='one_row_of_a_pair'),
        ),
        migrations.AddConstraint(
            model_name='inspection',
            constraint=models.UniqueConstraint(fields=('model', 'clip'), name='one_verdict_of_a_model'),
        ),
        migrations.AddConstraint(
            model_name='driftcheck',
            constraint=models.UniqueConstraint(fields=('model', 'last_inspection'), name='one_drift_check_of_the_same_products'),
        ),
        migrations.AddConstraint(
            model_name='inspectionreport',
            constraint=models.UniqueConstraint(fields=('model', 'last_inspection', 'decisions_until'), name='one_report_of_the_same_facts'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.UniqueConstraint(fields=('dataset', 'serial'), name='one_product_of_a_serial'),
        ),
        migrations.AddIndex(
            model_name='label',
            index=models.Index(fields=['product', '-id'], name='label_of_product'),
        ),
        migrations.AddIndex(
            model_name='clip',
            index=models.Index(fields=['product', 'id'], name='clip_of_product'),
        ),
        migrations.AddConstraint(
            model_name='clip',
            constraint=models.UniqueConstraint(fields=('product', 'sha256'), name='one_clip_of_a_file'),
        ),
        migrations.AddConstraint(
            model_name='inspectionmodel',
            constraint=models.UniqueConstraint(fields=('dataset', 'version'), name='one_model_of_a_version'),
        ),
        migrations.AddConstraint(
            model_name='inspectionmodel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('approved_by__isnull', False), ('approved_at__isnull', False)), _connector='OR'), name='approved_model_names_its_approver'),
        ),
        migrations.AddConstraint(
            model_name='inspectionmodel',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('trained_by')), _negated=True), _connector='OR'), name='model_approved_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='showcasepdf',
            constraint=models.UniqueConstraint(fields=('showcase', 'edition'), name='one_pdf_per_edition'),
        ),
        migrations.AddIndex(
            model_name='showcase',
            index=models.Index(fields=['workspace', '-id'], name='showcase_of_firm'),
        ),
        migrations.AddConstraint(
            model_name='showcase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), models.Q(('published_at__isnull', False), ('published_by__isnull', False)), _connector='OR'), name='published_showcase_names_its_publisher'),
        ),
        migrations.AddConstraint(
            model_name='showcase',
            constraint=models.CheckConstraint(condition=models.Q(('published_by', None), models.Q(('published_by', models.F('edited_by')), _negated=True), _connector='OR'), name='showcase_published_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='showcase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('workspace', None), ('by_one_editor', True), models.Q(('checked_by__isnull', False), models.Q(('checked_by', models.F('published_by')), _negated=True)), _connector='OR'), name='firms_showcase_published_by_two_editors'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.UniqueConstraint(fields=('workspace', 'name'), name='one_dataset_of_a_name'),
        ),
        migrations.AddConstraint(
            model_name='workspaceinvitation',
            constraint=models.UniqueConstraint(condition=models.Q(('answered_at', None)), fields=('workspace', 'email'), name='one_open_workspace_invitation'),
        ),
        migrations.AddConstraint(
            model_name='workspacemember',
            constraint=models.UniqueConstraint(fields=('workspace', 'user'), name='one_membership_per_workspace'),
        ),
    ]
