"""The conflict statement of a blind stage: over a list of firms, for all sheets of a batch at once."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from applications.models import ConflictStatement
from applications.queries.assessment import batches
from applications.services.assessment import conflicts, sheets
from portal.core.errors import BadInput, NotFound, StaleVersion
from portal.models import User
from programs.models import SubProgram


def declare(
    program: SubProgram, *, tied: Collection[str], words: str, version: str, by: User, now: datetime
) -> None:
    """Open the sheets of a batch, and end those of the firms with a tie (keys of `Batch.firms`).

    A tie to a firm without a sheet here is recorded as well. Raises NotFound without a batch,
    StaleVersion when the list is not the one that was shown, BadInput (`words`, `tied`).
    """
    with transaction.atomic():
        batch = batches.batch_of(by, program)
        if batch is None:
            raise NotFound()
        if batch.version != version:
            raise StaleVersion(
                "그 사이에 평가할 신청이 바뀌어 기업 목록이 달라졌습니다. 새 목록을 보고 다시 확인해 주세요."
            )
        chosen = [firm for firm in batch.firms if firm.key in tied]
        if len(chosen) != len(set(tied)):
            raise BadInput("목록에 없는 기업입니다.", code="tied")
        if chosen and not words.strip():
            raise BadInput("어떤 관계인지 적으세요.", code="words")
        names: dict[int, list[str]] = {}
        for firm in chosen:
            for application in firm.applications:
                names.setdefault(application, []).append(firm.name)
        for sheet in batch.sheets:
            with_ties = names.pop(sheet.application_id, [])
            text = _words(with_ties, words) if with_ties else ""
            sheets.declare(sheet, tied=bool(with_ties), words=text, by=by, now=now)
        for application, with_ties in names.items():
            text = _words(with_ties, words)
            ConflictStatement.objects.create(
                application_id=application, assessor=by, tied=True, words=text, at=now
            )
            conflicts.record_statement(application, by, statement=text, now=now)


def _words(firms: Collection[str], words: str) -> str:
    return f"{', '.join(firms)}: {words.strip()}"[: sheets.STATEMENT_LENGTH]
