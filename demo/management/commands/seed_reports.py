"""Make the demo's reports at every stage, corrections, fees and awards."""

from typing import Any

from demo.commands import DemoCommand
from demo.vouchers import reports
from portal.core.clock import now
from vouchers.models import PanelRound
from vouchers.services import plans


class Command(DemoCommand):
    """`seed_reports`: after a panel has been assigned; safe to repeat."""

    help = "시연용 소비자 보고서, 시정, 원고료, 시상을 만듭니다."

    def handle(self, *args: Any, **options: Any) -> None:
        at = now()
        document = plans.read(plans.FOLDER / "2021.yaml")
        for found in PanelRound.objects.order_by("pk"):
            plans.load({**document, "round": found.code}, by=None, now=at)
            rounds = PanelRound.objects.select_related("plan", "fee_pot", "award_pot")
            round = rounds.get(pk=found.pk)
            counts = reports.seed(round, now=at)
            self.stdout.write(f"{round}: {counts or '보고서가 이미 있거나 배정이 없습니다.'}")
