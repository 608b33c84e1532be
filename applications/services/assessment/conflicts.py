"""Ties between assessors and applications: found before anybody is offered, and again when data
change; a tie found late takes the sheet out of the sum.
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
from applications.roles import ASSESSOR
from applications.states import WITHDRAW_SHEET_IN, ApplicationState, PartnerState
from portal.assignment import ties as rules
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

Found = dict[tuple[int, int], list[Finding]]  # (application, assessor): every tie


def ties(application: Application, assessor: User) -> list[Finding]:
    """Every reason why this assessor may not judge this application."""
    return ties_of(application, [assessor])[assessor.pk]


def ties_of(application: Application, assessors: Sequence[User]) -> dict[int, list[Finding]]:
    """Every tie of every assessor, by the assessor's pk, in a fixed number of queries."""
    found = _found([application.pk], _Graph(assessors))
    return {assessor.pk: found.get((application.pk, assessor.pk), []) for assessor in assessors}


def refresh(
    applications: QuerySet[Application], *, now: datetime, progress: Progress = no_progress
) -> dict[str, int]:
    """Look for every tie of every assessor to these applications, and keep what is found as rows.

    A tie that no longer stands is marked as cleared. Sheets of a tied pair are withdrawn from the
    sum, runs that used them are marked as to be made anew, officers are told. Returns counts of
    ties found, cleared, and sheets withdrawn.
    """
    graph = _Graph(list(User.objects.filter(groups__name=ASSESSOR)))
    ids = list(applications.order_by("pk").values_list("pk", flat=True).distinct())
    counts = {"found": 0, "cleared": 0, "withdrawn": 0}
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        for name, count in _keep(part, _found(part, graph), now).items():
            counts[name] += count
        progress(start + len(part), len(ids))
    return counts


def watched() -> QuerySet[Application]:
    """Applications under assessment, or judged already."""
    sheets = ScoreSheet.objects.filter(application=OuterRef("pk"))
    return Application.objects.filter(Q(state=ApplicationState.ASSESSING) | Exists(sheets))


def recheck(
    *,
    now: datetime,
    companies: Iterable[int] = (),
    users: Iterable[int] = (),
    applications: Iterable[int] = (),
) -> Job | None:
    """Ask for another look after data changed: at the applications of these companies, at those
    named, or at all of them where an assessor's own ties changed. Nothing to look at, no job.
    """
    args = {
        "companies": sorted(companies),
        "users": sorted(users),
        "applications": sorted(applications),
    }
    if not meant(args).exists():
        return None
    said = "-".join(f"{name}.{'.'.join(map(str, pks))}" for name, pks in args.items() if pks)
    key = f"conflicts:{said or 'all'}:{now.isoformat()}"[:200]
    return queue.enqueue(
        JOB,
        key=key,
        companies=args["companies"],
        users=args["users"],
        applications=args["applications"],
    )


def sweep(now: datetime) -> Job:
    """Ask for a look at everything, once a day, whatever may have changed unseen."""
    return queue.enqueue(JOB, key=f"conflicts:day:{now.astimezone(KST):%Y-%m-%d}")


def meant(args: Mapping[str, Sequence[int]]) -> QuerySet[Application]:
    """The applications that a job was asked to look at."""
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
    """Record a person's tie to a firm, and look at everything again. Raises BadInput."""
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
    """Record that two firms belong together, and look at everything again. Raises BadInput."""
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


def state(sheet: ScoreSheet, *, words: str, now: datetime) -> None:
    """Keep as a standing tie what an assessor has said of one application."""
    ConflictOfInterest.objects.get_or_create(
        application=sheet.application,
        assessor=sheet.assessor,
        code=STATED,
        cleared_at=None,
        defaults={"reason": _stated(words).message, "found_at": now},
    )


def withdraw(sheets: QuerySet[ScoreSheet], *, reason: str, by: User | None, now: datetime) -> int:
    """Take sheets out of the sum, locked or not; their marks stay readable. Returns how many.

    Finished runs that used one of them are marked as to be made anew; officers are told.
    """
    gone = 0
    for sheet in sheets.active().select_related("application__sub_program", "assessor"):  # type: ignore[attr-defined]
        with transaction.atomic():
            changed = ScoreSheet.objects.filter(
                pk=sheet.pk, abstained_at=None, withdrawn_at=None
            ).update(withdrawn_at=now, end_reason=reason[:REASON_LENGTH])
            if not changed:
                continue
            if step := WITHDRAW_SHEET_IN.get(sheet.application.state):
                move(sheet.application, step, by=by, now=now, note=reason)
            _mark_stale(sheet, now)
            tell_officers(sheet, "제외", reason, now)
        gone += 1
    return gone


def tell_officers(sheet: ScoreSheet, act: str, reason: str, now: datetime) -> None:
    """Let the officers know that a place is free."""
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


def _keep(ids: Sequence[int], found: Found, now: datetime) -> dict[str, int]:
    """Write what differs from the rows that stand; the applications concerned are locked first."""
    standing = {
        (application, assessor, code): pk
        for pk, application, assessor, code in ConflictOfInterest.objects.filter(
            application__in=ids, cleared_at=None
        ).values_list("pk", "application_id", "assessor_id", "code")
    }
    wanted: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for pair, findings in found.items():
        for finding in findings:
            wanted[(*pair, finding.code)].append(finding.message)
    fresh = [key for key in wanted if key not in standing]
    gone = [pk for key, pk in standing.items() if key not in wanted]
    tied = ScoreSheet.objects.filter(application__in={pair[0] for pair in found}).active()
    hit = [pk for pk, *pair in tied.values_list("pk", "application_id", "assessor_id")
           if tuple(pair) in found]  # fmt: skip
    if not (fresh or gone or hit):
        return {}
    with transaction.atomic():
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
                    reason=" ".join(wanted[application, assessor, code])[:REASON_LENGTH],
                    found_at=now,
                )
                for application, assessor, code in fresh
            ],
            ignore_conflicts=True,
        )
        ConflictOfInterest.objects.filter(pk__in=gone, cleared_at=None).update(cleared_at=now)
        # Read again under the lock: a sheet may have come since.
        late = ScoreSheet.objects.filter(application__in=touched).active()
        hit += [pk for pk, *pair in late.values_list("pk", "application_id", "assessor_id")
                if tuple(pair) in found]  # fmt: skip
        withdrawn = 0
        for sheet in ScoreSheet.objects.filter(pk__in=set(hit)):
            reason = found[sheet.application_id, sheet.assessor_id][0].message
            withdrawn += withdraw(
                ScoreSheet.objects.filter(pk=sheet.pk),
                reason=f"이해관계 확인: {reason}",
                by=None,
                now=now,
            )
    return {"found": len(fresh), "cleared": len(gone), "withdrawn": withdrawn}


def _found(ids: Sequence[int], graph: "_Graph") -> Found:
    """Every tie of the graph's persons to these applications, and what they said themselves."""
    found: Found = {}
    for application, parties in _parties(ids, graph.links):
        for assessor in sorted({key for party in parties for key in graph.register.near(party)}):
            if findings := rules.ties(graph.persons[assessor], parties, who=WHO):
                found[application, assessor] = findings
    said = ConflictStatement.objects.filter(application__in=ids, assessor__in=graph.persons)
    last = {
        (application, assessor): (tied, words)
        for application, assessor, tied, words in said.order_by("pk").values_list(
            "application_id", "assessor_id", "tied", "words"
        )
    }
    for pair, (tied, words) in last.items():
        if tied:
            found.setdefault(pair, []).append(_stated(words))
    return found


def _stated(words: str) -> Finding:
    return Finding(STATED, f"평가위원이 스스로 밝힌 이해관계: {words}"[:REASON_LENGTH])


class _Graph:
    """The assessors with all that could tie them, and the firms that belong together."""

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
        for tie in DeclaredTie.objects.filter(user__in=ids):  # an ended tie is a tie still
            named[tie.user_id] |= {tie.firm_name, tie.business_number} - {""}
            if tie.kind in OWN_FIRMS:
                firms[tie.user_id] |= {tie.business_number} - {""}
        self.persons = {
            assessor.pk: rules.Person(
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
        self.register = rules.Register(self.persons)
        self.links = rules.linked(FirmLink.objects.values_list("one", "other"))


def _parties(
    ids: Sequence[int], links: Mapping[str, frozenset[str]]
) -> Iterator[tuple[int, list[rules.Party]]]:
    """The applicant and everybody who takes part, with the contacts of their people."""
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
) -> rules.Party:
    members = people.get(company.pk, ())
    return rules.Party(
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
) -> rules.Party:
    if row.company is not None:
        return _party(row.company, role, people, links, email=row.email)
    return rules.Party(name=row.company_name, role=role, emails=frozenset({row.email}))
