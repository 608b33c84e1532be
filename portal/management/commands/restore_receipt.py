"""Print the newest receipt of a restore drill and check its signature."""

from django.core.management import BaseCommand, CommandError

from portal.recovery import receipts


class Command(BaseCommand):
    help = "마지막 복구 훈련의 확인증을 보여 주고 서명을 확인합니다."

    def handle(self, **options: object) -> None:
        receipt = receipts.newest()
        if receipt is None:
            raise CommandError("복구 훈련을 한 적이 없습니다.")
        self.stdout.write(receipt.text)
        self.stdout.write(f"공개 키 {receipt.public_key}")
        self.stdout.write(f"서명 {receipt.signature}")
        if not receipts.is_ours(receipt):
            raise CommandError("이 포털의 키로 한 서명이 아니거나 내용이 바뀌었습니다.")
        self.stdout.write(
            "서명이 맞습니다." if receipt.passed else "서명이 맞습니다. 이상이 있습니다."
        )
