"""The service catalogue, quoted figures, and imported files."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Dated, Job, MoveLogBase, Stateful
from vouchers.models.suppliers import Supplier
from vouchers.states import Category, ImportKind, ImportOutcome, ServiceMoves, ServiceState

USER = settings.AUTH_USER_MODEL


class ServiceMove(MoveLogBase):
    thing = models.ForeignKey("Service", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "서비스 이력"
        verbose_name_plural = "서비스 이력"


class Service(Dated, Stateful):
    """A service product (서비스 상품) that vouchers can buy; `code` is its number on the platform.

    `search` is its text as `rules.catalogue` writes it, `grams` the bigrams that the search index
    holds. `promoted_at` is set while it is shown as a good case. `report_count` to `corrections_fixed`
    sum up what is public about it, for lists: written by `services.catalogue.standing` only.
    """

    MOVES = ServiceMoves.by_name()
    MOVE_LOG = ServiceMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ServiceState.choices,
        default=ServiceState.REGISTERED,
        editable=False,
    )
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, related_name="services", verbose_name="공급기업"
    )
    code = models.CharField("서비스 번호", max_length=20, unique=True)
    category = models.CharField("분야", max_length=12, choices=Category.choices)
    name = models.CharField("서비스명", max_length=100)
    price_won = models.PositiveBigIntegerField("가격(원)")
    price_basis = models.CharField("가격 기준", max_length=60, blank=True)
    target = models.CharField("이용 대상", max_length=200, blank=True)
    summary = models.CharField("한 줄 소개", max_length=200, blank=True)
    contents = models.TextField("제공 내용", blank=True)
    search = models.TextField(editable=False)
    grams = models.TextField(editable=False)
    promoted_at = models.DateTimeField("우수 사례 지정 시각", null=True, editable=False)
    report_count = models.PositiveIntegerField("공개된 보고서", db_default=0, editable=False)
    rated_count = models.PositiveIntegerField("만족도를 매긴 보고서", db_default=0, editable=False)
    rating_mean = models.DecimalField(
        "만족도 평균", max_digits=4, decimal_places=1, null=True, editable=False
    )
    rating_rank = models.PositiveIntegerField("평점 순서", db_default=0, editable=False)
    corrections_open = models.PositiveIntegerField("시정 중", db_default=0, editable=False)
    corrections_fixed = models.PositiveIntegerField("시정 완료", db_default=0, editable=False)

    class Meta:
        verbose_name = "서비스"
        verbose_name_plural = "서비스"
        constraints = [
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="service_is_of_six_categories"
            ),
        ]
        indexes = [
            models.Index(fields=["price_won", "id"], name="service_by_price"),
            models.Index(fields=["category", "-id"], name="service_by_category"),
            models.Index(fields=["category", "price_won", "id"], name="service_category_price"),
            models.Index(fields=["state", "-id"], name="service_by_state"),
            models.Index(fields=["-rating_rank", "-id"], name="service_by_rating"),
            models.Index(fields=["-report_count", "-id"], name="service_by_reports"),
            models.Index(
                fields=["category", "-rating_rank", "-id"], name="service_category_rating"
            ),
            models.Index(
                fields=["category", "-report_count", "-id"], name="service_category_reports"
            ),
            models.Index(fields=["supplier", "-id"], name="service_by_supplier"),
        ]

    def __str__(self) -> str:
        return self.name


class QuotedFigure(models.Model):
    """A published figure, shown with its date and note; never computed here."""

    code = models.SlugField("코드", max_length=40, unique=True)
    label = models.CharField("이름", max_length=100)
    value = models.PositiveBigIntegerField("값")
    unit = models.CharField("단위", max_length=10)
    as_of = models.DateField("기준일", null=True, blank=True)
    note = models.CharField("설명", max_length=300, blank=True)
    origin = models.CharField("출처", max_length=40)
    order = models.PositiveSmallIntegerField("순서", default=0)

    class Meta:
        verbose_name = "인용 수치"
        verbose_name_plural = "인용 수치"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.label


class CatalogueImport(models.Model):
    """An imported file of suppliers or services; all of its lines are applied, or none.

    A first job compares the file with the catalogue and writes counts, rows and `basis`, a hash of
    all that would change: the preview. One person confirms it, and a second job applies it while
    the preview is still the same; else `stale_at` is set and the rows show the new one. `job` is the
    latest job. `imported_at` is set in the same transaction as the catalogue rows.
    """

    kind = models.CharField("종류", max_length=10, choices=ImportKind.choices)
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64)
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("요청 시각")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    sheet = models.CharField("시트", max_length=100, blank=True)
    judged_at = models.DateTimeField("검토가 끝난 시각", null=True)
    basis = models.CharField("미리 보기의 해시", max_length=64, blank=True)
    confirmed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="반영한 사람"
    )
    confirmed_at = models.DateTimeField("반영을 요청한 시각", null=True)
    stale_at = models.DateTimeField("미리 보기가 바뀐 시각", null=True)
    imported_at = models.DateTimeField("반영 시각", null=True)
    created = models.PositiveIntegerField("새로 등록", default=0)
    changed = models.PositiveIntegerField("변경", default=0)
    unchanged = models.PositiveIntegerField("그대로", default=0)
    refused = models.PositiveIntegerField("오류", default=0)
    emptied = models.PositiveIntegerField("비워지는 줄", default=0)
    fault = models.CharField("파일 오류", max_length=300, blank=True)

    class Meta:
        verbose_name = "일괄 등록"
        verbose_name_plural = "일괄 등록"
        constraints = [
            models.CheckConstraint(
                condition=Q(imported_at=None) | Q(refused=0, fault=""),
                name="nothing_half_imported",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.name}"


class ImportRow(models.Model):
    """Outcome of one line of an imported file; `key` is its business number or service code.

    `changes` are [column, old, new] of what the line changes; `emptied` tells that a new one is
    empty.
    """

    file = models.ForeignKey(CatalogueImport, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField("줄")
    key = models.CharField("번호", max_length=40, blank=True)
    outcome = models.CharField("결과", max_length=10, choices=ImportOutcome.choices)
    message = models.CharField("내용", max_length=500, blank=True)
    changes = models.JSONField("바뀌는 값", default=list)
    emptied = models.BooleanField("비워지는 값이 있는지", default=False)

    class Meta:
        verbose_name = "일괄 등록 결과"
        verbose_name_plural = "일괄 등록 결과"
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="one_result_per_line"),
        ]
        indexes = [
            models.Index(fields=["file", "outcome", "line"], name="import_row_outcome"),
            models.Index(
                fields=["file", "line"], condition=Q(emptied=True), name="import_row_emptied"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.get_outcome_display()}"
