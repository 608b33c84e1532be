"""Applying to a panel: drafts, submission in time, people of suppliers refused."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.errors import BadInput, Closed, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import Notice
from portal.uploads import files
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import PanelApplication, PanelEvidence, SupplierTie
from vouchers.services import conflicts, recruitment
from vouchers.states import PanelApplicationState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private_root(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path


def file(draft: PanelApplication, **trace: str) -> PanelApplication:
    return recruitment.submit(draft, by=draft.user, now=NOW, **trace)


def test_a_draft_is_created_once_from_the_account() -> None:
    panel, user = make.panel(), make.person()
    draft = recruitment.start(panel, by=user, now=NOW)
    assert recruitment.start(panel, by=user, now=NOW) == draft
    assert (draft.name, draft.phone) == (user.name, user.phone)


def test_gaps_and_nonsense_are_kept_out_of_a_draft_without_a_refusal() -> None:
    draft = make.whole_draft(kind="nobody", categories=["meeting", "care", "nonsense"])
    assert (draft.kind, draft.categories) == ("", ["meeting", "care"])
    assert draft.business_number == "1248100998"


def test_another_window_is_not_overwritten() -> None:
    draft = make.whole_draft()
    with pytest.raises(StaleVersion):
        recruitment.save(draft, data={"name": "x"}, version=1, by=draft.user, now=NOW)


def test_everything_missing_is_reported_at_once() -> None:
    draft = recruitment.start(make.panel(), by=make.person(), now=NOW)
    with pytest.raises(RuleBroken) as refused:
        file(draft)
    found = {row.code for row in refused.value.findings}
    assert {"missing:kind", "missing:evidence", "missing:consented", "missing:address"} <= found


def test_a_filed_application_is_frozen_and_confirmed() -> None:
    draft = make.whole_draft()
    filed = file(draft, address="203.0.113.9", device="Firefox")
    assert filed.state == PanelApplicationState.SUBMITTED
    assert filed.phone == "010-1234-5678"
    assert filed.content["evidence"][0]["name"] == "재직증명서.png"
    assert len(filed.sha256) == len(filed.ip_hash) == len(filed.device_hash) == 64
    assert "203.0.113.9" not in str(PanelApplication.objects.values().get())
    assert Notice.objects.get().user == draft.user
    assert file(draft).sha256 == filed.sha256
    with pytest.raises(MoveNotAllowed):
        recruitment.save(draft, data={"name": "x"}, version=filed.version, by=draft.user, now=NOW)
    with pytest.raises(MoveNotAllowed):
        recruitment.detach(PanelEvidence.objects.get(), by=draft.user, now=NOW)


def test_removed_evidence_leaves_the_disk(django_capture_on_commit_callbacks) -> None:
    draft = make.whole_draft()
    kept = PanelEvidence.objects.get()
    assert files.is_kept(kept.file)
    with django_capture_on_commit_callbacks(execute=True):
        recruitment.detach(kept, by=draft.user, now=NOW)
    assert not files.is_kept(kept.file)


def test_nothing_is_accepted_at_the_closing_instant() -> None:
    panel = make.panel(closes_at=NOW + timedelta(seconds=1))
    draft = make.whole_draft(panel)
    with pytest.raises(Closed):
        recruitment.submit(draft, by=draft.user, now=panel.closes_at)
    with pytest.raises(Closed):
        recruitment.start(panel, by=make.person(), now=panel.closes_at)


def test_a_suppliers_person_cannot_create_a_draft() -> None:
    make.supplier(email="info@tied.example")
    with pytest.raises(RuleBroken) as refused:
        recruitment.start(make.panel(), by=make.person(email="a@tied.example"), now=NOW)
    assert refused.value.code == "tied"
    assert not PanelApplication.objects.exists()
    assert SupplierTie.objects.get().code == "same_email_domain"


def test_an_employer_that_is_a_supplier_bars_at_filing_also_when_taken_out() -> None:
    make.supplier(business_number="1248100998")
    draft = make.whole_draft()
    with pytest.raises(RuleBroken) as refused:
        file(draft)
    assert refused.value.code == "tied"
    draft.refresh_from_db()
    assert draft.state == PanelApplicationState.DRAFT
    recruitment.save(
        draft, data={"business_number": "1008100070"}, version=2, by=draft.user, now=NOW
    )
    with pytest.raises(RuleBroken) as refused:
        file(draft)
    assert "소속 사업자등록번호와 같습니다" in refused.value.message
    conflicts.dismiss(
        SupplierTie.objects.get(), reason="번호를 잘못 적음", by=make.operator(), now=NOW
    )
    assert file(draft).state == PanelApplicationState.SUBMITTED


def test_a_new_draft_does_not_forget_what_was_written_in_the_old_one() -> None:
    make.supplier(business_number="1248100998")
    draft = make.whole_draft()
    conflicts.check(draft.user, draft, now=NOW)
    recruitment.withdraw(draft, by=draft.user, now=NOW)
    with pytest.raises(RuleBroken):
        recruitment.start(draft.round, by=draft.user, now=NOW)


def test_the_same_person_may_apply_again_after_withdrawing() -> None:
    draft = make.whole_draft()
    recruitment.withdraw(file(draft), by=draft.user, now=NOW)
    again = recruitment.start(draft.round, by=draft.user, now=NOW)
    assert again.pk != draft.pk


def test_a_file_twice_or_too_many_are_refused() -> None:
    draft = make.whole_draft()
    with pytest.raises(BadInput) as refused:
        recruitment.attach(
            draft, upload=SimpleUploadedFile("b.png", make.PNG), by=draft.user, now=NOW
        )
    assert refused.value.code == "file_repeated"


def test_firms_are_read_as_typed() -> None:
    found = recruitment.read_firms("가온/124-81-00998\n\n누리")
    assert found == [
        {"name": "가온", "business_number": "1248100998"},
        {"name": "누리", "business_number": ""},
    ]
    assert recruitment.write_firms(found) == "가온/1248100998\n누리"


@pytest.mark.parametrize("role", ["operator", "agency", "ministry", "moderator"])
def test_whoever_runs_the_panel_is_no_member_of_it(role: str) -> None:
    staff = getattr(make, role)()
    with pytest.raises(RuleBroken) as refused:
        recruitment.start(make.panel(), by=staff, now=NOW)
    assert refused.value.code == "staff"
    draft = make.whole_draft()
    draft.user.groups.add(*staff.groups.all())  # since the draft was begun
    by = type(draft.user).objects.get(pk=draft.user.pk)
    with pytest.raises(RuleBroken) as refused:
        recruitment.submit(draft, by=by, now=NOW)
    assert refused.value.code == "staff"


def test_an_application_whose_evidence_is_removed_while_it_is_filed_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draft = make.whole_draft()
    checked = conflicts.check

    def check(*given, **words):
        found = checked(*given, **words)
        recruitment.detach(PanelEvidence.objects.get(), by=draft.user, now=NOW)  # another window
        return found

    monkeypatch.setattr(conflicts, "check", check)
    with pytest.raises(RuleBroken) as refused:
        file(draft)
    assert [row.code for row in refused.value.findings] == ["missing:evidence"]
    assert PanelApplication.objects.get().state == PanelApplicationState.DRAFT
