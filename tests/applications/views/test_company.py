"""The pages of a company: registering, changing, inviting."""

import pytest
from django.test import Client

from applications.models import Company
from applications.states import MemberRole
from portal.models import Notice
from tests.factories.agreements import awarded
from tests.factories.applications import (
    CompanyFactory,
    MemberFactory,
    UserFactory,
    member_of,
    owner_of,
)

pytestmark = pytest.mark.django_db
GOOD = {"business_number": "124-81-00998", "name": "한빛정밀", "kind": "company"}


@pytest.fixture
def owner(client: Client):
    made = MemberFactory()
    client.force_login(made.user)
    return made


def test_registering_leads_back_to_where_it_was_needed(client: Client):
    client.force_login(UserFactory())
    answer = client.post("/companies/new/", {**GOOD, "next": "/partners/abc/"})
    assert answer["Location"] == "/partners/abc/"


def test_it_leads_to_no_foreign_site(client: Client):
    client.force_login(UserFactory())
    answer = client.post("/companies/new/", {**GOOD, "next": "https://evil.example/"})
    assert answer["Location"] == f"/companies/{Company.objects.get().pk}/"


@pytest.mark.parametrize("typed", ["C25924", "c25924", "Ｃ２５９２４", "25924"])
def test_an_industry_code_may_carry_the_letter_of_its_section(client: Client, typed: str):
    client.force_login(UserFactory())
    client.post("/companies/new/", {**GOOD, "industry_code": typed})
    assert Company.objects.get().industry_code == "25924"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"business_number": "124-81-00997"}, 'data-code="business_number"'),
        ({"name": ""}, 'data-code="required"'),
        ({"employees": "-1"}, 'data-code="min_value"'),
        ({"founded_on": "2021-02-30"}, 'data-code="invalid"'),
        ({"industry_code": "제조"}, 'data-code="industry"'),
        ({"phone": "12"}, 'data-code="phone"'),
        ({"size": "huge"}, 'data-code="invalid_choice"'),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_kept(
    client: Client, change: dict, words: str
):
    client.force_login(UserFactory())
    answer = client.post("/companies/new/", {**GOOD, **change})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Company.objects.exists()


def test_a_taken_number_is_said_at_the_number(client: Client, owner):
    number = owner.company.business_number
    answer = client.post("/companies/new/", {**GOOD, "business_number": number})
    page = answer.content.decode()
    assert 'data-code="company_taken"' in page
    assert 'href="#id_business_number"' in page


def test_the_page_changes_profile_site_and_people(client: Client, owner):
    url = f"/companies/{owner.company.pk}/"
    opened = owner.company.updated_at.isoformat()
    sent = {"act": "profile", "name": "새 이름", "kind": "company", "pk": "1", "opened": opened}
    client.post(url, sent)
    client.post(url, {"act": "site", "site-name": "제2공장"})
    client.post(url, {"act": "invite", "invite-email": "x@example.kr", "invite-role": "viewer"})
    owner.company.refresh_from_db()
    assert owner.company.name == "새 이름"
    assert owner.company.sites.filter(name="제2공장").exists()
    assert Notice.objects.filter(to_email="x@example.kr").exists()


def test_a_profile_saved_meanwhile_is_not_overwritten(client: Client, owner):
    url = f"/companies/{owner.company.pk}/"
    page = client.get(url).content.decode()
    opened = owner.company.updated_at.isoformat()
    assert f'value="{opened}"' in page
    sent = {"act": "profile", "kind": "company", "opened": opened}
    assert client.post(url, {**sent, "name": "먼저"}).status_code == 302
    late = client.post(url, {**sent, "name": "나중"})
    assert late.status_code == 409
    assert "직접 저장하신 내용이 있습니다" in late.content.decode()
    assert 'value="나중"' in late.content.decode()
    colleague = UserFactory(name="김동료")
    Company.objects.filter(pk=owner.company.pk).update(edited_by=colleague)
    assert "김동료 님이" in client.post(url, {**sent, "name": "나중"}).content.decode()
    for strange in ("x", "0001-01-01", "9999-12-31T23:59:59-23:00", "9" * 5_000):
        assert client.post(url, {**sent, "name": "나중", "opened": strange}).status_code == 400
    owner.company.refresh_from_db()
    assert owner.company.name == "먼저"


@pytest.mark.parametrize("role", [MemberRole.EDITOR, MemberRole.VIEWER])
def test_only_an_owner_changes_people(client: Client, owner, role: str):
    other = MemberFactory(company=owner.company, role=role)
    client.force_login(other.user)
    url = f"/companies/{owner.company.pk}/"
    for sent in (
        {"act": "invite", "invite-email": "x@example.kr", "invite-role": "owner"},
        {"act": "role", "pk": other.pk, "role": "owner"},
        {"act": "remove", "pk": owner.pk},
        {"act": "cancel", "pk": "1"},
        {"act": "nonsense", "pk": other.pk},
    ):
        assert client.post(url, sent).status_code == 404, sent
    other.refresh_from_db()
    assert other.role == role
    assert owner.company.members.count() == 2


def test_a_viewer_changes_no_profile(client: Client, owner):
    client.force_login(member_of(owner.company, MemberRole.VIEWER))
    url = f"/companies/{owner.company.pk}/"
    sent = {"act": "profile", "name": "다른 이름", "kind": "company"}
    assert client.post(url, sent).status_code == 404


def test_the_last_owner_is_told_to_stay(client: Client, owner):
    url = f"/companies/{owner.company.pk}/"
    answer = client.post(url, {"act": "remove", "pk": owner.pk}, follow=True, HTTP_REFERER=url)
    assert 'data-code="last_owner"' in answer.content.decode()
    assert owner.company.members.count() == 1


def test_leaving_one_s_company_leads_to_the_list(client: Client, owner):
    other = MemberFactory(company=owner.company, role=MemberRole.VIEWER)
    client.force_login(other.user)
    answer = client.post(f"/companies/{owner.company.pk}/", {"act": "remove", "pk": other.pk})
    assert answer["Location"] == "/companies/"


def test_the_letter_s_link_makes_a_member(client: Client, owner):
    url = f"/companies/{owner.company.pk}/"
    client.post(url, {"act": "invite", "invite-email": "x@example.kr", "invite-role": "editor"})
    body = Notice.objects.get(to_email="x@example.kr").body
    link = next(line for line in body.splitlines() if "/invitations/" in line)
    link = link.replace("http://testserver", "")
    client.logout()
    assert client.get(link)["Location"].startswith("/accounts/login/?next=/invitations/")
    client.force_login(UserFactory(email="thief@example.kr"))
    assert 'data-code="invitation_other_person"' in client.get(link).content.decode()
    client.force_login(UserFactory(email="x@example.kr"))
    assert "수락하기" in client.get(link).content.decode()
    assert client.post(link)["Location"] == url
    assert client.get("/invitations/unknown/").status_code == 404


def test_a_stranger_s_company_does_not_exist(client: Client, owner):
    other = CompanyFactory()
    url = f"/companies/{other.pk}/"
    assert client.get(url).status_code == 404
    assert client.post(url, {"act": "site", "site-name": "x"}).status_code == 404


def test_a_firm_reads_what_it_holds_of_public_money_and_the_limits(client: Client) -> None:
    made = awarded(grant_won=50_000_000)
    person = owner_of(made.company)
    client.force_login(person)
    page = client.get(f"/companies/{made.company_id}/").content.decode()
    assert made.number in page
    assert "50,000,000원" in page
    assert "한 해 지원금의 합계: 700,000,000원" in page
    client.force_login(UserFactory())
    assert client.get(f"/companies/{made.company_id}/").status_code == 404


def test_registering_twice_is_the_same_success_and_never_points_to_oneself(client: Client):
    client.force_login(UserFactory())
    first, second = (client.post("/companies/new/", GOOD) for _ in range(2))
    assert first["Location"] == second["Location"] == f"/companies/{Company.objects.get().pk}/"
    other = client.post("/companies/new/", {**GOOD, "name": "다른 이름"})
    assert "이미 등록하신 기업입니다(한빛정밀)" in other.content.decode()
    client.force_login(UserFactory())
    assert "초대를 요청하세요" in client.post("/companies/new/", GOOD).content.decode()
