"""Find ties between assessors and applications.

Checked before an assessor is assigned and again when data change. The firms are judged by what was
frozen when they filed, together with who belongs to them now: what a firm writes about itself later
voids nobody. A tie found after the assignment is a row that officers are told of; people decide about
the sheet (`exclusions`), nothing ends by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from applications.models import (
    Application,
    AssessorProfile,
    Company,
    ConflictOfInterest,
    ConflictStatement,
    FrozenParties,
    Member,
    Partner,
    ScoreRun,
    ScoreSheet,
    TieLift,
)
from applications.roles import ASSESSOR
from applications.services.application import notify_officers
from applications.states import RESTORE_SHEET_IN, WITHDRAW_SHEET_IN, ApplicationState, PartnerState
from portal.access.accounts import verified_addresses_of
from portal.assignment import ties as tie_rules
from portal.core.clock import KST
from portal.core.errors import BadInput, Finding, MoveNotAllowed
from portal.core.text import name as clean_name
from portal.core.validators import business_number as checked_number
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import DeclaredTie, FirmLink, Job, User
from portal.records.workflow import move
from programs.models import SubProgram

JOB = "applications.conflicts"
WHO = "평가위원"
TAKING_PART = [PartnerState.INVITED, PartnerState.PENDING, PartnerState.ACCEPTED]
CHUNK = 1_000
REASON_LENGTH = 500
STATED = "stated"
DECLARED = "declared_tie"
OWN_FIRMS = [DeclaredTie.Kind.EMPLOYMENT, DeclaredTie.Kind.SHARES]

FROZEN_ONLY = "same_email_domain"
"""A code that counts only in what was frozen: a domain is shared by strangers."""

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

    Ties that no longer exist are cleared. A tie of a pair with a sheet is late: officers are told of
    it and decide. Returns the counts of ties found, ties cleared and sheets with new late ties.
    """
    graph = _Graph(list(User.objects.filter(groups__name=ASSESSOR)))
    ids = list(applications.order_by("pk").values_list("pk", flat=True).distinct())
    counts = {"found": 0, "cleared": 0, "flagged": 0}
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        freeze(part, now=now)
        for name, count in _store(part, _find(part, graph), _later(part, graph), now).items():
            counts[name] += count
        progress(start + len(part), len(ids))
    return counts


def freeze(ids: Sequence[int], *, now: datetime) -> None:
    """Freeze the firms of these applications as they are now, where they are not frozen yet.

    Filing freezes its own; those filed before the portal kept this are frozen when first looked at.
    """
    without = Application.objects.filter(pk__in=ids, frozen_parties=None).values_list(
        "pk", flat=True
    )
    FrozenParties.objects.bulk_create(
        [
            FrozenParties(
                application_id=pk, parties=[_plain(row) for row in present], frozen_at=now
            )
            for pk, _, present in _parties(list(without), {})
        ],
        ignore_conflicts=True,  # another check may freeze the same meanwhile
    )


def parties_of(application: Application, partners: Iterable[Partner]) -> list[dict[str, Any]]:
    """Return the firms of a draft as filing freezes them, in one query; `partners` have companies."""
    taking_part = [row for row in partners if row.state in TAKING_PART]
    people = _people({application.company_id, *(row.company_id for row in taking_part)} - {None})
    return [_plain(row) for row in _present(application, taking_part, people, {})]


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
    firm_name = clean_name(firm_name)
    if kind not in DeclaredTie.Kind.values or not firm_name:
        raise BadInput("관계와 기업명을 적으세요.", code="tie")
    number = checked_number(business_number) if business_number.strip() else ""
    with transaction.atomic():
        tie = DeclaredTie.objects.create(
            user=user,
            kind=kind,
            firm_name=firm_name,
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


def record_statement(application: int, assessor: User, *, statement: str, now: datetime) -> None:
    ConflictOfInterest.objects.get_or_create(
        application_id=application,
        assessor=assessor,
        code=STATED,
        cleared_at=None,
        defaults={"reason": _stated_finding(statement).message, "found_at": now},
    )


def withdraw(sheet: ScoreSheet, *, reason: str, by: User, now: datetime) -> None:
    """Exclude a sheet from the score, a locked one too, keeping its marks.

    Finished runs that used it are marked stale; officers are notified. Only `exclusions` calls this.
    Raises MoveNotAllowed (`sheet_ended`).
    """
    with transaction.atomic():
        changed = ScoreSheet.objects.filter(
            pk=sheet.pk, abstained_at=None, withdrawn_at=None
        ).update(withdrawn_at=now, end_reason=reason[:REASON_LENGTH])
        if not changed:
            raise MoveNotAllowed("이미 끝난 평가표입니다.", code="sheet_ended")
        if step := WITHDRAW_SHEET_IN.get(sheet.application.state):
            move(sheet.application, step, by=by, now=now, note=reason)
        _mark_stale(sheet, "이해관계 때문에 합산에서 뺐습니다", since=None, now=now)
        tell_of_end(sheet, "제외", reason, now)
    sheet.refresh_from_db()


def restore(sheet: ScoreSheet, *, reason: str, by: User, now: datetime) -> None:
    """Take a withdrawn sheet back as it was; the database asks for the decision of two people.

    Runs that were computed without it are marked stale. Only `exclusions` calls this. Raises
    MoveNotAllowed (`not_withdrawn`).
    """
    with transaction.atomic():
        out_at = ScoreSheet.objects.only("withdrawn_at").get(pk=sheet.pk).withdrawn_at
        rows = ScoreSheet.objects.filter(pk=sheet.pk, withdrawn_at__isnull=False)
        if out_at is None or not rows.update(withdrawn_at=None, end_reason=""):
            raise MoveNotAllowed("제외한 평가표가 아닙니다.", code="not_withdrawn")
        if step := RESTORE_SHEET_IN.get(sheet.application.state):
            move(sheet.application, step, by=by, now=now, note=reason)
        _mark_stale(sheet, "다시 합산에 넣었습니다", since=out_at, now=now)
    sheet.refresh_from_db()


def lock_program(application: Application) -> None:
    """Lock the sub-programme before its sheets are decided on, as the start of a score run does.

    A run starts before, and is found and marked stale, or after, and counts what was decided.
    """
    SubProgram.objects.select_for_update(no_key=True).get(pk=application.sub_program_id)


def open_ties(sheet: ScoreSheet) -> QuerySet[ConflictOfInterest]:
    """Return the ties of a sheet's pair that are open and about which nobody has decided."""
    return ConflictOfInterest.objects.filter(
        application=sheet.application_id, assessor=sheet.assessor_id, cleared_at=None, kept_at=None
    )


def kept_ties(sheet: ScoreSheet) -> QuerySet[ConflictOfInterest]:
    """Return the ties in spite of which people decided to keep the sheet."""
    return ConflictOfInterest.objects.filter(
        application=sheet.application_id,
        assessor=sheet.assessor_id,
        cleared_at=None,
        kept_at__isnull=False,
    )


def tell_of_end(sheet: ScoreSheet, act: str, reason: str, now: datetime) -> None:
    """Tell the officers by what act and why a sheet has ended."""
    notify_officers(
        sheet.application,
        "applications/sheet_ended",
        key=f"sheet-ended:{sheet.pk}",
        now=now,
        sheet=sheet,
        act=act,
        reason=reason,
    )


def _mark_stale(sheet: ScoreSheet, what: str, *, since: datetime | None, now: datetime) -> None:
    fresh = ScoreSheet.objects.only("locked_at").get(pk=sheet.pk)
    if fresh.locked_at is None:
        return
    ScoreRun.objects.filter(
        sub_program=sheet.application.sub_program_id,
        requested_at__gte=since or fresh.locked_at,
        stale_at=None,
    ).update(stale_at=now, stale_reason=f"{sheet.application.number}의 평가표 1부를 {what}.")


def _store(ids: Sequence[int], judged: Ties, later: Ties, now: datetime) -> dict[str, int]:
    rows = ConflictOfInterest.objects.filter(application__in=ids, cleared_at=None)
    stored = {
        (application, assessor, code): pk
        for pk, application, assessor, code in rows.values_list(
            "pk", "application_id", "assessor_id", "code"
        )
    }
    sheeted = set(
        ScoreSheet.objects.filter(application__in=ids).values_list("application_id", "assessor_id")
    )
    current: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for pair, findings in judged.items():
        for finding in findings:
            current[(*pair, finding.code)].append(finding.message)
    known = set(current)
    for pair, findings in later.items():
        for finding in findings if pair in sheeted else ():
            if (*pair, finding.code) not in known:
                current[(*pair, finding.code)].append(finding.message)
    fresh = [key for key in current if key not in stored]
    cleared = [pk for key, pk in stored.items() if key not in current]
    early = rows.filter(late=False)
    if not (fresh or cleared or any(pair in sheeted for pair in _pairs(early))):
        return {}
    with transaction.atomic():
        # Locked before the ties are written, so that no sheet is assigned meanwhile.
        list(
            Application.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk__in={key[0] for key in fresh})
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
        flagged = _flag(ids, now)
    return {"found": len(fresh), "cleared": len(cleared), "flagged": flagged}


def _pairs(rows: QuerySet[ConflictOfInterest]) -> set[tuple[int, int]]:
    return set(rows.values_list("application_id", "assessor_id"))


def _flag(ids: Sequence[int], now: datetime) -> int:
    """Mark open ties of pairs with an active sheet as late and tell the officers; count the sheets.

    Read under the lock: a sheet may have been assigned since the ties were looked for.
    """
    early = ConflictOfInterest.objects.filter(application__in=ids, cleared_at=None, late=False)
    pairs, flagged = _pairs(early), 0
    sheets = ScoreSheet.objects.filter(application__in={pk for pk, _ in pairs}).active()
    for sheet in sheets.select_related("application__sub_program", "assessor"):
        if (sheet.application_id, sheet.assessor_id) not in pairs:
            continue
        own = early.filter(application=sheet.application_id, assessor=sheet.assessor_id)
        reasons = list(own.order_by("pk").values_list("reason", flat=True))
        own.update(late=True)
        _tell_of_tie(sheet, reasons[0], now)
        flagged += 1
    return flagged


def _tell_of_tie(sheet: ScoreSheet, reason: str, now: datetime) -> None:
    notify_officers(
        sheet.application,
        "applications/sheet_tied",
        key=f"sheet-tied:{sheet.pk}:{now.timestamp()}",
        now=now,
        sheet=sheet,
        reason=reason,
    )


def _find(ids: Sequence[int], graph: "_Graph") -> Ties:
    """Return the ties of the given persons to these applications, declared ones included."""
    ties_by_pair: Ties = {}
    lifted = _Lifted(ids)
    for application, parties, _ in _parties(ids, graph.links):
        for assessor, findings in graph.ties(parties):
            if kept := lifted.without(application, assessor, findings):
                ties_by_pair[application, assessor] = kept
    statements = ConflictStatement.objects.filter(application__in=ids, assessor__in=graph.persons)
    last = {
        (application, assessor): (tied, words)
        for application, assessor, tied, words, at in statements.order_by("pk").values_list(
            "application_id", "assessor_id", "tied", "words", "at"
        )
        if not lifted.stated_before(application, assessor, at)
    }
    for pair, (tied, words) in last.items():
        if tied:
            ties_by_pair.setdefault(pair, []).append(_stated_finding(words))
    return ties_by_pair


def _later(ids: Sequence[int], graph: "_Graph") -> Ties:
    """Return the ties that follow only from what the firms have written since they filed.

    They are shown to people and bar nobody. A mail domain does not count.
    """
    lifted = _Lifted(ids)
    return {
        (application, assessor): found
        for application, _, present in _parties(ids, graph.links)
        for assessor, findings in graph.ties(present)
        if (
            found := [
                row
                for row in lifted.without(application, assessor, findings)
                if row.code != FROZEN_ONLY
            ]
        )
    }


class _Lifted:
    """The ties of these applications that two people have lifted; they are not found again.

    A statement made after the lift counts, as does a tie in other words.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        self.reasons: dict[tuple[int, int, str], str] = {}
        self.stated: dict[tuple[int, int], datetime] = {}
        lifts = TieLift.objects.filter(tie__application__in=ids, approved_at__isnull=False)
        for lift in lifts.select_related("tie").order_by("approved_at"):
            tie, at = lift.tie, lift.approved_at
            key = (tie.application_id, tie.assessor_id, tie.code)
            self.reasons[key] = f"{self.reasons.get(key, '')} {tie.reason}"
            if tie.code == STATED and at is not None:
                self.stated[tie.application_id, tie.assessor_id] = at

    def without(
        self, application: int, assessor: int, findings: Sequence[Finding]
    ) -> list[Finding]:
        return [
            row
            for row in findings
            if row.message not in self.reasons.get((application, assessor, row.code), "")
        ]

    def stated_before(self, application: int, assessor: int, at: datetime) -> bool:
        lifted_at = self.stated.get((application, assessor))
        return lifted_at is not None and at <= lifted_at


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
        addresses = verified_addresses_of(assessors)
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
                emails=addresses[assessor.pk],
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

    def ties(self, parties: Sequence[tie_rules.Party]) -> Iterator[tuple[int, list[Finding]]]:
        """Yield each assessor who is tied to one of the parties, with the reasons."""
        for key in sorted({key for party in parties for key in self.register.near(party)}):
            if findings := tie_rules.ties(self.persons[key], parties, who=WHO):
                yield key, findings


def _parties(
    ids: Sequence[int], links: Mapping[str, frozenset[str]]
) -> Iterator[tuple[int, list[tie_rules.Party], list[tie_rules.Party]]]:
    """Yield each application with its firms as ties are judged by them, and as they are now."""
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
    people = _people(companies)
    frozen = dict(
        FrozenParties.objects.filter(application__in=ids).values_list("application_id", "parties")
    )
    for application in applications:
        present = _present(application, partners[application.pk], people, links)
        filed = frozen.get(application.pk)
        judged = present if filed is None else _judged(filed, present, links)
        yield application.pk, judged, present


def _people(companies: Iterable[int | None]) -> Mapping[int, Sequence[User]]:
    people: dict[int, list[User]] = defaultdict(list)
    for member in Member.objects.filter(company__in=companies).select_related("user"):
        people[member.company_id].append(member.user)
    return people


def _present(
    application: Application,
    partners: Iterable[Partner],
    people: Mapping[int, Sequence[User]],
    links: Mapping[str, frozenset[str]],
) -> list[tie_rules.Party]:
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    return [
        _party(application.company, "신청기업", people, links),
        *(_partner(row, labels.get(row.role, "참여기관"), people, links) for row in partners),
    ]


def _judged(
    filed: Sequence[Mapping[str, Any]],
    present: Sequence[tie_rules.Party],
    links: Mapping[str, frozenset[str]],
) -> list[tie_rules.Party]:
    """Return the firms as they were filed, with the people who belong to them now.

    Of a firm that joined later, only who belongs to it counts.
    """
    now = {party.company_id: party for party in present if party.company_id is not None}
    then = [_read(row, links) for row in filed]
    joined = [
        replace(
            party,
            member_user_ids=party.member_user_ids | now[party.company_id].member_user_ids,
        )
        if party.company_id in now
        else party
        for party in then
    ]
    known = {party.company_id for party in then}
    later = [
        replace(party, phones=frozenset(), emails=frozenset(), address="")
        for key, party in now.items()
        if key not in known
    ]
    return joined + later


def _plain(party: tie_rules.Party) -> dict[str, Any]:
    return {
        "name": party.name,
        "role": party.role,
        "business_number": party.business_number,
        "phones": sorted(party.phones),
        "emails": sorted(party.emails),
        "address": party.address,
        "company_id": party.company_id,
        "member_user_ids": sorted(party.member_user_ids),
    }


def _read(row: Mapping[str, Any], links: Mapping[str, frozenset[str]]) -> tie_rules.Party:
    return tie_rules.Party(
        name=row["name"],
        role=row["role"],
        business_number=row["business_number"],
        phones=frozenset(row["phones"]),
        emails=frozenset(row["emails"]),
        address=row["address"],
        company_id=row["company_id"],
        member_user_ids=frozenset(row["member_user_ids"]),
        linked=links.get(row["business_number"], frozenset()),
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
