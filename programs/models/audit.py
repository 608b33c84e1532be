"""Tables of the programmes that the audit chain seals (see `portal.records.audit`)."""

from portal.records.audit import Audited
from programs.models.ledger import LedgerEntry
from programs.models.rounds import RoundChange
from programs.models.rule_changes import RuleChange

AUDITED = (
    Audited("ledger", "예산 원장", LedgerEntry.objects.all, time="at"),
    Audited("round-changes", "회차 변경 이력", RoundChange.objects.all, time="at"),
    Audited("rule-changes", "규칙 변경 이력", RuleChange.objects.all, time="at"),
)
