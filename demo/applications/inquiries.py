"""Questions of firms, officers and assessors, some of them answered."""

from typing import Any

from applications.models import Application, Inquiry
from applications.services import inquiries
from applications.services.assessment import sheets
from demo.timeline import Timeline
from portal.models import User


class InquirySeeder:
    """Asks what the scenario says, and answers where it has an answer."""

    def __init__(self, officer: User, timeline: Timeline) -> None:
        self.officer, self.now = officer, timeline.now

    def ask(self, application: Application, row: dict[str, Any]) -> None:
        firm = application.created_by
        asked = getattr(self, f"ask_as_{row['by']}")(application, row)
        if "answer" in row:
            answer = inquiries.reply if row["by"] == "firm" else inquiries.answer
            by = self.officer if row["by"] == "firm" else firm
            answer(asked, text=row["answer"], by=by, now=self.now())

    def ask_as_firm(self, application: Application, row: dict[str, Any]) -> Inquiry:
        by = application.created_by
        return inquiries.ask_staff(application, text=row["text"], by=by, now=self.now())

    def ask_as_officer(self, application: Application, row: dict[str, Any]) -> Inquiry:
        words = {"text": row["text"], "days": row["days"]}
        return inquiries.ask_firm(application, **words, by=self.officer, now=self.now())

    def ask_as_assessor(self, application: Application, row: dict[str, Any]) -> Inquiry:
        sheet = application.sheets.order_by("pk")[0]
        by, text = sheet.assessor, row["text"]
        sheets.declare(sheet, tied=False, words="", by=by, now=self.now())
        asked = inquiries.ask_as_assessor(sheet, text=text, by=by, now=self.now())
        inquiries.pass_on(asked, text=text, days=row["days"], by=self.officer, now=self.now())
        return asked
