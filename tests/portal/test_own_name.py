"""The name of an account: changed by its owner with confirmation, and typed again to sign."""

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from portal.models import Notice, User
from tests.factories.applications import UserFactory
from tests.portal.test_tokens import confirm_oneself

PAGE = "/account/name/"


@pytest.fixture
def user(db: None) -> User:
    return UserFactory(name="김하나")


def test_the_name_is_changed_with_a_record_and_a_mail(client: Client, user: User) -> None:
    confirm_oneself(client, user)
    typed = "\u200b\u1100\u1175\u11b7\u00a0 두리"  # decomposed, with what nobody sees
    page = client.post(PAGE, {"name": typed, "again": "김 두리"}, follow=True)
    assert "이름을 바꾸었습니다" in page.content.decode()
    user.refresh_from_db()
    assert user.name == "김 두리"
    record = LogEntry.objects.get_for_object(user).latest("pk")
    assert record.changes_dict["name"] == ["김하나", "김 두리"]
    assert record.actor == user
    mail = Notice.objects.get(to_email=user.email)
    assert "‘김하나’에서 ‘김 두리’" in mail.body


def test_who_is_only_signed_in_confirms_first(client: Client, user: User) -> None:
    client.force_login(user)
    asked = client.post(PAGE, {"name": "김두리", "again": "김두리"})
    assert asked.status_code == 302
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    user.refresh_from_db()
    assert user.name == "김하나"


@pytest.mark.parametrize(
    ("name", "again", "code"),
    [
        ("김두리", "김둘", "again"),
        ("김하나", "김하나", "name"),
        ("\u200b", "\u200b", "required"),
        ("김\n두리", "김\n두리", "one_line"),
        ("가" * 51, "가" * 51, "max_length"),
    ],
)
def test_a_refused_name_changes_nothing(
    client: Client, user: User, name: str, again: str, code: str
) -> None:
    confirm_oneself(client, user)
    page = client.post(PAGE, {"name": name, "again": again})
    assert f'data-code="{code}"' in page.content.decode()
    user.refresh_from_db()
    assert user.name == "김하나"
    assert not Notice.objects.filter(to_email=user.email).exists()
