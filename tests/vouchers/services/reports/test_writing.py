"""Writing a report: draft, pictures, submission, reminders."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.models import Notice
from portal.records import snapshot
from portal.records.workflow import move
from portal.uploads import files
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from vouchers.models import ConsumerReport, ReportVersion
from vouchers.services.reports import moderation, writing
from vouchers.states import AssignmentMoves, ReportState

pytestmark = pytest.mark.django_db


def save(report: ConsumerReport, **changes: object) -> ConsumerReport:
    words = {
        "texts": make.texts(),
        "ratings": make.ratings(),
        "used_from": None,
        "used_to": None,
        "version": report.version,
    }
    by = report.assignment.monitor.user
    return writing.save(report, **{**words, **changes}, by=by, now=NOW)


def start() -> ConsumerReport:
    assignment = make.assigned(make.round())
    return make.fresh(writing.start(assignment, by=assignment.monitor.user, now=NOW))


def test_an_assignment_has_one_report() -> None:
    assignment = make.assigned(make.round())
    first = writing.start(assignment, by=assignment.monitor.user, now=NOW)
    assert writing.start(assignment, by=assignment.monitor.user, now=NOW) == first


def test_a_draft_is_saved_with_gaps() -> None:
    saved = save(start(), texts={"features": "좋다"}, ratings={"price": "skip"})
    assert saved.version == 2
    assert saved.ratings == {"price": "skip"}
    assert saved.texts["free"] == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ratings": {"price": "9"}}, "invalid:price"),
        ({"ratings": {"ease": "skip"}}, "invalid:ease"),
        ({"texts": {"free": "가" * 4_001}}, "invalid:free"),
    ],
)
def test_wrong_values_are_refused(changes: dict, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        save(start(), **changes)
    assert [finding.code for finding in refused.value.findings] == [code]


def test_an_older_page_overwrites_nothing() -> None:
    report = start()
    save(report)
    with pytest.raises(writing.SaveConflict):
        save(make.fresh(report), version=1)


def test_an_incomplete_report_is_not_submitted() -> None:
    report = start()
    with pytest.raises(RuleBroken) as refused:
        writing.submit(report, version=1, by=report.assignment.monitor.user, now=NOW)
    codes = {finding.code for finding in refused.value.findings}
    assert codes >= {"period", "section:features", "scale:price", "evidence"}
    assert "section:free" not in codes


def test_a_submitted_report_is_frozen_and_hashed() -> None:
    report = make.submitted()
    assert report.state == ReportState.SUBMITTED
    assert report.filed.sha256 == snapshot.sha256_of_plain(report.filed.content)
    assert report.filed.content["service"]["name"] == report.assignment.service.name
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportVersion.objects.filter(pk=report.filed_id).update(content={})
    with pytest.raises(MoveNotAllowed):
        save(report)


def test_a_returned_report_is_submitted_again_and_keeps_its_first_time() -> None:
    report = make.submitted()
    moderation.send_back(report, note="가격을 더 적어 주세요.", by=panel.moderator(), now=NOW)
    report = save(make.fresh(report), **{
        "used_from": (NOW - timedelta(days=5)).date(), "used_to": NOW.date()
    })  # fmt: skip
    writing.submit(
        report, version=report.version, by=report.assignment.monitor.user, now=make.LATER
    )
    report = make.fresh(report)
    assert (report.filed.number, report.submitted_at) == (2, NOW)
    assert report.versions.count() == 2


def test_nobody_writes_once_the_assignment_is_over() -> None:
    report = make.written()
    move(
        report.assignment,
        AssignmentMoves.DROP,
        by=panel.operator(),
        now=NOW,
        note="사퇴",
        changes={"dropped_at": NOW},
    )
    by = report.assignment.monitor.user
    with pytest.raises(MoveNotAllowed):
        writing.submit(report, version=report.version, by=by, now=NOW)
    with pytest.raises(MoveNotAllowed):
        save(make.fresh(report))


def test_a_picture_keeps_its_pixels_and_nothing_else() -> None:
    report = start()
    exif = Image.Exif()
    exif[0x010E] = "서울 강남구에서 찍음"
    exif[0x0112] = 6  # lying on its side
    sent = make.picture("사진.jpg", size=(80, 40), exif=exif)
    kept = writing.add_picture(
        report, upload=sent, caption="화면", by=report.assignment.monitor.user, now=NOW
    )
    with files.open_kept(kept.file) as file:
        data = file.read()
    with Image.open(BytesIO(data)) as image:
        assert not image.getexif()
        assert "icc_profile" not in image.info
        assert image.size == (kept.width, kept.height) == (40, 80)


def test_a_large_picture_is_made_smaller() -> None:
    report = start()
    kept = writing.add_picture(
        report,
        upload=make.picture("사진.jpg", size=(3_000, 1_000)),
        caption="화면",
        by=report.assignment.monitor.user,
        now=NOW,
    )
    assert (kept.width, kept.height) == (2_000, 667)


@pytest.mark.parametrize("name", ["글.txt", "화면.gif"])
def test_only_pictures_are_taken(name: str) -> None:
    report = start()
    sent = make.picture()
    sent.name = name
    with pytest.raises(BadInput):
        writing.add_picture(
            report, upload=sent, caption="화면", by=report.assignment.monitor.user, now=NOW
        )


def test_the_same_picture_is_taken_once_and_only_so_many() -> None:
    report = start()
    by = report.assignment.monitor.user
    for place in range(8):
        writing.add_picture(
            report, upload=make.picture(colour=f"#0000{place:02x}"), caption="화면", by=by, now=NOW
        )
    for colour, code in (("#000000", "file_repeated"), ("#ffffff", "file_count")):
        with pytest.raises(BadInput) as refused:
            writing.add_picture(
                report, upload=make.picture(colour=colour), caption="화면", by=by, now=NOW
            )
        assert refused.value.code == code


def test_reminders_are_sent_once_per_day_to_those_without_a_report() -> None:
    round = make.round(active_until=NOW + timedelta(days=6))
    waiting = make.assigned(round)
    make.submitted(make.assigned(round))
    assert writing.remind(NOW) == 1
    assert writing.remind(NOW) == 0
    assert writing.remind(NOW + timedelta(days=3)) == 1
    assert writing.remind(NOW + timedelta(days=6)) == 1  # overdue now
    assert writing.remind(NOW + timedelta(days=8)) == 0
    keys = Notice.objects.filter(key__startswith="report-due:").values_list("key", flat=True)
    assert {key.split(":")[1] for key in keys} == {str(waiting.pk)}
    assert [key.rsplit(":", 1)[1] for key in keys.order_by("pk")] == ["7", "3", "0"]


def test_no_report_is_created_before_the_round_has_report_rules() -> None:
    row = make.assigned(panel.panel())
    with pytest.raises(MoveNotAllowed) as refused:
        writing.start(row, by=row.monitor.user, now=NOW)
    assert refused.value.code == "no_plan"
