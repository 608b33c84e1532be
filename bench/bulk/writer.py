"""Bulk data: applications by the thousand from moulds, written in few statements per table."""

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
    PAPER,
    PAPER_SHA256,
    Mould,
    business_number,
)
from bench.bulk.rows import Batch, Numbers, stamp
from bench.bulk.staff import People
from bench.bulk.texts import FrozenText, SheetText, sheet_texts
from portal.models import User
from portal.records import snapshot
from portal.uploads import files
from programs.models import SubProgram
from programs.states import Region

CHUNK = 4_000  # applications written together
DRAFT, SUBMITTED, ASSESSING, MIXED = "draft", "submitted", "assessing", "mixed"
STAGES = {
    DRAFT: {S.DRAFT: 1},
    SUBMITTED: {S.SUBMITTED: 1},
    ASSESSING: {S.ASSESSING: 1},
    MIXED: {S.SUBMITTED: 20, S.SCREENING: 15, S.ASSESSING: 55, S.INELIGIBLE: 7, S.WITHDRAWN: 3},
}
ASKED = 0.3  # of those in screening wait for an answer
QUESTION = "견적서의 금액을 확인할 수 있는 자료를 더 내 주세요."
WAYS: dict[str, tuple[tuple[str, S, S, str], ...]] = {
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
class Form:
    """A mould with what is worked out once from it."""

    mould: Mould
    start: datetime
    seconds: int
    sheets: list[list[SheetText]]

    @cached_property
    def text(self) -> FrozenText:
        """The frozen content's text."""
        return FrozenText(self.mould.content)

    @cached_property
    def sections(self) -> list[tuple[str, dict[str, Any], str]]:
        """Name, data and text of each step."""
        return [(row.name, row.data, snapshot.dumps(row.data)) for row in self.mould.sections]


@dataclass
class Case:
    """One application to be: its keys, and what tells it from the others of its mould."""

    form: Form
    state: str
    user: int
    company: int
    site: int
    pk: int
    at: datetime
    region: str
    number: str | None

    def __post_init__(self) -> None:
        self.mould = self.form.mould
        self.began = stamp(self.form.start)
        self.profile = {**self.mould.profile, "region": self.region}
        self.firm = {
            "business_number": business_number(self.company),
            "name": f"{MARK}{self.company:07d}",
            "representative": "김대표",
            "address": "경기도 안산시 단원구 산단로 1",
            "phone": "031-123-4567",
        }
        address = self.firm["address"]
        self.place = {"name": "본사 공장", "region": self.region, "address": address}


class Press:
    """Makes applications from moulds: the same seed gives the same applications."""

    def __init__(
        self,
        moulds: Sequence[Mould],
        *,
        people: People,
        now: datetime,
        stage: str = MIXED,
        sheets: int = 5,
        parts: bool = False,
        seed: int = 2021,
    ) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - not a secret
        self.people, self.sheets, self.stage, self.now = people, sheets, stage, now
        self.regions = list(Region.values)
        self.parts = parts or stage == DRAFT
        self.paper = files.store(PAPER) if self.parts else ""
        self.shell, self.numbers = Application(), Numbers()
        drawn = {
            program.pk: sheet_texts(program, self.dice)
            for program in {mould.sub_program.pk: mould.sub_program for mould in moulds}.values()
        }
        self.forms = [self._form(mould, drawn[mould.sub_program.pk], now) for mould in moulds]

    @staticmethod
    def _form(mould: Mould, sheets: list[list[SheetText]], now: datetime) -> Form:
        start = mould.window.opens_at + timedelta(hours=11)
        end = mould.window.closes_at or start + timedelta(days=30)
        seconds = int((min(end, max(now, start + timedelta(hours=1))) - start).total_seconds())
        return Form(mould, start, max(seconds, 1), sheets)

    def make(self, count: int, progress: Progress) -> None:
        """Write so many applications, some thousand at a time; the next are made meanwhile."""
        sizes = [min(CHUNK, count - done) for done in range(0, count, CHUNK)]
        with ThreadPoolExecutor(max_workers=1) as maker:
            waiting = maker.submit(self.batch, self.take(sizes[0]))
            for place, size in enumerate(sizes):
                batch = waiting.result()
                if place + 1 < len(sizes):
                    waiting = maker.submit(self.batch, self.take(sizes[place + 1]))
                batch.save()
                progress(place * CHUNK + size, count)

    def take(self, count: int) -> list[tuple[int, ...]]:
        """Take the keys of so many: person, company, site, application."""
        keys = [self.numbers.take(model, count) for model in (User, Company, Site, Application)]
        return list(zip(*keys, strict=True))

    def batch(self, keys: Sequence[tuple[int, ...]]) -> Batch:
        """Make the rows of these applications, each of a company of its own; no query."""
        batch = Batch()
        states = STAGES[self.stage]
        drawn = self.dice.choices(list(states), weights=list(states.values()), k=len(keys))
        for state, key in zip(drawn, keys, strict=True):
            self._add(batch, self.dice.choice(self.forms), state, *key)
        return batch

    def _add(
        self, batch: Batch, form: Form, state: str, user: int, company: int, site: int, pk: int
    ) -> None:
        at = form.start + timedelta(microseconds=self.dice.randrange(form.seconds * 1_000_000))
        free = form.mould.region_is_free
        region = self.dice.choice(self.regions) if free else form.mould.profile["region"]
        case = Case(form, state, user, company, site, pk, at, region, self._number(form, state, pk))
        _found(batch, case)
        self._apply(batch, case)
        partners = self._join(batch, case)
        if self.parts:
            self._lay_down(batch, case)
        if state != S.DRAFT:
            _freeze(batch, case, partners)
            self._review(batch, case)

    def _number(self, form: Form, state: str, pk: int) -> str | None:
        if state == S.DRAFT:
            return None
        self.shell.pk, self.shell.sub_program = pk, form.mould.sub_program
        return filing.number_of(self.shell)

    def _apply(self, batch: Batch, case: Case) -> None:
        asked = case.state == S.SCREENING and self.dice.random() < ASKED
        filed = stamp(case.at) if case.number else None
        batch.add(
            Application, case.pk, str(case.state), case.mould.sub_program.pk, case.mould.track.pk,
            case.company, case.site, case.mould.version, case.user, case.number, filed,
            case.region if filed else "", case.profile["company_size"] if filed else "",
            SupplementState.OPEN.value if asked else "", case.began, filed or case.began,
        )  # fmt: skip
        if asked:
            later = stamp(self._after(case.at, days=4, part=0.4))
            ask = (case.pk, "ask", S.SCREENING.value, S.SCREENING.value)
            batch.later.append((*ask, self.people.officer, later, QUESTION))
            batch.add(
                Supplement, case.pk, SupplementState.OPEN.value, QUESTION, "[]",
                self.people.officer, later, stamp(self.now + timedelta(days=7)),
            )  # fmt: skip

    def _after(self, at: datetime, *, days: int, part: float) -> datetime:
        """So many days later, or part of the way to the present if that is sooner."""
        return at + min(timedelta(days=days), max(self.now - at, timedelta()) * part)

    def _join(self, batch: Batch, case: Case) -> list[Any]:
        """Add the partners, and return what is frozen of them."""
        frozen = []
        drawn = self.dice.sample(self.people.suppliers, len(case.mould.partners))
        for row, (company, name, number, person) in zip(
            case.mould.content["partners"], drawn, strict=True
        ):
            link = hashlib.sha256(f"{case.pk}:{company}".encode()).hexdigest()
            batch.add(
                Partner, case.pk, row["role"], name, f"supplier{person}@{DOMAIN}",
                PartnerState.ACCEPTED.value, company, link, case.user, case.began, case.began, "",
            )  # fmt: skip
            if terms := row["terms"]:
                batch.terms[link] = (
                    terms["part"], terms["share_won"], terms["quote_won"], case.user, case.began,
                    True, case.user, case.began, "",
                )  # fmt: skip
            frozen.append({**row, "company_name": name, "business_number": number})
        return frozen

    def _lay_down(self, batch: Batch, case: Case) -> None:
        """Add the parts of the draft: steps, papers, consents."""
        by, at = case.user, case.began
        for name, data, text in case.form.sections:
            own = snapshot.dumps({**data, "region": case.region}) if "region" in data else text
            batch.add(Section, case.pk, name, own, 2 if name == "company" else 1, by, at)
        papers = case.mould.content["attachments"]
        for code, paper in zip(case.mould.documents, papers, strict=True):
            batch.add(
                Attachment, case.pk, code, paper["name"], self.paper, PAPER.size, PAPER_SHA256,
                files.CONTENT_TYPES["pdf"], by, at,
            )  # fmt: skip
        for code, wording, given in case.mould.consents:
            batch.add(Consent, case.pk, code, wording, given, by, at)

    def _review(self, batch: Batch, case: Case) -> None:
        """Add the moves, the bonus claims and, under assessment, the locked sheets."""
        officer, pk = self.people.officer, case.pk
        filed, later = stamp(case.at), stamp(self._after(case.at, days=3, part=0.3))
        submit = ("submit", S.DRAFT.value, S.SUBMITTED.value)
        batch.add(ApplicationMove, pk, *submit, case.user, filed, "")
        for name, source, target, note in WAYS[case.state]:
            by = case.user if name == "withdraw" else officer
            batch.add(ApplicationMove, pk, name, source.value, target.value, by, later, note)
        granted = case.state == S.ASSESSING
        for claim in case.mould.claims:
            batch.add(
                BonusClaim, pk, claim["code"], claim["label"], claim["claim"], claim["points"],
                claim["hinted"], (BonusState.GRANTED if granted else BonusState.CLAIMED).value,
                "품목과 허가 번호를 확인했습니다." if granted else "",
                officer if granted else None, later if granted else None,
            )  # fmt: skip
        if case.state == S.ASSESSING and self.sheets:
            self._assess(batch, case, later)

    def _assess(self, batch: Batch, case: Case, assigned: str) -> None:
        locked = stamp(self._after(case.at, days=10, part=0.6))
        texts = self.dice.choice(case.form.sheets)
        for assessor in self.dice.sample(self.people.assessors, self.sheets):
            sheet = self.dice.choice(texts)
            batch.add(
                ScoreSheet, case.pk, assessor, self.people.officer, assigned, sheet.marks,
                sheet.reasons, sheet.comment, 2, locked, sheet.sha256(case.pk, assessor),
            )  # fmt: skip


def _found(batch: Batch, case: Case) -> None:
    """Add the company with its site and its one person."""
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


def _freeze(batch: Batch, case: Case, partners: list[Any]) -> None:
    """Add the submission: the mould's content with what names this applicant."""
    content = case.mould.content
    changed = {
        "number": case.number,
        "submitted_at": snapshot.to_plain(case.at),
        "company": case.firm,
        "site": case.place,
        "profile": case.profile,
        "facts": {**content["facts"], "region": case.region},
        "partners": partners,
    }
    text = case.form.text.with_members(**changed)
    batch.add(
        Submission, case.pk, case.number, stamp(case.at), case.user, case.mould.form_sha256, text,
        hashlib.sha256(text.encode()).hexdigest(), content["preview"]["total_cost_won"],
        content["preview"]["support_won"], content["preview"]["own_won"],
    )  # fmt: skip


def holds_real_applications() -> bool:
    """Tell whether somebody has applied here in earnest."""
    return Application.objects.exclude(company__name__startswith=MARK).exists()


def refresh_statistics() -> None:
    """Let the database's planner know what has come."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def programmes(codes: Iterable[str]) -> list[SubProgram]:
    """The sub-programmes with these codes (all, if none is named) of the latest round."""
    found = SubProgram.objects.select_related("round", "pot").order_by("round__opens_at", "order")
    wanted = list(codes)
    latest = {row.code: row for row in found if not wanted or row.code in wanted}
    return list(latest.values())
