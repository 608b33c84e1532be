"""Applications to a panel: draft, evidence, submission, withdrawal."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.access.roles import roles_of
from portal.core import keys, text, validators
from portal.core.errors import (
    BadInput,
    Closed,
    Finding,
    MoveNotAllowed,
    RuleBroken,
)
from portal.core.versions import earlier_save
from portal.models import User
from portal.notices import outbox
from portal.records import snapshot
from portal.records.workflow import move
from portal.uploads import files
from programs.rules import calendar
from vouchers.models import PanelApplication, PanelEvidence, PanelRound
from vouchers.roles import ROLES
from vouchers.services import conflicts
from vouchers.states import Category, MemberKind, PanelApplicationMoves, PanelApplicationState

FORMATS = ("pdf", "jpg", "png", "hwp", "hwpx")
MOST_FILES = 5
MOST_FIRMS = 10
SHORTEST_TEXT = 20  # letters of `expertise` and of `interest`
TEXTS = {  # the most letters of each field
    "name": 50,
    "phone": 20,
    "address": 200,
    "affiliation": 100,
    "business_number": 10,
    "expertise": 3_000,
    "interest": 3_000,
}
NAMES = {"name", "affiliation"}
STAFF_BARRED = (
    "모니터링단을 운영하거나 보고서를 검토하거나 감독하는 사람은 지원할 수 없습니다. "
    "스스로의 지원과 보고서를 다루게 되기 때문입니다."
)
BARRED = "공급기업과 관계가 있는 사람은 모니터링단에 지원할 수 없습니다."


def start(round: PanelRound, *, by: User, now: datetime) -> PanelApplication:
    """Create a draft filled from the account, or return the existing application.

    Raises Closed, RuleBroken (`tied`) for a person tied to a supplier.
    """
    _check_open(round, now)
    existing = _active(round, by)
    if existing is not None:
        return existing
    check_not_staff(by)
    _check_ties(by, None, now)
    try:
        with transaction.atomic():
            return PanelApplication.objects.create(
                round=round, user=by, name=by.name, phone=by.phone
            )
    except IntegrityError as refused:
        existing = _active(round, by)
        if existing is None:
            raise RuleBroken([Finding("tied", BARRED)], code="tied") from refused
        return existing


@transaction.atomic
def save(
    application: PanelApplication,
    *,
    data: Mapping[str, Any],
    version: int,
    by: User,
    now: datetime,
) -> PanelApplication:
    """Save the fields named in `data`; a draft may be incomplete.

    Raises StaleVersion when another window saved since `version`, MoveNotAllowed after submission.
    """
    values = _read(data)
    changed = PanelApplication.objects.filter(
        pk=application.pk, state=PanelApplicationState.DRAFT, version=version
    ).update(**values, version=F("version") + 1, updated_at=now)
    if not changed:
        _refuse_change(application)
    for name, value in values.items():
        setattr(application, name, value)
    application.version, application.updated_at = version + 1, now
    return application


def _read(data: Mapping[str, Any]) -> dict[str, Any]:
    """Trim the values to their fields; a half-typed value is never refused."""
    values: dict[str, Any] = {
        name: (text.name if name in NAMES else text.clean)(str(data[name])).strip()[:most]
        for name, most in TEXTS.items()
        if name in data
    }
    if "business_number" in values:
        values["business_number"] = _digits(str(data["business_number"]))
    if "kind" in data:
        values["kind"] = data["kind"] if data["kind"] in MemberKind.values else ""
    if "categories" in data:
        values["categories"] = [code for code in Category.values if code in data["categories"]]
    if "firms" in data:
        values["firms"] = read_firms(str(data["firms"]))
    flags = {name: bool(data[name]) for name in ("independent", "consented") if name in data}
    return {**values, **flags}


def _digits(typed: str) -> str:
    return re.sub(r"[^0-9]", "", text.compact(typed))[:10]


def read_firms(typed: str) -> list[dict[str, str]]:
    """Parse firms in which the applicant holds shares, one `name/number` per line, number optional."""
    firms = []
    for line in text.clean(typed).splitlines()[:MOST_FIRMS]:
        name, _, number = line.replace("／", "/").partition("/")
        if text.name(name):
            firms.append({"name": text.name(name)[:100], "business_number": _digits(number)})
    return firms


def write_firms(firms: list[dict[str, str]]) -> str:
    return "\n".join(
        f"{row['name']}/{row['business_number']}" if row["business_number"] else row["name"]
        for row in firms
    )


@transaction.atomic
def attach(
    application: PanelApplication, *, upload: "File[bytes]", by: User, now: datetime
) -> PanelEvidence:
    """Store a file that proves the applicant's kind.

    Raises BadInput (`file_…`), Unavailable, MoveNotAllowed after submission.
    """
    inspected = files.inspect(upload, allowed=FORMATS)
    _touch(application, now)
    hashes = list(application.evidence.filter(removed_at=None).values_list("sha256", flat=True))
    if inspected.sha256 in hashes:
        raise BadInput("같은 파일을 이미 올렸습니다.", code="file_repeated")
    if len(hashes) >= MOST_FILES:
        raise BadInput(f"파일은 {MOST_FILES}개까지 올릴 수 있습니다.", code="file_count")
    return PanelEvidence.objects.create(
        application=application,
        name=inspected.name,
        file=files.store(upload, by=by),
        size=inspected.size,
        sha256=inspected.sha256,
        content_type=inspected.content_type,
        uploaded_at=now,
    )


@transaction.atomic
def detach(evidence: PanelEvidence, *, by: User, now: datetime) -> None:
    """Remove a file from a draft. Raises MoveNotAllowed after submission."""
    _touch(evidence.application, now)
    PanelEvidence.objects.filter(pk=evidence.pk, removed_at=None).update(removed_at=now)
    files.discard_on_commit(evidence.file)


def missing(application: PanelApplication) -> list[Finding]:
    """Return everything that is missing before a draft can be submitted."""
    lacking = [
        ("kind", not application.kind, "어떤 자격으로 지원하는지 고르세요."),
        ("name", not application.name, "이름을 적어 주세요."),
        ("phone", not _is_phone(application.phone), "연락할 수 있는 전화번호를 적어 주세요."),
        ("address", not application.address, "주소를 적어 주세요."),
        (
            "affiliation",
            not application.affiliation,
            "소속을 적어 주세요. 없으면 ‘없음’이라고 적으세요.",
        ),
        (
            "business_number",
            not _is_number(application.business_number, application.kind == MemberKind.SME),
            "소속 기업의 사업자등록번호를 확인하세요. 중소기업 임직원은 꼭 적어야 합니다.",
        ),
        ("categories", not application.categories, "관심 분야를 하나 이상 고르세요."),
        (
            "expertise",
            len(application.expertise) < SHORTEST_TEXT,
            f"전문성을 {SHORTEST_TEXT}자 이상 적어 주세요.",
        ),
        (
            "interest",
            len(application.interest) < SHORTEST_TEXT,
            f"관심과 체험 계획을 {SHORTEST_TEXT}자 이상 적어 주세요.",
        ),
        (
            "evidence",
            not application.evidence.filter(removed_at=None).exists(),
            "자격을 보이는 증빙을 한 개 이상 올려 주세요.",
        ),
        (
            "independent",
            not application.independent,
            "공급기업과 관계가 없다는 확인이 필요합니다.",
        ),
        (
            "consented",
            not application.consented,
            "개인정보 수집·이용에 동의해야 지원할 수 있습니다.",
        ),
    ]
    return [Finding(f"missing:{code}", message) for code, empty, message in lacking if empty]


def submit(
    application: PanelApplication,
    *,
    by: User,
    now: datetime,
    address: str = "",
    device: str = "",
) -> PanelApplication:
    """Submit a complete draft in time, of a person without a tie to a supplier.

    `address` and `device` are stored as keyed hashes, to detect bursts. The draft is locked, so that
    no evidence is removed from it meanwhile. Raises Closed, RuleBroken (`missing:…`, or `tied` with
    every tie), MoveNotAllowed, StaleVersion.
    """
    application.refresh_from_db()
    if application.state == PanelApplicationState.SUBMITTED:
        return application
    _check_open(application.round, now)
    check_not_staff(by)
    if lacking := missing(application):
        raise RuleBroken(lacking, message="아직 빠졌거나 고쳐야 할 항목이 있습니다.")
    _check_ties(by, application, now)
    try:
        with transaction.atomic():
            rows = PanelApplication.objects.select_for_update(of=("self",), no_key=True)
            rows.get(pk=application.pk)
            if lacking := missing(application):  # its evidence was removed meanwhile
                raise RuleBroken(lacking, message="아직 빠졌거나 고쳐야 할 항목이 있습니다.")
            content = _content(application, now)
            move(
                application,
                PanelApplicationMoves.SUBMIT,
                by=by,
                now=now,
                owner=True,
                where={"version": application.version},
                changes={
                    "submitted_at": now,
                    "content": content,
                    "sha256": snapshot.sha256(content),
                    "phone": validators.phone(application.phone),
                    "ip_hash": _hashed("address", address),
                    "device_hash": _hashed("device", device),
                },
            )
            outbox.write(
                "vouchers/panel_received",
                to_email=by.email,
                user=by,
                key=f"panel-received:{application.pk}",
                now=now,
                application=application,
                round=application.round,
            )
    except IntegrityError as tied:  # a tie was recorded since the check above
        raise RuleBroken([Finding("tied", BARRED)], code="tied") from tied
    return application


@transaction.atomic
def withdraw(application: PanelApplication, *, by: User, now: datetime) -> PanelApplication:
    """Withdraw an application before the results are released. Raises MoveNotAllowed."""
    move(application, PanelApplicationMoves.WITHDRAW, by=by, now=now, owner=True)
    return application


@transaction.atomic
def unbar(
    application: PanelApplication, *, reason: str, by: User, now: datetime
) -> PanelApplication:
    """Undo a bar. Raises MoveNotAllowed (`tied`) while a tie to a supplier is open."""
    try:
        with transaction.atomic():
            move(application, PanelApplicationMoves.UNBAR, by=by, now=now, note=reason)
    except IntegrityError as tied:
        raise MoveNotAllowed("공급기업과의 이해관계가 남아 있습니다.", code="tied") from tied
    return application


def _active(round: PanelRound, user: User) -> PanelApplication | None:
    rows = PanelApplication.objects.exclude(state=PanelApplicationState.WITHDRAWN)
    return rows.filter(round=round, user=user).first()


def _check_open(round: PanelRound, now: datetime) -> None:
    finding = calendar.refusal(round.window(), now)
    if finding is not None:
        raise Closed(finding.message, code=finding.code)


def check_not_staff(user: User) -> None:
    """Raise RuleBroken (`staff`) for somebody who runs, moderates or supervises the panel."""
    if roles_of(user) & {role.name for role in ROLES}:
        raise RuleBroken([Finding("staff", STAFF_BARRED)], code="staff")


def _check_ties(by: User, application: PanelApplication | None, now: datetime) -> None:
    if found := conflicts.check(by, application, now=now):
        raise RuleBroken(
            [Finding("tied", row.message) for row in found],
            message=f"{BARRED} {found[0].message}",
            code="tied",
        )


def _touch(application: PanelApplication, now: datetime) -> None:
    changed = PanelApplication.objects.filter(
        pk=application.pk, state=PanelApplicationState.DRAFT
    ).update(updated_at=now)
    if not changed:
        _refuse_change(application)


def _refuse_change(application: PanelApplication) -> None:
    is_draft = PanelApplication.objects.filter(
        pk=application.pk, state=PanelApplicationState.DRAFT
    ).exists()
    if is_draft:
        application.refresh_from_db()
        raise earlier_save("", application.updated_at, own=True)
    raise MoveNotAllowed(
        "이미 제출했거나 취하한 지원이라 고칠 수 없습니다.", code="already_submitted"
    )


def _content(application: PanelApplication, now: datetime) -> Any:
    return snapshot.to_plain(
        {
            "round": application.round.code,
            "submitted_at": now,
            "version": application.version,
            **{name: getattr(application, name) for name in ("kind", *TEXTS)},
            "firms": application.firms,
            "categories": application.categories,
            "independent": application.independent,
            "consents": [
                {"code": row["code"], "version": row["version"], "given": application.consented}
                for row in application.round.consents
            ],
            "evidence": list(
                application.evidence.filter(removed_at=None)
                .order_by("pk")
                .values("name", "size", "sha256")
            ),
        }
    )


def _hashed(what: str, value: str) -> str:
    """Return a keyed hash, so that equal values can be seen without storing them."""
    if not value:
        return ""
    return keys.lasting_hash(settings.HASH_KEYS, f"vouchers.{what}", value)


def _is_phone(typed: str) -> bool:
    try:
        return bool(validators.phone(typed))
    except BadInput:
        return False


def _is_number(typed: str, needed: bool) -> bool:
    if not typed:
        return not needed
    try:
        return bool(validators.business_number(typed))
    except BadInput:
        return False
