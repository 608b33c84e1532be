"""Workspaces, showcases and what stands in them."""

from typing import Any

import factory
from django.contrib.auth.models import Group

from kamp.models import Showcase, Workspace, WorkspaceMember
from kamp.services import catalogue, showcases
from kamp.services.workspace import QUOTA_BYTES
from kamp.states import MemberRole
from portal.clock import now
from portal.models import User
from portal.roles import CURATOR
from portal.validators import check_digit

TEXTS: dict[str, Any] = {
    "title": "주물 표면 불량 찾기",
    "company": "한빛정밀",
    "process": "casting",
    "purpose": "quality",
    "data_kind": "image",
    "equipment": "카메라",
    "summary": "주물 표면의 불량을 사진으로 찾습니다.",
    "problem": "눈으로 보기 힘들었습니다.",
    "source_name": "자체 측정",
}
PARTS: dict[str, Any] = {
    "metrics": [
        {
            "name": "놓친 비율",
            "definition": "불량 가운데 놓친 것",
            "unit": "%",
            "before": 8,
            "after": 2,
            "direction": "lower",
            "sample_size": 400,
            "origin": "measured",
            "note": "",
        }
    ],
    "steps": [{"title": "촬영", "text": "제품을 찍습니다."}],
    "testimonials": [],
}


def business_number(place: int) -> str:
    """A well-formed number."""
    first = f"31081{1_000 + place:04d}"
    return f"{first}{check_digit(first)}"


class PersonFactory(factory.django.DjangoModelFactory[User]):
    """Somebody with an account."""

    email = factory.Sequence(lambda n: f"kamp{n}@firm.example")
    name = factory.Sequence(lambda n: f"사람 {n}")

    class Meta:
        model = User


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    """A firm's room."""

    name = factory.Sequence(lambda n: f"기업 {n}")
    business_number = factory.Sequence(business_number)
    quota_bytes = QUOTA_BYTES

    class Meta:
        model = Workspace


def member_of(workspace: Workspace, role: str = MemberRole.OWNER) -> User:
    """A new person in a workspace."""
    user = PersonFactory()
    WorkspaceMember.objects.create(workspace=workspace, user=user, role=role, since=now())
    return user


def curator() -> User:
    """A new editor."""
    user = PersonFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=CURATOR))
    return user


def draft(
    by: User | None = None, *, workspace: Workspace | None = None, slug: str = "cast"
) -> Showcase:
    """A complete draft."""
    author = by or curator()
    return showcases.create(
        slug=slug, data=TEXTS, parts=PARTS, by=author, now=now(), workspace=workspace
    )


def in_review(by: User | None = None, **options: Any) -> Showcase:
    """A draft whose author asked for its review."""
    made = draft(by, **options)
    showcases.submit(made, by=made.edited_by, now=now())
    return made


def published(by: User | None = None, **options: Any) -> Showcase:
    """A case that everybody reads."""
    made = in_review(by, **options)
    showcases.publish(made, by=curator(), now=now())
    return made


def refractory() -> Showcase:
    """The case of the catalogue, published."""
    (made,) = catalogue.load(catalogue.FILE, by=curator(), now=now())
    showcases.publish(made, by=curator(), now=now())
    return made
