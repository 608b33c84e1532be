"""A catalogue file is imported whole or not at all, with a result per line."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.errors import BadInput, JobCancelled, MoveNotAllowed, StaleVersion
from portal.jobs import queue
from portal.models import Job, JobState
from portal.paper import tables
from tests.factories import vouchers as make
from tests.factories import workbooks
from tests.factories.applications import NOW
from vouchers.models import CatalogueImport, Service, ServiceMove, Supplier, SupplierPartner
from vouchers.services.catalogue import importing, rows
from vouchers.states import ImportKind, ServiceState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private_root(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path


def bring(kind: ImportKind, upload: SimpleUploadedFile, by=None) -> CatalogueImport:
    return make.imported(kind, upload, by)


def counts(file: CatalogueImport) -> tuple[int, int, int, int]:
    file.refresh_from_db()
    return file.created, file.changed, file.unchanged, file.refused


def test_suppliers_then_services_are_registered_and_put_on_sale() -> None:
    by = make.operator()
    first = bring(ImportKind.SUPPLIERS, make.suppliers_csv(5), by)
    second = bring(ImportKind.SERVICES, make.services_csv(12, of=5), by)
    assert (counts(first), counts(second)) == ((5, 0, 0, 0), (12, 0, 0, 0))
    assert Service.objects.filter(state=ServiceState.ON_SALE).count() == 12
    assert ServiceMove.objects.filter(move="sell", by=by).count() == 12
    assert SupplierPartner.objects.count() == 5
    assert second.rows.count() == 12
    assert second.imported_at == NOW


def test_the_same_file_again_changes_nothing() -> None:
    bring(ImportKind.SUPPLIERS, make.suppliers_csv(3))
    bring(ImportKind.SERVICES, make.services_csv(6, of=3))
    before = list(Service.objects.order_by("pk").values())
    again = bring(ImportKind.SUPPLIERS, make.suppliers_csv(3))
    services = bring(ImportKind.SERVICES, make.services_csv(6, of=3))
    assert (counts(again), counts(services)) == ((0, 0, 3, 0), (0, 0, 6, 0))
    assert list(Service.objects.order_by("pk").values()) == before


def test_a_new_name_of_a_supplier_is_found_with_its_services() -> None:
    bring(ImportKind.SUPPLIERS, make.suppliers_csv(2))
    bring(ImportKind.SERVICES, make.services_csv(2, of=2))
    changed = bring(ImportKind.SUPPLIERS, make.suppliers_csv(2, name="누리소프트"))
    assert counts(changed) == (0, 2, 0, 0)
    assert all("누리소프트" in text for text in Service.objects.values_list("search", flat=True))


def test_one_faulty_line_keeps_the_whole_file_out_and_says_why() -> None:
    bring(ImportKind.SUPPLIERS, make.suppliers_csv(3))
    file = bring(ImportKind.SERVICES, make.services_csv(4, of=3, category="배달"))
    assert Service.objects.count() == 0
    assert counts(file) == (0, 0, 0, 4)
    assert file.imported_at is None
    row = file.rows.first()
    assert row.line == 2
    assert "여섯 분야 가운데 하나" in row.message


def test_a_service_of_an_unknown_supplier_keeps_the_file_out_after_others_were_written() -> None:
    bring(ImportKind.SUPPLIERS, make.suppliers_csv(2))
    file = bring(ImportKind.SERVICES, make.services_csv(6, of=4))
    assert Service.objects.count() == 0
    assert file.refused == 3
    assert "공급기업이 등록되어 있지 않습니다" in file.rows.first().message


def test_a_repeated_number_is_refused() -> None:
    lines = [[make.number(1), "가온"], [make.number(1), "가온"]]
    file = bring(ImportKind.SUPPLIERS, make.table(["사업자등록번호", "기업명"], lines, "a.csv"))
    assert file.refused == 1
    assert "2번째 줄과 번호가 같습니다" in file.rows.get().message
    assert Supplier.objects.count() == 0


def test_a_table_without_required_columns_names_them() -> None:
    file = bring(ImportKind.SUPPLIERS, make.table(["이름", "기업명"], [["a", "b"]], "a.csv"))
    assert file.fault == "없는 열: 사업자등록번호. 알 수 없는 열: 이름."
    assert not file.rows.exists()


def test_a_workbook_reads_like_the_csv() -> None:
    book = tables.xlsx([("공급기업", list(rows.SUPPLIER_COLUMNS)[:2], [[make.number(1), "가온"]])])
    upload = SimpleUploadedFile("공급기업.xlsx", book)
    assert counts(bring(ImportKind.SUPPLIERS, upload)) == (1, 0, 0, 0)


def test_a_suspended_service_stays_suspended_whatever_the_file_says() -> None:
    bring(ImportKind.SUPPLIERS, make.suppliers_csv(1))
    bring(ImportKind.SERVICES, make.services_csv(1, of=1))
    stopped = Service.objects.get()
    make.suspended(stopped)
    file = bring(ImportKind.SERVICES, make.services_csv(1, of=1))
    stopped.refresh_from_db()
    assert stopped.state == ServiceState.SUSPENDED
    assert file.rows.get().message == "판매 중지 상태는 바꾸지 않았습니다."


def test_a_cancelled_import_leaves_nothing() -> None:
    bring(ImportKind.SUPPLIERS, make.suppliers_csv(2))
    file = importing.start(
        ImportKind.SERVICES, upload=make.services_csv(5, of=2), by=make.operator(), now=NOW
    )

    def stop() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        importing.preview(file, now=NOW, stop=stop)
    importing.preview(file, now=NOW)
    importing.confirm(file, basis=file.basis, emptying=False, by=file.requested_by, now=NOW)
    with pytest.raises(JobCancelled):
        importing.apply(file, now=NOW, stop=stop)
    assert Service.objects.count() == 0
    queue.cancel(file.job, now=NOW)
    again = importing.confirm(file, basis=file.basis, emptying=False, by=make.agency(), now=NOW)
    assert queue.run(again.job_id) == JobState.DONE
    assert Service.objects.count() == 5


def test_the_worker_runs_it_and_returns_the_counts(django_capture_on_commit_callbacks) -> None:
    file = importing.start(
        ImportKind.SUPPLIERS, upload=make.suppliers_csv(2), by=make.operator(), now=NOW
    )
    assert queue.run(file.job_id) == JobState.DONE
    assert Job.objects.get(pk=file.job_id).result["created"] == 2


def test_only_the_operator_and_the_agency_import() -> None:
    for stranger in (make.person(), make.ministry(), make.moderator()):
        with pytest.raises(MoveNotAllowed):
            importing.start(
                ImportKind.SUPPLIERS, upload=make.suppliers_csv(1), by=stranger, now=NOW
            )


def test_a_file_of_another_kind_is_refused() -> None:
    upload = SimpleUploadedFile("공급기업.xlsx", io.BytesIO(b"%PDF-1.4 nothing").getvalue())
    with pytest.raises(BadInput):
        importing.start(ImportKind.SUPPLIERS, upload=upload, by=make.operator(), now=NOW)


HEADER = "사업자등록번호,기업명,대표자\n"


def raw(text: str, encoding: str = "utf-8") -> CatalogueImport:
    """Import suppliers from these very letters."""
    return bring(ImportKind.SUPPLIERS, SimpleUploadedFile("가.csv", text.encode(encoding)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_korean_spreadsheets_are_read_in_each_of_their_encodings(encoding: str) -> None:
    assert counts(raw(f"{HEADER}{make.number(1)},똠방각하 상사,펭수\n", encoding)) == (1, 0, 0, 0)
    assert Supplier.objects.get().name == "똠방각하 상사"


def test_a_spreadsheet_formula_is_read_as_text_and_written_harmless() -> None:
    formula = '=HYPERLINK(""http://x"";""누름"")'
    raw(f'{HEADER}{make.number(1)},"{formula}",@SUM(A1)\n')
    row = Supplier.objects.get()
    assert (row.name, row.representative) == (formula.replace('""', '"'), "@SUM(A1)")
    assert tables.safe(row.name).startswith("'=")
    assert tables.safe(row.representative).startswith("'@")


MILLION = ",".join(["x"] * 1_000_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{MILLION}\n", "없는 열: 사업자등록번호, 기업명. 알 수 없는 열: x."),
        (f'{HEADER}{make.number(1)},"{"가" * 200_000}"\n', "2번째 줄을 읽을 수 없습니다."),
        (f"{HEADER}{make.number(1)},가\0온\n", "글자가 아닌 것이 들어 있어 표를 읽을 수 없습니다."),
        ("\n\n\n", "표가 비어 있습니다. 첫 줄에 열 이름을 적어 주세요."),
        (HEADER, "표에 줄이 없습니다."),
        (",".join(f"열{place}" for place in range(100_000)) + "\n1\n", "없는 열: 사업자등록번호"),
    ],
    ids=["million-headers", "long-cell", "nul", "empty", "header-only", "strange"],
)
def test_a_hostile_table_is_refused_with_a_message(text: str, said: str) -> None:
    file = raw(text)
    assert file.fault.startswith(said)
    assert file.imported_at is None
    assert not Supplier.objects.exists()


def test_a_line_of_a_million_cells_is_refused() -> None:
    file = raw(f"{HEADER}{make.number(1)},가온,{MILLION}\n")
    assert "열 이름은 3칸인데 이 줄은 1000002칸입니다." in file.rows.get().message


def test_bytes_that_are_no_text_are_refused() -> None:
    file = bring(ImportKind.SUPPLIERS, SimpleUploadedFile("가.csv", b"\xff\xfe\xff\x80\x81"))
    assert file.fault.startswith("글자를 읽을 수 없습니다.")


def test_a_finished_import_does_not_run_again() -> None:
    file = bring(ImportKind.SUPPLIERS, make.suppliers_csv(2))
    assert queue.run(file.job_id) == JobState.DONE
    file.refresh_from_db()
    assert (counts(file), file.judged_at, file.imported_at) == ((2, 0, 0, 0), NOW, NOW)


# The preview


def previewed(kind: ImportKind, upload: SimpleUploadedFile) -> CatalogueImport:
    return importing.preview(
        importing.start(kind, upload=upload, by=make.operator(), now=NOW), now=NOW
    )


def confirm(file: CatalogueImport, **changes: object) -> CatalogueImport:
    wanted = {"basis": file.basis, "emptying": False, "by": file.requested_by, **changes}
    return importing.confirm(file, now=NOW, **wanted)  # type: ignore[arg-type]


def services_of(*lines: list[object], header: list[str]) -> SimpleUploadedFile:
    return make.table(["서비스 번호", "공급기업 사업자등록번호", *header], lines, "서비스.csv")


@pytest.fixture
def known() -> Service:
    """Return a service of the catalogue, as an earlier file left it."""
    bring(ImportKind.SUPPLIERS, make.suppliers_csv(1))
    bring(ImportKind.SERVICES, make.services_csv(1, of=1))
    return Service.objects.get()


def line_of(known: Service, *values: object) -> list[object]:
    return [known.code, known.supplier.business_number, *values]


REQUIRED = ["분야", "서비스명", "가격(원)"]


def test_the_preview_shows_old_and_new_and_what_becomes_empty_and_changes_nothing(known) -> None:
    before = Service.objects.values().get()
    upload = services_of(
        line_of(known, known.get_category_display(), "새 이름", "70,000원", ""),
        header=[*REQUIRED, "한 줄 소개"],
    )
    file = previewed(ImportKind.SERVICES, upload)
    row = file.rows.get()
    assert row.changes == [
        ["서비스명", before["name"], "새 이름"],
        ["가격(원)", f"{before['price_won']:,}", "70,000"],
        ["한 줄 소개", before["summary"], ""],
    ]
    assert (row.emptied, file.emptied) == (True, 1)
    assert Service.objects.values().get() == before


def test_what_becomes_empty_is_agreed_to_by_itself(known) -> None:
    upload = services_of(
        line_of(known, known.get_category_display(), known.name, known.price_won, ""),
        header=[*REQUIRED, "한 줄 소개"],
    )
    file = previewed(ImportKind.SERVICES, upload)
    with pytest.raises(BadInput, match="1줄에서 지금 있는 값이 비워집니다"):
        confirm(file)
    assert queue.run(confirm(file, emptying=True).job_id) == JobState.DONE
    known.refresh_from_db()
    assert known.summary == ""


def test_a_column_that_the_file_does_not_have_stays_as_it_is(known) -> None:
    before = Service.objects.values().get()
    upload = services_of(
        line_of(known, known.get_category_display(), "새 이름", known.price_won), header=REQUIRED
    )
    bring(ImportKind.SERVICES, upload)
    after = Service.objects.values().get()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"name", "search", "grams"}
    partners = list(SupplierPartner.objects.values_list("name", "business_number"))
    lines = [[known.supplier.business_number, "새 기업명"]]
    bring(ImportKind.SUPPLIERS, make.table(["사업자등록번호", "기업명"], lines, "a.csv"))
    assert Supplier.objects.get().name == "새 기업명"
    assert list(SupplierPartner.objects.values_list("name", "business_number")) == partners


def test_a_confirmation_holds_only_for_the_preview_that_was_seen(known) -> None:
    upload = services_of(
        line_of(known, known.get_category_display(), "새 이름", known.price_won), header=REQUIRED
    )
    file = previewed(ImportKind.SERVICES, upload)
    with pytest.raises(StaleVersion):
        confirm(file, basis="0" * 64)
    confirm(file)
    Service.objects.update(name="그 사이 바뀐 이름")
    assert queue.run(file.job_id) == JobState.DONE
    known.refresh_from_db()
    file.refresh_from_db()
    assert known.name == "그 사이 바뀐 이름"
    assert (file.imported_at, file.confirmed_at, file.stale_at is None) == (None, None, False)
    assert file.rows.get().changes == [["서비스명", "그 사이 바뀐 이름", "새 이름"]]
    assert queue.run(confirm(file).job_id) == JobState.DONE
    known.refresh_from_db()
    assert known.name == "새 이름"


def test_a_second_yes_is_the_first_one(known) -> None:
    lines = [line_of(known, known.get_category_display(), "새 이름", known.price_won)]
    file = previewed(ImportKind.SERVICES, services_of(*lines, header=REQUIRED))
    first = confirm(file).job_id
    assert confirm(file, by=make.agency()).job_id == first
    queue.run(first)
    assert confirm(file, by=make.agency()).job_id == first
    again = previewed(ImportKind.SERVICES, services_of(*lines, header=REQUIRED))
    with pytest.raises(MoveNotAllowed, match="바뀌는 것이 없는"):
        confirm(again)


def test_a_faulty_file_and_a_stranger_cannot_confirm(known) -> None:
    file = previewed(ImportKind.SERVICES, make.services_csv(1, of=1, category="배달"))
    with pytest.raises(MoveNotAllowed):
        confirm(file, basis="")
    good = previewed(ImportKind.SERVICES, make.services_csv(2, of=1))
    with pytest.raises(MoveNotAllowed):
        confirm(good, by=make.ministry())


def test_a_workbook_names_its_sheet_and_faults_name_their_cells() -> None:
    header = ["사업자등록번호", "기업명", "대표자", "대표 전자우편"]
    lines = workbooks.rows(
        header,
        ["124-81-00999", "가온", "김\n대표", "가나다"],
        [make.number(2), '<c t="e"><v>#REF!</v></c>'],
        [make.number(3), "<c><f>A1</f></c>"],
    )
    book = workbooks.workbook(("안내", "visible", ""), ("기업", "visible", lines))
    file = previewed(ImportKind.SUPPLIERS, SimpleUploadedFile("기업.xlsx", book))
    said = [row.message for row in file.rows.order_by("line")]
    assert file.sheet == "기업"
    for place in ("A2 사업자등록번호:", "C2 대표자: 줄이 나뉘어", "D2 대표 전자우편:"):
        assert place in said[0]
    assert said[1].startswith("B3: ‘#REF!’")
    assert said[2].startswith("B4: 수식의 계산 결과")


@pytest.mark.parametrize("price", ["1,00", "1.5", "무료", "-5"])
def test_an_ambiguous_price_is_refused_with_its_cell(known, price: str) -> None:
    line = line_of(known, known.get_category_display(), known.name, price)
    file = previewed(ImportKind.SERVICES, services_of(line, header=REQUIRED))
    assert file.rows.get().message.startswith("E2 가격(원): ")


def test_a_number_that_became_a_date_is_refused() -> None:
    upload = services_of(["2021-03-01", make.number(1), "보안", "가", 5], header=REQUIRED)
    file = previewed(ImportKind.SERVICES, upload)
    assert "A2 서비스 번호: ‘2021-03-01’: 번호가 날짜로 바뀌어" in file.rows.get().message
