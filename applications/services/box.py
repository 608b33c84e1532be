"""The document box of a firm: papers put in and taken out, used in applications, told before they end."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q

from applications.models import Application, Attachment, BoxPaper, Company
from applications.queries import box
from applications.queries.company import people_of
from applications.queries.intake.drafting import Dossier, applicable_documents, told_papers
from applications.services.intake import drafting
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import User
from portal.notices import outbox
from portal.uploads import files
from programs.queries import papers
from programs.queries.papers import PaperKind

BATCH = 500


def put(
    company: Company,
    *,
    kind: str,
    issued_on: date,
    valid_until: date | None,
    upload: "File[bytes]",
    replaces: BoxPaper | None = None,
    by: User,
    now: datetime,
) -> BoxPaper:
    """Keep a paper of the firm, in the place of another one or beside it.

    Raises BadInput (`paper_unknown`, `paper_issued_on`, `valid_until`, `paper_expired`, `file_…`,
    `paper_count`), NotFound when the replaced one was taken out, and Unavailable.
    """
    known = _kind(kind)
    today = korean_day(now)
    ranges.check("paper_issued_on", issued_on, today=today)
    until = _last_day(known, issued_on, valid_until, today)
    seen = files.inspect(upload, allowed=known.formats)
    with transaction.atomic():
        # Locked, so that two papers at once are counted.
        Company.objects.select_for_update().get(pk=company.pk)
        if replaces is not None:
            if (replaces.company_id, replaces.kind) != (company.pk, kind):
                raise NotFound
            _remove(replaces, by, now)
        _check_room(company, known, seen)
        return BoxPaper.objects.create(
            company=company,
            kind=kind,
            name=seen.name,
            file=files.store(upload, by=by),
            size=seen.size,
            sha256=seen.sha256,
            content_type=seen.content_type,
            issued_on=issued_on,
            valid_until=until,
            uploaded_by=by,
            uploaded_at=now,
        )


@transaction.atomic
def remove(paper: BoxPaper, *, by: User, now: datetime) -> None:
    """Take a paper out and delete its file; applications that used it keep theirs.

    Raises NotFound when somebody else did.
    """
    _remove(paper, by, now)


def clear(company: Company, *, by: User, now: datetime) -> None:
    """Take every paper of a firm out, as when the firm goes to other people."""
    for paper in BoxPaper.objects.filter(company=company, removed_at=None).order_by("pk"):
        _remove(paper, by, now)


def use(
    application: Application, *, requirement: str, paper: BoxPaper, by: User, now: datetime
) -> Attachment:
    """Attach a copy of a paper to a draft, in the place of a required document of the same code.

    Raises MoveNotAllowed (`paper_expired`), NotFound for a paper of another firm or kind, and
    otherwise as `drafting.attach` does.
    """
    if paper.company_id != application.company_id or paper.kind != requirement:
        raise NotFound
    if not box.is_usable(paper, korean_day(now)):
        raise MoveNotAllowed(
            "유효기간이 지난 서류입니다. 서류함에 새 서류를 넣어 주세요.", code="paper_expired"
        )
    try:
        with files.open_kept(paper.file) as kept:
            return drafting.attach(
                application,
                requirement=requirement,
                upload=File(kept, name=paper.name),
                days=(paper.issued_on, paper.valid_until),
                by=by,
                now=now,
            )
    except FileNotFoundError as gone:  # taken out between the page and the press
        raise NotFound from gone


def fill(dossier: Dossier, *, by: User, now: datetime) -> list[Attachment]:
    """Attach the best usable paper to every document that still needs a file; return what was attached.

    Raises MoveNotAllowed (`box_has_none`) when no paper fits.
    """
    offered = box.offers(dossier, now=now)
    if not offered:
        raise MoveNotAllowed(
            "비어 있는 제출서류에 넣을 수 있는 서류가 서류함에 없습니다.", code="box_has_none"
        )
    held = {row.requirement for row in dossier.attachments} | set(told_papers(dossier, now=now))
    return [
        use(dossier.application, requirement=code, paper=rows[0], by=by, now=now)
        for code in (row["code"] for row in applicable_documents(dossier))
        if code not in held and (rows := offered.get(code))
    ]


def sweep(now: datetime) -> None:
    """Write before papers end, and delete the files of those that ended long ago."""
    today = korean_day(now)
    _remind(today, now)
    over = today - timedelta(days=papers.kept_days())
    gone = BoxPaper.objects.filter(valid_until__lt=over, removed_at=None).order_by("valid_until")
    for paper in gone[:BATCH]:
        with transaction.atomic():
            if BoxPaper.objects.filter(pk=paper.pk, removed_at=None).update(removed_at=now):
                files.discard_on_commit(paper.file)


def _remind(today: date, now: datetime) -> None:
    soon = Q(pk__in=[])  # nothing, until a kind adds to it
    for kind in papers.kinds().values():
        if kind.remind_days:
            last = today + timedelta(days=kind.remind_days)
            soon |= Q(kind=kind.code, valid_until__range=(today, last))
    due = BoxPaper.objects.filter(soon, removed_at=None, reminded_at=None)
    if rows := list(due.select_related("company").order_by("pk")[:BATCH]):
        with transaction.atomic():
            _tell(rows, now)
            BoxPaper.objects.filter(pk__in=[row.pk for row in rows]).update(reminded_at=now)


def _tell(rows: Sequence[BoxPaper], now: datetime) -> None:
    kinds = papers.kinds()
    readers = people_of({row.company_id for row in rows})
    outbox.write_many(
        outbox.new(
            "applications/paper_ends",
            to_email=user.email,
            user=user,
            key=f"paper-ends:{paper.pk}:{user.pk}",
            now=now,
            paper=paper,
            kind=kinds[paper.kind],
        )
        for paper in rows
        for user in readers.get(paper.company_id, ())
    )


def _kind(code: str) -> PaperKind:
    known = papers.kinds().get(code)
    if known is None:
        raise BadInput("서류함에 넣는 서류가 아닙니다.", code="paper_unknown")
    return known


def _last_day(kind: PaperKind, issued_on: date, written: date | None, today: date) -> date | None:
    latest = kind.latest(issued_on)
    if kind.written and written is None:
        raise BadInput("서류에 적힌 유효기간의 마지막 날을 입력하세요.", code="valid_until")
    if written is not None and not (kind.written or kind.shorter):
        raise BadInput("이 서류의 유효기간은 발급일로 계산합니다.", code="valid_until")
    if written is not None and (written < issued_on or (latest and written > latest)):
        raise BadInput(
            "유효기간의 마지막 날은 발급일 뒤이고 "
            + (
                f"발급한 날부터 {kind.valid_days}일 안이어야 합니다."
                if latest
                else "10년 안이어야 합니다."
            ),
            code="valid_until",
        )
    until = written or latest
    if until is not None and until < today:
        raise BadInput(
            "유효기간이 지난 서류입니다. 새로 발급받은 서류를 넣어 주세요.", code="paper_expired"
        )
    return until


def _check_room(company: Company, kind: PaperKind, seen: files.Inspected) -> None:
    stored = list(
        BoxPaper.objects.filter(company=company, kind=kind.code, removed_at=None).values_list(
            "sha256", flat=True
        )
    )
    if seen.sha256 in stored:
        raise BadInput("같은 파일이 서류함에 있습니다.", code="file_repeated")
    if len(stored) >= papers.most():
        raise BadInput(
            f"한 종류에 {papers.most()}개까지 넣어 둘 수 있습니다. 쓰지 않는 서류를 먼저 빼세요.",
            code="paper_count",
        )


def _remove(paper: BoxPaper, by: User, now: datetime) -> None:
    rows = BoxPaper.objects.filter(pk=paper.pk, removed_at=None)
    if not rows.update(removed_at=now, removed_by=by):
        raise NotFound
    files.discard_on_commit(paper.file)
