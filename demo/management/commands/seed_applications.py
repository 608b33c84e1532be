"""Make the demo's companies and applications at every stage, by the real services."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.core.files.base import ContentFile
from django.core.management import CommandError
from django.db.models import QuerySet

from applications.models import (
    Application,
    AssessorProfile,
    BonusClaim,
    Company,
    Expert,
    Member,
    ScoreSheet,
    Selection,
    Site,
)
from applications.queries import registries
from applications.services import company as company_services
from applications.services import evidence
from applications.services.assessment import committee, conflicts, scoring
from applications.services.assessment import sheets as sheets_services
from applications.services.delivery import experts
from applications.services.intake import drafting, filing, late_filing, partners, preparing
from applications.services.screening import checks, supplements
from applications.services.selection import proposals
from applications.states import MemberRole
from demo import applications
from demo.applications.agreements import AgreementSeeder
from demo.applications.decisions import DecisionChangeSeeder
from demo.applications.inquiries import InquirySeeder
from demo.commands import DemoCommand
from demo.people import email_of
from demo.samples import sample_pdf
from demo.timeline import Timeline
from portal.core.dates import end_of_day, korean_day
from portal.core.validators import business_number, check_digit
from portal.jobs import queue
from portal.models import Job, User
from portal.registries import gateway
from portal.registries.declared import connected
from programs.models import ProgramRound, SubProgram
from programs.states import Region

SCENARIO = Path(applications.__file__).with_name("scenario.yaml")
FILED = ("submitted", "screening", "supplement", "assessing", "released")
ASSESSORS = ("assessor", "assessor2", "assessor3", "assessor4", "assessor5")
UNASKED = "toolcoop"  # the firm that does not consent to being looked up
SPREAD = (0, 3, -2, 4, -6)  # difference of each assessor from the scenario's mark, in points
REASON = "근거 자료와 현장 설명이 항목의 기준에 맞는 정도를 보았습니다."

# Days ago, what is done, the row of the scenario, the line for the terminal.
Act = tuple[float, Callable[[dict[str, Any]], None], dict[str, Any], str]


class Command(DemoCommand):
    """`seed_applications`: does nothing when there are applications."""

    help = "시연용 기업과 신청을 만듭니다(시연에서만)."

    def handle(self, **options: object) -> None:
        if Application.objects.exists():
            return
        self.scenario = yaml.safe_load(SCENARIO.read_text())
        self.officer = User.objects.get(email=email_of("staff"))
        self.manager = User.objects.get(email=email_of("manager"))
        self.timeline = Timeline()
        self.now = self.timeline.now
        self.timeline.go_to(self.scenario["begins"])
        for key, row in self.scenario["companies"].items():
            self.make_company(key, row)
        for row in self.scenario["experts"]:
            self.make_expert(row)
        acts = sorted(self.acts(), key=lambda act: -act[0])
        for done, (days_ago, perform, row, line) in enumerate(acts, start=1):
            self.timeline.go_to(days_ago)
            perform(row)
            self.stdout.write(f"   {done}/{len(acts)} {line}")
        self.timeline.go_to(0)
        self.solve_committees()
        begun = self.now()
        for _ in range(2):  # the second time one answer has changed
            self.ask_registries(registries.consenting())
        evidence.answered_since(begun, now=self.now())
        for row in self.scenario["inquiries"]:
            self.ask(row)

    def ask_registries(self, firms: QuerySet[Company]) -> None:
        """Ask every registry about these firms, if they consented."""
        for registry in connected().values():
            asked = registries.consenting(registry).filter(pk__in=firms.values("pk"))
            questions = registries.questions(registry, asked.order_by("pk"))
            gateway.ask(registry, questions, clock=self.now)

    def ask(self, row: dict[str, Any]) -> None:
        name = self.scenario["companies"][row["company"]]["name"]
        filed = Application.objects.filter(company__name=name, submitted_at__isnull=False)
        application = filed.select_related("company", "sub_program", "created_by").get(
            sub_program__code=row["program"]
        )
        InquirySeeder(self.officer, self.timeline).ask(application, row)

    def acts(self) -> list[Act]:
        """Return everything that happens, in the order of the scenario file."""
        acts: list[Act] = []
        for row in self.scenario["applications"]:
            acts.append((row["began"], self.make_application, row, self.line("신청", row)))
        for row in self.scenario["selections"]:
            acts.append(
                (row["day"], self.release_results, row, f"선정 결과 발표: {row['program']}")
            )
        for row in self.scenario["changes"]:
            acts.append((row["day"], self.change_decision, row, self.line("결정 변경", row)))
        for row in self.scenario["agreements"]:
            acts.append((row["day"], self.advance_agreement, row, self.line("협약", row)))
        return acts

    def line(self, what: str, row: dict[str, Any]) -> str:
        return f"{what}: {row['company']} → {row['program']}"

    def change_decision(self, row: dict[str, Any]) -> None:
        DecisionChangeSeeder(self.timeline).apply(self.application_of(row), row)

    def advance_agreement(self, row: dict[str, Any]) -> None:
        seeder = AgreementSeeder(self.officer, self.manager, self.timeline)
        seeder.advance(self.application_of(row), until=row["until"], spent=row.get("spent", {}))

    def application_of(self, row: dict[str, Any]) -> Application:
        name = self.scenario["companies"][row["company"]]["name"]
        return Application.objects.select_related("submission", "sub_program").get(
            company__name=name, sub_program__code=row["program"], state="released"
        )

    def make_expert(self, row: dict[str, Any]) -> Expert:
        person = User.objects.get(email=email_of(row["login"]))
        words = {key: row[key] for key in ("pool", "route", "fields", "regions", "years", "career")}
        expert = experts.apply(
            ProgramRound.objects.get(year=2021),
            **words,
            employer=row["employer"],
            evidence=ContentFile(sample_pdf(f"경력증명서 {person.name}"), name="경력증명서.pdf"),
            by=person,
            now=self.now(),
        )
        reason = "경력증명서로 근무 기간을 확인했습니다."
        return experts.judge(expert, verified=True, reason=reason, by=self.officer, now=self.now())

    def make_company(self, key: str, row: dict[str, Any]) -> Company:
        owner = self.owner(key, row)
        first = row["number"].replace("-", "")[:9]
        data = {
            "business_number": business_number(first + str(check_digit(first))),
            "name": row["name"],
            "kind": row.get("kind", "company"),
            "size": row["size"],
            "industry_code": row["industry"],
            "founded_on": date(2008, 5, 14),
            "employees": row["employees"],
            "representative": "홍길동",
            "region": row["region"],
            "address": f"{Region(row['region']).label} 시연시 {row['name'].removesuffix('(주)')}길 1",
            "phone": "",
            "registries": key != UNASKED,
        }
        made = company_services.register(data=data, by=owner, now=self.now())
        for name in row.get("sites", []):
            company_services.add_site(
                made,
                data={"name": name, "region": row["region"], "address": f"{name} 1동"},
                by=owner,
                now=self.now(),
            )
        if "editor" in row:
            editor = User.objects.get(email=email_of(row["editor"]))
            Member.objects.create(
                company=made, user=editor, role=MemberRole.EDITOR, since=self.now()
            )
        return made

    def owner(self, key: str, row: dict[str, Any]) -> User:
        """Return one of the demo's accounts, or a person of the company who never signs in."""
        if "owner" in row:
            return User.objects.get(email=email_of(row["owner"]))
        name = f"{row['name']} 담당자"
        return User.objects.create_user(f"office@{key}.example", None, name=name)

    def make_application(self, row: dict[str, Any]) -> None:
        company = Company.objects.get(name=self.scenario["companies"][row["company"]]["name"])
        owner = company.members.get(role=MemberRole.OWNER).user
        site = self.site(company, row)
        program = SubProgram.objects.get(code=row["program"], round__year=2021)
        application = drafting.start(program, site=site, by=owner, now=self.now())
        self.fill(application, row, owner)
        if row["stage"] == "draft":
            return
        self.add_partner(application, row, owner)
        if "late" in row:
            self.grant_late_filing(application, row["late"])
        self.ask_registries(Company.objects.filter(pk=company.pk))
        seen = preparing.prepare(application, now=self.now()).sha256
        filing.submit(application, by=owner, now=self.now(), seen=seen)
        application.refresh_from_db()
        if row["stage"] != "submitted":
            self.screen(application, row)

    def grant_late_filing(self, application: Application, late: dict[str, Any]) -> None:
        self.timeline.go_to(late["day"])
        leave = late_filing.grant(
            application.sub_program,
            company=application.company,
            site=application.site,
            until=end_of_day(korean_day(self.now()) + timedelta(days=1)),
            reason=late["reason"],
            by=self.manager,
            now=self.now(),
        )
        second = User.objects.get(email=email_of("manager2"))
        late_filing.approve(leave, by=second, now=self.now())

    def site(self, company: Company, row: dict[str, Any]) -> Site:
        sites = company.sites.order_by("pk")
        return sites.get(name=row["site"]) if "site" in row else sites[0]

    def fill(self, application: Application, row: dict[str, Any], by: User) -> None:
        program = application.sub_program
        drafting.choose_track(application, code=row["track"], by=by, now=self.now())
        answers = dict(self.scenario["answers"][program.code])
        if "covid" in row:
            answers |= {
                "covid_product": row["covid"],
                "covid_detail": "보건용 마스크, 제조품목신고 제1234호",
            }
        declared = {
            question["code"]: False
            for question in program.questions
            if question.get("section") == "declarations"
        }
        sections = {"plan": answers, "cost": self.scenario["costs"].get(program.code, {})}
        if row["stage"] != "draft":
            sections["declarations"] = declared
        for name, data in sections.items():
            if data:
                drafting.save_section(
                    application, name=name, data=data, version=0, by=by, now=self.now()
                )
        if row["stage"] == "draft":
            return
        given = {consent["code"]: consent["required"] for consent in program.consents}
        drafting.consent(application, answers=given, by=by, now=self.now())
        self.attach(application, row, by)

    def attach(self, application: Application, row: dict[str, Any], by: User) -> None:
        for document in application.sub_program.documents.filter(required=True):
            if document.code == "covid_evidence" and "covid" not in row:
                continue
            if document.code == "sme_certificate" and application.company.size not in (
                "small",
                "medium",
            ):
                continue
            title = f"{document.label} {application.company.name}"
            upload = ContentFile(sample_pdf(title), name=f"{document.label}.pdf")
            drafting.attach(
                application, requirement=document.code, upload=upload, by=by, now=self.now()
            )

    def add_partner(self, application: Application, row: dict[str, Any], by: User) -> None:
        if "partner" not in row:
            return
        company = Company.objects.get(name=self.scenario["companies"][row["partner"]]["name"])
        guest = company.members.get(role=MemberRole.OWNER).user
        role = application.sub_program.partner_roles[0]["role"]
        requested = application.sub_program.partner_roles[0].get("terms", {})
        partner = partners.invite(
            application,
            role=role,
            company_name=company.name,
            business_number=company.business_number,
            email=guest.email,
            part="설비와 솔루션의 공급·설치, 교육",
            share_won=2_000_000 if requested.get("share") else None,
            quote_won=30_000_000 if requested.get("quote") else None,
            by=by,
            now=self.now(),
        )
        partners.accept(partner, company=company, signature=guest.name, by=guest, now=self.now())

    def screen(self, application: Application, row: dict[str, Any]) -> None:
        self.timeline.next_day()
        checks.take_up(application, by=self.officer, now=self.now())
        if row["stage"] == "supplement":
            supplements.request(
                application,
                message="국세 납세증명서의 발급일이 지났습니다. 새로 발급받아 내 주세요.",
                requirements=["national_tax_clearance"],
                days=7,
                by=self.officer,
                now=self.now(),
            )
        if row["stage"] in ("assessing", "released"):
            checks.confirm_met(application, by=self.officer, now=self.now())
            for claim in BonusClaim.objects.filter(application=application):
                reason = row["bonus"]
                checks.decide_bonus(
                    claim, granted=False, reason=reason, by=self.officer, now=self.now()
                )
            checks.qualify(application, by=self.officer, now=self.now())
            self.assess(application, row)

    def assess(self, application: Application, row: dict[str, Any]) -> None:
        """Have five assessors lock their sheets; without a mark the committee is solved later."""
        if "marks" not in row:
            return
        self.timeline.next_day()
        people = [User.objects.get(email=email_of(login)) for login in ASSESSORS]
        sheets = sheets_services.assign_all(
            application, assessors=people, by=self.officer, now=self.now()
        )
        for sheet in sheets:
            sheets_services.declare(sheet, tied=False, words="", by=sheet.assessor, now=self.now())
        for sheet, difference in zip(sheets, SPREAD, strict=True):
            self.fill_sheet(sheet, row["marks"] + difference)

    def fill_sheet(self, sheet: ScoreSheet, percent: int) -> None:
        """Fill a sheet to about this many points of a hundred, and lock it."""
        criteria = list(sheet.application.sub_program.criteria.all())
        marks = {row.code: min(row.max_points, row.max_points * percent // 100) for row in criteria}
        short = percent - sum(marks.values())
        for row in criteria:
            extra = max(0, min(short, row.max_points - marks[row.code]))
            marks[row.code], short = marks[row.code] + extra, short - extra
        sheets_services.save(
            sheet,
            marks=marks,
            reasons={row.code: REASON for row in criteria},
            comment="계획이 구체적이고 실행할 수 있다고 보았습니다.",
            version=sheet.version,
            by=sheet.assessor,
            now=self.now(),
        )
        sheets_services.lock(sheet, by=sheet.assessor, now=self.now())

    def solve_committees(self) -> None:
        """Solve two committees: one complete, one that lacks an assessor."""
        committees = self.scenario["committee"]
        for login in ASSESSORS:
            AssessorProfile.objects.create(
                user=User.objects.get(email=email_of(login)), **committees["profile"]
            )
        for row in committees["ties"]:
            person = User.objects.get(email=email_of(row["assessor"]))
            firm = self.scenario["companies"][row["company"]]["name"]
            conflicts.declare_tie(
                person,
                kind=row["kind"],
                firm_name=firm,
                business_number="",
                note=row["note"],
                by=person,
                now=self.now(),
            )
        for row in committees["solved"]:
            program = SubProgram.objects.get(code=row["program"], round__year=2021)
            made = committee.propose(program, seed=row["seed"], by=self.officer, now=self.now())
            self.run_job(made.job)
            made.refresh_from_db()
            if row["confirm"]:
                committee.confirm(made, by=self.officer, now=self.now())

    def release_results(self, row: dict[str, Any]) -> None:
        program = SubProgram.objects.get(code=row["program"], round__year=2021)
        run = scoring.start(program, by=self.officer, now=self.now(), while_open=True)
        scoring.compute(run, now=self.now())
        self.run_job(run.job)
        run.refresh_from_db()
        selection = proposals.start(run, places=row["places"], by=self.officer, now=self.now())
        proposals.propose(selection, now=self.now())
        self.run_job(selection.job)
        selection = Selection.objects.get(pk=selection.pk)
        proposals.confirm(selection, by=self.officer, now=self.now())
        proposals.decide(selection, by=self.manager, now=self.now())
        job = proposals.schedule_release(selection, by=self.manager, now=self.now())
        proposals.release(selection, by=self.manager, now=self.now())
        self.run_job(job)

    def run_job(self, job: Job | None) -> None:
        if job is None or queue.run(job.pk) != "done":
            raise CommandError(f"시연 데이터를 만들지 못했습니다: {job}")
