"""Drafts: start one and save its parts without overwriting anybody else's changes."""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F

from applications.models import Application, Attachment, Consent, Section, Site
from applications.queries.intake import drafting
from applications.queries.intake.drafting import Dossier, initial_company_answers
from applications.queries.intake.questions import (
    COMPANY,
    PLAN,
    SECTIONS,
    section_questions,
)
from applications.rules.intake import merging
from applications.rules.intake.questions import parse_answer
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
from portal.core.versions import earlier_save
from portal.models import User
from portal.records import snapshot
from portal.uploads import files
from programs.models import RequiredDocument, SubProgram
from programs.queries import industries
from programs.queries.rounds import refusal
from programs.rules.industries import FACT

COMPARE = "두 내용을 견주어 보고 다시 저장하세요."


class Conflict(StaleVersion):
    """Somebody saved the same section meanwhile; carries the stored section and what was sent.

    `clashes` are the answers that both changed, where the answers were merged one by one.
    """

    def __init__(
        self,
        section: Section,
        sent: Mapping[str, Any],
        by: User,
        clashes: Collection[str] = (),
    ) -> None:
        own = section.saved_by_id == by.pk
        told = earlier_save(str(section.saved_by), section.saved_at, own=own, then=COMPARE)
        super().__init__(told.message)
        self.section = section
        self.sent = sent
        self.clashes = frozenset(clashes)


class AlreadyApplied(MoveNotAllowed):
    """The site has applied already; carries that application."""

    default_code = "already_applied"

    def __init__(self, application: Application) -> None:
        super().__init__(
            f"{application.site.name} 사업장은 이 사업을 이미 신청했습니다. ({application})"
        )
        self.application = application


def start(sub_program: SubProgram, *, site: Site, by: User, now: datetime) -> Application:
    """Create a draft for a site with the company's facts, or return the open one.

    The database allows one active application per site and sub-programme of a round (A14),
    so two people who start at once get the same draft. Raises Closed, and AlreadyApplied when the
    site's application was filed.
    """
    finding = refusal(sub_program, now)
    if finding is not None:
        raise Closed(finding.message, code=finding.code)
    try:
        return _create(sub_program, site, by, now)
    except IntegrityError as taken:
        existing = (
            Application.objects.exclude(state=ApplicationState.WITHDRAWN)
            .select_related("site")
            .filter(sub_program=sub_program, site=site)
            .first()
        )
        if existing is None:  # withdrawn meanwhile: the next attempt creates a new draft
            raise StaleVersion from taken
        if existing.state != ApplicationState.DRAFT:
            raise AlreadyApplied(existing) from taken
        return existing


@transaction.atomic
def _create(sub_program: SubProgram, site: Site, by: User, now: datetime) -> Application:
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
        data=initial_company_answers(application),
        saved_by=by,
        saved_at=now,
    )
    return application


@transaction.atomic
def save_step(
    dossier: Dossier,
    *,
    name: str,
    data: Mapping[str, Any],
    version: int,
    by: User,
    now: datetime,
    consents: Mapping[str, bool] = MappingProxyType({}),
    based: Mapping[str, str] | None = None,
) -> Dossier:
    """Save one step of a draft that was just read, its section with these consents, as one version.

    Returns the draft as it is then. With `based`, the digests of the answers on the sender's page,
    answers are merged one by one whatever the version, and Conflict names the `clashes`. Otherwise
    like `save_section` and `consent`.
    """
    _check_declared(dossier.sub_program, consents)
    application = dossier.application
    if based is None:
        known = dossier.saved.get(name)
        section = _save(application, known, name, data, version, by, now)
    else:
        section = _merge(application, dossier.saved.get(name), name, data, based, by, now)
    given = _consent(dossier.application, dossier.consents, consents, by, now)
    return drafting.after(dossier, section, given)


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
    """Save a new version of one section's answers; gaps are allowed, wrong types are not.

    `version` is the one the answers were based on (0: none yet). Answers that `data` does not
    name stay as they were; `track` in the plan chooses the track. Raises Conflict with what
    somebody else saved, RuleBroken (`invalid:<code>`) and MoveNotAllowed (`already_submitted`).
    """
    return _save(application, None, name, data, version, by, now)


def _save(
    application: Application,
    known: Section | None,
    name: str,
    data: Mapping[str, Any],
    version: int,
    by: User,
    now: datetime,
) -> Section:
    """Save a section whose stored row is `known`, or is read when the draft is locked."""
    if name not in SECTIONS:
        raise NotFound
    if name == PLAN and "track" in data:
        _touch_with_track(application, str(data["track"] or ""), now)
    else:
        touch(application, now=now)
    values = _parse(section_questions(application, name), data)
    section = known or application.sections.filter(name=name).first()
    if section is None and version == 0:
        return Section.objects.create(
            application=application, name=name, data=values, saved_by=by, saved_at=now
        )
    if section is None:
        raise StaleVersion
    if section.version != version or not _replace(section, values, by, now):
        theirs = Section.objects.select_related("saved_by").get(pk=section.pk)
        raise Conflict(theirs, values, by)
    return section


def _replace(section: Section, values: Mapping[str, Any], by: User, now: datetime) -> bool:
    """Save answers over a section; return whether it was still stored as it was read."""
    merged = {key: value for key, value in {**section.data, **values}.items() if value is not None}
    unchanged = Section.objects.filter(pk=section.pk, version=section.version)
    if not unchanged.update(data=merged, version=F("version") + 1, saved_by=by, saved_at=now):
        return False
    section.data, section.version = merged, section.version + 1
    section.saved_by, section.saved_at = by, now
    return True


def _merge(
    application: Application,
    known: Section | None,
    name: str,
    data: Mapping[str, Any],
    based: Mapping[str, str],
    by: User,
    now: datetime,
) -> Section:
    """Save the answers that nobody else changed meanwhile. Raises Conflict with the others.

    `known` is what was read of the section before; what is stored is read where it differs.
    """
    if name not in SECTIONS:
        raise NotFound
    choice = _merged_track(application, data, based) if name == PLAN else None
    if choice and choice.values:
        _touch_with_track(application, choice.values["track"], now)
    else:
        touch(application, now=now)
    values = _parse(section_questions(application, name), data)
    if known and not (choice and choice.clashes):
        merged, written = merging.merge(values, known.data, based), copy(known)
        if not merged.clashes and _replace(written, merged.values, by, now):
            return written
    # Locked by now: what is read here is what the answers are merged into.
    section = application.sections.select_related("saved_by").filter(name=name).first()
    merged = merging.merge(values, section.data if section else {}, based)
    clashes = merged.clashes | (choice.clashes if choice else frozenset())
    if section is None:
        section = Section(application=application, name=name, version=0, saved_by=by, saved_at=now)
    if clashes:
        raise Conflict(section, values, by, clashes)
    answers = {**section.data, **merged.values}
    section.data = {key: value for key, value in answers.items() if value is not None}
    section.version += 1
    section.saved_by, section.saved_at = by, now
    section.save()
    return section


def _merged_track(
    application: Application, data: Mapping[str, Any], based: Mapping[str, str]
) -> merging.Merged | None:
    """Return whether the chosen track may be stored; None where none was sent. Locks the draft."""
    if "track" not in data:
        return None
    stored = Application.objects.select_for_update().filter(pk=application.pk)
    number = stored.values_list("track_id", flat=True).get()
    tracks = application.sub_program.tracks.all()
    code = next((row.code for row in tracks if row.pk == number), "")
    application.track = next((row for row in tracks if row.pk == number), None)
    return merging.merge({"track": str(data["track"] or "")}, {"track": code}, based)


def readable(application: Application, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of a step that can be read, as they are stored."""
    values: dict[str, Any] = {}
    for question in section_questions(application, name):
        try:
            values |= _parse([question], data)
        except RuleBroken:
            continue
    return values


@transaction.atomic
def choose_track(application: Application, *, code: str, by: User, now: datetime) -> Application:
    """Choose the track. Raises RuleBroken (`invalid:track`) and MoveNotAllowed."""
    _touch_with_track(application, code, now)
    return application


@transaction.atomic
def attach(
    application: Application,
    *,
    requirement: str,
    upload: "File[bytes]",
    days: tuple[date | None, date | None] = (None, None),
    by: User,
    now: datetime,
) -> Attachment:
    """Store a file for a required document after checking content, size and count.

    `days` are that of its issue and the last one on which it is good, where they are known. Raises BadInput (`file_…`, `document_unknown`, `file_repeated`, `file_count`), Unavailable when
    the disk refuses, and MoveNotAllowed (`already_submitted`).
    """
    documents = application.sub_program.documents.all()
    document = next((row for row in documents if row.code == requirement), None)
    if document is None:
        raise BadInput("이 사업에서 받지 않는 서류입니다.", code="document_unknown")
    inspected = files.inspect(upload, allowed=document.formats)
    touch(application, now=now)
    _check_count(application, document, inspected)
    return Attachment.objects.create(
        application=application,
        requirement=requirement,
        name=inspected.name,
        file=files.store(upload, by=by),
        size=inspected.size,
        sha256=inspected.sha256,
        content_type=inspected.content_type,
        uploaded_by=by,
        uploaded_at=now,
        issued_on=days[0],
        valid_until=days[1],
    )


@transaction.atomic
def detach(attachment: Attachment, *, by: User, now: datetime) -> None:
    """Remove a file from the draft and from the disk.

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
    """Record consents given or refused, each with the version of the wording that was shown.

    An unchanged answer keeps its first time. Raises BadInput (`consent_unknown`) and MoveNotAllowed
    (`already_submitted`).
    """
    _check_declared(application.sub_program, answers)
    touch(application, now=now)
    return _consent(application, application.consents.all(), answers, by, now)


def touch(application: Application, *, now: datetime, **changes: object) -> None:
    """Increment the draft's version. Raises MoveNotAllowed when it is no draft any more.

    The row stays locked until the transaction ends, so that filing and changing never overlap.
    """
    changed = Application.objects.filter(pk=application.pk, state=ApplicationState.DRAFT).update(
        version=F("version") + 1, updated_at=now, **changes
    )
    if not changed:
        raise MoveNotAllowed(
            "이미 제출했거나 취하한 신청이라 고칠 수 없습니다.", code="already_submitted"
        )


def _touch_with_track(application: Application, code: str, now: datetime) -> None:
    track = next((row for row in application.sub_program.tracks.all() if row.code == code), None)
    touch(application, now=now, track=track)
    if code and track is None:
        raise RuleBroken(
            [Finding("invalid:track", "‘지원유형’ 항목: 보기 가운데 하나를 고르세요.")]
        )
    application.track = track


def _check_declared(program: SubProgram, answers: Mapping[str, bool]) -> None:
    if unknown := set(answers) - {row["code"] for row in program.consents}:
        raise BadInput(
            f"없는 동의 항목입니다: {', '.join(sorted(unknown))}", code="consent_unknown"
        )


def _consent(
    application: Application,
    known: Iterable[Consent],
    answers: Mapping[str, bool],
    by: User,
    now: datetime,
) -> list[Consent]:
    """Record the answers that differ from the `known` ones, in one statement."""
    wording = {row["code"]: str(row["version"]) for row in application.sub_program.consents}
    before = {row.code: (row.given, row.wording) for row in known}
    changed = [
        Consent(
            application=application,
            code=code,
            wording=wording[code],
            given=bool(given),
            by=by,
            at=now,
        )
        for code, given in answers.items()
        if before.get(code) != (bool(given), wording[code])
    ]
    if not changed:
        return []
    return Consent.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["application", "code"],
        update_fields=["wording", "given", "by", "at"],
    )


def require_known(application: Application, *, name: str, data: Mapping[str, Any]) -> None:
    """Check that a section asks for each of these answers. Raises RuleBroken (`unknown:<code>`)."""
    asked = {row["code"] for row in section_questions(application, name)}
    if name == PLAN:
        asked.add("track")
    unknown = sorted(str(code) for code in set(data) - asked)
    if unknown:
        raise RuleBroken(
            [Finding(f"unknown:{code}", f"‘{code}’ 항목은 이 단계에 없습니다.") for code in unknown]
        )


def _parse(questions: list[dict[str, Any]], data: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for question in questions:
        if question["code"] not in data:
            continue
        try:
            value = parse_answer(question, data[question["code"]], drafting=True)
            if question["code"] == FACT and value is not None:
                value = _industry(value)
        except BadInput as error:
            findings.append(Finding(error.code, f"‘{question['label']}’ 항목: {error.message}"))
            continue
        values[question["code"]] = snapshot.to_plain(value)
    if findings:
        raise RuleBroken(findings)
    return values


def _industry(typed: str) -> str:
    """Return an industry code as it is kept. Raises BadInput where it is no code."""
    settled = industries.settled(typed)
    if not settled:
        raise BadInput(
            "‘업종 찾기’로 찾은 업종을 고르거나 코드를 숫자 2~5자리로 적으세요. 모르면 ‘모르겠어요’를 고르세요.",
            code=f"invalid:{FACT}",
        )
    return settled


def _check_count(
    application: Application, document: RequiredDocument, inspected: files.Inspected
) -> None:
    stored = list(
        application.attachments.filter(
            requirement=document.code, removed_at=None, supplement=None
        ).values_list("sha256", flat=True)
    )
    if inspected.sha256 in stored:
        raise BadInput("같은 파일을 이미 올렸습니다.", code="file_repeated")
    if len(stored) >= document.max_files:
        raise BadInput(
            f"‘{document.label}’ 서류는 {document.max_files}개까지 올릴 수 있습니다. "
            "바꾸려면 올린 파일을 먼저 지우세요.",
            code="file_count",
        )
