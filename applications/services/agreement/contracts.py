"""From an award to an agreement: drafted, its papers checked, signed by both sides, concluded."""

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
from applications.queries.selection import decisions
from applications.queries.selection.decisions import Award
from applications.rules import agreement as rules
from applications.rules.settlement import REQUESTED, SHARE
from applications.services import deadlines, documents
from applications.services.agreement import pending_steps
from applications.services.delivery import planning
from applications.services.selection import aid
from applications.states import (
    AgreementMoves,
    AgreementState,
    ApplicationMoves,
    ApplicationState,
    InstalmentState,
    Outcome,
    PaperState,
    ReportKind,
    Side,
)
from applications.visibility import signing_agreements
from portal.access.roles import roles_of
from portal.core.clock import KST
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import User
from portal.records import snapshot
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs import queries as money
from programs.models import Budget
from programs.roles import MANAGER, OFFICER
from programs.services import ledger

MINISTRY = "중소벤처기업부"
AT_ONCE = 100


def draft(application: Application, *, by: User | None, now: datetime) -> Agreement:
    """Prepare the agreement of a selected application: its text, its deadlines, what it needs.

    Once for each application; asking again returns the same. `by` None is the portal. Raises
    MoveNotAllowed (`no_award`).
    """
    if by is not None and not roles_of(by) & {OFFICER, MANAGER}:
        raise MoveNotAllowed("협약을 준비할 권한이 없습니다.", code="role")
    there = Agreement.objects.filter(application=application).first()
    if there is not None:
        return there
    won = selected(application)
    try:
        with transaction.atomic():
            return _draft(application, won, by=by, now=now)
    except IntegrityError:
        return Agreement.objects.get(application=application)  # somebody else was first


def draft_waiting(now: datetime) -> int:
    """Prepare the agreements of released selections that have none yet; returns how many."""
    rows = decisions.in_force().filter(
        outcome=Outcome.SELECTED,
        application__state=ApplicationState.RELEASED,
        application__agreement=None,
        application__sub_program__agreement__has_key="figures",
    )
    waiting = Application.objects.filter(pk__in=rows.order_by().values("application"))
    made = 0
    for application in waiting.order_by("pk")[:AT_ONCE]:
        draft(application, by=None, now=now)
        made += 1
    return made


def selected(application: Application) -> Award:
    """The award in force that selects the application. Raises MoveNotAllowed (`no_award`)."""
    found = decisions.award_of(application)
    if found is None or found.outcome != Outcome.SELECTED:
        raise MoveNotAllowed("선정이 확정된 신청이 아닙니다.", code="no_award")
    return found


def hand_in(
    agreement: Agreement, *, requirement: str, upload: "File[bytes]", by: User, now: datetime
) -> AgreementPaper:
    """Hand in one of the papers; one that was not checked yet is replaced.

    Raises BadInput (`file_…`, `document_unknown`, `paper_accepted`), MoveNotAllowed.
    """
    wanted = next((row for row in agreement.terms["papers"] if row["code"] == requirement), None)
    if wanted is None:
        raise BadInput("협약에 필요한 서류가 아닙니다.", code="document_unknown")
    found = files.inspect(upload, allowed=wanted["formats"])
    with transaction.atomic():
        move(agreement, AgreementMoves.HAND_IN, by=by, now=now, owner=True, note=wanted["label"])
        standing = agreement.papers.filter(requirement=requirement).exclude(
            state=PaperState.RETURNED
        )
        if standing.filter(state=PaperState.ACCEPTED).exists():
            raise BadInput("이미 확인된 서류입니다.", code="paper_accepted")
        set_state(
            standing, PaperState.RETURNED, checked_by=by, checked_at=now, reason="새 파일로 바꿈"
        )
        made = AgreementPaper.objects.create(
            agreement=agreement,
            requirement=requirement,
            name=found.name,
            file=files.store(upload),
            size=found.size,
            sha256=found.sha256,
            content_type=found.content_type,
            uploaded_by=by,
            uploaded_at=now,
        )
        pending_steps.follow(agreement, now=now)
    return made


def check_paper(
    paper: AgreementPaper, *, accepted: bool, reason: str = "", by: User, now: datetime
) -> None:
    """Accept a paper or send it back with the reason. Raises BadInput (`reason`), MoveNotAllowed."""
    if not accepted and not reason.strip():
        raise BadInput("돌려보내는 사유를 적어 주세요.", code="reason")
    target = PaperState.ACCEPTED if accepted else PaperState.RETURNED
    agreement = paper.agreement
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
        pending_steps.follow(agreement, now=now)
    paper.refresh_from_db()


def reissue(agreement: Agreement, *, reason: str, by: User, now: datetime) -> AgreementVersion:
    """Write the text anew before it is concluded; signatures under the old one do not count."""
    with transaction.atomic():
        number = agreement.version + 1
        move(
            agreement,
            AgreementMoves.REISSUE,
            by=by,
            now=now,
            note=reason,
            changes={**_next_version(agreement)},
        )
        application = _whole(agreement.application_id)
        won = selected(application)
        content = _content(agreement, application, won, number)
        made = write_version(agreement, number, content, reason=reason, by=by, now=now)
        pending_steps.follow(agreement, now=now)
    return made


def extend(agreement: Agreement, *, days: int, reason: str, by: User, now: datetime) -> None:
    """Give more time for papers and signatures. Raises BadInput (`days`), MoveNotAllowed."""
    if not 1 <= days <= 60:
        raise BadInput("연장은 1일에서 60일까지 할 수 있습니다.", code="days")
    due = deadlines.after_days(max(agreement.sign_due_at, now), days)
    with transaction.atomic():
        move(
            agreement,
            AgreementMoves.EXTEND,
            by=by,
            now=now,
            note=reason,
            changes={"sign_due_at": due, "papers_due_at": due},
        )
        agreement.turns.filter(done_at=None, step__in=["papers", "sign", "conclude"]).update(
            due_at=due
        )


def sign(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> AgreementSignature:
    """Sign the latest text for the firm: its owner, by name, under the hash that was read.

    A change of lead is signed by the firm that takes it over; the one before asked for it.
    Raises MoveNotAllowed, StaleVersion (`text_changed`), BadInput (`name`, `consent`).
    """
    if not signing_agreements(by).filter(pk=agreement.pk).exists():
        raise MoveNotAllowed("주관기업의 대표 담당자만 서명할 수 있습니다.", code="not_owner")
    with transaction.atomic():
        amends = agreement.in_force > 0
        if amends and agreement.in_force == agreement.version:
            raise MoveNotAllowed("서명을 기다리는 협약서가 없습니다.", code="nothing_to_sign")
        step = AgreementMoves.SIGN_CHANGE if amends else AgreementMoves.SIGN
        move(agreement, step, by=by, now=now, owner=True, where={"version": agreement.version})
        made = _write_signature(agreement, Side.FIRM, name, sha256, agreed, by, now)
        pending_steps.follow(agreement, now=now)
    return made


def conclude(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> AgreementSignature:
    """Sign for the ministry, which concludes: reserved money becomes committed at once.

    What was reserved above the agreed grant returns to the pot. Raises RuleBroken with everything
    that is missing or when the firm would hold too much (`aid_limit`), StaleVersion
    (`text_changed`), MoveNotAllowed, BudgetExceeded.
    """
    with transaction.atomic():
        locked = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
        if findings := missing(locked):
            raise RuleBroken(findings, message="아직 협약을 체결할 수 없습니다.")
        application = Application.objects.select_related("sub_program").get(
            pk=agreement.application_id
        )
        won = selected(application)
        if won.grant_won != locked.award_won:
            raise MoveNotAllowed(
                "선정 금액이 바뀌었습니다. 협약서를 다시 작성하세요.", code="award_changed"
            )
        aid.bind(application.sub_program, {application.pk: locked.grant_won})
        starts = now.astimezone(KST).date()
        ends = deadlines.months_on(starts, agreement.terms["months"])
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
        request_text(agreement, now=now)
        pending_steps.tell(
            agreement,
            key=f"agreement-concluded:{agreement.pk}",
            title="협약이 체결되었습니다",
            lines=[f"수행기간은 {starts}부터 {ends}까지입니다."],
            now=now,
        )
        pending_steps.follow(agreement, now=now)
    return signed


def missing(agreement: Agreement) -> list[Finding]:
    """Everything that keeps an agreement from being concluded."""
    there = dict(
        agreement.papers.exclude(state=PaperState.RETURNED).values_list("requirement", "state")
    )
    findings = []
    for row in agreement.terms["papers"]:
        state = there.get(row["code"])
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
    return findings


def drop_orphans(now: datetime) -> int:
    """End agreements in preparation, and their applications, whose selection was taken back.

    While the new decision may still be contested or changed, the award may come back: until then
    the preparation only waits, on nobody. Returns how many were ended.
    """
    live = decisions.in_force().filter(outcome=Outcome.SELECTED).order_by().values("application")
    rows = Agreement.objects.filter(
        state=AgreementState.PREPARING, application__state=ApplicationState.RELEASED
    ).exclude(application__in=live)
    dropped = 0
    for agreement in rows.select_related("application__sub_program").order_by("pk"):
        with transaction.atomic():
            if not objection.settled(agreement.application, now):
                pending_steps.follow(agreement, now=now)
                continue
            note = "선정 결정이 바뀌어 협약 준비를 끝냈습니다."
            move(
                agreement,
                AgreementMoves.DROP,
                by=None,
                now=now,
                note=note,
                changes={"closed_at": now},
            )
            move(agreement.application, ApplicationMoves.END, by=None, now=now, note=note)
            pending_steps.follow(agreement, now=now)
            dropped += 1
    return dropped


def pot_of(agreement: Agreement) -> Budget:
    """The pot that pays."""
    return Budget.objects.get(sub_programs__applications=agreement.application_id)


def held(agreement: Agreement) -> Any:
    """What the agreement's subject holds of its pot now: reserved, committed, paid."""
    return money.held(pot_of(agreement), agreement.subject)


def write_version(
    agreement: Agreement,
    number: int,
    content: dict[str, Any],
    *,
    reason: str,
    by: User | None,
    now: datetime,
) -> AgreementVersion:
    """Freeze a text under its hash."""
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
    """Open the reports of the period with their deadlines."""
    if agreement.starts_on is None or agreement.ends_on is None:
        return
    figures = agreement.terms["figures"]
    if pending_steps.expects_mid_check(agreement):
        span = agreement.ends_on - agreement.starts_on
        half = agreement.starts_on + span * figures["progress_percent"] // 100
        _open_report(agreement, ReportKind.PROGRESS, deadlines.at_end_of(half))
    ends = deadlines.at_end_of(agreement.ends_on)
    due = deadlines.after_days(ends, figures["report_days"])
    _open_report(agreement, ReportKind.FINAL, due)


def request_text(agreement: Agreement, *, now: datetime) -> IssuedDocument:
    """Ask for the PDF of the text in force."""
    return documents.request(
        agreement.application,
        kind=IssuedDocument.Kind.AGREEMENT,
        version=agreement.in_force,
        now=now,
    )


def _open_report(agreement: Agreement, kind: ReportKind, due: datetime) -> None:
    Report.objects.update_or_create(agreement=agreement, kind=kind, defaults={"due_at": due})


def _draft(application: Application, won: Award, *, by: User | None, now: datetime) -> Agreement:
    whole = _whole(application.pk)
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
        papers_due_at=deadlines.after_days(won.released_at, terms["figures"]["papers_days"]),
        sign_due_at=deadlines.after_months(won.released_at, terms["figures"]["sign_months"]),
    )
    content = _content(agreement, whole, won, 1)
    write_version(agreement, 1, content, reason="협약서 작성", by=by, now=now)
    pending_steps.follow(agreement, now=now)
    return agreement


def _terms(application: Application) -> dict[str, Any]:
    """The catalogue's figures as they stand now, for this kind of money."""
    given = application.sub_program.agreement
    track = application.track
    if not given or track is None:
        raise MoveNotAllowed("협약 기준이 정해지지 않은 사업입니다.", code="no_terms")
    kind = track.grant_kind
    return {
        "figures": given["figures"],
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
    """The text: parties, money by item, period, instalments, clauses, all in one frozen piece."""
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
            amount=agreement.grant_won,
            reference=f"commit:agreement:{agreement.pk}",
            subject=subject,
            by=by,
            now=now,
            note=note,
        )
    if spare := money.held(pot, subject).reserved:
        ledger.release(
            pot,
            amount=spare,
            reference=f"release:agreement:{agreement.pk}",
            subject=subject,
            by=by,
            now=now,
            note=note,
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
    """Put one signature under the latest text, if that is what the person has read."""
    text = agreement.versions.get(number=agreement.version)
    if sha256.strip().lower() != text.sha256 or snapshot.sha256(text.content) != text.sha256:
        raise StaleVersion(
            "읽은 뒤에 협약서가 바뀌었습니다. 새 협약서를 읽고 다시 서명하세요.",
            code="text_changed",
        )
    if not agreed:
        raise BadInput("협약서에 동의해야 서명할 수 있습니다.", code="consent")
    if not by.name or "".join(name.split()) != "".join(by.name.split()):
        raise BadInput("계정의 이름과 똑같이 입력하세요.", code="name")
    wording = agreement.terms["wording"]
    try:
        with transaction.atomic():
            return AgreementSignature.objects.create(
                version=text,
                side=side,
                by=by,
                name=name.strip(),
                wording=wording["version"],
                consent=wording["text"],
                sha256=text.sha256,
                at=now,
            )
    except IntegrityError as repeated:
        raise MoveNotAllowed("이미 서명한 협약서입니다.", code="signed") from repeated


def sign_amendment(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> AgreementSignature:
    """Sign a changed text for the ministry; the caller puts it in force."""
    return _write_signature(agreement, Side.MINISTRY, name, sha256, agreed, by, now)


def _next_version(agreement: Agreement) -> dict[str, Any]:
    return {"version": agreement.version + 1, "where": {"version": agreement.version}}


def _whole(application: int) -> Application:
    return Application.objects.select_related(
        "sub_program__round", "sub_program__pot", "track", "company", "site", "submission__form"
    ).get(pk=application)
