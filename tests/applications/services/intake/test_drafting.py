"""A draft is started once, saved by versions, and closed by filing."""

import io
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from applications.models import Application, Attachment, Consent, Section
from applications.queries.intake.drafting import load
from applications.rules.intake import merging
from applications.services.intake import drafting
from applications.states import ApplicationState
from portal.core.errors import BadInput, Closed, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.models import User
from portal.uploads import files
from programs.models import RequiredDocument, SubProgram
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    SiteFactory,
    SubProgramFactory,
    TrackFactory,
    UserFactory,
    member_of,
)
from tests.portal import corpus

pytestmark = pytest.mark.django_db
QUESTIONS = [
    {"code": "title", "kind": "text", "label": "과제 이름", "required": True},
    {"code": "people", "kind": "integer", "label": "인원", "min": 1},
    {"code": "clean", "kind": "yes_no", "label": "체납이 없습니까?", "section": "declarations"},
]
CONSENTS = [
    {"code": "personal", "label": "개인정보", "required": True, "version": "2021-1"},
    {"code": "news", "label": "소식", "required": False, "version": "2021-2"},
]


@pytest.fixture
def scheme() -> SubProgram:
    return SubProgramFactory(questions=QUESTIONS, consents=CONSENTS)


@pytest.fixture
def draft(scheme: SubProgram) -> Application:
    return ApplicationFactory(sub_program=scheme)


def file_for(mark: str = "a", name: str = "견적서.pdf") -> io.BytesIO:
    made = io.BytesIO(corpus.pdf(b"<< /Mark (%s) >>" % mark.encode()))
    made.name = name
    return made


def save(draft: Application, version: int, by: User | None = None, **data: object) -> Section:
    return drafting.save_section(
        draft, name="plan", data=data, version=version, by=by or draft.created_by, now=NOW
    )


def test_a_save_merges_into_what_somebody_saved_since_it_was_read(draft: Application):
    save(draft, 0, title="처음", people=1)
    first, second, third = (load(draft) for _ in range(3))
    based = {code: merging.digest(first.sections["plan"][code]) for code in ("title", "people")}
    words = {"name": "plan", "version": 1, "based": based, "by": draft.created_by, "now": NOW}
    drafting.save_step(first, data={"title": "나중"}, **words)
    assert first.sections["plan"]["title"] == "처음"  # what was read stays as it was
    after = drafting.save_step(second, data={"people": "2"}, **words)
    assert after.sections["plan"] == {"title": "나중", "people": 2}
    with pytest.raises(drafting.Conflict) as conflict:
        drafting.save_step(third, data={"title": "또"}, **words)
    assert conflict.value.section.data == {"title": "나중", "people": 2}
    assert conflict.value.clashes == {"title"}
    assert draft.sections.get(name="plan").version == 3


# Beginning


def test_a_draft_carries_the_company_over(scheme: SubProgram):
    site = SiteFactory(region="busan")
    made = drafting.start(scheme, site=site, by=member_of(site.company), now=NOW)
    assert made.sections.get().data == {
        "company_kind": "company",
        "company_size": "small",
        "industry_code": "25924",
        "founded_on": "2005-01-03",
        "region": "busan",
        "employees": 30,
    }


def test_the_only_track_is_chosen_and_one_of_several_is_not(scheme: SubProgram):
    site = SiteFactory()
    by = member_of(site.company)
    assert drafting.start(scheme, site=site, by=by, now=NOW).track.code == "basic"
    several = SubProgramFactory()
    TrackFactory(sub_program=several, code="second")
    assert drafting.start(several, site=site, by=by, now=NOW).track is None


def test_beginning_again_returns_the_same_draft(scheme: SubProgram):
    site = SiteFactory()
    by = member_of(site.company)
    first = drafting.start(scheme, site=site, by=by, now=NOW)
    assert drafting.start(scheme, site=site, by=by, now=NOW) == first


def test_a_filed_site_is_told_where_its_application_is(scheme: SubProgram):
    filed = ApplicationFactory(sub_program=scheme, filed=True)
    with pytest.raises(drafting.AlreadyApplied) as refused:
        drafting.start(scheme, site=filed.site, by=filed.created_by, now=NOW)
    assert (refused.value.application, refused.value.status) == (filed, 409)


def test_after_withdrawing_a_site_may_begin_again(scheme: SubProgram):
    old = ApplicationFactory(sub_program=scheme, withdrawn=True)
    assert drafting.start(scheme, site=old.site, by=old.created_by, now=NOW) != old


@pytest.mark.parametrize("days", [-10, 15])
def test_nothing_begins_outside_the_intake(scheme: SubProgram, days: int):
    site = SiteFactory()
    with pytest.raises(Closed):
        drafting.start(
            scheme, site=site, by=member_of(site.company), now=NOW + timedelta(days=days)
        )


def test_the_database_holds_one_active_application_per_site(draft: Application):
    with pytest.raises(IntegrityError), transaction.atomic():
        ApplicationFactory(sub_program=draft.sub_program, company=draft.company, site=draft.site)


# Sections


def test_gaps_are_allowed_and_types_are_kept(draft: Application):
    saved = save(draft, 0, title=" 용접 ", people="1,200")
    assert (saved.version, saved.data) == (1, {"title": "용접", "people": 1200})
    assert save(draft, 1, people="").data == {"title": "용접"}


def test_a_wrong_type_is_refused_with_the_code_of_the_question(draft: Application):
    with pytest.raises(RuleBroken) as refused:
        save(draft, 0, title="용접", people="열둘")
    assert [row.code for row in refused.value.findings] == ["invalid:people"]
    assert not draft.sections.exists()


def test_answers_the_step_does_not_ask_are_left_out(draft: Application):
    assert save(draft, 0, title="a", clean="true", state="released", pk=1).data == {"title": "a"}


def test_an_answer_that_was_not_sent_stays(draft: Application):
    save(draft, 0, title="a", people=3)
    assert save(draft, 1, people=4).data == {"title": "a", "people": 4}


def test_a_stale_version_overwrites_nothing_and_shows_what_is_there(draft: Application):
    save(draft, 0, title="처음")
    other = UserFactory(name="박편집")
    save(draft, 1, by=other, title="남의 글")
    with pytest.raises(drafting.Conflict) as refused:
        save(draft, 1, title="내 글")
    assert refused.value.section.data == {"title": "남의 글"}
    assert refused.value.sent == {"title": "내 글"}
    assert "박편집" in refused.value.message
    assert draft.sections.get().data == {"title": "남의 글"}


def test_a_first_save_twice_is_a_conflict(draft: Application):
    save(draft, 0, title="a")
    with pytest.raises(drafting.Conflict):
        save(draft, 0, title="b")


def test_a_version_of_nothing_is_refused(draft: Application):
    with pytest.raises(StaleVersion):
        save(draft, 3, title="a")


def test_a_refused_save_does_not_count_as_a_change(draft: Application):
    save(draft, 0, title="a")
    draft.refresh_from_db()
    before = draft.version
    with pytest.raises(drafting.Conflict):
        save(draft, 0, title="b")
    draft.refresh_from_db()
    assert draft.version == before


def test_every_change_raises_the_version_of_the_application(draft: Application):
    before = draft.version
    save(draft, 0, title="a")
    drafting.consent(draft, answers={"personal": True}, by=draft.created_by, now=NOW)
    draft.refresh_from_db()
    assert draft.version == before + 2


def test_the_track_is_part_of_the_plan(draft: Application):
    TrackFactory(sub_program=draft.sub_program, code="second", name="둘째")
    save(draft, 0, track="second")
    draft.refresh_from_db()
    assert draft.track.code == "second"
    with pytest.raises(RuleBroken) as refused:
        save(draft, 1, track="third")
    assert refused.value.findings[0].code == "invalid:track"


def test_a_track_of_another_scheme_is_refused(draft: Application):
    TrackFactory(sub_program=SubProgramFactory(), code="foreign")
    with pytest.raises(RuleBroken):
        drafting.choose_track(draft, code="foreign", by=draft.created_by, now=NOW)


def test_an_unknown_step_is_not_found(draft: Application):
    with pytest.raises(NotFound):
        drafting.save_section(
            draft, name="secrets", data={}, version=0, by=draft.created_by, now=NOW
        )


def test_nothing_changes_after_filing():
    filed = ApplicationFactory(
        filed=True, sub_program=SubProgramFactory(questions=QUESTIONS, consents=CONSENTS)
    )
    document(filed.sub_program)
    by = filed.created_by
    for act in (
        lambda: save(filed, 0, title="늦은 글"),
        lambda: drafting.choose_track(filed, code="basic", by=by, now=NOW),
        lambda: drafting.consent(filed, answers={"news": True}, by=by, now=NOW),
        lambda: drafting.attach(filed, requirement="quote", upload=file_for(), by=by, now=NOW),
    ):
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "already_submitted"
    assert not filed.sections.exists()
    assert not filed.attachments.exists()


def test_submitted_meanwhile_wins_over_an_old_object(draft: Application):
    Application.objects.filter(pk=draft.pk).update(
        state=ApplicationState.SUBMITTED, number="2021-시험-9차-000009", submitted_at=NOW
    )
    assert draft.state == ApplicationState.DRAFT
    with pytest.raises(MoveNotAllowed):
        save(draft, 0, title="늦은 글")


# Files


def document(scheme: SubProgram, **more: object) -> RequiredDocument:
    fields = {"formats": ["pdf"], "max_files": 2, "origin": "assumption", **more}
    return RequiredDocument.objects.create(
        sub_program=scheme, code="quote", label="견적서", **fields
    )


def attach(draft: Application, upload: io.BytesIO, code: str = "quote") -> Attachment:
    return drafting.attach(draft, requirement=code, upload=upload, by=draft.created_by, now=NOW)


def test_a_file_is_kept_with_its_hash_under_a_random_name(draft: Application):
    document(draft.sub_program)
    kept = attach(draft, file_for())
    assert (kept.name, len(kept.sha256), kept.content_type) == (
        "견적서.pdf",
        64,
        "application/pdf",
    )
    assert "견적서" not in kept.file


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (file_for(name="견적서.exe"), "file_type"),
        (io.BytesIO(b""), "file_empty"),
        (io.BytesIO(b"MZ this is a program"), "file_mismatch"),
    ],
)
def test_a_bad_file_is_refused_and_leaves_nothing(
    draft: Application, upload: io.BytesIO, code: str
):
    document(draft.sub_program)
    if not hasattr(upload, "name"):
        upload.name = "견적서.pdf"
    with pytest.raises(BadInput) as refused:
        attach(draft, upload)
    assert refused.value.code == code
    assert not draft.attachments.exists()


def test_the_same_file_twice_and_too_many_are_refused(draft: Application):
    document(draft.sub_program)
    attach(draft, file_for("a"))
    with pytest.raises(BadInput) as refused:
        attach(draft, file_for("a", "다른이름.pdf"))
    assert refused.value.code == "file_repeated"
    attach(draft, file_for("b"))
    with pytest.raises(BadInput) as refused:
        attach(draft, file_for("c"))
    assert refused.value.code == "file_count"


def test_a_removed_file_makes_room(draft: Application):
    document(draft.sub_program, max_files=1)
    drafting.detach(attach(draft, file_for("a")), by=draft.created_by, now=NOW)
    attach(draft, file_for("a"))
    assert draft.attachments.filter(removed_at=None).count() == 1


def test_a_removed_file_leaves_the_disk_with_the_commit_and_not_before(
    draft: Application, django_capture_on_commit_callbacks
):
    """Otherwise one account fills the disk by putting in and taking out, again and again."""
    document(draft.sub_program, max_files=1)
    kept = attach(draft, file_for("a"))
    with transaction.atomic():
        drafting.detach(kept, by=draft.created_by, now=NOW)
        transaction.set_rollback(True)
    assert files.is_kept(kept.file)
    with django_capture_on_commit_callbacks(execute=True):
        drafting.detach(kept, by=draft.created_by, now=NOW)
        assert files.is_kept(kept.file)
    assert not files.is_kept(kept.file)


def test_a_paper_the_scheme_does_not_ask_for_is_refused(draft: Application):
    with pytest.raises(BadInput) as refused:
        attach(draft, file_for(), code="diary")
    assert refused.value.code == "document_unknown"


# Consents


def test_a_consent_keeps_the_version_of_its_words(draft: Application):
    by = draft.created_by
    drafting.consent(draft, answers={"personal": True, "news": False}, by=by, now=NOW)
    rows = {row.code: (row.given, row.wording) for row in Consent.objects.all()}
    assert rows == {"personal": (True, "2021-1"), "news": (False, "2021-2")}
    drafting.consent(draft, answers={"news": True}, by=by, now=NOW)
    assert Consent.objects.get(code="news").given


def test_a_consent_said_again_keeps_its_time(draft: Application):
    by, later = draft.created_by, NOW + timedelta(hours=1)
    drafting.consent(draft, answers={"personal": True, "news": True}, by=by, now=NOW)
    drafting.consent(draft, answers={"personal": True, "news": False}, by=by, now=later)
    assert {row.code: row.at for row in Consent.objects.all()} == {"personal": NOW, "news": later}


def test_a_consent_nobody_asked_for_is_refused(draft: Application):
    with pytest.raises(BadInput) as refused:
        drafting.consent(draft, answers={"all": True}, by=draft.created_by, now=NOW)
    assert refused.value.code == "consent_unknown"


def test_saving_costs_the_same_however_much_there_is(
    draft: Application, django_assert_max_num_queries
):
    for _ in range(20):
        Section.objects.create(
            application=ApplicationFactory(), name="plan", saved_by=draft.created_by, saved_at=NOW
        )
    with django_assert_max_num_queries(7):
        save(draft, 0, title="a")
