"""Fill a database with applications, to measure or to try the portal at size."""

import time
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import connection

from applications.services import search
from bench.bulk import staff, writer
from bench.bulk.prototypes import MARK, make_prototypes
from portal.core.clock import now
from portal.core.errors import PortalError


class Command(BaseCommand):
    """`seed_bulk --applications N`: each of its own company, whose name begins with 대량."""

    help = "대량의 신청 자료를 만듭니다(기업 이름은 '대량 …')."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--applications", type=int, required=True, metavar="N")
        parser.add_argument(
            "--program",
            action="append",
            default=[],
            metavar="CODE",
            help="내역사업 코드(여러 번 쓸 수 있음; 없으면 최근 회차의 전부)",
        )
        parser.add_argument(
            "--stage",
            choices=sorted(writer.STAGES),
            default=writer.MIXED,
            help="신청의 상태: 섞어서(기본), 작성 중(제출만 남음), 접수, 평가 중",
        )
        parser.add_argument(
            "--sheets", type=int, default=5, help="평가 중인 신청마다 제출된 평가표 수(기본 5)"
        )
        parser.add_argument(
            "--parts",
            action="store_true",
            help="접수된 신청에도 단계별 답변, 첨부, 동의 행을 만듭니다(행이 두 배쯤 됩니다).",
        )
        parser.add_argument("--seed", type=int, default=2021, help="같은 값이면 같은 자료")
        parser.add_argument(
            "--into-used", action="store_true", help="실제 신청이 있는 데이터베이스에도 넣습니다."
        )

    def handle(self, **options: Any) -> None:
        count, sheets = options["applications"], options["sheets"]
        if count < 1 or not 0 <= sheets <= staff.ASSESSORS:
            raise CommandError(f"--applications는 1 이상, --sheets는 0~{staff.ASSESSORS}입니다.")
        if writer.holds_real_applications() and not options["into_used"]:
            raise CommandError(
                "실제 신청이 들어 있는 데이터베이스입니다. 그래도 넣으려면 --into-used를 붙이세요."
            )
        programs = writer.sub_programs(options["program"])
        if not programs or len(programs) < len(set(options["program"])):
            raise CommandError("그런 내역사업이 없습니다. load_catalogue를 먼저 실행하세요.")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
        self.started = self.reported = time.monotonic()
        at = now()
        try:
            prototypes = [row for program in programs for row in make_prototypes(program)]
        except PortalError as error:
            raise CommandError(
                "\n".join([error.message, *(f"  - {row.message}" for row in error.findings)])
            ) from error
        self.stdout.write(
            f"내역사업 {len(programs)}개에서 신청의 본 {len(prototypes)}개를 만들었습니다"
            f" ({time.monotonic() - self.started:.1f}초)"
        )
        bulk = writer.BulkWriter(
            prototypes,
            people=staff.People.load(at),
            now=at,
            stage=options["stage"],
            sheets=sheets,
            parts=options["parts"],
            seed=options["seed"],
        )
        self.writing_since = time.monotonic()
        bulk.write(count, self.report)
        search.learn_missing()
        writer.refresh_statistics()
        self.stdout.write(
            self.style.SUCCESS(
                f"신청 {count:,}건을 넣었습니다 ({time.monotonic() - self.started:.0f}초)."
                f" 기업 이름이 '{MARK}'으로 시작합니다."
            )
        )

    def report(self, done: int, total: int) -> None:
        moment = time.monotonic()
        if moment - self.reported < 3 and done < total:
            return
        self.reported = moment
        rate = done / (moment - self.writing_since)
        self.stdout.write(
            f"  {done:>9,} / {total:,}건  {rate:,.0f}건/초  남은 시간 약 {(total - done) / rate:,.0f}초"
        )
        self.stdout.flush()
