"""Forms of assessors and of their profiles."""

import re
from typing import Any

from django import forms

from applications.models import AssessorProfile, ScoreSheet
from applications.queries.assessment.batches import Batch
from applications.services.assessment import rubrics, sheets
from portal.forms.fields import BusinessNumberField, NameField, PlainForm
from portal.forms.ranges import within
from portal.models import DeclaredTie
from programs.models import SubProgram


class IndustriesField(forms.CharField):
    """First digits of industry codes, typed in one line and kept as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        codes = [part for part in re.split(r"[\s,]+", super().clean(value)) if part]
        if not all(re.fullmatch(r"[0-9]{1,5}", code) for code in codes):
            raise forms.ValidationError(
                "업종코드의 앞자리 숫자를 쉼표로 나누어 적으세요.", code="industries"
            )
        return codes


def known_programs() -> list[tuple[str, str]]:
    """Return every sub-programme code once with its name, whatever its rounds."""
    return list(dict(SubProgram.objects.order_by("code", "pk").values_list("code", "name")).items())


class ProfileForm(forms.ModelForm):
    programs = forms.MultipleChoiceField(
        label="전문 내역사업",
        choices=known_programs,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    industries = IndustriesField(
        label="전문 업종(KSIC 앞자리)",
        required=False,
        max_length=200,
        help_text="예: 24, 251",
    )

    class Meta:
        model = AssessorProfile
        fields = [
            "user",
            "programs",
            "industries",
            "region",
            "max_load",
            "active",
            "employer",
            "business_number",
            "address",
        ]
        field_classes = {"employer": NameField, "business_number": BusinessNumberField}


class ConflictForm(PlainForm):
    tied = forms.ChoiceField(
        label="이 신청과 이해관계가 있습니까?",
        choices=[("no", "없습니다"), ("yes", "있습니다 (평가를 회피합니다)")],
        widget=forms.RadioSelect,
        error_messages={"required": "둘 가운데 하나를 고르세요."},
    )
    words = forms.CharField(
        label="이해관계의 내용",
        required=False,
        max_length=sheets.STATEMENT_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text="이해관계가 있으면 어떤 관계인지 적으세요. 담당자만 읽습니다.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("tied") == "yes" and not data.get("words", "").strip():
            self.add_error("words", forms.ValidationError("어떤 관계인지 적으세요.", code="words"))
        return data


class BatchForm(PlainForm):
    """The statement of a blind stage, over all firms of the assessor's sheets."""

    tied = forms.ChoiceField(
        label="이 가운데 이해관계가 있는 기업이 있습니까?",
        choices=[("no", "없습니다"), ("yes", "있습니다 (그 기업의 신청은 평가하지 않습니다)")],
        widget=forms.RadioSelect,
        error_messages={"required": "둘 가운데 하나를 고르세요."},
    )
    firms = forms.MultipleChoiceField(
        label="이해관계가 있는 기업",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "기업 목록이 달라졌습니다. 다시 골라 주세요."},
    )
    words = forms.CharField(
        label="이해관계의 내용",
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="이해관계가 있으면 기업마다 어떤 관계인지 적으세요. 담당자만 읽습니다.",
    )
    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, batch: Batch, data: Any = None) -> None:
        super().__init__(data, initial={"version": batch.version})
        field: Any = self.fields["firms"]
        field.choices = [(firm.key, firm.name) for firm in batch.firms]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = data.get("firms", [])
        if data.get("tied") == "yes":
            if not chosen and "firms" not in self.errors:
                self.add_error("firms", forms.ValidationError("기업을 고르세요.", code="firms"))
            if not data.get("words", "").strip():
                self.add_error(
                    "words", forms.ValidationError("어떤 관계인지 적으세요.", code="words")
                )
        elif data.get("tied") == "no" and chosen:
            self.add_error(
                "tied",
                forms.ValidationError(
                    "기업을 고르셨습니다. ‘있습니다’를 고르거나 고른 기업을 지우세요.", code="tied"
                ),
            )
        return data


class AbstainForm(PlainForm):
    reason = forms.CharField(
        label="회피하는 사유",
        max_length=sheets.STATEMENT_LENGTH,
        widget=forms.Textarea({"rows": 4}),
        help_text="담당자만 읽습니다. 회피하면 이 신청을 다시 열 수 없습니다.",
        error_messages={"required": "사유를 적으세요."},
    )


class TieForm(PlainForm):
    kind = forms.ChoiceField(label="관계", choices=DeclaredTie.Kind.choices)
    firm_name = NameField(
        label="기업명", max_length=100, error_messages={"required": "기업명을 적으세요."}
    )
    business_number = BusinessNumberField(
        required=False, help_text="알면 적으세요. 예: 124-81-00998"
    )
    note = forms.CharField(label="설명", required=False, max_length=300)


class SheetForm(PlainForm):
    """Marks and reasons of each criterion; gaps are allowed until the lock."""

    def __init__(self, sheet: ScoreSheet, data: Any = None) -> None:
        super().__init__(data)
        self.sheet = sheet
        self.criteria = rubrics.of_sheet(sheet).criteria
        self.guides = rubrics.guides_of(sheet)
        for row in self.criteria:
            self.fields[f"mark_{row.code}"] = forms.IntegerField(
                label=f"{row.label} 점수 (0~{row.max_points}점)",
                required=False,
                min_value=0,
                max_value=row.max_points,
                initial=sheet.marks.get(row.code),
                help_text=self.guides.get(row.code, ""),
                validators=[within("points")],
            )
            if row.skippable:
                self.fields[f"skip_{row.code}"] = forms.BooleanField(
                    label=f"{row.label}: 해당 없음",
                    required=False,
                    initial=row.code in sheet.marks and sheet.marks[row.code] is None,
                    help_text="고르면 이 항목은 점수와 배점에서 모두 빠집니다. 사유를 의견에 적으세요.",
                )
            self.fields[f"reason_{row.code}"] = forms.CharField(
                label=f"{row.label} 의견",
                required=False,
                max_length=sheets.REASON_LENGTH,
                initial=sheet.reasons.get(row.code, ""),
                widget=forms.Textarea({"rows": 3}),
            )
        self.fields["comment"] = forms.CharField(
            label="종합 의견",
            required=False,
            max_length=sheets.REASON_LENGTH,
            initial=sheet.comment,
            widget=forms.Textarea({"rows": 4}),
        )
        self.fields["version"] = forms.IntegerField(initial=sheet.version, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for row in self.criteria:
            if data.get(f"skip_{row.code}") and data.get(f"mark_{row.code}") is not None:
                self.add_error(
                    f"mark_{row.code}",
                    forms.ValidationError(
                        "점수를 지우거나 ‘해당 없음’을 해제하세요.", code="mark_and_skip"
                    ),
                )
        return data

    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "row": row,
                "mark": self[f"mark_{row.code}"],
                "skip": self[f"skip_{row.code}"] if row.skippable else None,
                "reason": self[f"reason_{row.code}"],
            }
            for row in self.criteria
        ]

    def sent(self) -> dict[str, Any]:
        """Return the arguments of `sheets.save`; in place of what was refused, what is stored."""
        data = self.cleaned_data
        stored = [row.code for row in self.criteria if f"mark_{row.code}" not in data]
        skipped = [row.code for row in self.criteria if data.get(f"skip_{row.code}")]
        return {
            "marks": {
                row.code: data.get(f"mark_{row.code}", self.sheet.marks.get(row.code))
                for row in self.criteria
            },
            "skipped": [code for code in skipped if code not in stored]
            + [code for code in stored if self.sheet.marks.get(code, 0) is None],
            "reasons": {
                row.code: data.get(f"reason_{row.code}", self.sheet.reasons.get(row.code, ""))
                for row in self.criteria
            },
            "comment": data.get("comment", self.sheet.comment),
            "version": data["version"],
        }
