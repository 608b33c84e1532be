"""Object to and change released decisions of the demo by the real services."""

from typing import Any

from applications.models import Application, BonusClaim, DecisionChange, Objection
from applications.services import objection
from applications.services.assessment import scoring
from applications.services.selection import changes
from applications.states import ChangeKind, Remedy
from demo.people import email_of
from demo.timeline import Timeline
from portal.jobs import queue
from portal.models import User


class DecisionChangeSeeder:
    """Applies one change after another; nobody judges an objection to their own decision."""

    def __init__(self, timeline: Timeline) -> None:
        self.now = timeline.now
        self.officer, self.other_officer, self.manager, self.other_manager = (
            User.objects.get(email=email_of(login))
            for login in ("staff", "staff2", "manager", "manager2")
        )

    def apply(self, application: Application, row: dict[str, Any]) -> None:
        """Call the method that `do` of the row names; `text` is the reason or note."""
        getattr(self, row["do"])(application, row)

    def decline(self, application: Application, row: dict[str, Any]) -> None:
        changes.decline(application, note=row["text"], by=application.created_by, now=self.now())

    def move_up(self, application: Application, row: dict[str, Any]) -> None:
        draft = DecisionChange.objects.get(application=application, kind=ChangeKind.MOVE_UP)
        changes.take_up(draft, by=self.officer, now=self.now())
        changes.approve(draft, by=self.manager, now=self.now())

    def reverse(self, application: Application, row: dict[str, Any]) -> None:
        change = changes.propose(
            application,
            kind=ChangeKind.REVERSAL,
            outcome=row["outcome"],
            reason=row["text"],
            by=self.officer,
            now=self.now(),
        )
        changes.second(change, by=self.manager, now=self.now())
        changes.approve(change, by=self.other_manager, now=self.now())

    def contest(self, application: Application, row: dict[str, Any]) -> None:
        objection.file(application, text=row["text"], by=application.created_by, now=self.now())

    def dismiss(self, application: Application, row: dict[str, Any]) -> None:
        contested = Objection.objects.get(application=application)
        objection.dismiss(contested, note=row["text"], by=self.other_manager, now=self.now())

    def uphold(self, application: Application, row: dict[str, Any]) -> None:
        contested = Objection.objects.get(application=application)
        refused = BonusClaim.objects.filter(application=application, state="refused")
        objection.uphold(
            contested,
            remedy=Remedy.BONUS,
            note=row["text"],
            bonuses=list(refused),
            by=self.other_manager,
            now=self.now(),
        )
        run = objection.rescore(contested, by=self.other_officer, now=self.now())
        scoring.compute(run, now=self.now())
        made = objection.conclude(run, now=self.now())
        if run.job is not None:
            queue.run(run.job.pk)
        if made is not None:
            changes.take_up(made, by=self.other_officer, now=self.now())
            changes.approve(made, by=self.other_manager, now=self.now())
