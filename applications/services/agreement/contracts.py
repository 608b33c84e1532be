"""Contracts: draft one for an award, check its papers, sign it for both sides and conclude it."""

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction

from applications.models import (
    Agreement,
    AgreementPaper,
    AgreementSignature,
    AgreementVersion,
    Application,
    Instalment,
    IssuedDocument,
    Report,
)
from applications.queries import objection
from applications.queries.agreement import is_lost
from applications.queries.selection import decisions
from applications.queries.selection.decisions import Award
from applications.rules import agreement as rules
from applications.rules.settlement import REQUESTED, SHARE
from applications.services import documents
from applications.services.agreement import pending_steps
from applications.services.delivery import planning
from applications.services.selection import aid
from applications.states import (
    AgreementMoves,
    AgreementState,
    ApplicationMoves,
    ApplicationState,
    EndingState,
    InstalmentState,
    ObjectionState,
    Outcome,
    PaperState,
    ReportKind,
    Side,
)
from applications.visibility import signing_agreements
from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day, last_day_of
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken, StaleVersion
from portal.core.text import compact, key
from portal.core.text import name as clean_name
from portal.models import User
from portal.records import snapshot
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs.models import Budget
from programs.queries import ledger as ledger_queries
from programs.queries.calendar import holidays
from programs.roles import MANAGER, OFFICER
from programs.rules import deadlines
from programs.rules.ledger import Balance
from programs.services import ledger

MINISTRY = "중소벤처기업부"
LOST = "선정 결정이 바뀌어 협약 준비를 끝냈습니다."
AT_ONCE = 100


def draft(application: Application, *, by: User | None, now: datetime) -> Agreement:
    """Draft the agreement of a selected application with its text and deadlines, once.

    A repeated call returns the same agreement. `by` None is the portal. Raises MoveNotAllowed
    (`no_award`, `no_terms`, `role`).
    """
    if by is not None:
        impartiality.require(
            by, [OFFICER, MANAGER], about=application, message="협약을 준비할 권한이 없습니다."
        )
    there = Agreement.objects.filter(application=application).first()
    if there is not None:
        return there
    won = selected_award(application)
    try:
        with transaction.atomic():
            return _draft(application, won, by=by, now=now)
    except IntegrityError:
        return Agreement.objects.get(application=application)  # somebody else was first


def draft_pending(now: datetime) -> int:
    """Draft the agreements of released selections that have none yet; return how many."""
    rows = decisions.in_force().filter(
        outcome=Outcome.SELECTED,
        application__state=ApplicationState.RELEASED,
        application__agreement=None,
        application__sub_program__agreement__has_key="figures",
    )
    without = Application.objects.filter(pk__in=rows.order_by().values("application"))
    made = 0
    for application in without.order_by("pk")[:AT_ONCE]:
        draft(application, by=None, now=now)
        made += 1
    return made


def selected_award(application: Application) -> Award:
    """Return the award in force. Raises MoveNotAllowed (`no_award`) when it selects nothing."""
    found = decisions.award_of(application)
    if found is None or found.outcome != Outcome.SELECTED:
        raise MoveNotAllowed("선정이 확정된 신청이 아닙니다.", code="no_award")
    return found


def submit_paper(
    agreement: Agreement, *, requirement: str, upload: "File[bytes]", by: User, now: datetime
) -> AgreementPaper:
    """Submit one of the required papers; one that is not checked yet is replaced.

    Raises BadInput (`file_…`, `document_unknown`, `paper_accepted`), MoveNotAllowed.
    """
    required = next((row for row in agreement.terms["papers"] if row["code"] == requirement), None)
    if required is None:
        raise BadInput("협약에 필요한 서류가 아닙니다.", code="document_unknown")
    _refuse_lost(agreement)
    found = files.inspect(upload, allowed=required["formats"])
    with transaction.atomic():
        move(agreement, AgreementMoves.HAND_IN, by=by, now=now, owner=True, note=required["label"])
        current = agreement.papers.filter(requirement=requirement).exclude(
            state=PaperState.RETURNED
        )
        if current.filter(state=PaperState.ACCEPTED).exists():
            raise BadInput("이미 확인된 서류입니다.", code="paper_accepted")
        set_state(
            current, PaperState.RETURNED, checked_by=by, checked_at=now, reason="새 파일로 바꿈"
        )
        made = AgreementPaper.objects.create(
            agreement=agreement,
            requirement=requirement,
            name=found.name,
            file=files.store(upload, by=by),
            size=found.size,
            sha256=found.sha256,
            content_type=found.content_type,
            uploaded_by=by,
            uploaded_at=now,
        )
        pending_steps.sync(agreement, now=now)
    return made


def check_paper(
    paper: AgreementPaper, *, accepted: bool, reason: str = "", by: User, now: datetime
) -> None:
    """Accept a paper or return it with the reason. Raises BadInput (`reason`), MoveNotAllowed."""
    if not accepted and not reason.strip():
        raise BadInput("돌려보내는 사유를 적어 주세요.", code="reason")
    target = PaperState.ACCEPTED if accepted else PaperState.RETURNED
    agreement = paper.agreement
    _refuse_lost(agreement)
    with transaction.atomic():
        move(
            agreement,
            AgreementMoves.CHECK_PAPER,
            by=by,
            now=now,
            note=f"{paper.name}: {target.label}",
        )
        pending = AgreementPaper.objects.filter(pk=paper.pk, state=PaperState.PENDING)
        if not set_state(pending, target, reason=reason.strip(), checked_by=by, checked_at=now):
            raise MoveNotAllowed("이미 확인한 서류입니다.", code="paper_checked")
        pending_steps.sync(agreement, now=now)
    paper.refresh_from_db()


def reissue(agreement: Agreement, *, reason: str, by: User, now: datetime) -> AgreementVersion:
    """Write the text again before it is concluded; signatures under the old one do not count."""
    with transaction.atomic():
        number = agreement.version + 1
        move(
            agreement,
            AgreementMoves.REISSUE,
            by=by,
            now=now,
            note=reason,
            where={"version": agreement.version},
            changes={"version": number},
        )
        application = _load(agreement.application_id)
        won = selected_award(application)
        content = _content(agreement, application, won, number)
        made = write_version(agreement, number, content, reason=reason, by=by, now=now)
        pending_steps.sync(agreement, now=now)
    return made


def extend(agreement: Agreement, *, days: int, reason: str, by: User, now: datetime) -> None:
    """Extend the deadlines of papers and signatures. Raises BadInput (`days`), MoveNotAllowed."""
    ranges.check("extension_days", days, today=korean_day(now), code="days")
    _refuse_lost(agreement)
    start = max(last_day_of(agreement.sign_due_at), korean_day(now))
    policy = rules.policy_for(agreement.terms, "sign_months")
    due = deadlines.due_after(start, days, policy, holidays())
    with transaction.atomic():
        move(
            agreement,
            AgreementMoves.EXTEND,
            by=by,
            now=now,
            note=reason,
            changes={"sign_due_at": due, "papers_due_at": due},
        )
        agreement.pending_steps.filter(
            done_at=None, step__in=["papers", "sign", "conclude"]
        ).update(due_at=due)


def sign(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> AgreementSignature:
    """Sign the latest text as an owner of the firm, by name, under the SHA-256 that was read.

    A change of lead is signed by the firm that takes over; the former lead requested it. Raises MoveNotAllowed, StaleVersion (`text_changed`), BadInput (`name`, `consent`).
    """
    if not signing_agreements(by).filter(pk=agreement.pk).exists():
        raise MoveNotAllowed("주관기업의 대표 담당자만 서명할 수 있습니다.", code="not_owner")
    with transaction.atomic():
        amends = agreement.in_force > 0
        if amends and agreement.in_force == agreement.version:
            raise MoveNotAllowed("서명을 기다리는 협약서가 없습니다.", code="nothing_to_sign")
        _refuse_lost(agreement)
        step = AgreementMoves.SIGN_CHANGE if amends else AgreementMoves.SIGN
        move(agreement, step, by=by, now=now, owner=True, where={"version": agreement.version})
        made = _write_signature(agreement, Side.FIRM, name, sha256, agreed, by, now)
        pending_steps.sync(agreement, now=now)
    return made


def conclude(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> AgreementSignature:
    """Sign for the ministry and conclude: the reserved grant is committed in the same transaction.

    What was reserved above the grant returns to the pot. Raises RuleBroken with everything that is
    missing or above the firm's limit (`aid_limit`), StaleVersion (`text_changed`), MoveNotAllowed
    (`award_changed`), BudgetExceeded.
    """
    with transaction.atomic():
        locked = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
        # Locked, so that no objection is upheld meanwhile.
        rows = Application.objects.select_for_update(of=("self",)).select_related("sub_program")
        application = rows.get(pk=agreement.application_id)
        if findings := missing(locked):
            raise RuleBroken(findings, message="아직 협약을 체결할 수 없습니다.")
        won = selected_award(application)
        if won.grant_won != locked.award_won:
            raise MoveNotAllowed(
                "선정 금액이 바뀌었습니다. 협약서를 다시 작성하세요.", code="award_changed"
            )
        aid.enforce(application.sub_program, {application.pk: locked.grant_won})
        starts = korean_day(now)
        ends = deadlines.months_later(starts, agreement.terms["months"])
        move(
            agreement,
            AgreementMoves.CONCLUDE,
            by=by,
            now=now,
            where={"version": agreement.version},
            changes={
                "in_force": agreement.version,
                "concluded_at": now,
                "starts_on": starts,
                "ends_on": ends,
            },
        )
        signed = _write_signature(agreement, Side.MINISTRY, name, sha256, agreed, by, now)
        move(application, ApplicationMoves.CONTRACT, by=by, now=now)
        _commit(agreement, application, by=by, now=now)
        _plan(agreement)
        planning.plan(agreement, now=now)
        open_reports(agreement)
        request_pdf(agreement, now=now)
        pending_steps.notify(
            agreement,
            key=f"agreement-concluded:{agreement.pk}",
            title="협약이 체결되었습니다",
            lines=[f"수행기간은 {starts}부터 {ends}까지입니다."],
            now=now,
        )
        pending_steps.sync(agreement, now=now)
    return signed


def missing(agreement: Agreement) -> list[Finding]:
    """Return everything that keeps an agreement from being concluded."""
    papers = dict(
        agreement.papers.exclude(state=PaperState.RETURNED).values_list("requirement", "state")
    )
    findings = []
    for row in agreement.terms["papers"]:
        state = papers.get(row["code"])
        if state is None:
            findings.append(Finding(f"missing:{row['code']}", f"‘{row['label']}’ 서류가 없습니다."))
        elif state != PaperState.ACCEPTED:
            findings.append(
                Finding(f"pending:{row['code']}", f"‘{row['label']}’ 서류를 확인하지 않았습니다.")
            )
    signed = AgreementSignature.objects.filter(
        version__agreement=agreement, version__number=agreement.version, side=Side.FIRM
    )
    if not signed.exists():
        findings.append(Finding("unsigned", "기업이 아직 서명하지 않았습니다."))
    if agreement.endings.filter(state="asked").exists():
        findings.append(Finding("ending", "중도 종료 요청을 먼저 처리하세요."))
    if agreement.application.objections.filter(state=ObjectionState.UPHELD).exists():
        findings.append(Finding("objection", "인용한 이의신청의 재산정과 재결정을 먼저 마치세요."))
    return findings


def drop_orphans(now: datetime) -> int:
    """End agreements in preparation whose selection was withdrawn; return how many.

    While the new decision may still be contested or changed the award may come back, so that the
    agreement stays in preparation without a pending step.
    """
    live = decisions.in_force().filter(outcome=Outcome.SELECTED).order_by().values("application")
    rows = Agreement.objects.filter(
        state=AgreementState.PREPARING, application__state=ApplicationState.RELEASED
    ).exclude(application__in=live)
    return sum(
        _drop_if_settled(agreement, now)
        for agreement in rows.select_related("application__sub_program").order_by("pk")
    )


def follow_decision(application: Application, *, now: datetime) -> None:
    """Let an agreement in preparation follow a new decision at once.

    Without a selection nobody has to do anything for it, and it ends as soon as the decision is
    final; selected again, its steps go on.
    """
    agreement = (
        Agreement.objects.filter(application=application, state=AgreementState.PREPARING)
        .select_related("application__sub_program")
        .first()
    )
    if agreement is None:
        return
    if is_lost(agreement):
        _drop_if_settled(agreement, now)
    else:
        pending_steps.sync(agreement, now=now)


@transaction.atomic
def _drop_if_settled(agreement: Agreement, now: datetime) -> bool:
    asked = agreement.endings.filter(state=EndingState.ASKED)
    set_state(asked, EndingState.REFUSED, note=LOST, decided_at=now)
    settled = objection.settled(agreement.application, now)
    if settled:
        move(
            agreement,
            AgreementMoves.DROP,
            by=None,
            now=now,
            note=LOST,
            changes={"closed_at": now},
        )
        move(agreement.application, ApplicationMoves.END, by=None, now=now, note=LOST)
    pending_steps.sync(agreement, now=now)
    return settled


def _refuse_lost(agreement: Agreement) -> None:
    if is_lost(agreement):
        raise MoveNotAllowed(
            "선정이 취소되었거나 포기하여 협약을 진행하지 않습니다.", code="no_award"
        )


def pot_of(agreement: Agreement) -> Budget:
    return Budget.objects.get(sub_programs__applications=agreement.application_id)


def holdings_of(agreement: Agreement) -> Balance:
    """Return what the agreement holds of its pot now: reserved, committed and paid won."""
    return ledger_queries.held(pot_of(agreement), agreement.subject)


def write_version(
    agreement: Agreement,
    number: int,
    content: dict[str, Any],
    *,
    reason: str,
    by: User | None,
    now: datetime,
) -> AgreementVersion:
    """Store a text with its SHA-256; texts are never changed."""
    plain = snapshot.to_plain(content)
    return AgreementVersion.objects.create(
        agreement=agreement,
        number=number,
        content=plain,
        sha256=snapshot.sha256_of_plain(plain),
        reason=reason,
        made_by=by,
        made_at=now,
    )


def open_reports(agreement: Agreement) -> None:
    """Create the reports of the work period, or move their deadlines."""
    if agreement.starts_on is None or agreement.ends_on is None:
        return
    terms = agreement.terms
    if pending_steps.expects_mid_check(agreement):
        span = agreement.ends_on - agreement.starts_on
        day = agreement.starts_on + span * terms["figures"]["progress_percent"] // 100
        policy = rules.policy_for(terms, "progress_percent")
        _open_report(agreement, ReportKind.PROGRESS, deadlines.due_on(day, policy, holidays()))
    # A period that ends on a weekend ends on the next working day; the report's days follow it.
    ended = deadlines.next_working_day(agreement.ends_on, holidays())
    due = rules.due(terms, "report_days", ended, holidays())
    _open_report(agreement, ReportKind.FINAL, due)


def request_pdf(agreement: Agreement, *, now: datetime) -> IssuedDocument:
    """Request the PDF of the text in force."""
    return documents.request(
        agreement.application,
        kind=IssuedDocument.Kind.AGREEMENT,
        version=agreement.in_force,
        now=now,
    )


def _open_report(agreement: Agreement, kind: ReportKind, due: datetime) -> None:
    Report.objects.update_or_create(agreement=agreement, kind=kind, defaults={"due_at": due})


def _draft(application: Application, won: Award, *, by: User | None, now: datetime) -> Agreement:
    whole = _load(application.pk)
    terms = _terms(whole)
    agreement = Agreement.objects.create(
        application=whole,
        company=whole.company,
        number=f"{whole.number}-협약",
        kind=whole.track.grant_kind if whole.track else SHARE,
        award_won=won.grant_won,
        grant_won=won.grant_won,
        terms=terms,
        drafted_by=by,
        drafted_at=now,
        papers_due_at=rules.due(terms, "papers_days", won.released_at, holidays()),
        sign_due_at=rules.due(terms, "sign_months", won.released_at, holidays()),
    )
    content = _content(agreement, whole, won, 1)
    write_version(agreement, 1, content, reason="협약서 작성", by=by, now=now)
    pending_steps.sync(agreement, now=now)
    return agreement


def _terms(application: Application) -> dict[str, Any]:
    given = application.sub_program.agreement
    track = application.track
    if not given or track is None:
        raise MoveNotAllowed("협약 기준이 정해지지 않은 사업입니다.", code="no_terms")
    kind = track.grant_kind
    return {
        "figures": given["figures"],
        "due_policies": given["due_policies"],
        "months": track.months or given["figures"]["period_months"],
        "share_percent": track.share_percent,
        "cap_won": track.cap_won,
        "rounding_won": application.sub_program.rounding_won,
        "labour_items": given["labour_items"],
        "resign": given["resign"],
        "wording": given["wording"],
        "clauses": given["clauses"],
        "papers": [row for row in given["papers"] if kind in row["kinds"]],
        "instalments": given["instalments"][kind],
        "reports": given["reports"],
    }


def _content(
    agreement: Agreement, application: Application, won: Award, number: int
) -> dict[str, Any]:
    filed, program, terms = application.submission, application.sub_program, agreement.terms
    items = _items(application) if agreement.kind in (SHARE, REQUESTED) else []
    total = sum(row["won"] for row in items) or None
    roles = {row["role"]: row["label"] for row in program.partner_roles}
    parts = rules.split(terms["instalments"], won.grant_won, unit=terms["rounding_won"])
    company = agreement.company
    return {
        "number": agreement.number,
        "version": number,
        "application": {"number": filed.number, "sha256": filed.sha256},
        "program": {"name": program.name, "round": program.round.name},
        "track": application.track.name if application.track else "",
        "ministry": MINISTRY,
        "lead": {
            "name": company.name,
            "business_number": company.business_number,
            "representative": company.representative,
            "address": company.address,
            "site": application.site.name,
        },
        "partners": [
            {
                "role": row["role"],
                "label": roles.get(row["role"], row["role"]),
                "name": row["company_name"],
                "business_number": row["business_number"],
            }
            for row in filed.content.get("partners", [])
            if row["state"] == "accepted"
        ],
        "money": {
            "kind": agreement.kind,
            "grant_won": won.grant_won,
            "own_won": None if total is None else total - won.grant_won,
            "total_won": total,
            "items": items,
        },
        "period": {"months": terms["months"]},
        "instalments": [
            {"label": part.label, "after": part.after, "percent": part.percent, "won": part.won}
            for part in parts
        ],
        "figures": terms["figures"],
        "clauses": terms["clauses"],
    }


def _items(application: Application) -> list[dict[str, Any]]:
    lines = application.submission.content.get("cost", {})
    known = [
        {"code": row["code"], "label": row["label"], "won": lines.get(row["code"]) or 0}
        for row in application.sub_program.cost_items
    ]
    return [row for row in known if row["won"]]


def _commit(agreement: Agreement, application: Application, *, by: User, now: datetime) -> None:
    pot, subject = application.sub_program.pot, agreement.subject
    note = f"협약 {agreement.number}"
    if agreement.grant_won:
        ledger.commit(
            pot,
            ledger.Booking(
                amount=agreement.grant_won,
                reference=f"commit:agreement:{agreement.pk}",
                subject=subject,
                note=note,
            ),
            by=by,
            now=now,
        )
    if spare := ledger_queries.held(pot, subject).reserved:
        ledger.release(
            pot,
            ledger.Booking(
                amount=spare,
                reference=f"release:agreement:{agreement.pk}",
                subject=subject,
                note=note,
            ),
            by=by,
            now=now,
        )


def _plan(agreement: Agreement) -> None:
    terms = agreement.terms
    parts = rules.split(terms["instalments"], agreement.grant_won, unit=terms["rounding_won"])
    Instalment.objects.bulk_create(
        Instalment(
            agreement=agreement,
            number=number,
            label=part.label,
            after=part.after,
            percent=part.percent,
            amount_won=part.won,
            state=InstalmentState.PLANNED,
        )
        for number, part in enumerate(parts, start=1)
    )


def _write_signature(
    agreement: Agreement,
    side: Side,
    name: str,
    sha256: str,
    agreed: bool,
    by: User,
    now: datetime,
) -> AgreementSignature:
    text = agreement.versions.get(number=agreement.version)
    if compact(sha256).lower() != text.sha256 or snapshot.sha256(text.content) != text.sha256:
        raise StaleVersion(
            "읽은 뒤에 협약서가 바뀌었습니다. 새 협약서를 읽고 다시 서명하세요.",
            code="text_changed",
        )
    check_signature(name, agreed=agreed, by=by)
    wording = agreement.terms["wording"]
    try:
        with transaction.atomic():
            return AgreementSignature.objects.create(
                version=text,
                side=side,
                by=by,
                name=clean_name(name),
                wording=wording["version"],
                consent=wording["text"],
                sha256=text.sha256,
                at=now,
            )
    except IntegrityError as repeated:
        raise MoveNotAllowed("이미 서명한 협약서입니다.", code="signed") from repeated


def check_signature(name: str, *, agreed: bool, by: User) -> None:
    """Check the name and the consent of a signature. Raises BadInput (`name`, `consent`)."""
    if not agreed:
        raise BadInput("협약서에 동의해야 서명할 수 있습니다.", code="consent")
    if not by.name or "".join(key(name).split()) != "".join(key(by.name).split()):
        raise BadInput("계정의 이름과 똑같이 입력하세요.", code="name")


def sign_amendment(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> AgreementSignature:
    """Sign an amended text for the ministry; the caller puts it in force."""
    return _write_signature(agreement, Side.MINISTRY, name, sha256, agreed, by, now)


def _load(application: int) -> Application:
    return Application.objects.select_related(
        "sub_program__round", "sub_program__pot", "track", "company", "site", "submission__form"
    ).get(pk=application)
