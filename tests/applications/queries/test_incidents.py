"""Which failed page is one of the intake: only such a failure may move a deadline."""

import pytest
from django.urls import resolve

from applications.queries.incidents import about


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/applications/new/2021-1/build/", "2021-1/build"),
        ("/applications/7/edit/documents/", "application:7"),
        ("/applications/7/review/", "application:7"),
        ("/applications/7/submit/", "application:7"),
        ("/api/v1/applications/7/submit/", "application:7"),
        ("/admin/applications/application/7/act/take_up/", "portal"),
        ("/admin/applications/application/7/change/", "portal"),
        ("/programs/2021-1/build/", "portal"),
        ("/programs/2021-1/build/preview/", "portal"),
        ("/applications/7/result/", "portal"),
        ("/applications/7/objection/", "portal"),
        ("/", "portal"),
    ],
)
def test_only_pages_of_the_intake_are_of_a_sub_programme(path: str, subject: str) -> None:
    assert about(resolve(path)) == subject
