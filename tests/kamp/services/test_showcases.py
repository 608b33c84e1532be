"""A case is written by one and published by another; its figures show what is unknown."""

import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from PIL import Image

from kamp.models import Showcase, ShowcaseMove
from kamp.queries.showcases import comparisons
from kamp.services.showcases import data_file, editing
from kamp.services.showcases.editing import reencode
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, RuleBroken
from portal.uploads import files
from tests.factories.kamp import (
    PARTS,
    TEXTS,
    PersonFactory,
    WorkspaceFactory,
    curator,
    draft,
    in_review,
    member_of,
    published,
    refractory,
)

pytestmark = pytest.mark.django_db


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (64, 48)) -> SimpleUploadedFile:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    data = io.BytesIO()
    Image.new("RGB", size, "grey").save(data, kind, exif=exif)
    return SimpleUploadedFile("x.jpg", data.getvalue())


def test_the_author_does_not_publish() -> None:
    case = in_review()
    with pytest.raises(MoveNotAllowed) as refused:
        editing.publish(case, by=case.edited_by, now=now())
    assert refused.value.code == "own_words"
    other = curator()
    editing.publish(case, by=other, now=now())
    case.refresh_from_db()
    assert (case.state, case.published_by, case.edition) == ("published", other, 1)


def test_the_database_refuses_the_author_as_publisher() -> None:
    case = published()
    with pytest.raises(IntegrityError), transaction.atomic():
        Showcase.objects.filter(pk=case.pk).update(published_by=case.edited_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Showcase.objects.filter(pk=case.pk).update(published_by=None)


def test_an_editor_of_a_case_cannot_publish_it_afterwards() -> None:
    first, second = curator(), curator()
    case = in_review(first)
    editing.give_back(case, note="표본수를 적어 주세요.", by=second, now=now())
    editing.edit(case, data=TEXTS, parts=PARTS, by=second, now=now())
    editing.submit(case, by=second, now=now())
    with pytest.raises(MoveNotAllowed):
        editing.publish(case, by=second, now=now())
    editing.publish(case, by=first, now=now())
    assert [row.move for row in case.moves.all()] == [
        "submit",
        "give_back",
        "edit",
        "submit",
        "publish",
    ]


def test_a_case_that_changed_meanwhile_is_not_published() -> None:
    case = in_review()
    stale = Showcase.objects.get(pk=case.pk)
    Showcase.objects.filter(pk=case.pk).update(edited_by=curator())
    with pytest.raises(MoveNotAllowed):
        editing.publish(stale, by=curator(), now=now())


def test_two_editors_look_at_a_firms_case_before_it_is_public() -> None:
    workspace = WorkspaceFactory()
    member = member_of(workspace)
    case = draft(member, workspace=workspace)
    editing.submit(case, by=member, now=now())
    first, second = curator(), curator()
    with pytest.raises(MoveNotAllowed) as refused:
        editing.publish(case, by=first, now=now())
    assert refused.value.code == "second_editor"
    editing.check(case, by=first, now=now())
    with pytest.raises(MoveNotAllowed) as refused:
        editing.publish(case, by=first, now=now())
    assert refused.value.code == "second_editor"
    with pytest.raises(IntegrityError), transaction.atomic():
        Showcase.objects.filter(pk=case.pk).update(
            state="published", published_by=first, published_at=now()
        )
    editing.publish(case, by=second, now=now())
    case.refresh_from_db()
    assert (case.state, case.checked_by, case.published_by) == ("published", first, second)


def test_a_case_that_the_firm_writes_again_is_checked_again() -> None:
    workspace = WorkspaceFactory()
    member = member_of(workspace)
    case = draft(member, workspace=workspace)
    editing.submit(case, by=member, now=now())
    first = curator()
    editing.check(case, by=first, now=now())
    editing.give_back(case, note="다시", by=first, now=now())
    editing.edit(case, data={"title": "새 제목"}, parts={}, by=member, now=now())
    editing.submit(case, by=member, now=now())
    with pytest.raises(MoveNotAllowed):
        editing.publish(case, by=curator(), now=now())


def test_a_firms_editor_who_is_staff_too_does_not_publish_the_firms_case() -> None:
    firm = WorkspaceFactory()
    case = in_review(member_of(firm), workspace=firm)
    both = curator()
    firm.members.create(user=both, role="editor", since=now())
    with pytest.raises(MoveNotAllowed):
        editing.publish(case, by=both, now=now())


def test_strangers_cannot_write() -> None:
    firm = WorkspaceFactory()
    stranger = PersonFactory()
    with pytest.raises(NotFound):
        draft(stranger, workspace=firm)
    with pytest.raises(NotFound):
        draft(stranger)
    case = draft(member_of(firm), workspace=firm)
    for act in (
        lambda: editing.edit(case, data=TEXTS, parts=PARTS, by=stranger, now=now()),
        lambda: editing.submit(case, by=stranger, now=now()),
        lambda: editing.add_picture(case, upload=picture(), alt="x", by=stranger, now=now()),
    ):
        with pytest.raises(MoveNotAllowed):
            act()
    assert ShowcaseMove.objects.count() == 0


def test_everything_that_is_missing_is_listed_at_once() -> None:
    case = editing.create(slug="bare", data=TEXTS, parts={}, by=curator(), now=now())
    with pytest.raises(RuleBroken) as refused:
        editing.submit(case, by=case.edited_by, now=now())
    assert {row.code for row in refused.value.findings} == {"metric_missing", "step_missing"}


def test_a_slug_is_unique() -> None:
    draft()
    with pytest.raises(BadInput) as refused:
        draft()
    assert refused.value.code == "slug_taken"


def test_a_withdrawn_case_is_published_again_as_the_next_edition() -> None:
    case = published()
    editor = curator()
    with pytest.raises(MoveNotAllowed):
        editing.withdraw(case, note=" ", by=editor, now=now())
    editing.withdraw(case, note="값을 다시 확인합니다.", by=editor, now=now())
    editing.reopen(case, by=editor, now=now())
    editing.submit(case, by=editor, now=now())
    editing.publish(case, by=editor, now=now())
    assert case.edition == 2


def test_a_picture_is_re_encoded_and_needs_alternative_text() -> None:
    case = draft()
    with pytest.raises(BadInput) as refused:
        editing.add_picture(case, upload=picture(), alt=" ", by=case.edited_by, now=now())
    assert refused.value.code == "alt_missing"
    kept = editing.add_picture(
        case, upload=picture(), alt="주물 사진", by=case.edited_by, now=now()
    )
    with files.open_kept(kept.file) as stored:
        data = stored.read()
    assert data.startswith(b"\x89PNG")
    assert b"secret" not in data
    assert (kept.width, kept.height) == (64, 48)
    editing.remove_picture(kept, by=case.edited_by, now=now())
    assert not case.images.exists()


def test_a_large_picture_is_scaled_down() -> None:
    _, size = reencode(picture(size=(2_000, 500)))
    assert size == (1_600, 400)


def test_a_file_that_is_no_picture_is_refused() -> None:
    case = draft()
    with pytest.raises(BadInput) as refused:
        editing.add_picture(
            case,
            upload=SimpleUploadedFile("x.png", b"<svg onload=alert(1)>"),
            alt="x",
            by=case.edited_by,
            now=now(),
        )
    assert refused.value.code == "file_mismatch"


def test_the_refractory_case_states_what_the_announcement_states_and_no_more() -> None:
    case = refractory()
    found = {row.name: row for row in case.metrics.all()}
    accuracy, seconds = found["판정 정확도"], found["검사시간"]
    assert (accuracy.before, accuracy.after, accuracy.unit) == (90, 96, "%")
    assert (seconds.before, seconds.after, seconds.unit) == (90, 30, "초")
    assert {row.origin for row in found.values()} == {"press"}
    assert {row.sample_size for row in found.values()} == {None}
    assert found["새로운 불량에 대한 대응"].before is None
    assert "‘강화학습’" in case.caveat
    speakers = {str(row) for row in case.testimonials.all()}
    assert speakers == {"㈜조선내화 상무", "중소벤처기업부 스마트제조혁신기획단장"}
    text = " ".join([*map(str, speakers), *(row.quote for row in case.testimonials.all())])
    assert "이귀선" not in text
    assert "김일호" not in text


def test_the_catalogue_is_loaded_once() -> None:
    refractory()
    assert data_file.load(data_file.FILE, by=curator(), now=now()) == []


def test_a_figure_is_compared_as_text() -> None:
    case = refractory()
    accuracy, seconds, answer = comparisons(case)
    assert (accuracy.before, accuracy.after, accuracy.change) == ("90%", "96%", "+6%p")
    assert (seconds.change, seconds.better) == ("−60초 (66.7% 감소)", True)
    assert accuracy.sample == "미공개"
    assert accuracy.chart is not None
    assert "보도" in accuracy.chart.title
    assert (answer.chart, answer.better) == (None, None)


def test_a_metric_has_both_figures_or_a_note() -> None:
    case = draft()
    for wrong in ({"before": Decimal(1), "after": None}, {"before": None, "after": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            case.metrics.update(**wrong)
