"""Find ties between assessors and applications.

Checked before an assessor is assigned and again when data change. A tie found after the assignment
excludes the sheet from the score.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from applications.models import (
    Application,
    AssessorProfile,
    Company,
    ConflictOfInterest,
    ConflictStatement,
    Member,
    Partner,
    ScoreRun,
    ScoreSheet,
)
from applications.models.assessment.sheets import SheetQuerySet
from applications.roles import ASSESSOR
from applications.states import WITHDRAW_SHEET_IN, ApplicationState, PartnerState
from portal.assignment import ties as tie_rules
from portal.core.clock import KST
from portal.core.errors import BadInput, Finding
from portal.core.validators import business_number as checked_number
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import DeclaredTie, FirmLink, Job, User
from portal.notices import outbox
from portal.records.workflow import move

JOB = "applications.conflicts"
WHO = "평가위원"
TAKING_PART = [PartnerState.INVITED, PartnerState.ACCEPTED]
CHUNK = 1_000
REASON_LENGTH = 500
STATED = "stated"
OWN_FIRMS = [DeclaredTie.Kind.EMPLOYMENT, DeclaredTie.Kind.SHARES]

Ties = dict[tuple[int, int], list[Finding]]  # by (application, assessor)


def ties(application: Application, assessor: User) -> list[Finding]:
    """Return every reason why this assessor may not assess this application."""
    return ties_of(application, [assessor])[assessor.pk]


def ties_of(application: Application, assessors: Sequence[User]) -> dict[int, list[Finding]]:
    """Return every tie of each assessor, by their pk, in a fixed number of queries."""
    by_pair = _find([application.pk], _Graph(assessors))
    return {assessor.pk: by_pair.get((application.pk, assessor.pk), []) for assessor in assessors}


def refresh(
    applications: QuerySet[Application], *, now: datetime, progress: Progress = no_progress
) -> dict[str, int]:
    """Find every tie of every assessor to these applications and store them as rows.

    Ties that no longer exist are cleared. Sheets of tied pairs are withdrawn, finished runs that
    used them are marked stale, officers are notified. Returns the counts of ties found, ties
    cleared and sheets withdrawn.
    """
    graph = _Graph(list(User.objects.filter(groups__name=ASSESSOR)))
    ids = list(applications.order_by("pk").values_list("pk", flat=True).distinct())
    counts = {"found": 0, "cleared": 0, "withdrawn": 0}
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        for name, count in _store(part, _find(part, graph), now).items():
            counts[name] += count
        progress(start + len(part), len(ids))
    return counts


def watched() -> QuerySet[Application]:
    """Return the applications that are under assessment or have sheets."""
    sheets = ScoreSheet.objects.filter(application=OuterRef("pk"))
    return Application.objects.filter(Q(state=ApplicationState.ASSESSING) | Exists(sheets))


def recheck(
    *,
    now: datetime,
    companies: Iterable[int] = (),
    users: Iterable[int] = (),
    applications: Iterable[int] = (),
) -> Job | None:
    """Request a check after data changed; return its job, None when nothing has to be checked.

    Checks the applications of these companies and those listed; with `users`, every application,
    because an assessor's own ties may concern any of them.
    """
    args = {
        "companies": sorted(companies),
        "users": sorted(users),
        "applications": sorted(applications),
    }
    if not applications_to_check(args).exists():
        return None
    scope = "-".join(f"{name}.{'.'.join(map(str, pks))}" for name, pks in args.items() if pks)
    key = f"conflicts:{scope or 'all'}:{now.isoformat()}"[:200]
    return queue.enqueue(
        JOB,
        key=key,
        companies=args["companies"],
        users=args["users"],
        applications=args["applications"],
    )


def sweep(now: datetime) -> Job:
    """Request the daily check of everything, for changes that triggered none."""
    return queue.enqueue(JOB, key=f"conflicts:day:{now.astimezone(KST):%Y-%m-%d}")


def applications_to_check(args: Mapping[str, Sequence[int]]) -> QuerySet[Application]:
    """Return the applications that the arguments of a job select."""
    companies, named = args.get("companies", []), args.get("applications", [])
    if args.get("users") or not (companies or named):
        return watched()
    taking_part = Partner.objects.filter(company__in=companies).values("application")
    return watched().filter(Q(company__in=companies) | Q(pk__in=taking_part) | Q(pk__in=named))


def declare_tie(
    user: User,
    *,
    kind: str,
    firm_name: str,
    business_number: str,
    note: str,
    by: User,
    now: datetime,
) -> DeclaredTie:
    """Record a person's tie to a company and request a check. Raises BadInput."""
    if kind not in DeclaredTie.Kind.values or not firm_name.strip():
        raise BadInput("관계와 기업명을 적으세요.", code="tie")
    number = checked_number(business_number) if business_number.strip() else ""
    with transaction.atomic():
        tie = DeclaredTie.objects.create(
            user=user,
            kind=kind,
            firm_name=firm_name.strip(),
            business_number=number,
            note=note.strip(),
            declared_at=now,
            declared_by=by,
        )
        recheck(now=now, users=[user.pk])
    return tie


def link_firms(
    *, one: str, other: str, kind: str, origin: str, by: User | None, now: datetime
) -> FirmLink:
    """Record that two companies belong together and request a check. Raises BadInput."""
    first, second = checked_number(one), checked_number(other)
    if first == second or kind not in FirmLink.Kind.values or not origin.strip():
        raise BadInput("서로 다른 두 기업과 관계, 출처를 적으세요.", code="link")
    with transaction.atomic():
        link, _ = FirmLink.objects.get_or_create(
            one=min(first, second),
            other=max(first, second),
            kind=kind,
            defaults={"origin": origin.strip(), "recorded_at": now, "recorded_by": by},
        )
        recheck(now=now)
    return link


def record_statement(sheet: ScoreSheet, *, statement: str, now: datetime) -> None:
    ConflictOfInterest.objects.get_or_create(
        application=sheet.application,
        assessor=sheet.assessor,
        code=STATED,
        cleared_at=None,
        defaults={"reason": _stated_finding(statement).message, "found_at": now},
    )


def withdraw(sheets: SheetQuerySet, *, reason: str, by: User | None, now: datetime) -> int:
    """Exclude sheets from the score, locked ones too, keeping their marks; return how many.

    Finished runs that used one of them are marked stale; officers are notified.
    """
    withdrawn = 0
    for sheet in sheets.active().select_related("application__sub_program", "assessor"):
        with transaction.atomic():
            changed = ScoreSheet.objects.filter(
                pk=sheet.pk, abstained_at=None, withdrawn_at=None
            ).update(withdrawn_at=now, end_reason=reason[:REASON_LENGTH])
            if not changed:
                continue
            if step := WITHDRAW_SHEET_IN.get(sheet.application.state):
                move(sheet.application, step, by=by, now=now, note=reason)
            _mark_stale(sheet, now)
            notify_officers(sheet, "제외", reason, now)
        withdrawn += 1
    return withdrawn


def notify_officers(sheet: ScoreSheet, act: str, reason: str, now: datetime) -> None:
    for officer in sheet.application.sub_program.officers.filter(is_active=True):
        outbox.write(
            "applications/sheet_ended",
            to_email=officer.email,
            user=officer,
            key=f"sheet-ended:{sheet.pk}:{officer.pk}",
            now=now,
            sheet=sheet,
            act=act,
            reason=reason,
        )


def _mark_stale(sheet: ScoreSheet, now: datetime) -> None:
    fresh = ScoreSheet.objects.only("locked_at").get(pk=sheet.pk)
    if fresh.locked_at is None:
        return
    ScoreRun.objects.filter(
        sub_program=sheet.application.sub_program_id,
        requested_at__gte=fresh.locked_at,
        stale_at=None,
    ).update(
        stale_at=now,
        stale_reason=f"{sheet.application.number}의 평가표 1부를 이해관계 때문에 합산에서 뺐습니다.",
    )


def _store(ids: Sequence[int], ties_by_pair: Ties, now: datetime) -> dict[str, int]:
    stored = {
        (application, assessor, code): pk
        for pk, application, assessor, code in ConflictOfInterest.objects.filter(
            application__in=ids, cleared_at=None
        ).values_list("pk", "application_id", "assessor_id", "code")
    }
    current: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for pair, findings in ties_by_pair.items():
        for finding in findings:
            current[(*pair, finding.code)].append(finding.message)
    fresh = [key for key in current if key not in stored]
    cleared = [pk for key, pk in stored.items() if key not in current]
    tied = ScoreSheet.objects.filter(application__in={pair[0] for pair in ties_by_pair}).active()
    affected = [pk for pk, *pair in tied.values_list("pk", "application_id", "assessor_id")
           if tuple(pair) in ties_by_pair]  # fmt: skip
    if not (fresh or cleared or affected):
        return {}
    with transaction.atomic():
        # Locked before the ties are written, so that no sheet is assigned meanwhile.
        touched = {key[0] for key in fresh}
        list(
            Application.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk__in=touched)
            .order_by("pk")
            .values_list("pk")
        )
        ConflictOfInterest.objects.bulk_create(
            [
                ConflictOfInterest(
                    application_id=application,
                    assessor_id=assessor,
                    code=code,
                    reason=" ".join(current[application, assessor, code])[:REASON_LENGTH],
                    found_at=now,
                )
                for application, assessor, code in fresh
            ],
            ignore_conflicts=True,
        )
        ConflictOfInterest.objects.filter(pk__in=cleared, cleared_at=None).update(cleared_at=now)
        # Read again under the lock: a sheet may have been assigned since.
        late = ScoreSheet.objects.filter(application__in=touched).active()
        affected += [pk for pk, *pair in late.values_list("pk", "application_id", "assessor_id")
                if tuple(pair) in ties_by_pair]  # fmt: skip
        withdrawn = 0
        for sheet in ScoreSheet.objects.filter(pk__in=set(affected)):
            reason = ties_by_pair[sheet.application_id, sheet.assessor_id][0].message
            withdrawn += withdraw(
                ScoreSheet.objects.filter(pk=sheet.pk),
                reason=f"이해관계 확인: {reason}",
                by=None,
                now=now,
            )
    return {"found": len(fresh), "cleared": len(cleared), "withdrawn": withdrawn}


def _find(ids: Sequence[int], graph: "_Graph") -> Ties:
    """Return the ties of the given persons to these applications, declared ones included."""
    ties_by_pair: Ties = {}
    for application, parties in _parties(ids, graph.links):
        for assessor in sorted({key for party in parties for key in graph.register.near(party)}):
            if findings := tie_rules.ties(graph.persons[assessor], parties, who=WHO):
                ties_by_pair[application, assessor] = findings
    statements = ConflictStatement.objects.filter(application__in=ids, assessor__in=graph.persons)
    last = {
        (application, assessor): (tied, words)
        for application, assessor, tied, words in statements.order_by("pk").values_list(
            "application_id", "assessor_id", "tied", "words"
        )
    }
    for pair, (tied, words) in last.items():
        if tied:
            ties_by_pair.setdefault(pair, []).append(_stated_finding(words))
    return ties_by_pair


def _stated_finding(statement: str) -> Finding:
    return Finding(STATED, f"평가위원이 스스로 밝힌 이해관계: {statement}"[:REASON_LENGTH])


class _Graph:
    def __init__(self, assessors: Sequence[User]) -> None:
        ids = [assessor.pk for assessor in assessors]
        firms: dict[int, set[str]] = defaultdict(set)
        companies: dict[int, set[int]] = defaultdict(set)
        named: dict[int, set[str]] = defaultdict(set)
        for job in Member.objects.filter(user__in=ids).select_related("company"):
            firms[job.user_id].add(job.company.business_number)
            companies[job.user_id].add(job.company_id)
        profiles = {row.user_id: row for row in AssessorProfile.objects.filter(user__in=ids)}
        for pk, profile in profiles.items():
            firms[pk] |= {profile.business_number} - {""}
            named[pk] |= {profile.employer} - {""}
        for tie in DeclaredTie.objects.filter(user__in=ids):  # ended ties count as well
            named[tie.user_id] |= {tie.firm_name, tie.business_number} - {""}
            if tie.kind in OWN_FIRMS:
                firms[tie.user_id] |= {tie.business_number} - {""}
        self.persons = {
            assessor.pk: tie_rules.Person(
                name=str(assessor),
                user_id=assessor.pk,
                email=assessor.email,
                phone=assessor.phone,
                business_numbers=frozenset(firms[assessor.pk]),
                address=profiles[assessor.pk].address if assessor.pk in profiles else "",
                company_ids=frozenset(companies[assessor.pk]),
                declared=frozenset(named[assessor.pk]),
            )
            for assessor in assessors
        }
        self.register = tie_rules.Register(self.persons)
        self.links = tie_rules.linked(FirmLink.objects.values_list("one", "other"))


def _parties(
    ids: Sequence[int], links: Mapping[str, frozenset[str]]
) -> Iterator[tuple[int, list[tie_rules.Party]]]:
    applications = list(
        Application.objects.filter(pk__in=ids)
        .select_related("company", "sub_program")
        .order_by("pk")
    )
    partners: dict[int, list[Partner]] = defaultdict(list)
    taking_part = Partner.objects.filter(application__in=ids, state__in=TAKING_PART)
    for row in taking_part.select_related("company").order_by("pk"):
        partners[row.application_id].append(row)
    companies = {application.company_id for application in applications}
    companies |= {row.company_id for rows in partners.values() for row in rows if row.company_id}
    people: dict[int, list[User]] = defaultdict(list)
    for member in Member.objects.filter(company__in=companies).select_related("user"):
        people[member.company_id].append(member.user)
    for application in applications:
        labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
        yield (
            application.pk,
            [
                _party(application.company, "신청기업", people, links),
                *(
                    _partner(row, labels.get(row.role, "참여기관"), people, links)
                    for row in partners[application.pk]
                ),
            ],
        )


def _party(
    company: Company,
    role: str,
    people: Mapping[int, Sequence[User]],
    links: Mapping[str, frozenset[str]],
    *,
    email: str = "",
) -> tie_rules.Party:
    members = people.get(company.pk, ())
    return tie_rules.Party(
        name=company.name,
        role=role,
        business_number=company.business_number,
        phones=frozenset({company.phone, *(user.phone for user in members)} - {""}),
        emails=frozenset({email, *(user.email for user in members)} - {""}),
        address=company.address,
        company_id=company.pk,
        member_user_ids=frozenset(user.pk for user in members),
        linked=links.get(company.business_number, frozenset()),
    )


def _partner(
    row: Partner,
    role: str,
    people: Mapping[int, Sequence[User]],
    links: Mapping[str, frozenset[str]],
) -> tie_rules.Party:
    if row.company is not None:
        return _party(row.company, role, people, links, email=row.email)
    return tie_rules.Party(name=row.company_name, role=role, emails=frozenset({row.email}))
