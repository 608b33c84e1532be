"""The people of the demo and their roles."""

import time
from dataclasses import dataclass

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt

from applications.roles import ASSESSOR
from kamp.roles import CURATOR
from portal.access.roles import AUDITOR, OPERATOR
from programs.roles import MANAGER, OFFICER
from vouchers.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR

PASSWORD = "demo-portal-2021"  # noqa: S105 - printed for everybody to see
DOMAIN = "demo.example"


@dataclass(frozen=True)
class Person:
    """One account of the demo."""

    login: str
    name: str
    what: str
    role: str = ""
    domain: str = DOMAIN  # firms have their own: a shared one would tie assessors to them

    @property
    def email(self) -> str:
        return f"{self.login}@{self.domain}"


PEOPLE = (
    Person("applicant", "김신청", "신청기업 담당자", domain="hanbit.example"),
    Person("coworker", "이동료", "신청기업 작성자", domain="hanbit.example"),
    Person("partner", "박공급", "공급기업(참여기관) 담당자", domain="robot-on.example"),
    Person("assessor", "평가위원 1", "평가위원", ASSESSOR),
    Person("assessor2", "평가위원 2", "평가위원", ASSESSOR),
    Person("assessor3", "평가위원 3", "평가위원", ASSESSOR),
    Person("assessor4", "평가위원 4", "평가위원", ASSESSOR),
    Person("assessor5", "평가위원 5", "평가위원", ASSESSOR),
    Person("meister", "정장인", "스마트 마이스터(파견 전문가)", domain="jangin.example"),
    Person("leveler", "한수준", "수준확인 심사원", domain="sujun.example"),
    Person("staff", "사업 담당자", "사업 담당자(요건검토·배정·선정안)", OFFICER),
    Person("manager", "결정권자", "결정권자(결정·발표)", MANAGER),
    Person("staff2", "사업 담당자 2", "다른 사업 담당자(이의신청·예비 승계)", OFFICER),
    Person("manager2", "결정권자 2", "다른 결정권자(이의신청 심의·2차 승인)", MANAGER),
    Person("auditor", "감사 담당자", "감사(열람만)", AUDITOR),
    Person("operator", "시스템 운영자", "운영(작업·알림·계정)", OPERATOR),
    Person("ministry", "바우처 담당자", "바우처 부처(모두 열람·승인)", MINISTRY),
    Person("agency", "전담기관 담당자", "바우처 전담기관(문제 확인·시정·승인)", AGENCY),
    Person(
        "panel", "운영기관 담당자", "모니터링단 운영기관(모집·배정·원고료·시상)", PANEL_OPERATOR
    ),
    Person("moderator", "보고서 검토자", "모니터링단 보고서 검토", MODERATOR),
    Person(
        "seller", "최판매", "바우처 공급기업 담당자(의견·시정)", domain="voucher-supplier.example"
    ),
    Person("monitor", "최국민", "모니터링단 단원", domain="gukmin.example"),
    Person("curator", "KAMP 편집자 1", "KAMP 사례 편집", CURATOR),
    Person("curator2", "KAMP 편집자 2", "KAMP 사례 공개(두 번째 사람)", CURATOR),
    Person("inspector", "최검사", "KAMP 검사 작업실 대표 작업자", domain="hanbit.example"),
    Person("inspector2", "정확인", "KAMP 검사 작업실 작업자", domain="hanbit.example"),
)


EMAILS = {person.login: person.email for person in PEOPLE}


def current_code(authenticator: Authenticator) -> str:
    """Return the six digits that the person's authenticator app shows now."""
    counter = int(time.time()) // app_settings.TOTP_PERIOD
    return str(format_hotp_value(hotp_value(decrypt(authenticator.data["secret"]), counter)))


def email_of(login: str) -> str:
    """Return the address of one of the demo's people. Raises KeyError for an unknown login."""
    return EMAILS[login]
