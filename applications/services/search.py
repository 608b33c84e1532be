"""Write the keys under which staff find companies."""

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef

from applications.models import Company, CompanyKey, Site
from applications.rules import search
from portal.records import bulk

CHUNK = 2_000  # companies in one transaction


@transaction.atomic
def learn(companies: Iterable[int]) -> None:
    """Replace the keys of these companies; call it where a name, site or telephone was changed."""
    asked = sorted(set(companies))
    # Locked in one order, so that of two changes at once the later one writes the keys of both.
    rows = list(Company.objects.filter(pk__in=asked).order_by("pk").select_for_update(no_key=True))
    CompanyKey.objects.filter(company__in=asked).delete()
    bulk.insert(CompanyKey, ["company_id", "text"], _keys(rows))


def learn_missing() -> int:
    """Write the keys of companies that have none, such as those of an older release; count them."""
    known = CompanyKey.objects.filter(company=OuterRef("pk"))
    missing = Company.objects.filter(~Exists(known)).order_by("pk").values_list("pk", flat=True)
    found = list(missing)
    for start in range(0, len(found), CHUNK):
        learn(found[start : start + CHUNK])
    return len(found)


def _keys(companies: list[Company]) -> Iterator[tuple[int, str]]:
    sites: dict[int, list[str]] = {row.pk: [] for row in companies}
    for company, name in Site.objects.filter(company__in=sites).values_list("company", "name"):
        sites[company].append(name)
    for row in companies:
        names = (row.name, row.representative, *sites[row.pk])
        for key in sorted(search.keys(names, (row.business_number, row.phone))):
            yield row.pk, key
