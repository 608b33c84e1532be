"""Filing and withdrawal: exactly once, by the database clock, with everything frozen."""

from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import (
    Application,
    BonusClaim,
    FrozenParties,
    LateGrant,
    Objection,
    PreparedFiling,
    Submission,
)
from applications.queries.intake import drafting
from applications.rules.evidence import stamped
from applications.services import documents
from applications.services.application import notify_applicant
from applications.services.assessment import sheets
from applications.services.intake import late_filing, partners, preparing
from applications.services.screening import supplements
from applications.services.selection import proposals
from applications.states import ApplicationMoves, ApplicationState, ObjectionState
from portal.core.errors import Closed, Finding, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import User
from portal.notices import outbox
from portal.records import incidents, snapshot
from portal.records.workflow import move
from portal.uploads import scanning
from programs.models import SubProgram
from programs.queries import kept
from programs.queries import rounds as rounds_queries

ATTEMPTS = 3
WITHDRAWN = "신청기업이 신청을 취하했습니다."

CHANGED = (
    "확인하신 뒤에 신청 내용이나 공고 내용이 바뀌었습니다. 바뀐 내용을 확인하고 다시 제출해 주세요."
)
INCOMPLETE = "아직 빠졌거나 고쳐야 할 항목이 있습니다."
UNKNOWN = (
    "확인하신 내용이 지금 내용과 같은지 알 수 없습니다. 지금 내용을 확인하고 다시 제출해 주세요."
)


class ChangedSinceReview(StaleVersion):
    """The draft is not what the person was shown; carries that, None when it is not kept."""

    default_code = "changed_since_review"

    def __init__(self, before: PreparedFiling | None) -> None:
        super().__init__(CHANGED if before else UNKNOWN)
        self.before = before


def check_open(sub_program: SubProgram, *, now: datetime) -> None:
    """Raise Closed with the deadline when nothing can be filed at `now`; count the refusal.

    At the closing instant itself it is closed (A12). Rolling intake ends when the pot is
    empty (A06); the pot is read as it was at `now`, not locked.
    """
    finding = rounds_queries.refusal_at(sub_program, now)
    if finding is not None:
        incidents.record(f"{sub_program.round.code}/{sub_program.code}", incidents.CLOSED)
        raise Closed(finding.message, code=finding.code)


def submit(
    application: Application,
    *,
    by: User,
    now: datetime,
    seen: str,
    fresh: bool = False,
    moved_at: datetime | None = None,
) -> Submission:
    """File the draft exactly once, as it was shown under the hash `seen` (see `preparing`).

    Everything is judged at `now`, the arrival of the request, which may be earlier than the clock;
    the log, the receipt's job and its mail then carry `moved_at`, when the filing was written. A
    repeated or simultaneous request gets the same submission. The caller has checked that `by` may
    write for the company, and passes `fresh=True` when it has just read the row.
    Raises Closed, ChangedSinceReview when the draft, the firm or the catalogue is not what was shown,
    RuleBroken with everything that is missing, MoveNotAllowed for a withdrawn draft (or, where the
    policy says so, `file_waiting`), and StaleVersion when the draft keeps changing meanwhile.
    """
    for attempt in range(ATTEMPTS):
        if attempt or not fresh:
            application = Application.objects.get(pk=application.pk)
        if application.state != ApplicationState.DRAFT:
            break
        stored = preparing.stored(application, seen)
        catalogue = kept.catalogue(stored.revision if stored else ())
        application.sub_program = catalogue.sub_program(application.sub_program_id)
        late_grant = _late_grant(application, now=now)
        if stored is not None and stored.holds(now):
            prepared = stored.row
        else:
            prepared = _prepared_anew(application, seen=seen, now=now)
        if not prepared.complete:
            raise RuleBroken(_blocking(application, now=now), message=INCOMPLETE)
        _require_scanned(application)
        try:
            return _file(
                application,
                prepared,
                late_grant=late_grant,
                by=by,
                now=now,
                moved_at=moved_at or now,
            )
        except (MoveNotAllowed, IntegrityError):
            continue  # filed by somebody else, or changed since it was loaded
    filed = Submission.objects.filter(application=application).first()
    if filed is not None:
        return filed
    if not Application.objects.filter(pk=application.pk, state=ApplicationState.DRAFT).exists():
        raise MoveNotAllowed("취하한 신청은 제출할 수 없습니다.")
    raise StaleVersion("제출하는 사이에 신청서가 고쳐졌습니다. 내용을 확인하고 다시 제출하세요.")


def _require_scanned(application: Application) -> None:
    # The policy as it stands lets a filing go on, and asks nothing more of the database.
    if not scanning.policy("files_while_waiting"):
        shown = application.attachments.filter(removed_at=None)
        scanning.require_filing(list(shown.values_list("file", flat=True)))


def withdraw(application: Application, *, by: User, now: datetime, note: str) -> None:
    """Withdraw the application; its site may apply again. Raises MoveNotAllowed.

    What others still had to do for it ends with it, and they are told. Between a decision and its release the money set aside for it returns to the pot.
    """
    if Objection.objects.filter(application=application, state=ObjectionState.UPHELD).exists():
        raise MoveNotAllowed(
            "이의신청 재평가 중에는 취하할 수 없습니다. 결과가 나온 뒤 포기하세요."
        )
    with transaction.atomic():
        if application.state == ApplicationState.DECIDED:
            proposals.return_reservation(application, by=by, now=now, note=note)
        move(application, ApplicationMoves.WITHDRAW, by=by, now=now, note=note, owner=True)
        application.prepared.all().delete()
        supplements.close(application)
        sheets.close([application.pk], reason=WITHDRAWN, now=now)
        _tell_of_withdrawal(application, by=by, now=now)


def _tell_of_withdrawal(application: Application, *, by: User, now: datetime) -> None:
    filed = Submission.objects.filter(application=application).first()
    if filed is not None:
        notify_applicant(
            application,
            "applications/withdrawn",
            key=f"withdrawn:{application.pk}",
            now=now,
            by=by,
            number=filed.number,
        )
    partners.tell_all_of_end(application, partners.WITHDRAWN, now=now)


def number_of(application: Application) -> str:
    """Return the receipt number, such as 2021-구축-1차-000123; unique without a shared counter."""
    program = application.sub_program
    return f"{program.round.year}-{program.short}-{program.round.sequence}차-{application.pk:06d}"


def _late_grant(application: Application, *, now: datetime) -> LateGrant | None:
    if rounds_queries.refusal_at(application.sub_program, now) is None:
        return None
    late_grant = late_filing.usable_grant(application, now)
    if late_grant is None:
        check_open(application.sub_program, now=now)
    return late_grant


def _prepared_anew(application: Application, *, seen: str, now: datetime) -> PreparedFiling:
    """Judge and freeze the draft again. Raises ChangedSinceReview if that gives another hash."""
    dossier = drafting.load(application)
    prepared = preparing.of(dossier, now=now)
    if prepared.sha256 != seen:
        raise ChangedSinceReview(preparing.shown(application, seen))
    preparing.keep_form(dossier.form)
    return prepared


def _blocking(application: Application, *, now: datetime) -> list[Finding]:
    findings = drafting.missing(drafting.load(application), now=now)
    return [row for row in findings if row.blocking]


@transaction.atomic
def _file(
    application: Application,
    prepared: PreparedFiling,
    *,
    late_grant: LateGrant | None,
    by: User,
    now: datetime,
    moved_at: datetime,
) -> Submission:
    filed = _submission(application, prepared, by=by, now=now)
    receipt = documents.new_receipt(application, now=moved_at)
    move(
        application,
        ApplicationMoves.SUBMIT,
        by=by,
        now=moved_at,
        owner=True,
        where={"version": prepared.version},
        changes={
            "submitted_at": now,
            "number": filed.number,
            "region": filed.content["site"]["region"]
            or filed.content["profile"].get("region")
            or "",
            "size": filed.content["profile"].get("company_size") or "",
        },
        with_rows=[
            filed,
            *(BonusClaim(application=application, **claim) for claim in prepared.claims),
            FrozenParties(application=application, parties=prepared.parties, frozen_at=now),
            outbox.new(
                "applications/receipt",
                to_email=by.email,
                user=by,
                key=f"receipt:{application.pk}",
                now=moved_at,
                filed=filed,
            ),
            *partners.job_of_filing(application),
            receipt,  # the last one gets its key, which the job needs
        ],
    )
    documents.order(receipt)
    if late_grant is not None:
        late_filing.use(late_grant, application, now=now)
    return filed


def _submission(
    application: Application, prepared: PreparedFiling, *, by: User, now: datetime
) -> Submission:
    number, preview = number_of(application), prepared.content["preview"]
    content = {
        **prepared.content,
        "number": number,
        "submitted_at": snapshot.spelled(now),
        "version": prepared.version,
    }
    return Submission(
        application=application,
        number=number,
        submitted_at=now,
        submitted_by=by,
        form_id=prepared.form_id,
        content=content,
        evidence=stamped(prepared.evidence or [], at=now, number=number),
        sha256=snapshot.sha256_of_plain(content),
        total_cost_won=preview["total_cost_won"],
        support_won=preview["support_won"],
        own_won=preview["own_won"],
    )
