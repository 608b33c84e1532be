"""Nobody can set a column that is not theirs, whatever names they send."""

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.forms.models import model_to_dict

from applications.models import Application, Company, Section, Site, Submission
from portal.models import ApiToken, User
from programs.models import Budget, SubProgram
from tests.api.calling import Caller, Story

WATCHED: list[type[Model]] = [
    Application,
    ApiToken,
    Budget,
    Company,
    Section,
    Site,
    SubProgram,
    Submission,
    User,
]


def every_column() -> dict[str, Any]:
    """Name every column of every model of ours, with a value that would show."""
    names = {
        name
        for app in ("portal", "programs", "applications", "vouchers", "kamp")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        for name in (field.name, getattr(field, "attname", field.name))
    }
    values = dict.fromkeys(sorted(names), 1)
    return values | {"state": "released", "number": "2021-가짜-1차-1", "role": "owner", "id": 1}


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Read all rows of the watched tables, without when a token was last used."""
    return {
        model.__name__: [
            {
                field.attname: getattr(row, field.attname)
                for field in model._meta.concrete_fields
                if field.attname != "last_used_at"
            }
            for row in model._base_manager.order_by("pk")
        ]
        for model in WATCHED
    }


def changed(before: dict, after: dict) -> dict[str, set[str]]:
    """Name the columns that differ, and the tables with rows more or fewer."""
    found: dict[str, set[str]] = {}
    for model, rows in before.items():
        if len(rows) != len(after[model]):
            found.setdefault(model, set()).add("rows")
        for old, new in zip(rows, after[model], strict=False):
            for name in old:
                if old[name] != new[name]:
                    found.setdefault(model, set()).add(name)
    return found


def test_a_change_sets_no_column_beside_its_answers(story: Story, owner: Caller) -> None:
    before = snapshot()
    extra = every_column()
    change = {
        **extra,
        "sections": {"cost": {**extra, "version": 0, "answers": {**extra, "robot": 5}}},
        "consents": {},
    }
    assert owner.patch(f"applications/{story.draft.pk}/", change).status_code == 400
    assert changed(before, snapshot()) == {}
    change = {"sections": {"cost": {"version": 0, "answers": {"robot": 5}}}, "consents": {}}
    answer = owner.patch(f"applications/{story.draft.pk}/", change)
    assert answer.status_code == 200
    assert changed(before, snapshot()) == {
        "Application": {"version", "updated_at"},
        "Section": {"rows"},
    }
    section = Section.objects.get(application=story.draft, name="cost")
    assert section.data == {"robot": 5}
    assert section.version == 1
    assert section.saved_by == story.draft.created_by


def test_a_new_draft_takes_nothing_but_programme_and_site(story: Story, owner: Caller) -> None:
    body = {"program": "build", "site": story.site.pk, "round": "2021-1"}
    before = snapshot()
    assert owner.post("applications/", {**every_column(), **body}).status_code == 400
    assert changed(before, snapshot()) == {}
    answer = owner.post("applications/", body)
    assert answer.status_code == 201
    made = Application.objects.get(pk=answer.json()["id"])
    assert (made.state, made.number, made.submitted_at, made.version) == ("draft", None, None, 1)
    assert made.company == story.company
    assert made.created_by == story.draft.created_by
    assert model_to_dict(made, ["region", "size"]) == {}


def test_filing_takes_nothing_from_the_body(story: Story, owner: Caller) -> None:
    before = snapshot()
    answer = owner.post(f"applications/{story.filed.pk}/submit/", every_column())
    assert answer.status_code == 400
    assert changed(before, snapshot()) == {}


@pytest.mark.parametrize("path", ["programs/robot/preview/", "programs/robot/self-check/"])
def test_asking_the_public_questions_writes_nothing(
    story: Story, visitor: Caller, path: str
) -> None:
    before = snapshot()
    assert visitor.post(path, {**every_column(), "track": "cobot"}).status_code in {200, 400}
    assert changed(before, snapshot()) == {}


@pytest.mark.parametrize(
    "path", ["sites/", "applications/", "applications/{}/", "programs/", "budget/"]
)
def test_reading_writes_nothing(story: Story, owner: Caller, path: str) -> None:
    before = snapshot()
    assert owner.get(path.format(story.draft.pk)).status_code == 200
    assert changed(before, snapshot()) == {}
