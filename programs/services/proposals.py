"""The steps that all proposals share, whatever they change: see `programs.models.proposals`."""

from datetime import datetime

from portal.access.roles import roles_of
from portal.core.errors import MoveNotAllowed
from portal.models import User
from programs.models.proposals import Proposal
from programs.roles import MANAGER


def manager_only(by: User) -> None:
    """Raise MoveNotAllowed (`role`) for anybody but a manager."""
    if MANAGER not in roles_of(by):
        raise MoveNotAllowed("결정권자만 할 수 있는 처리입니다.", code="role")


def another_only(proposal: Proposal, by: User) -> None:
    """Raise MoveNotAllowed (`same_person`) for who made the proposal."""
    if proposal.by_id == by.pk:
        raise MoveNotAllowed("제안한 사람은 승인할 수 없습니다.", code="same_person")


def still_open() -> MoveNotAllowed:
    return MoveNotAllowed("아직 승인하지 않은 변경안이 있습니다.", code="proposal_open")


def ended() -> MoveNotAllowed:
    return MoveNotAllowed("이미 처리한 변경안입니다.", code="proposal_ended")


def end(proposal: Proposal, now: datetime, *, approved_by: User | None = None) -> None:
    """End a proposal once, approved or dropped. Raises MoveNotAllowed (`proposal_ended`)."""
    rows = type(proposal)._default_manager.filter(pk=proposal.pk, ended_at=None)
    if not rows.update(ended_at=now, approved_by=approved_by):
        raise ended()
