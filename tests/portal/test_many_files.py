"""nginx lets through what a form with several files may send, and asks who sends it."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

ROOT = Path(__file__).parents[2]
CONF = (ROOT / "deploy/nginx/portal.conf.template").read_text()
# Where several files are asked for, by the module that says so; each with the address it is for.
TAKEN = {
    "applications/views/intake/attachments.py": "/applications/1/edit/documents/",
    "applications/views/screening.py": "/applications/1/supplement/",
    "applications/views/settlement/reports.py": "/applications/1/agreement/reports/final/",
    "applications/forms/objection.py": "/applications/1/objection/",
    "applications/forms/delivery.py": "/delivery/1/",
    "vouchers/forms/corrections.py": "/vouchers/supplier/corrections/1/",
    "kamp/forms/clips.py": "/kamp/lab/datasets/1/",
}
SEVERAL = re.compile(r"allow_multiple_selected|\(ManyFilesField\)|UploadForm\((?!PlainForm)")
ONE = {"applications/views/agreement.py", "kamp/views/datasets.py", "portal/forms/uploads.py"}


def asking() -> set[str]:
    apps = ("portal", "programs", "applications", "vouchers", "kamp")
    found = (path for app in apps for path in (ROOT / app).rglob("*.py"))
    return {
        str(path.relative_to(ROOT)) for path in found if SEVERAL.search(path.read_text("utf-8"))
    }


def allowed(address: str) -> str:
    """Return the largest body of the location that takes an address."""
    for pattern, body in re.findall(r"location ~ (\S+) \{(.*?)\n  \}", CONF, re.DOTALL):
        if re.search(pattern, address) and (most := re.search(r"client_max_body_size (\w+)", body)):
            return most[1]
    return "24m"


def test_every_form_with_several_files_is_known() -> None:
    assert asking() - ONE == set(TAKEN)


@pytest.mark.parametrize("address", TAKEN.values())
def test_five_files_of_the_largest_size_pass(address: str) -> None:
    assert int(allowed(address).removesuffix("m")) >= 100


def test_the_addresses_are_those_of_the_portal() -> None:
    names = {
        reverse("application_step", args=[1, "documents"]),
        reverse("application_supplement", args=[1]),
        reverse("agreement_report", args=[1, "final"]),
        reverse("application_objection", args=[1]),
        reverse("delivery_detail", args=[1]),
        reverse("supplier_correction", args=[1]),
        reverse("kamp_dataset", args=[1]),
    }
    assert names == set(TAKEN.values())
    assert allowed("/applications/1/edit/plan/") == "24m"


def test_who_sends_much_is_asked_for_whatever_its_size() -> None:
    asked = re.search(r"location = /_may-upload \{(.*?)\n  \}", CONF, re.DOTALL)
    assert asked
    assert "client_max_body_size 0;" in asked[1]  # else nginx refuses its own question
