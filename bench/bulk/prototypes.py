"""Prototypes of bulk data: one application per kind of applicant.

Each is filed by the real services in a transaction that is rolled back.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from applications.models import (
    Application,
    Attachment,
    Company,
    FormVersion,
    Member,
    Partner,
    Pledge,
    Site,
    Submission,
)
from applications.queries.intake import drafting as drafting_queries
from applications.queries.intake import questions
from applications.rules.intake.drafting import check_consents
from applications.services.intake import drafting, filing, partners, preparing
from applications.states import MemberRole, PartnerState
from demo.applications import answers
from portal.core.errors import RuleBroken
from portal.core.validators import check_digit
from portal.models import User
from portal.uploads import files
from programs.models import SubProgram, Track
from programs.rules.calendar import Window
from programs.rules.facts import applies, parse_when
from programs.states import CompanyKind, CompanySize, GrantKind, Region

MARK = "대량 "  # the names of all bulk companies begin with it
SIGNATURE = "김대표"
DOMAIN = "bulk.invalid"  # undeliverable by definition
NO_PASSWORD = "!bulk"  # noqa: S105 - Django marks an unusable password so
COST_WON = {CompanySize.SMALL: 40_000_000, CompanySize.MEDIUM: 120_000_000}
LARGE_COST_WON = 450_000_000
PDF = ContentFile(b"%PDF-1.4\n% bulk\n%%EOF\n", name="bulk.pdf")
PDF_SHA256 = hashlib.sha256(PDF.read()).hexdigest()
OFFICE, KINDS, SERIALS = 999, 99, 9_999
UNUSED_NUMBERS = 99 * KINDS * SERIALS  # business numbers from here on: bulk rows do not reach them


@dataclass(frozen=True)
class Section:
    """One saved section of the draft."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Prototype:
    """What one kind of applicant files in a sub-programme.

    The rows of the draft and the frozen content. Two applications made from it differ only in what
    identifies the applicant.
    """

    sub_program: SubProgram
    track: Track
    profile: dict[str, Any]
    sections: tuple[Section, ...]
    documents: tuple[str, ...]
    consents: tuple[tuple[str, str, bool], ...]
    partners: tuple[str, ...]
    pledges: tuple[dict[str, Any] | None, ...]  # what each of them pledged
    version: int
    content: dict[str, Any]
    form_sha256: str
    claims: tuple[dict[str, Any], ...]

    @property
    def window(self) -> Window:
        return self.sub_program.window()

    @property
    def region_is_free(self) -> bool:
        return all(row["fact"] != "region" for row in self.sub_program.conditions)


def business_number(place: int) -> str:
    # Counted down from tax offices that do not exist, so that no real number is taken.
    office = OFFICE - place // (KINDS * SERIALS)
    first = f"{office}{1 + place // SERIALS % KINDS:02d}{1 + place % SERIALS:04d}"
    return f"{first}{check_digit(first)}"


def make_prototypes(sub_program: SubProgram) -> list[Prototype]:
    """File once per track and size of company, with and without a bonus claim.

    Only the form version stays in the database. Raises RuleBroken when nobody can file in the
    sub-programme.
    """
    made: list[Prototype] = []
    refused: RuleBroken | None = None
    for track, size, claim in _kinds(sub_program):
        try:
            made.append(_make(track, size, claim))
        except RuleBroken as error:
            refused = error
    if not made:
        raise refused or RuleBroken([], message=f"{sub_program}: 지원유형이 없습니다.")
    return made


def _kinds(sub_program: SubProgram) -> Iterator[tuple[Track, str, bool]]:
    claimed = sub_program.bonus_items.exists()
    for track in sub_program.tracks.select_related("sub_program__round", "sub_program__pot"):
        for size in (*COST_WON, CompanySize.MID):
            yield track, size, claimed and size == CompanySize.SMALL
        yield from [(track, CompanySize.SMALL, False)] * claimed


def _make(track: Track, size: str, claim: bool) -> Prototype:
    with transaction.atomic():
        prototype = _file(track, size, claim)
        transaction.set_rollback(True)
    FormVersion.objects.get_or_create(
        sha256=prototype.form_sha256, defaults={"content": prototype.content.pop("form")}
    )
    return prototype


def _file(track: Track, size: str, claim: bool) -> Prototype:
    program = track.sub_program
    now = program.window().opens_at + timedelta(hours=10)
    user = User.objects.create(email=f"prototype@{DOMAIN}", password=NO_PASSWORD)
    _, site = _company(user, size, now, place=UNUSED_NUMBERS)
    application = drafting.start(program, site=site, by=user, now=now)
    drafting.choose_track(application, code=track.code, by=user, now=now)
    result = answers.find(
        track,
        profile=drafting_queries.initial_company_answers(application),
        claim=claim,
        on=now.date(),
    )
    _answer(application, result, size, user, now)
    application = Application.objects.get(pk=application.pk)
    _add_partners(application, user, now)
    _attach(application, user, now)
    _consent(application, user, now)
    seen = preparing.prepare(application, now=now).sha256
    filed = filing.submit(application, by=user, now=now, seen=seen)
    return _prototype_of(track, filed)


def _company(user: User, size: str, now: datetime, *, place: int) -> tuple[Company, Site]:
    company = Company.objects.create(
        business_number=business_number(place),
        name=f"{MARK}{place}",
        kind=CompanyKind.COMPANY,
        size=size,
        industry_code="25924",
        founded_on=date(2005, 1, 3),
        employees=30,
        representative=SIGNATURE,
        region=Region.GYEONGGI,
        address="경기도 안산시 단원구 산단로 1",
        phone="031-123-4567",
    )
    Member.objects.create(company=company, user=user, role=MemberRole.OWNER, since=now)
    site = Site.objects.create(
        company=company, name="본사 공장", region=company.region, address=company.address
    )
    return company, site


def _answer(
    application: Application, result: answers.Answers, size: str, user: User, now: datetime
) -> None:
    program = application.sub_program
    company = drafting_queries.initial_company_answers(application) | result.profile
    steps = {
        name: {
            row["code"]: result.values[row["code"]]
            for row in questions.section_questions(application, name)
            if row["code"] in result.values
        }
        for name in (questions.PLAN, questions.DECLARATIONS)
    }
    total = COST_WON.get(CompanySize(size), LARGE_COST_WON)
    lines = program.cost_items
    steps[questions.COST] = {row["code"]: total // len(lines) for row in lines}
    if application.track and application.track.grant_kind == GrantKind.REQUESTED:
        steps[questions.COST][questions.REQUESTED] = total // 2
    drafting.save_section(
        application, name=questions.COMPANY, data=company, version=1, by=user, now=now
    )
    for name, data in steps.items():
        if data:
            drafting.save_section(application, name=name, data=data, version=0, by=user, now=now)


def _add_partners(application: Application, user: User, now: datetime) -> None:
    facts = drafting_queries.load(application).facts
    for row in application.sub_program.partner_roles:
        if row.get("required", True) and applies(parse_when(row.get("when")), facts):
            for index in range(row.get("minimum", 1)):
                place = UNUSED_NUMBERS + 1 + index
                person = _partner_user(place)
                supplier, _ = _company(person, CompanySize.SMALL, now, place=place)
                partner = Partner.objects.create(
                    application=application,
                    role=row["role"],
                    company_name=supplier.name,
                    email=f"prototype{index}@{DOMAIN}",
                    state=PartnerState.ACCEPTED,
                    company=supplier,
                    digest=f"{row['role']}-{index}",
                    invited_by=user,
                    invited_at=now,
                    answered_at=now,
                )
                if "terms" in row:
                    _confirm_terms(partner, row["terms"], user, person, now)


def _confirm_terms(
    partner: Partner, questions: Mapping[str, Any], user: User, person: User, now: datetime
) -> None:
    terms = partners.set_terms(
        partner,
        part="설비 공급과 설치",
        share_won=0 if questions["share"] else None,
        quote_won=1_000_000 if questions["quote"] else None,
        by=user,
        now=now,
    )
    partners.answer_terms(terms, agree=True, signature=SIGNATURE, by=person, now=now)


def _partner_user(place: int) -> User:
    return User.objects.create(email=f"partner{place}@{DOMAIN}", password=NO_PASSWORD)


def _attach(application: Application, user: User, now: datetime) -> None:
    read = drafting_queries.load(application)
    for row in drafting_queries.applicable_documents(read):
        if row["required"]:
            Attachment.objects.create(
                application=application,
                requirement=row["code"],
                name=f"{row['label']}.pdf"[:160],
                file="",
                size=PDF.size,
                sha256=PDF_SHA256,
                content_type=files.CONTENT_TYPES["pdf"],
                uploaded_by=user,
                uploaded_at=now,
            )


def _consent(application: Application, user: User, now: datetime) -> None:
    required = {row.code for row in check_consents(application.sub_program.consents, {})}
    given = {
        row["code"]: f"missing:consent:{row['code']}" in required
        for row in application.sub_program.consents
    }
    drafting.consent(application, answers=given, by=user, now=now)


def _prototype_of(track: Track, filed: Submission) -> Prototype:
    application = filed.application
    claims = application.bonuses.order_by("pk")
    signed = dict(
        Pledge.objects.filter(terms__partner__application=application).values_list(
            "terms__partner", "content"
        )
    )
    return Prototype(
        sub_program=track.sub_program,
        track=track,
        profile=filed.content["profile"],
        sections=tuple(Section(row.name, row.data) for row in application.sections.order_by("pk")),
        documents=tuple(
            application.attachments.order_by("pk").values_list("requirement", flat=True)
        ),
        consents=tuple(application.consents.order_by("pk").values_list("code", "wording", "given")),
        partners=tuple(application.partners.order_by("pk").values_list("role", flat=True)),
        pledges=tuple(
            signed.get(pk)
            for pk in application.partners.order_by("pk").values_list("pk", flat=True)
        ),
        version=application.version,
        content={**filed.content, "form": filed.form.content},
        form_sha256=filed.form_id,
        claims=tuple(
            dict(row) for row in claims.values("code", "label", "claim", "points", "hinted")
        ),
    )
