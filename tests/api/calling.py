"""One open round, one company with a draft and a filed application, and people with tokens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client

from applications.models import Application, Attachment, Company, Site
from portal.api.authentication import issue_token
from portal.core.clock import now
from portal.models import TokenScope, User
from programs.models import ProgramRound
from tests.factories import applications, reports, vouchers
from tests.factories.applications import (
    ApplicationFactory,
    AttachmentFactory,
    CompanyFactory,
    SiteFactory,
)
from tests.factories.kamp import refractory
from tests.factories.programs import load, program
from vouchers.services import corrections
from vouchers.services.reports import moderation
from vouchers.states import MemberKind

READ, WRITE = TokenScope.READ, TokenScope.WRITE


@dataclass
class Caller:
    """A program that calls the API, with or without a token."""

    token: str = ""

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Call `path` below /api/v1/ with a JSON body."""
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        sent = {"data": "" if body is None else body, "content_type": "application/json"}
        client = Client(headers=headers)
        call = getattr(client, method.lower())
        return call(f"/api/v1/{path}", **({} if method.upper() == "GET" else sent))

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)


@dataclass
class Story:
    """What the tests of the API start from."""

    company: Company
    site: Site
    draft: Application
    paper: Attachment
    filed: Application
    stranger: Company
    foreign: Application


def caller(user: User, scope: str = WRITE) -> Caller:
    """Give a person a token."""
    return Caller(issue_token(user, name="시험", scope=scope)[1])


def open_catalogue() -> None:
    """Load the 2021 catalogue with an intake around this instant."""
    at = now()
    round = load(now=at)
    ProgramRound.objects.filter(pk=round.pk).update(
        opens_at=at - timedelta(days=20), closes_at=at + timedelta(days=14)
    )
    open_shelf()


def open_shelf() -> None:
    """Put the voucher service of the examples on sale, with its report and its correction."""
    service = vouchers.service(
        code="KV-000123",
        name="가온 화상회의",
        supplier=vouchers.supplier(name="가온소프트(가상)"),
        price_won=120_000,
        price_basis="월, 10명",
        summary="회의록을 스스로 쓰는 화상회의입니다.",
        target="중소기업",
        contents="화상회의, 자동 회의록, 화면 공유",
    )
    assigned = reports.assigned(reports.round(), service=service, kind=MemberKind.EXPERT)
    words = reports.texts() | {
        "features": "회의를 마치면 회의록이 저절로 남고 할 일이 담당자에게 나뉘어 갑니다. "
        "열 명이 함께 들어와도 소리와 화면이 끊기지 않았습니다."
    }
    report = reports.accepted(assigned, words=words)
    seller, agency = reports.desk(service.supplier), vouchers.agency()
    moderation.comment(
        report, text="다음 판에서 녹화를 고치겠습니다.", by=seller, now=applications.NOW
    )
    moderation.publish(report, by=vouchers.moderator(), now=reports.LATER)
    case = reports.raised(reports.fresh(report))
    finding = "녹화한 파일이 열리지 않는 것을 확인했습니다."
    corrections.verify(case, finding=finding, by=agency, now=reports.LATER)
    corrections.request(case, text="녹화 기능을 고쳐 주세요.", by=agency, now=reports.LATER)


def tell_story() -> Story:
    """Write the rows."""
    refractory()
    company, stranger = CompanyFactory(name="한빛정밀"), CompanyFactory(name="다른회사")
    site = SiteFactory(company=company, name="안산 1공장")
    made = {"sub_program": program("robot"), "company": company}
    draft = ApplicationFactory(**made, site=site)
    return Story(
        company=company,
        site=site,
        draft=draft,
        paper=AttachmentFactory(application=draft),
        filed=ApplicationFactory(**made, site=SiteFactory(company=company), filed=True),
        stranger=stranger,
        foreign=ApplicationFactory(sub_program=program("robot"), company=stranger),
    )
