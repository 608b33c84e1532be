"""Read every sealed row again and report what was altered, removed or inserted by hand."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import connection

from portal.core.clock import now
from portal.records import audit
from portal.templatetags.dates import kst


class Command(BaseCommand):
    """`verify_audit [--seal] [--kept CHAIN:NUMBER:SHA256]`; fails when anything is wrong."""

    help = "감사 사슬을 처음부터 다시 확인하고, 손댄 행을 표와 번호로 알려 줍니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seal", action="store_true", help="새 행을 먼저 봉인합니다(보통은 1분마다 저절로)."
        )
        parser.add_argument(
            "--kept",
            action="append",
            default=[],
            metavar="사슬:번호:SHA256",
            help="공개된 것을 보관해 둔 봉인의 해시. 여러 번 쓸 수 있습니다.",
        )

    def handle(self, **options: Any) -> None:
        # Through a pooler it would stay with a session that others get.
        if connection.vendor == "postgresql" and not settings.POOLED:
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
        if options["seal"]:
            self.stdout.write(f"새로 봉인한 행: {audit.seal(now=now()):,}개")
        report = audit.verify(now=now())
        report.add(*filter(None, (self.kept(text) for text in options["kept"])))
        audit.record(report, by=None, now=now())
        for fault in report.findings:
            self.stderr.write(fault.words)
        for table, pk in report.unsealed:
            self.stdout.write(f"{table} {pk}: 아직 봉인하지 않은 새 행입니다")
        self.stdout.write(
            f"봉인 {report.seals:,}개의 행 {report.rows:,}개를 확인했습니다."
            f" 봉인 전 {report.unsealed_count:,}개, 어긋난 것 {report.faults:,}개."
        )
        if report.oldest_unsealed_at:
            self.stdout.write(f"가장 오래된 봉인 전 행: {kst(report.oldest_unsealed_at)}")
        self.stdout.write(f"사슬 끝 해시: {audit.combined_head(audit.heads())}")
        if report.faults:
            raise CommandError(f"어긋난 것이 {report.faults:,}개 있습니다.")

    def kept(self, text: str) -> audit.Fault | None:
        name, _, rest = text.partition(":")
        number, _, sha256 = rest.partition(":")
        if not number.isdecimal() or len(sha256) != 64:
            raise CommandError("--kept는 사슬:번호:SHA256 모양으로 적어 주세요.")
        return audit.check_kept_seal(name, int(number), sha256)
