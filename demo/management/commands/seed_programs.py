"""Load the catalogue of 2021 with the round's dates moved to today."""

from datetime import datetime, time, timedelta

from demo.commands import DemoCommand
from demo.people import email_of
from portal.core.clock import KST, now
from portal.models import User
from programs.models import ProgramRound, SubProgram
from programs.services import rounds
from programs.services.catalogue import data_file, loading

BEFORE, AFTER = timedelta(days=35), timedelta(days=14)
KEEP = timedelta(days=3)  # a round that stays open for longer is not moved
CLOSED, CLOSES_AFTER = "level-check", timedelta(days=30)  # its intake is over already
REASON = "시연을 위해 접수 기간을 오늘에 맞추었습니다."


class Command(DemoCommand):
    """`seed_programs`: open the round around today and assign the officers."""

    help = "시연용으로 접수 기간을 오늘에 맞추고 담당자를 지정합니다(시연에서만)."

    def handle(self, **options: object) -> None:
        manager = User.objects.get(email=email_of("manager"))
        second = User.objects.get(email=email_of("manager2"))
        officer = User.objects.get(email=email_of("staff"))
        at = now()
        # As of the day before the round opens: every other act of the demo is later.
        for path in data_file.files():
            loading.load(data_file.read(path), by=None, now=at - BEFORE - timedelta(days=1))
        for round in ProgramRound.objects.filter(closes_at__lt=at + KEEP):
            opens, closes = at.astimezone(KST) - BEFORE, at.astimezone(KST) + AFTER
            change = rounds.propose(
                round,
                opens_at=datetime.combine(opens.date(), time(0), KST),
                closes_at=datetime.combine(closes.date(), time(18), KST),
                by=manager,
                now=at,
                reason=REASON,
            )
            rounds.approve(change, by=second, now=at)
        closed = SubProgram.objects.select_related("round").get(code=CLOSED, round__year=2021)
        day = (closed.round.opens_at + CLOSES_AFTER).astimezone(KST).date()
        closed.closes_at = datetime.combine(day, time(18), KST)
        closed.save(update_fields=["closes_at", "updated_at"])
        other = User.objects.get(email=email_of("staff2"))
        for program in SubProgram.objects.all():
            program.officers.add(officer, other)
