"""Processes killed in the middle of a decision, a release, a payment or a paper: nothing double,
nothing lost."""

import json

import pytest

from applications.models import Instalment, IssuedDocument, Selection
from applications.services import documents
from applications.services.agreement import instalments
from applications.services.selection import proposals
from portal.models import Notice
from programs.models import LedgerEntry
from programs.queries.ledger import balance, recomputed
from tests.factories import staff
from tests.factories.agreements import World
from tests.factories.applications import NOW
from tests.faults.processes import script

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
MEMORY = {"CELERY_BROKER_URL": "memory://localhost"}
COUNT = 5

HEAD = """
import django
django.setup()
import json, os, signal, sys
from datetime import datetime
from django.db import connection
from applications.models import Instalment, IssuedDocument, Selection
from applications.services import documents
from applications.services.agreement import instalments, pending_steps
from applications.services.selection import notices, proposals
from portal.core.clock import KST
from portal.models import User
from portal.paper import issued
from programs.services import ledger
now = datetime(2021, 2, 10, 14, 3, 22, tzinfo=KST)

def killing(holder, name, after):
    whole = getattr(holder, name)
    def act(*words, **more):
        given = whole(*words, **more) if after else None
        os.kill(os.getpid(), signal.SIGKILL)
        return given
    setattr(holder, name, act)

def killed(steps, act):
    ends = {}
    for step, place in steps.items():
        child = os.fork()
        if not child:
            connection.connect()
            killing(*place)
            act()
            os._exit(0)
        ends[step] = os.waitpid(child, 0)[1]
    print(json.dumps(ends))
"""

DECIDE = f"""{HEAD}
thing, by = Selection.objects.get(pk=sys.argv[1]), User.objects.get(pk=sys.argv[2])
connection.close()
killed({{
    "after the move": (proposals, "move", True),
    "before the money": (ledger, "reserve_many", False),
    "after the money": (ledger, "reserve_many", True),
    "after the applications": (proposals, "move_many", True),
}}, lambda: proposals.decide(thing, by=by, now=now))
"""

RELEASE = f"""{HEAD}
thing = Selection.objects.select_related("sub_program").get(pk=sys.argv[1])
by = User.objects.get(pk=sys.argv[2])
connection.close()
proposals.CHUNK = 2
killed({{
    sys.argv[3]: {{
        "after the states": (proposals, "move_many", True),
        "before the letters": (notices, "write", False),
        "after some letters": (notices, "write", True),
    }}[sys.argv[3]],
}}, lambda: proposals.release(thing, by=by, now=now))
"""

PAY = f"""{HEAD}
part = Instalment.objects.select_related("agreement").get(pk=sys.argv[1])
by = User.objects.get(pk=sys.argv[2])
connection.close()
killed({{
    "before the move": (instalments, "move", False),
    "after the state": (instalments, "set_state", True),
    "before the money": (ledger, "pay", False),
    "after the money": (ledger, "pay", True),
    "after the letter": (pending_steps, "notify", True),
}}, lambda: instalments.pay(part, by=by, now=now))
"""

PAPER = f"""{HEAD}
document = IssuedDocument.objects.get(pk=sys.argv[1])
connection.close()
killed({{
    "while it is drawn": (issued.pdf, "render", True),
    "when its file is kept": (issued.files, "store_bytes", True),
}}, lambda: documents.render(document, now=now))
"""


def ends(code: str, *words: object) -> dict[str, int]:
    done = script(code, *words, **MEMORY)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    assert set(found.values()) == {9}, found  # each was killed, none got through
    return found


def prepared() -> Selection:
    program, judges = staff.program(), staff.assessors(3)
    for _ in range(COUNT):
        staff.judged(program, judges=judges, support=100)
    return staff.confirmed(staff.proposed(program, staff.officer(program)))


def test_a_decision_killed_at_any_step_has_promised_nothing() -> None:
    made, boss = prepared(), staff.manager()
    assert len(ends(DECIDE, made.pk, boss.pk)) == 4
    made.refresh_from_db()
    assert made.state == "confirmed"
    assert balance(made.sub_program.pot).reserved == 0
    assert set(made.decisions.values_list("application__state", flat=True)) == {"assessing"}
    proposals.decide(made, by=boss, now=NOW)
    assert balance(made.sub_program.pot).reserved == COUNT * 100
    assert LedgerEntry.objects.filter(kind="reserve").count() == COUNT


@pytest.mark.parametrize(
    ("step", "state", "letters"),
    [
        ("after the states", "decided", 0),
        ("before the letters", "released", 0),
        ("after some letters", "released", 2),
    ],
)
def test_a_release_killed_between_decision_and_letters_goes_on_to_one_letter_each(
    step: str, state: str, letters: int
) -> None:
    made, boss = prepared(), staff.manager()
    proposals.decide(made, by=boss, now=NOW)
    ends(RELEASE, made.pk, boss.pk, step)
    made = Selection.objects.select_related("sub_program").get(pk=made.pk)
    states = set(made.decisions.values_list("application__state", flat=True))
    assert (made.state, states) == (state, {state})
    told = Notice.objects.filter(key__startswith="result:")
    assert told.count() == letters
    answer = proposals.release(made, by=boss, now=NOW)
    assert answer == {"decisions": COUNT, "notices": COUNT}
    assert proposals.release(made, by=boss, now=NOW) == answer
    assert told.count() == COUNT
    assert len(set(told.values_list("to_email", flat=True))) == COUNT


def test_a_payment_killed_at_any_step_is_paid_once_afterwards() -> None:
    world = World().conclude()
    instalments.request(world.part(1), by=world.officer, now=world.now)
    assert len(ends(PAY, world.part(1).pk, world.manager.pk)) == 5
    assert world.part(1).state == "requested"
    assert world.money.paid == 0
    assert not LedgerEntry.objects.filter(kind="pay").exists()
    instalments.pay(world.part(1), by=world.manager, now=world.now)
    assert world.money.paid == Instalment.objects.get(pk=world.part(1).pk).amount_won
    assert LedgerEntry.objects.filter(kind="pay").count() == 1
    pot = world.application.sub_program.pot
    assert balance(pot) == recomputed(pot)


@pytest.mark.pdf
def test_an_agreement_s_paper_killed_while_it_is_made_is_made_once_afterwards() -> None:
    world = World().conclude()
    document = IssuedDocument.objects.get(application=world.application, kind="agreement")
    assert len(ends(PAPER, document.pk)) == 2
    document.refresh_from_db()
    assert (document.issued_at, document.sha256) == (None, "")
    made = documents.render(document, now=NOW)
    assert made.issued_at == NOW
    first = made.sha256
    assert documents.render(IssuedDocument.objects.get(pk=made.pk), now=NOW).sha256 == first
    assert (
        IssuedDocument.objects.filter(application=world.application, kind="agreement").count() == 1
    )
