"""Write bulk applications from prototypes."""

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection

from applications.models import (
    Application,
    ApplicationMove,
    Attachment,
    BonusClaim,
    Company,
    Consent,
    Member,
    Partner,
    ScoreSheet,
    Section,
    Site,
    Submission,
    Supplement,
)
from applications.services.intake import filing
from applications.states import ApplicationState as S
from applications.states import BonusState, MemberRole, PartnerState, SupplementState
from bench.bulk.prototypes import (
    DOMAIN,
    MARK,
    NO_PASSWORD,
    PDF,
    PDF_SHA256,
    SIGNATURE,
    Prototype,
    business_number,
)
from bench.bulk.rows import Batch, KeyAllocator, as_text
from bench.bulk.staff import People
from bench.bulk.texts import FrozenText, SheetText, sheet_texts
from portal.models import User
from portal.records import snapshot
from portal.uploads import files
from programs.models import SubProgram
from programs.states import Region

CHUNK = 4_000  # applications inserted in one transaction
DRAFT, SUBMITTED, ASSESSING, MIXED = "draft", "submitted", "assessing", "mixed"
STAGES = {
    DRAFT: {S.DRAFT: 1},
    SUBMITTED: {S.SUBMITTED: 1},
    ASSESSING: {S.ASSESSING: 1},
    MIXED: {S.SUBMITTED: 20, S.SCREENING: 15, S.ASSESSING: 55, S.INELIGIBLE: 7, S.WITHDRAWN: 3},
}
SUPPLEMENT_SHARE = 0.3  # of those in screening have an open supplement
SUPPLEMENT_MESSAGE = "견적서의 금액을 확인할 수 있는 자료를 더 내 주세요."
MOVES: dict[str, tuple[tuple[str, S, S, str], ...]] = {
    S.SUBMITTED: (),
    S.SCREENING: (("take_up", S.SUBMITTED, S.SCREENING, ""),),
    S.ASSESSING: (
        ("take_up", S.SUBMITTED, S.SCREENING, ""),
        ("qualify", S.SCREENING, S.ASSESSING, ""),
    ),
    S.INELIGIBLE: (
        ("take_up", S.SUBMITTED, S.SCREENING, ""),
        ("exclude", S.SCREENING, S.INELIGIBLE, "공장등록을 확인할 수 없습니다."),
    ),
    S.WITHDRAWN: (("withdraw", S.SUBMITTED, S.WITHDRAWN, "사업 계획이 바뀌었습니다."),),
}

Progress = Callable[[int, int], None]


@dataclass
class PreparedPrototype:
    """A prototype with what is computed from it once."""

    prototype: Prototype
    start: datetime
    seconds: int
    sheets: list[list[SheetText]]

    @cached_property
    def text(self) -> FrozenText:
        return FrozenText(self.prototype.content)

    @cached_property
    def sections(self) -> list[tuple[str, dict[str, Any], str]]:
        return [(row.name, row.data, snapshot.dumps(row.data)) for row in self.prototype.sections]


@dataclass
class Case:
    """One application to be written: its keys, and what differs from others of its prototype."""

    prepared: PreparedPrototype
    state: str
    user: int
    company: int
    site: int
    pk: int
    at: datetime
    region: str
    number: str | None

    def __post_init__(self) -> None:
        self.prototype = self.prepared.prototype
        self.began = as_text(self.prepared.start)
        self.profile = {**self.prototype.profile, "region": self.region}
        self.firm = {
            "business_number": business_number(self.company),
            "name": f"{MARK}{self.company:07d}",
            "representative": "김대표",
            "address": "경기도 안산시 단원구 산단로 1",
            "phone": "031-123-4567",
        }
        address = self.firm["address"]
        self.place = {"name": "본사 공장", "region": self.region, "address": address}


class BulkWriter:
    """Writes applications made from prototypes; the same seed makes the same applications."""

    def __init__(
        self,
        prototypes: Sequence[Prototype],
        *,
        people: People,
        now: datetime,
        stage: str = MIXED,
        sheets: int = 5,
        parts: bool = False,
        seed: int = 2021,
    ) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - not a secret
        self.people, self.sheets, self.stage, self.now = people, sheets, stage, now
        self.regions = list(Region.values)
        self.parts = parts or stage == DRAFT
        self.pdf = files.store_made(PDF) if self.parts else ""
        self.unsaved, self.keys = Application(), KeyAllocator()
        drawn = {
            program.pk: sheet_texts(program, self.rng)
            for program in {row.sub_program.pk: row.sub_program for row in prototypes}.values()
        }
        self.prepared = [
            self._prepare(prototype, drawn[prototype.sub_program.pk], now)
            for prototype in prototypes
        ]

    @staticmethod
    def _prepare(
        prototype: Prototype, sheets: list[list[SheetText]], now: datetime
    ) -> PreparedPrototype:
        start = prototype.window.opens_at + timedelta(hours=11)
        end = prototype.window.closes_at or start + timedelta(days=30)
        seconds = int((min(end, max(now, start + timedelta(hours=1))) - start).total_seconds())
        return PreparedPrototype(prototype, start, max(seconds, 1), sheets)

    def write(self, count: int, progress: Progress) -> None:
        """Insert `count` applications in chunks, preparing the next chunk meanwhile."""
        sizes = [min(CHUNK, count - done) for done in range(0, count, CHUNK)]
        with ThreadPoolExecutor(max_workers=1) as executor:
            pending = executor.submit(self.batch, self.allocate(sizes[0]))
            for place, size in enumerate(sizes):
                batch = pending.result()
                if place + 1 < len(sizes):
                    pending = executor.submit(self.batch, self.allocate(sizes[place + 1]))
                batch.save()
                progress(place * CHUNK + size, count)

    def allocate(self, count: int) -> list[tuple[int, ...]]:
        """Allocate the keys of person, company, site and application for each of `count`."""
        keys = [self.keys.take(model, count) for model in (User, Company, Site, Application)]
        return list(zip(*keys, strict=True))

    def batch(self, keys: Sequence[tuple[int, ...]]) -> Batch:
        """Make the rows of these applications without a query; each has its own company."""
        batch = Batch()
        states = STAGES[self.stage]
        drawn = self.rng.choices(list(states), weights=list(states.values()), k=len(keys))
        for state, key in zip(drawn, keys, strict=True):
            self._add(batch, self.rng.choice(self.prepared), state, *key)
        return batch

    def _add(
        self,
        batch: Batch,
        prepared: PreparedPrototype,
        state: str,
        user: int,
        company: int,
        site: int,
        pk: int,
    ) -> None:
        at = prepared.start + timedelta(
            microseconds=self.rng.randrange(prepared.seconds * 1_000_000)
        )
        free = prepared.prototype.region_is_free
        region = self.rng.choice(self.regions) if free else prepared.prototype.profile["region"]
        case = Case(
            prepared, state, user, company, site, pk, at, region, self._number(prepared, state, pk)
        )
        _add_company(batch, case)
        self._add_application(batch, case)
        partners = self._add_partners(batch, case)
        if self.parts:
            self._add_draft_parts(batch, case)
        if state != S.DRAFT:
            _add_submission(batch, case, partners)
            self._add_review(batch, case)

    def _number(self, prepared: PreparedPrototype, state: str, pk: int) -> str | None:
        if state == S.DRAFT:
            return None
        self.unsaved.pk, self.unsaved.sub_program = pk, prepared.prototype.sub_program
        return filing.number_of(self.unsaved)

    def _add_application(self, batch: Batch, case: Case) -> None:
        requested = case.state == S.SCREENING and self.rng.random() < SUPPLEMENT_SHARE
        filed = as_text(case.at) if case.number else None
        batch.add(
            Application, case.pk, str(case.state), case.prototype.sub_program.pk, case.prototype.track.pk,
            case.company, case.site, case.prototype.version, case.user, case.number, filed,
            case.region if filed else "", case.profile["company_size"] if filed else "",
            SupplementState.OPEN.value if requested else "", case.began, filed or case.began,
        )  # fmt: skip
        if requested:
            later = as_text(self._after(case.at, days=4, part=0.4))
            move = (case.pk, "ask", S.SCREENING.value, S.SCREENING.value)
            batch.last_moves.append((*move, self.people.officer, later, SUPPLEMENT_MESSAGE))
            batch.add(
                Supplement, case.pk, SupplementState.OPEN.value, SUPPLEMENT_MESSAGE, "[]",
                self.people.officer, later, as_text(self.now + timedelta(days=7)),
            )  # fmt: skip

    def _after(self, at: datetime, *, days: int, part: float) -> datetime:
        """Return `at` plus `days`, or plus this part of the time since, whichever is sooner."""
        return at + min(timedelta(days=days), max(self.now - at, timedelta()) * part)

    def _add_partners(self, batch: Batch, case: Case) -> list[Any]:
        """Add the partners; return their part of the frozen content."""
        frozen = []
        drawn = self.rng.sample(self.people.suppliers, len(case.prototype.partners))
        for row, pledge, (company, name, number, person) in zip(
            case.prototype.content["partners"], case.prototype.pledges, drawn, strict=True
        ):
            link = hashlib.sha256(f"{case.pk}:{company}".encode()).hexdigest()
            batch.add(
                Partner, case.pk, row["role"], name, f"supplier{person}@{DOMAIN}",
                PartnerState.ACCEPTED.value, company, link, case.user, case.began, case.began, "",
            )  # fmt: skip
            if terms := row["terms"]:
                batch.terms[link] = (
                    terms["part"], terms["share_won"], terms["quote_won"], case.user, case.began,
                    True, pledge is not None, person, case.began, "",
                )  # fmt: skip
            if pledge:
                firms = {
                    "applicant": _named(case.firm["name"], case.firm["business_number"]),
                    "partner": _named(name, number),
                }
                text = snapshot.dumps({**pledge, **firms})
                batch.pledges[link] = (
                    company, text, hashlib.sha256(text.encode()).hexdigest(), SIGNATURE, person,
                    case.began,
                )  # fmt: skip
            frozen.append({**row, "company_name": name, "business_number": number})
        return frozen

    def _add_draft_parts(self, batch: Batch, case: Case) -> None:
        by, at = case.user, case.began
        for name, data, text in case.prepared.sections:
            own = snapshot.dumps({**data, "region": case.region}) if "region" in data else text
            batch.add(Section, case.pk, name, own, 2 if name == "company" else 1, by, at)
        papers = case.prototype.content["attachments"]
        for code, paper in zip(case.prototype.documents, papers, strict=True):
            batch.add(
                Attachment, case.pk, code, paper["name"], self.pdf, PDF.size, PDF_SHA256,
                files.CONTENT_TYPES["pdf"], by, at,
            )  # fmt: skip
        for code, wording, given in case.prototype.consents:
            batch.add(Consent, case.pk, code, wording, given, by, at)

    def _add_review(self, batch: Batch, case: Case) -> None:
        """Add the moves, the bonus claims and, under assessment, the locked sheets."""
        officer, pk = self.people.officer, case.pk
        filed, later = as_text(case.at), as_text(self._after(case.at, days=3, part=0.3))
        submit = ("submit", S.DRAFT.value, S.SUBMITTED.value)
        batch.add(ApplicationMove, pk, *submit, case.user, filed, "")
        for name, source, target, note in MOVES[case.state]:
            by = case.user if name == "withdraw" else officer
            batch.add(ApplicationMove, pk, name, source.value, target.value, by, later, note)
        granted = case.state == S.ASSESSING
        for claim in case.prototype.claims:
            batch.add(
                BonusClaim, pk, claim["code"], claim["label"], claim["claim"], claim["points"],
                claim["hinted"], (BonusState.GRANTED if granted else BonusState.CLAIMED).value,
                "품목과 허가 번호를 확인했습니다." if granted else "",
                officer if granted else None, later if granted else None,
            )  # fmt: skip
        if case.state == S.ASSESSING and self.sheets:
            self._add_sheets(batch, case, later)

    def _add_sheets(self, batch: Batch, case: Case, assigned: str) -> None:
        locked = as_text(self._after(case.at, days=10, part=0.6))
        texts = self.rng.choice(case.prepared.sheets)
        for assessor in self.rng.sample(self.people.assessors, self.sheets):
            sheet = self.rng.choice(texts)
            batch.add(
                ScoreSheet, case.pk, assessor, self.people.officer, assigned, sheet.marks,
                sheet.reasons, sheet.comment, 2, locked, sheet.sha256(case.pk, assessor),
            )  # fmt: skip


def _named(name: str, number: str) -> dict[str, str]:
    return {"name": name, "business_number": number}


def _add_company(batch: Batch, case: Case) -> None:
    firm, profile, began = case.firm, case.profile, case.began
    batch.add(
        User, case.user, f"bulk{case.user}@{DOMAIN}", NO_PASSWORD, f"{MARK}담당자 {case.user}",
        "010-0000-0000", False, True, False, began,
    )  # fmt: skip
    batch.add(
        Company, case.company, firm["business_number"], firm["name"], profile["company_kind"],
        profile["company_size"], profile["industry_code"], 10, profile["founded_on"],
        profile["employees"], firm["representative"], case.region, firm["address"], firm["phone"],
        began, began,
    )  # fmt: skip
    batch.add(Site, case.site, case.company, *case.place.values())
    batch.add(Member, case.company, case.user, MemberRole.OWNER.value, began)


def _add_submission(batch: Batch, case: Case, partners: list[Any]) -> None:
    """Add the submission: the prototype's content with this applicant's identity."""
    content = case.prototype.content
    changed = {
        "number": case.number,
        "submitted_at": snapshot.to_plain(case.at),
        "company": case.firm,
        "site": case.place,
        "profile": case.profile,
        "facts": {**content["facts"], "region": case.region},
        "partners": partners,
    }
    text = case.prepared.text.with_members(**changed)
    batch.add(
        Submission, case.pk, case.number, as_text(case.at), case.user, case.prototype.form_sha256, text,
        hashlib.sha256(text.encode()).hexdigest(), content["preview"]["total_cost_won"],
        content["preview"]["support_won"], content["preview"]["own_won"],
    )  # fmt: skip


def holds_real_applications() -> bool:
    """Return whether the database holds applications other than bulk data."""
    return Application.objects.exclude(company__name__startswith=MARK).exists()


def refresh_statistics() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def sub_programs(codes: Iterable[str]) -> list[SubProgram]:
    """Return the sub-programmes with these codes (all without any) of the latest round."""
    rows = SubProgram.objects.select_related("round", "pot").order_by("round__opens_at", "order")
    requested = list(codes)
    latest = {row.code: row for row in rows if not requested or row.code in requested}
    return list(latest.values())
