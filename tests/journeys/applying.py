"""From sign-up to a released result, each person on the own pages."""

from collections.abc import Sequence
from typing import Any

import yaml
from playwright.sync_api import Browser, expect

from applications.models import (
    Application,
    CommitteeProposal,
    ScoreRun,
    ScoreSheet,
    Selection,
)
from applications.roles import ASSESSOR
from demo.management.commands.seed_applications import SCENARIO
from demo.samples import sample_pdf
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER
from tests.journeys.people import Applicant, Staff, letter_to, number_of, work

TRACKS = {
    "build": "basic",
    "aftercare": "emergency",
    "capability": "basic",
    "cloud": "shared-solution",
    "level-check": "self-built",
}
REASON = "제출한 자료로 보아 기준을 잘 충족합니다."


class Journey:
    """The people of the journey and what they do one after the other."""

    def __init__(self, browser: Browser, base: str, context: dict[str, Any]) -> None:
        self.browser, self.base, self.context = browser, base, context
        self.scenario = yaml.safe_load(SCENARIO.read_text())
        self.officer = self.staff("officer", OFFICER)
        self.manager = self.staff("manager", MANAGER)
        self.assessors: list[Staff] = []
        self.committee(3)
        self.suppliers: dict[int, Applicant] = {}

    def staff(self, name: str, role: str) -> Staff:
        """Somebody of the ministry, signed in, who answers for every sub-programme."""
        person = Staff(self.browser, self.base, self.context, f"{name}@ministry.example", role)
        for program in SubProgram.objects.all():
            program.officers.add(person.user)
        return person

    def committee(self, count: int) -> list[Staff]:
        """Let so many more assessors sign in; returns the new ones."""
        fresh = [
            Staff(self.browser, self.base, self.context, f"one@panel{place}.example", ASSESSOR)
            for place in range(len(self.assessors), len(self.assessors) + count)
        ]
        self.assessors += fresh
        return fresh

    def applicant(self, name: str, place: int) -> Applicant:
        """A new person with a browser, signed up."""
        person = Applicant(self.browser, self.base, self.context, f"{name}@firm{place}.example")
        person.sign_up(f"{name} 담당자")
        return person

    def draft(self, code: str, place: int) -> tuple[Applicant, Application]:
        """Sign up, register, begin, and answer every step."""
        person = self.applicant(code, place)
        person.go("/companies/new/")
        kind, size = ("association", "none") if code == "cloud" else ("company", "small")
        person.register(name=f"여정{place}정밀", place=place, size=size, kind=kind)
        person.go(f"/applications/new/2021-1/{code}/")
        person.page.locator("[name=site]").first.check()
        person.press("신청서 작성 시작")
        application = Application.objects.latest("pk")
        person.sees("아직 제출되지 않았습니다")
        self.answer_steps(person, application, code)
        return person, application

    def answer_steps(self, person: Applicant, application: Application, code: str) -> None:
        """Go through the steps as they come, until the review."""
        given = {**self.scenario["answers"][code], **self.scenario["costs"].get(code, {})}
        given |= {
            row["code"]: False
            for row in application.sub_program.questions
            if row.get("section") == "declarations"
        }
        person.go(f"/applications/{application.pk}/edit/company/")
        for _ in range(12):
            step = person.page.url.rstrip("/").rsplit("/", 1)[-1]
            if step == "review":
                return
            self.answer_step(person, application, step, given)
        raise AssertionError(f"stuck on {person.page.url}")

    def answer_step(
        self, person: Applicant, application: Application, step: str, given: dict[str, Any]
    ) -> None:
        """Answer one step and go on."""
        page = person.page
        if step == "documents":
            self.attach(person, application)
        elif step == "partners":
            self.join(person, application)
        else:
            track = TRACKS.get(application.sub_program.code)
            choice = page.locator(f'[name=track][value="{track}"]')
            if choice.count() and not choice.is_checked():
                choice.check()
                person.press("고른 유형의 질문 보기")
            person.answer(given)
            for box in page.locator('[name^="c_"][value=yes]').all():
                box.check()
            person.press("저장하고 다음 단계로")
            return
        page.locator("main").get_by_role("link", name="다음 단계로").click()
        page.wait_for_load_state()

    def attach(self, person: Applicant, application: Application) -> None:
        """Upload a PDF for every paper that is required."""
        for document in application.sub_program.documents.filter(required=True):
            panel = person.page.locator(f"#document-{document.code}")
            if panel.count() == 0:
                continue
            data = sample_pdf(f"{document.label} {application.pk}")
            panel.locator("input[type=file]").set_input_files(
                {"name": f"{document.label}.pdf", "mimeType": "application/pdf", "buffer": data}
            )
            expect(panel.locator(".check-list")).to_contain_text(document.label, timeout=60_000)

    def join(self, person: Applicant, application: Application) -> None:
        """Invite the required partner, who signs up, registers and accepts from the letter."""
        if not any(row["required"] for row in application.sub_program.partner_roles):
            return
        place = 500 + application.pk
        guest = self.applicant("partner", place)
        person.page.fill("[name=company_name]", "여정공급")
        person.page.fill("[name=business_number]", number_of(place))
        person.page.fill("[name=email]", guest.email)
        person.page.fill("[name=part]", "설비 공급과 설치")
        for field in ("share_won", "quote_won"):
            if person.page.locator(f"[name={field}]").count():
                person.page.fill(f"[name={field}]", "1000000")
        person.press("참여 요청 보내기")
        letter = letter_to(guest.email, "/partners/").body
        path = "/partners/" + letter.split("/partners/")[1].split("/")[0] + "/"
        guest.go(path)
        guest.page.get_by_role("link", name="기업 등록하기").click()
        guest.register(name="여정공급", place=place, size="small")
        if guest.page.locator("[name=signature]").count():
            guest.page.fill("[name=signature]", "여정대표")
        guest.press("이 조건으로 참여 수락하기")
        guest.sees("참여를 수락했습니다")
        self.suppliers[application.pk] = guest
        person.page.reload()

    def submit(self, person: Applicant, application: Application) -> None:
        """File it and take the receipt home."""
        person.go(f"/applications/{application.pk}/review/")
        person.page.check("[name=confirmed]")
        person.press("신청서 제출하기")
        application.refresh_from_db()
        assert application.number, person.page.locator("main").inner_text()
        person.sees(application.number)
        assert application.number in letter_to(person.email, application.number).subject
        work()
        receipt = person.printed(f"/applications/{application.pk}/documents/receipt/?download=1")
        assert application.number in receipt
        assert application.submission.sha256 in receipt.replace("\n", "").replace(" ", "")
        assert application.company.name in receipt

    def apply(self, code: str, place: int) -> tuple[Applicant, Application]:
        """From sign-up to the receipt."""
        person, application = self.draft(code, place)
        self.submit(person, application)
        return person, application

    def screen(self, application: Application) -> None:
        """The officer screens, decides a claimed bonus and lets the application go on."""
        pk = application.pk
        self.officer.act("application", pk, "take-up")
        self.officer.act("application", pk, "confirm-met")
        for claim in application.bonuses.all():
            self.officer.act("bonusclaim", claim.pk, "grant", reason="품목 허가증을 확인했습니다.")
        self.officer.act("application", pk, "qualify")

    def assign(
        self, application: Application, assessors: Sequence[Staff], *, by: Staff | None = None
    ) -> None:
        """An officer gives the application to these assessors, one by one."""
        officer = by or self.officer
        officer.begin("application", application.pk, "assign")
        officer.fill("assessors", [one.user.pk for one in assessors])
        officer.do()

    def solve(self, application: Application) -> CommitteeProposal:
        """The officer has an assignment solved and opens what came out."""
        self.officer.go("/admin/applications/committeeproposal/start/")
        self.officer.fill("sub_program", application.sub_program_id)
        self.officer.do()
        work()
        solved = CommitteeProposal.objects.latest("pk")
        self.officer.go(f"/admin/applications/committeeproposal/{solved.pk}/change/")
        return solved

    def assess(
        self, application: Application, assessors: Sequence[Staff], *, percent: int = 90
    ) -> None:
        """Each assessor says that there is no tie, gives these points, and locks the sheet."""
        for assessor in assessors:
            sheet = ScoreSheet.objects.get(application=application, assessor=assessor.user)
            assessor.go(f"/assessor/sheets/{sheet.pk}/")
            assessor.page.check("[name=tied][value=no]")
            assessor.press("확인하고 계속")
            assessor.go(
                f"/assessor/sheets/{sheet.pk}/"
            )  # in a blind stage from the list of all firms
            for row in application.sub_program.criteria.all():
                assessor.fill(f"mark_{row.code}", row.max_points * percent // 100)
                assessor.fill(f"reason_{row.code}", REASON)
            assessor.fill("comment", REASON)
            assessor.press("제출하고 잠그기")
            sheet.refresh_from_db()
            assert sheet.locked_at, assessor.page.locator("body").inner_text()[:2000]

    def score(self, application: Application) -> ScoreRun:
        """The officer has everything of the sub-programme scored."""
        self.officer.go("/admin/applications/scorerun/start/")
        self.officer.fill("sub_program", application.sub_program_id)
        self.officer.fill("while_open", value=True)
        self.officer.do()
        work()
        return ScoreRun.objects.get(sub_program=application.sub_program)

    def release(self, application: Application, *, places: int | None = None) -> Selection:
        """Score, select, decide, release: officer and manager, with the jobs in between."""
        run = self.score(application)
        self.officer.act("scorerun", run.pk, "propose", **({"places": places} if places else {}))
        work()
        chosen = Selection.objects.get(run=run)
        self.officer.act("selection", chosen.pk, "confirm")
        self.manager.act("selection", chosen.pk, "decide")
        self.manager.act("selection", chosen.pk, "release")
        work()
        application.refresh_from_db()
        assert application.state == "released"
        return chosen

    def read_result(self, person: Applicant, application: Application, outcome: str) -> None:
        """The applicant reads the result as page and as PDF."""
        person.go(f"/applications/{application.pk}/result/")
        criteria = application.sub_program.criteria.values_list("label", flat=True)
        person.sees(outcome, *criteria)
        path = f"/applications/{application.pk}/documents/result/"
        person.go(path)
        person.press("결과서 만들기")
        work()
        printed = person.printed(f"{path}?download=1")
        assert application.number in printed
        assert outcome in printed

    def win(self, code: str, place: int) -> tuple[Applicant, Application]:
        """The plain way: apply, be screened, assessed by three, selected."""
        person, application = self.apply(code, place)
        self.screen(application)
        self.assign(application, self.assessors)
        self.assess(application, self.assessors)
        self.release(application)
        self.read_result(person, application, "선정")
        return person, application
