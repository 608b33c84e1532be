"""Make the demo's KAMP: published cases, and a firm that inspects synthetic products."""

from demo.commands import DemoCommand
from demo.people import email_of
from kamp.jobs import inspections as inspections_jobs
from kamp.jobs import synthesis as synthesis_jobs
from kamp.jobs import training as training_jobs
from kamp.jobs.synthesis import ProductSpec
from kamp.models import Clip, Dataset, InspectionModel, Showcase
from kamp.services import clips as clips_services
from kamp.services import datasets, inspections, synthesis, training, workspaces
from kamp.services.showcases import data_file, editing
from kamp.states import MemberRole, Split
from kamp.vision.synthetic.generator import Flaw
from portal.core.clock import now
from portal.jobs import queue
from portal.jobs.progress import no_progress
from portal.models import Job, User

SEED = 7
FIRM, NUMBER = "한빛내화(시연)", "3108110006"
# Just enough to learn from: 20 normal products each to fit and to set the threshold by, 10 defects.
KINDS = {
    Split.TRAIN: [""] * 20 + ["crack", "inclusion"] * 5,
    Split.VALIDATION: [""] * 20,
    Split.TEST: [""] * 8 + ["crack", "inclusion", "void", "lamination", "segregation"] * 2,
}
HELD = "합성-심한압축"
JUDGED = 3  # defective products, and as many normal ones


class Command(DemoCommand):
    """`seed_kamp`: makes only what is missing."""

    help = "시연용 KAMP 사례와 검사 작업실을 만듭니다(시연에서만)."

    def handle(self, **options: object) -> None:
        self.curator, self.second, self.inspector, self.colleague = (
            User.objects.get(email=email_of(login))
            for login in ("curator", "curator2", "inspector", "inspector2")
        )
        if not Showcase.objects.exists():
            self.publish()
        if not Dataset.objects.exists():
            self.inspect()

    def publish(self) -> None:
        at = now()
        for case in data_file.load(data_file.FILE, by=self.curator, now=at):
            editing.publish(case, by=self.second, now=at)

    def inspect(self) -> None:
        dataset = self.open()
        made = synthesis_jobs.run(
            dataset, self.products(dataset), by=self.inspector, now=now(), progress=no_progress
        )
        self.stdout.write(f"   합성 제품 {made['products']}개")
        model = training.request(dataset, by=self.inspector, now=now())
        training_jobs.run(model, now=now(), progress=no_progress)
        self.finish(model.job)
        training.approve(model, by=self.colleague, now=now())
        self.judge(model)

    def open(self) -> Dataset:
        at = now()
        firm = workspaces.create(name=FIRM, number=NUMBER, by=self.inspector, now=at)
        sent = workspaces.invite(
            firm, email=self.colleague.email, role=MemberRole.EDITOR, by=self.inspector, now=at
        )
        workspaces.answer(sent, accept=True, by=self.colleague, now=at)
        return datasets.create(
            firm,
            data={**synthesis.DATASET, "name": "합성 내화물 엑스레이"},
            by=self.inspector,
            now=at,
            synthetic_seed=SEED,
            split_key=f"{SEED:064x}",
        )

    def products(self, dataset: Dataset) -> list[ProductSpec]:
        """Return one product per serial, skipping serials whose split needs no more."""
        remaining: dict[str, list[str]] = {split: list(names) for split, names in KINDS.items()}
        rows, place = [], 0
        while any(remaining.values()):
            serial = f"합성-{place + 1:04d}"
            kinds = remaining[clips_services.split_of(dataset, serial)]
            if kinds:
                rows.append(
                    ProductSpec(serial, SEED * synthesis_jobs.SEEDS_OF_A_SET + place, kinds.pop(0))
                )
            place += 1
        held = ProductSpec(
            HELD, SEED * synthesis_jobs.SEEDS_OF_A_SET + place, flaw=Flaw.CRF30, label=False
        )
        return [*rows, held]

    def judge(self, model: InspectionModel) -> None:
        rows = Clip.objects.filter(product__dataset=model.dataset).select_related("product")
        test = rows.filter(product__split=Split.TEST).order_by("pk")
        good = test.filter(product__true_size_mm=None)[:JUDGED]
        bad = test.exclude(product__true_size_mm=None).order_by("-pk")[:JUDGED]
        clips = [*good, *bad, *rows.filter(product__serial=HELD)]
        job = inspections.request(model, clips, by=self.inspector, now=now())
        counts = inspections_jobs.run(model, job.args["clips"], now=now(), progress=no_progress)
        self.finish(job)
        for row in model.inspections.filter(clip__product__true_size_mm__isnull=False)[:2]:
            inspections.decide(
                row, mark="defect", note="시연용 판정입니다.", by=self.colleague, now=now()
            )
        self.stdout.write(f"   판정 {sum(counts.values())}건")

    def finish(self, job: Job | None) -> None:
        # The work was done in this process; running its job now only marks it done.
        if job is not None:
            queue.run(job.pk)
