"""Errors a user can read: a Korean message, a stable code and the HTTP status of each kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Finding:
    """One reason a rule gives; a blocking one prevents the act, others only warn."""

    code: str
    message: str
    blocking: bool = True


class PortalError(Exception):
    """Base of all errors shown to users; only edges (views, API, commands) catch it."""

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "portal_error"
    default_message: ClassVar[str] = "요청을 처리할 수 없습니다."

    def __init__(self, message: str = "", *, code: str = "") -> None:
        self.message = message or self.default_message
        self.code = code or self.default_code
        super().__init__(self.message)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (Finding(self.code, self.message),)


class BadInput(PortalError):
    """The input cannot be read or is out of range."""

    default_code = "bad_input"
    default_message = "입력한 내용을 확인하세요."


class RuleBroken(PortalError):
    """One or more rules refuse the act; every reason is carried, not only the first."""

    status = 422
    default_code = "rule_broken"
    default_message = "요건에 맞지 않아 처리할 수 없습니다."

    def __init__(self, findings: Sequence[Finding], *, message: str = "", code: str = "") -> None:
        self._findings = tuple(findings)
        super().__init__(message or " ".join(f.message for f in self._findings), code=code)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._findings


class MoveNotAllowed(PortalError):
    """The object is not in a state, or the person not in a role, that permits this move."""

    status = 409
    default_code = "move_not_allowed"
    default_message = "지금 상태에서는 할 수 없는 작업입니다."


class StaleVersion(PortalError):
    """Something was saved in between; nothing was overwritten."""

    status = 409
    default_code = "stale_version"
    default_message = (
        "그 사이에 먼저 저장된 내용이 있습니다. 최신 내용을 불러온 뒤 다시 저장하세요."
    )


class BudgetExceeded(PortalError):
    """The budget holds less than the requested amount."""

    status = 409
    default_code = "budget_exceeded"
    default_message = "남은 예산을 초과합니다."


class Closed(PortalError):
    """The period for this act is over or has not begun."""

    status = 409
    default_code = "round_closed"
    default_message = "접수 기간이 아닙니다."


class NotFound(PortalError):
    """The object does not exist or is not visible to this person: both look the same."""

    status = 404
    default_code = "not_found"
    default_message = "찾을 수 없습니다."


class SecondFactorNeeded(PortalError):
    """A member of staff has no second factor in this session."""

    status = 403
    default_code = "second_factor_needed"
    default_message = "업무 계정은 2단계 인증을 마친 뒤 이용할 수 있습니다."


class Unavailable(PortalError):
    """A component (PDF engine, disk, broker) cannot serve at the moment."""

    status = 503
    default_code = "unavailable"
    default_message = "지금은 이용할 수 없습니다. 잠시 뒤 다시 시도하세요."


class JobCancelled(PortalError):
    """Somebody requested that a running job stop; raised where it reports its progress."""

    status = 409
    default_code = "job_cancelled"
    default_message = "요청에 따라 작업을 취소했습니다."
