"""What is not yours does not exist: every page, every role."""

import re
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client

from applications.models import Application, IssuedDocument
from applications.states import MemberRole
from portal.core import following
from portal.models import Job, User
from portal.uploads import files
from programs.roles import OFFICER
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    AttachmentFactory,
    CompanyFactory,
    PartnerFactory,
    SubProgramFactory,
    SupplementFactory,
    UserFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
ROLES = [{"role": "supplier", "label": "공급기업", "minimum": 1, "required": False}]
SEEN = {200, 302}
# For each page: who may open it while the application is a draft. The rest find nothing.
READERS = {"owner", "editor", "viewer", "partner"}
WRITERS = {"owner", "editor"}
DRAFT_PAGES = {
    "/applications/{a}/": READERS,
    "/applications/{a}/review/": READERS,
    "/applications/{a}/edit/company/": WRITERS,
    "/applications/{a}/edit/plan/": WRITERS,
    "/applications/{a}/edit/partners/": WRITERS,
    "/applications/{a}/edit/documents/": WRITERS,
    "/applications/{a}/edit/declarations/": WRITERS,
    "/applications/{a}/withdraw/": {"owner"},
    "/applications/{a}/result/": set(),
    "/applications/{a}/inquiries/": set(),
    "/applications/{a}/documents/receipt/": set(),
    "/companies/{c}/": {"owner", "editor", "viewer"},
    "/api/v1/applications/{a}/": {"owner", "editor", "viewer"},
}
FILED_PAGES = {
    "/applications/{a}/": READERS | {"officer"},
    "/applications/{a}/review/": READERS | {"officer"},
    "/applications/{a}/supplement/": WRITERS,
    "/applications/{a}/inquiries/": WRITERS,
    "/applications/{a}/withdraw/": {"owner"},
    "/applications/{a}/documents/receipt/": {"owner", "editor", "viewer", "officer"},
    "/applications/{a}/documents/result/": set(),
    "/applications/{a}/result/": set(),
    "/api/v1/applications/{a}/": {"owner", "editor", "viewer"},
}
PEOPLE = ("owner", "editor", "viewer", "partner", "stranger", "other_officer", "officer")


def people_around(application: Application) -> dict[str, User]:
    """Everybody who might try: of the company, of a partner, of neither, of the ministry."""
    partner = PartnerFactory(application=application, accepted=True).company
    officer = UserFactory(roles=[OFFICER])
    officer.sub_programs.add(application.sub_program)
    other = UserFactory(roles=[OFFICER])
    other.sub_programs.add(SubProgramFactory())
    return {
        "owner": application.created_by,
        "editor": member_of(application.company, MemberRole.EDITOR),
        "viewer": member_of(application.company, MemberRole.VIEWER),
        "partner": member_of(partner),
        "stranger": member_of(CompanyFactory()),
        "officer": officer,
        "other_officer": other,
    }


@pytest.fixture
def draft() -> Application:
    return ApplicationFactory(sub_program=SubProgramFactory(partner_roles=ROLES))


@pytest.fixture
def filed() -> Application:
    made = ApplicationFactory(sub_program=SubProgramFactory(partner_roles=ROLES), screening=True)
    SupplementFactory(application=made)
    IssuedDocument.objects.create(application=made, kind="receipt", requested_at=NOW)
    return made


@pytest.fixture
def visit(client: Client) -> Callable[[User, str, Application], int]:
    """Open a page as somebody and return the status."""

    def go(user: User, path: str, application: Application) -> int:
        client.force_login(user)
        return client.get(path.format(a=application.pk, c=application.company_id)).status_code

    return go


@pytest.mark.parametrize("path", DRAFT_PAGES)
def test_a_draft_is_seen_by_its_own_people_only(draft, visit, path: str):
    people = people_around(draft)
    found = {name for name in PEOPLE if visit(people[name], path, draft) in SEEN}
    assert found == DRAFT_PAGES[path]


@pytest.mark.parametrize("path", FILED_PAGES)
def test_a_filed_application_is_seen_by_its_people_and_its_officer(filed, visit, path: str):
    people = people_around(filed)
    found = {name for name in PEOPLE if visit(people[name], path, filed) in SEEN}
    assert found == FILED_PAGES[path]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/applications/{a}/edit/plan/", {"version": "0", "shown": ""}),
        ("/applications/{a}/edit/documents/", {"act": "remove", "attachment": "1"}),
        ("/applications/{a}/edit/partners/", {"act": "cancel", "partner": "1"}),
        ("/applications/{a}/submit/", {"confirmed": "on"}),
        ("/applications/{a}/supplement/", {"act": "answer", "answer": "x"}),
        ("/applications/{a}/withdraw/", {"note": "x"}),
        ("/companies/{c}/", {"act": "invite", "invite-email": "x@example.kr"}),
    ],
)
def test_only_those_who_may_write_can_send(client: Client, draft, path: str, data: dict):
    AttachmentFactory(application=draft)
    for name, user in people_around(draft).items():
        if name in ("owner", "editor"):
            continue
        client.force_login(user)
        answer = client.post(path.format(a=draft.pk, c=draft.company_id), data)
        assert answer.status_code == 404, (name, path)
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert draft.version == 1


def test_a_file_is_sent_only_to_those_who_may_open_its_application(client: Client, draft):
    name = files.store_made(ContentFile(b"canary", name="a.pdf"))
    kept = AttachmentFactory(application=draft, file=name)
    readers = set()
    for who, user in people_around(draft).items():
        client.force_login(user)
        answer = client.get(f"/attachments/{kept.pk}/")
        if answer.status_code == 200 and b"".join(answer.streaming_content) == b"canary":
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Content-Disposition"].startswith("attachment")
            readers.add(who)
        else:
            assert answer.status_code == 404, who
    assert readers == READERS
    client.logout()
    assert client.get(f"/attachments/{kept.pk}/").status_code == 302


def test_a_removed_file_is_sent_to_nobody(client: Client, draft):
    name = files.store_made(ContentFile(b"canary", name="a.pdf"))
    kept = AttachmentFactory(application=draft, file=name, removed_at=NOW)
    client.force_login(draft.created_by)
    assert client.get(f"/attachments/{kept.pk}/").status_code == 404


def test_an_absent_page_and_a_foreign_one_look_the_same(client: Client, draft):
    client.force_login(member_of(CompanyFactory()))
    foreign = client.get(f"/applications/{draft.pk}/")
    absent = client.get("/applications/999999/")
    assert foreign.status_code == absent.status_code == 404
    assert without_own(foreign) == without_own(absent)


def without_own(answer: HttpResponse) -> bytes:
    """Return a page without its token and the number of its request."""
    page = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", answer.content)
    return page.replace(answer["X-Request-ID"][: following.SHOWN].encode(), b"")


def test_a_partner_who_only_was_asked_sees_nothing(client: Client, draft):
    firm = CompanyFactory()
    PartnerFactory(application=draft, company=firm)
    client.force_login(member_of(firm))
    assert client.get(f"/applications/{draft.pk}/").status_code == 404


def test_someone_else_s_job_is_not_told(client: Client, filed):
    job = Job.objects.create(kind="applications.score", key="x", requested_by=filed.created_by)
    client.force_login(filed.created_by)
    assert client.get(f"/jobs/{job.pk}/").json()["state"] == "queued"
    client.force_login(member_of(CompanyFactory()))
    assert client.get(f"/jobs/{job.pk}/").status_code == 404
