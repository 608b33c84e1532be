"""The form of the rules: a preview that saves nothing, and one plan after another."""

import pytest
from django.urls import reverse

from applications.models import Application, DistributionPlan, DistributionRule
from applications.services.officers import distribution
from portal.models import User
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
OVERVIEW = reverse("admin:applications_distributionplan_changelist")


def address(program) -> str:
    return reverse("admin:applications_distributionplan_rules", args=[program.pk])


def sent(*rules: dict[str, object], base: int = 0, lines: int = 4) -> dict[str, object]:
    """Return what the form sends: these rules, and lines that are no rule."""
    data: dict[str, object] = {"base": base}
    for place in range(lines):
        row = {"order": place + 1, "region": "", "track": "", "endings": "", "officer": ""}
        row |= rules[place] if place < len(rules) else {}
        data |= {f"{name}_{place}": value for name, value in row.items()}
    return data


def test_a_preview_counts_and_saves_nothing_and_saving_distributes(
    desk, program, officer, boss
) -> None:
    for region in ("seoul", "seoul", "busan"):
        staff.filed(program, region=region)
    client = desk(boss)
    assert (
        "0건" not in client.get(OVERVIEW).content.decode().split(str(program))[1].split("</tr>")[0]
    )
    rules = sent({"region": "seoul", "officer": officer.pk})
    shown = client.post(address(program), {**rules, "preview": "1"})
    assert '<td class="num">2건</td>' in shown.content.decode()
    assert "<strong>1건</strong>" in shown.content.decode()
    assert not DistributionPlan.objects.exists()
    token = shown.context["seen"]
    client.post(address(program), {**rules, "seen": token})
    assert distribution.sweep(NOW) == 2
    assert Application.objects.filter(officer=officer).count() == 2
    plan = DistributionPlan.objects.get()
    page = client.get(reverse("admin:applications_distributionplan_change", args=[plan.pk]))
    assert f"서울 → {officer}" in page.content.decode()


def test_the_order_that_was_typed_counts_and_a_line_without_an_officer_goes(
    desk, program, officer, boss
) -> None:
    client = desk(boss)
    client.post(
        address(program),
        sent(
            {"officer": "turn", "order": 9},
            {"endings": "5, 05"},
            {"endings": "1", "officer": officer.pk},
        ),
    )
    rows = DistributionRule.objects.values_list("order", "endings", "officer")
    assert list(rows) == [(1, ["1"], officer.pk), (2, [], None)]
    client.post(address(program), sent(base=1, lines=6))
    assert DistributionPlan.objects.get(number=2).rules.count() == 0


def test_a_refusal_keeps_what_was_typed(desk, program, officer, boss) -> None:
    client = desk(boss)
    answer = client.post(address(program), sent({"endings": "끝 5", "officer": officer.pk}))
    assert 'value="끝 5"' in answer.content.decode()
    assert "끝자리 숫자를 쉼표로" in answer.content.decode()
    client.post(address(program), sent({"officer": officer.pk}))
    stale = client.post(address(program), sent({"officer": "turn"}, lines=5))
    assert DistributionPlan.objects.count() == 1
    assert "먼저 저장된 내용" in stale.content.decode()


def test_a_rule_of_somebody_who_left_is_named(desk, program, officer, boss) -> None:
    distribution.set_rules(program, [DistributionRule(officer=officer)], base=0, by=boss, now=NOW)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert f"{officer}님은 더 이상" in desk(boss).get(address(program)).content.decode()


def test_officers_read_the_rules_of_their_own_and_change_none(desk, program, officer, boss) -> None:
    foreign = staff.program()
    client = desk(officer)
    shown = client.get(OVERVIEW).content.decode()
    assert str(program) in shown
    assert str(foreign) not in shown
    assert client.get(address(program)).status_code == 404
    assert client.post(address(program), sent({"officer": officer.pk})).status_code == 404
    plan = distribution.set_rules(foreign, [], base=0, by=boss, now=NOW)
    page = reverse("admin:applications_distributionplan_change", args=[plan.pk])
    assert client.get(page).status_code == 404
