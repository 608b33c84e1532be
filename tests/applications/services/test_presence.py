"""Who has a page open is told to others for two minutes, and never keeps a session alive."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Viewer
from applications.services import presence
from portal.web.middleware import SessionLimits
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db


def test_each_learns_who_else_looks_and_only_while_they_do() -> None:
    program = staff.program()
    application, other = staff.filed(program), staff.filed(program)
    one, two = staff.officer(program), staff.officer(program)
    assert presence.look_in(application, by=one, now=NOW) == []
    assert presence.look_in(other, by=two, now=NOW) == []
    later = NOW + timedelta(seconds=60)
    assert presence.look_in(application, by=two, now=later) == [one]
    assert presence.look_in(application, by=one, now=later) == [two]
    assert presence.look_in(application, by=two, now=later + timedelta(minutes=2)) == []
    assert Viewer.objects.count() == 3
    presence.forget(NOW + timedelta(days=2))
    assert not Viewer.objects.exists()


def test_a_fresh_sign_costs_one_query() -> None:
    program = staff.program()
    application, officer = staff.filed(program), staff.officer(program)
    presence.look_in(application, by=officer, now=NOW)
    with CaptureQueriesContext(connection) as caught:
        presence.look_in(application, by=officer, now=NOW + timedelta(seconds=20))
    assert len(caught) == 1


def test_the_page_names_others_and_its_beat_is_no_sign_of_life() -> None:
    program = staff.program()
    application, one, two = staff.filed(program), staff.officer(program), staff.officer(program)
    here, there = staff.enter(Client(), one), staff.enter(Client(), two)
    page = reverse("admin:applications_application_change", args=[application.pk])
    beat = reverse("admin:applications_application_viewers", args=[application.pk])
    here.get(page)
    assert f"<strong>{one}</strong>" in there.get(page).content.decode()
    assert here.get(beat).json() == {"viewers": [str(two)]}
    session = here.session
    session[SessionLimits.KEY] -= 120
    session.save()
    before = here.session[SessionLimits.KEY]
    here.get(beat, headers={SessionLimits.BEAT: "1"})
    assert here.session[SessionLimits.KEY] == before
    here.get(page)
    assert here.session[SessionLimits.KEY] > before
    assert staff.enter(Client(), staff.officer(staff.program())).get(beat).status_code == 404
