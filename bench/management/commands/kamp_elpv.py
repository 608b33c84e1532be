"""Measure the inspection on real solar-cell images, beside the published figures."""

from django.core.management import BaseCommand, CommandError, CommandParser

from bench import elpv
from kamp.rules.evaluation import Rate


class Command(BaseCommand):
    """`kamp_elpv [--seed N]`."""

    help = "실제 태양전지 이미지(elpv-dataset)로 재어 공개된 값과 나란히 보입니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *, seed: int, **options: object) -> None:
        if not elpv.available():
            raise CommandError(
                "elpv-dataset이 없습니다. pip install 'smart-manufacturing-portal[elpv]'로 "
                "설치하세요(CC BY-NC-SA 4.0, 상업적 이용 불가)."
            )
        result = elpv.measure(seed=seed)
        rate = Rate(result.correct, result.n_test)
        low, high = rate.interval
        share = result.correct / result.n_test
        lines = [
            f"자료: ELPV 실제 태양전지 이미지, 학습 {result.n_train}장, 시험 {result.n_test}장 "
            f"(씨앗값 {seed})",
            f"정확도: {share:.1%} ({result.correct}/{result.n_test}, 95% 구간 {low:.1%}–{high:.1%})",
            f"놓친 불량: {result.missed}장, 잘못 걸러낸 정상: {result.rejected}장",
            f"ROC 곡선의 넓이: {result.auroc:.3f}",
            f"공개된 값: 사람이 만든 특징 {elpv.PUBLISHED_HANDMADE:.1%}, "
            f"미리 학습한 CNN {elpv.PUBLISHED_CNN:.1%} (Deitsch 외)",
            f"걸린 시간: {result.seconds:.0f}초",
        ]
        for line in lines:
            self.stdout.write(line)
