"""What people paste is read alike on pages, staff screens and the API, from door to database."""

import unicodedata

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from applications.models import AssessorProfile, Company, Site
from portal.forms.people import hinted
from portal.models import DeclaredTie, FirmLink, User
from tests.factories import staff
from tests.factories.applications import (
    PASSWORD,
    ApplicationFactory,
    CompanyFactory,
    MemberFactory,
    UserFactory,
)
from tests.portal.test_validators import spellings

pytestmark = pytest.mark.django_db

NUMBER = "124-81-00998"
PASTED = "\u202a１２４–81\u00a000998\u202c"


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def desk(user: User) -> Client:
    return staff.enter(Client(), user)


def found(client: Client, screen: str, term: str) -> int:
    page = client.get(f"/admin/applications/{screen}/", {"q": term})
    assert page.status_code == 200
    return len(page.context["cl"].result_list)


# --- A genuine paper verifies however it was pasted ----------------------------------------------


def test_a_receipt_verifies_on_the_page_and_in_the_api(client: Client) -> None:
    filed = ApplicationFactory(filed=True).submission
    numbers = [filed.number, *spellings(filed.number), f"접수번호: {filed.number}"]
    halves = [filed.sha256[:32], filed.sha256[32:]]
    hashes = [
        filed.sha256.upper(),
        " ".join(halves),
        f"SHA-256: {filed.sha256}",
        "\u00ad".join(halves),
    ]
    for number in numbers:
        page = client.get(
            "/receipts/", {"number": number.replace("\n", " "), "sha256": filed.sha256}
        )
        assert "확인된 접수증입니다" in page.content.decode(), ascii(number)
    for sha256 in hashes:
        page = client.get("/receipts/", {"number": filed.number, "sha256": sha256})
        assert "확인된 접수증입니다" in page.content.decode(), ascii(sha256)
        answer = client.get(f"/api/v1/receipts/{decomposed(filed.number)}/", {"sha256": sha256})
        assert answer.json()["valid"], ascii(sha256)


# --- A business number has one reader ------------------------------------------------------------


def test_every_reader_of_a_business_number_takes_it_as_pasted(client: Client) -> None:
    client.force_login(UserFactory())
    given = {"business_number": PASTED, "name": "한빛", "kind": "company"}
    assert client.post("/companies/new/", given).status_code == 302
    company = Company.objects.get()
    assert company.business_number == "1248100998"
    assert client.post("/kamp/lab/", given).status_code == 302

    program = staff.program()
    officer, (judge,) = staff.officer(program), staff.assessors(1)
    admin = desk(officer)
    ApplicationFactory(company=company, sub_program=program, filed=True)
    profile = {
        "user": judge.pk,
        "max_load": "20",
        "employer": decomposed("（주）한빛"),
        "business_number": PASTED,
    }
    admin.post("/admin/applications/assessorprofile/add/", profile)
    stored = AssessorProfile.objects.get(user=judge)
    assert (stored.business_number, stored.employer) == ("1248100998", "(주)한빛")
    tie = {"user": judge.pk, "kind": "share", "firm_name": "한빛", "business_number": PASTED}
    for kind in DeclaredTie.Kind.values:
        admin.post("/admin/portal/declaredtie/add/", {**tie, "kind": kind})
    assert set(DeclaredTie.objects.values_list("business_number", flat=True)) == {"1248100998"}
    other = CompanyFactory().business_number
    for kind in FirmLink.Kind.values:
        admin.post(
            "/admin/portal/firmlink/add/",
            {"one": PASTED, "other": other, "kind": kind, "origin": "공시"},
        )
    assert FirmLink.objects.filter(one__in=["1248100998", other]).exists()
    assert found(admin, "company", PASTED) == 1
    assert found(admin, "application", PASTED) == 1


def test_a_wrong_digit_is_refused_by_the_staff_screens_as_well() -> None:
    (judge,) = staff.assessors(1)
    admin = desk(staff.manager())
    page = admin.post(
        "/admin/applications/assessorprofile/add/",
        {"user": judge.pk, "max_load": "20", "business_number": "124-81-00999"},
    )
    assert "검증 숫자가 맞지 않습니다" in page.content.decode()
    assert not AssessorProfile.objects.exists()


# --- Names ---------------------------------------------------------------------------------------


def test_searching_by_decomposed_hangul_finds(client: Client) -> None:
    client.force_login(UserFactory())
    client.post(
        "/companies/new/",
        {"business_number": NUMBER, "name": decomposed("한빛\u00a0정밀"), "kind": "company"},
    )
    company = Company.objects.get(name="한빛 정밀")
    program = staff.program()
    filed = ApplicationFactory(company=company, sub_program=program, filed=True)
    admin = desk(staff.officer(program))
    for term in (decomposed("한빛"), "\u200b한빛", "한빛\u00a0정밀 "):
        assert found(admin, "company", term) == 1, ascii(term)
        assert found(admin, "application", term) == 1, ascii(term)
    assert found(admin, "application", filed.number.replace("-", "–")) == 1


@pytest.mark.parametrize(
    "twin",
    [decomposed("안산 제2공장"), "안산\u00a0제2공장", "안산 제２공장", "\u200b안산  제2공장"],
)
def test_a_site_that_looks_like_another_is_not_added(client: Client, twin: str) -> None:
    owner = MemberFactory()
    client.force_login(owner.user)
    address = f"/companies/{owner.company.pk}/"
    client.post(address, {"act": "site", "site-name": "안산 제2공장", "site-region": "gyeonggi"})
    sites = Site.objects.filter(company=owner.company)
    before = sites.count()
    page = client.post(address, {"act": "site", "site-name": twin, "site-region": "gyeonggi"})
    assert 'data-code="site_taken"' in page.content.decode()
    assert sites.count() == before


def test_two_assessors_of_one_name_are_told_apart() -> None:
    judges = staff.assessors(2)
    User.objects.filter(pk__in=[one.pk for one in judges]).update(name="김하나")
    page = desk(staff.manager()).get("/admin/applications/assessorprofile/add/").content.decode()
    for one in judges:
        assert f"김하나 · {hinted(one.email)}" in page


# --- Addresses -----------------------------------------------------------------------------------


def test_two_addresses_that_look_the_same_are_one_account(client: Client) -> None:
    person = {"name": "김하나", "password1": PASSWORD, "password2": PASSWORD}
    for email in (
        "hong@firm.co.kr",
        "Hong\u200b@firm.co.kr",
        "ｈｏｎｇ@ｆｉｒｍ．ｃｏ．ｋｒ",
        "hong@firm。co。kr",
    ):
        Client().post("/accounts/signup/", {**person, "email": email})
    assert list(User.objects.values_list("email", flat=True)) == ["hong@firm.co.kr"]
    EmailAddress.objects.update(verified=True)
    client.post("/accounts/login/", {"login": "ＨＯＮＧ@firm.co.kr\u200b", "password": PASSWORD})
    assert "_auth_user_id" in client.session


def test_an_address_with_a_letter_that_only_looks_right_is_refused_by_name(client: Client) -> None:
    person = {"name": "김하나", "password1": PASSWORD, "password2": PASSWORD}
    for email in ("h\u043eng@firm.co.kr", "hong@f\u0456rm.co.kr"):
        page = client.post("/accounts/signup/", {**person, "email": email}).content.decode()
        assert "쓸 수 없는 글자" in page
    assert not User.objects.exists()
