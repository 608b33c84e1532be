"""Drafting: beginning an application and saving its parts, never over somebody else's text."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F

from applications.models import Application, Attachment, Consent, Section, Site
from applications.queries.intake import drafting
from applications.rules.intake import drafting as drafting_rules
from applications.states import ApplicationState
from portal.core.errors import (
    BadInput,
    Closed,
    Finding,
    MoveNotAllowed,
    NotFound,
    RuleBroken,
    StaleVersion,
)
from portal.models import User
from portal.uploads import files
from programs.models import RequiredDocument, SubProgram
from programs.queries.rounds import refusal
from programs.rules.facts import applies, parse_when

COMPANY, PLAN, COST, DECLARATIONS = "company", "plan", "cost", "declarations"
SECTIONS = (COMPANY, PLAN, COST, DECLARATIONS)
REQUESTED = {"code": drafting.REQUESTED, "label": "신청하는 정부지원금", "kind": "won"}


class Conflict(StaleVersion):
    """Somebody saved the same step in between; carries what stands there now and what was sent."""

    def __init__(self, section: Section, sent: Mapping[str, Any], by: User) -> None:
        who = "다른 창에서" if section.saved_by == by else f"{section.saved_by} 님이"
        super().__init__(f"{who} 먼저 저장했습니다. 두 내용을 견주어 보고 다시 저장하세요.")
        self.section = section
        self.sent = sent


class AlreadyApplied(MoveNotAllowed):
    """The site has applied already; carries that application."""

    default_code = "already_applied"

    def __init__(self, application: Application) -> None:
        super().__init__(
            f"{application.site.name} 사업장은 이 사업을 이미 신청했습니다. ({application})"
        )
        self.application = application


def start(sub_program: SubProgram, *, site: Site, by: User, now: datetime) -> Application:
    """Begin a draft for a site, with the company's facts carried over; an open draft is returned.

    The database allows one active application per site and sub-programme of a round (A14),
    so two who begin at once get the same draft. Raises Closed, and AlreadyApplied when the site's
    application was filed.
    """
    finding = refusal(sub_program, now)
    if finding is not None:
        raise Closed(finding.message, code=finding.code)
    try:
        return _begin(sub_program, site, by, now)
    except IntegrityError as taken:
        found = (
            Application.objects.exclude(state=ApplicationState.WITHDRAWN)
            .select_related("site")
            .filter(sub_program=sub_program, site=site)
            .first()
        )
        if found is None:  # withdrawn in this very moment: the next try begins anew
            raise StaleVersion from taken
        if found.state != ApplicationState.DRAFT:
            raise AlreadyApplied(found) from taken
        return found


@transaction.atomic
def _begin(sub_program: SubProgram, site: Site, by: User, now: datetime) -> Application:
    tracks = list(sub_program.tracks.all())
    application = Application.objects.create(
        sub_program=sub_program,
        track=tracks[0] if len(tracks) == 1 else None,
        company=site.company,
        site=site,
        created_by=by,
    )
    Section.objects.create(
        application=application,
        name=COMPANY,
        data=carried_over(application),
        saved_by=by,
        saved_at=now,
    )
    return application


def carried_over(application: Application) -> dict[str, Any]:
    """The company's facts as an application takes them over: its profile, and the site's region."""
    profile = drafting.profile_of(application.company)
    if application.site.region:
        profile["region"] = application.site.region
    return {name: _plain(value) for name, value in profile.items() if value not in (None, "")}


def questions_of(application: Application, name: str) -> list[dict[str, Any]]:
    """The declared questions of a step, in the order to show, whether they apply or not."""
    program = application.sub_program
    if name == COMPANY:
        return list(program.round.profile)
    if name == COST:
        lines = [{**item, "kind": "won"} for item in program.cost_items]
        return [*lines, REQUESTED] if asks_for_a_sum(application) else lines
    wanted = name == DECLARATIONS
    return [row for row in program.questions if (row.get("section") == DECLARATIONS) is wanted]


def asks_for_a_sum(application: Application) -> bool:
    """Tell whether the chosen track pays what is asked for, so that a sum must be named."""
    return application.track is not None and application.track.grant_kind == "requested"


@transaction.atomic
def save_section(
    application: Application,
    *,
    name: str,
    data: Mapping[str, Any],
    version: int,
    by: User,
    now: datetime,
) -> Section:
    """Save the answers of one step as a whole new version; gaps are allowed, wrong types are not.

    `version` is the one the answers were based on (0: none yet). Answers that `data` does not
    name stay as they were; `track` in the plan chooses the track. Raises Conflict with what
    somebody else saved, RuleBroken (`invalid:<code>`) and MoveNotAllowed (`already_submitted`).
    """
    if name not in SECTIONS:
        raise NotFound
    touch(application, now=now)
    if name == PLAN and "track" in data:
        _choose(application, str(data["track"] or ""))
    values = _read(questions_of(application, name), data)
    section = application.sections.select_related("saved_by").filter(name=name).first()
    if section is None and version == 0:
        return Section.objects.create(
            application=application, name=name, data=values, saved_by=by, saved_at=now
        )
    if section is None or section.version != version:
        raise Conflict(section, values, by) if section else StaleVersion
    merged = {key: value for key, value in {**section.data, **values}.items() if value is not None}
    changed = Section.objects.filter(pk=section.pk, version=version).update(
        data=merged, version=F("version") + 1, saved_by=by, saved_at=now
    )
    if not changed:
        section.refresh_from_db()
        raise Conflict(section, values, by)
    section.data, section.version = merged, version + 1
    section.saved_by, section.saved_at = by, now
    return section


@transaction.atomic
def choose_track(application: Application, *, code: str, by: User, now: datetime) -> Application:
    """Choose the kind of support. Raises BadInput (`invalid:track`) and MoveNotAllowed."""
    touch(application, now=now)
    _choose(application, code)
    return application


@transaction.atomic
def attach(
    application: Application, *, requirement: str, upload: "File[bytes]", by: User, now: datetime
) -> Attachment:
    """Keep a file for a required document, judged by content, size and count.

    Raises BadInput (`file_…`, `document_unknown`, `file_repeated`, `file_count`), Unavailable when
    the disk refuses, and MoveNotAllowed (`already_submitted`).
    """
    document = application.sub_program.documents.filter(code=requirement).first()
    if document is None:
        raise BadInput("이 사업에서 받지 않는 서류입니다.", code="document_unknown")
    found = files.inspect(upload, allowed=document.formats)
    touch(application, now=now)
    _check_room(application, document, found)
    return Attachment.objects.create(
        application=application,
        requirement=requirement,
        name=found.name,
        file=files.store(upload),
        size=found.size,
        sha256=found.sha256,
        content_type=found.content_type,
        uploaded_by=by,
        uploaded_at=now,
    )


@transaction.atomic
def detach(attachment: Attachment, *, by: User, now: datetime) -> None:
    """Take a file out of the draft and off the disk.

    Raises MoveNotAllowed once the application is filed.
    """
    if attachment.supplement_id is not None:
        raise MoveNotAllowed("보완으로 낸 파일은 지울 수 없습니다.", code="already_submitted")
    touch(attachment.application, now=now)
    Attachment.objects.filter(pk=attachment.pk, removed_at=None).update(removed_at=now)
    files.discard_on_commit(attachment.file)


@transaction.atomic
def consent(
    application: Application, *, answers: Mapping[str, bool], by: User, now: datetime
) -> list[Consent]:
    """Record consents given or refused, each with the version of the words that were shown.

    An answer that says the same again keeps the time when it was first given.

    Raises BadInput (`consent_unknown`) and MoveNotAllowed (`already_submitted`).
    """
    declared = {row["code"]: row for row in application.sub_program.consents}
    if strange := set(answers) - set(declared):
        raise BadInput(
            f"없는 동의 항목입니다: {', '.join(sorted(strange))}", code="consent_unknown"
        )
    touch(application, now=now)
    known = {row.code: (row.given, row.wording) for row in application.consents.all()}
    changed = {
        code: given
        for code, given in answers.items()
        if known.get(code) != (bool(given), str(declared[code]["version"]))
    }
    return [
        Consent.objects.update_or_create(
            application=application,
            code=code,
            defaults={
                "wording": str(declared[code]["version"]),
                "given": bool(given),
                "by": by,
                "at": now,
            },
        )[0]
        for code, given in changed.items()
    ]


def touch(application: Application, *, now: datetime) -> None:
    """Count a change of the draft, or refuse it because the application is no draft any more.

    The row stays locked until the transaction ends, so that filing and changing never overlap.
    """
    changed = Application.objects.filter(pk=application.pk, state=ApplicationState.DRAFT).update(
        version=F("version") + 1, updated_at=now
    )
    if not changed:
        raise MoveNotAllowed(
            "이미 제출했거나 취하한 신청이라 고칠 수 없습니다.", code="already_submitted"
        )


def _choose(application: Application, code: str) -> None:
    track = application.sub_program.tracks.select_related("sub_program").filter(code=code).first()
    if code and track is None:
        raise RuleBroken(
            [Finding("invalid:track", "‘지원유형’ 항목: 보기 가운데 하나를 고르세요.")]
        )
    Application.objects.filter(pk=application.pk).update(track=track)
    application.track = track


def _read(questions: list[dict[str, Any]], data: Mapping[str, Any]) -> dict[str, Any]:
    """Read the answers that `data` gives; None stands for one that was emptied."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for question in questions:
        if question["code"] not in data:
            continue
        try:
            value = drafting_rules.parse_answer(question, data[question["code"]], drafting=True)
        except BadInput as refused:
            findings.append(Finding(refused.code, f"‘{question['label']}’ 항목: {refused.message}"))
            continue
        values[question["code"]] = _plain(value)
    if findings:
        raise RuleBroken(findings)
    return values


def _check_room(
    application: Application, document: RequiredDocument, found: files.Inspected
) -> None:
    there = list(
        application.attachments.filter(
            requirement=document.code, removed_at=None, supplement=None
        ).values_list("sha256", flat=True)
    )
    if found.sha256 in there:
        raise BadInput("같은 파일을 이미 올렸습니다.", code="file_repeated")
    if len(there) >= document.max_files:
        raise BadInput(
            f"‘{document.label}’ 서류는 {document.max_files}개까지 올릴 수 있습니다. "
            "바꾸려면 올린 파일을 먼저 지우세요.",
            code="file_count",
        )


def asked_documents(read: drafting.Dossier) -> list[dict[str, Any]]:
    """The papers this application is asked for, by its facts."""
    return [
        row for row in read.documents if applies(parse_when(row["when"]), read.facts) is not False
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return value
