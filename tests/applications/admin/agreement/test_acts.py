"""An act on an agreement that finds nothing to do is a refusal, never a message of success."""

import pytest
from django.test import Client, RequestFactory

from applications.admin.agreement import contracts
from applications.services.agreement import contracts as agreement_services
from applications.services.delivery import experts
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, PortalError
from tests.factories import staff
from tests.factories.agreements import World, pdf

pytestmark = pytest.mark.django_db
ACTS = {act.name: act for act in contracts.AgreementAdmin.acts}


@pytest.mark.parametrize(
    ("name", "data", "error", "code"),
    [
        ("papers", {}, BadInput, "nothing_checked"),
        ("pay", {}, MoveNotAllowed, "no_pay_request"),
        ("return-pay", {"note": "사유"}, MoveNotAllowed, "no_pay_request"),
        ("examine", {"note": "의견"}, MoveNotAllowed, "no_amendment"),
        ("approve-change", {"note": "의견"}, MoveNotAllowed, "no_amendment"),
        ("refuse-change", {"note": "의견"}, MoveNotAllowed, "no_amendment"),
        ("judge", {}, BadInput, "nothing_judged"),
        ("settle", {}, MoveNotAllowed, "no_settlement"),
        ("return-settlement", {"note": "사유"}, MoveNotAllowed, "no_settlement"),
        ("recover", {"received_on": None, "evidence": ""}, MoveNotAllowed, "no_recovery"),
        ("approve-end", {"note": "사유"}, MoveNotAllowed, "no_ending"),
        ("refuse-end", {"note": "사유"}, MoveNotAllowed, "no_ending"),
    ],
)
def test_an_act_whose_subject_is_gone_raises(
    name: str, data: dict[str, object], error: type[PortalError], code: str
) -> None:
    world = World().conclude()
    request = RequestFactory().post("/")
    request.user = world.manager
    with pytest.raises(error) as refused:
        ACTS[name].do(request, world.fresh(), data, world.now)
    assert refused.value.code == code


def test_an_instalment_that_cannot_be_paid_is_not_requested() -> None:
    world = World()
    request = RequestFactory().post("/")
    request.user = world.officer
    with pytest.raises(MoveNotAllowed) as refused:
        ACTS["request-pay"].do(request, world.fresh(), {}, world.now)
    assert refused.value.code == "not_payable"


def test_papers_without_a_verdict_are_refused_on_the_page() -> None:
    world = World()
    code = world.fresh().terms["papers"][0]["code"]
    submit = {"requirement": code, "upload": pdf(), "by": world.owner, "now": world.now}
    agreement_services.submit_paper(world.agreement, **submit)
    client = staff.enter(Client(), world.officer)
    url = f"/admin/applications/agreement/{world.agreement.pk}/act/papers/"
    data = {f"verdict_{world.agreement.papers.get().pk}": ""}
    body = client.post(url, data).content.decode()
    assert "확인하거나 돌려보낼 서류를 골라 주세요." in body
    assert "협약 서류 0건을 확인했습니다." not in body
    assert set(world.agreement.papers.values_list("state", flat=True)) == {"pending"}


def test_an_unknown_pool_of_experts_is_not_found() -> None:
    world = World().conclude()
    program = world.application.sub_program
    with pytest.raises(NotFound) as refused:
        experts.propose(program, pool="none", seed=1, by=world.officer, now=world.now)
    assert refused.value.code == "pool"
