"""The rules of distribution as a table: one line for each rule, and some that are still empty."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BoundField

from applications.models import DistributionPlan, DistributionRule
from applications.queries.officers.charge import eligible
from applications.rules.officers.distribution import LONGEST, endings
from portal.forms.people import told_apart
from portal.forms.ranges import within
from programs.models import SubProgram
from programs.states import Region

SPARE = 4
"""Empty lines for new rules; saving gives as many again."""
IN_TURN = "turn"
COLUMNS = ("order", "region", "track", "endings", "officer")


class RulesForm(forms.Form):
    """Reads `rules`, in their order, and `base`, the number of the plan that they were made from.

    A line without an officer is no rule. `gone` are officers of the plan who may have no file any more.
    """

    base = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(
        self, program: SubProgram, plan: DistributionPlan | None, data: Mapping[str, Any] | None
    ) -> None:
        known = list(plan.rules.select_related("officer")) if plan else []
        super().__init__(data, initial={"base": plan.number if plan else 0})
        self.tracks = {str(row.pk): row for row in program.tracks.order_by("order")}
        self.officers = {str(row.pk): row for row in eligible(program)}
        self.gone = [
            row.officer for row in known if row.officer and str(row.officer.pk) not in self.officers
        ]
        self.size = len(known) + SPARE
        for place in range(self.size):
            self.fields |= self._fields(place, known[place] if place < len(known) else None)

    def _fields(self, place: int, rule: DistributionRule | None) -> dict[str, forms.Field]:
        tracks = [(key, row.name) for key, row in self.tracks.items()]
        people = [(key, told_apart(row)) for key, row in self.officers.items()]
        turn = (IN_TURN, "차례로(맡은 건이 적은 사람부터)")
        found: dict[str, forms.Field] = {
            "order": forms.IntegerField(
                label="순서", initial=place + 1, validators=[within("order")]
            ),
            "region": _choice("지역", "전체", list(Region.choices), rule and rule.region),
            "track": _choice("지원유형", "전체", tracks, rule and rule.track_id),
            "endings": forms.CharField(
                label="접수번호 끝자리",
                required=False,
                max_length=80,
                initial=", ".join(rule.endings) if rule else "",
            ),
            "officer": _choice("담당자", "규칙 없음", [turn, *people], rule and _chosen(rule)),
        }
        for field in found.values():
            field.widget.attrs["aria-label"] = f"{place + 1}번째 줄 {field.label}"
        return {f"{name}_{place}": field for name, field in found.items()}

    def lines(self) -> Iterator[list[BoundField]]:
        for place in range(self.size):
            yield [self[f"{name}_{place}"] for name in COLUMNS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        found = sorted(
            (data.get(f"order_{place}") or 0, place)
            for place in range(self.size)
            if data.get(f"officer_{place}")
        )
        data["places"] = [place for _, place in found]
        data["rules"] = [self._rule(place, data) for place in data["places"]]
        return data

    def _rule(self, place: int, data: Mapping[str, Any]) -> DistributionRule:
        found = endings(data.get(f"endings_{place}") or "")
        if found is None:
            self.add_error(
                f"endings_{place}",
                f"끝자리 숫자를 쉼표로 나누어 적어 주세요. 하나에 {LONGEST}자리까지입니다. 예: 0, 1, 25",
            )
        return DistributionRule(
            region=data.get(f"region_{place}") or "",
            track=self.tracks.get(data.get(f"track_{place}") or ""),
            endings=list(found or ()),
            officer=self.officers.get(data[f"officer_{place}"]),
        )


def _chosen(rule: DistributionRule) -> object:
    return IN_TURN if rule.officer_id is None else rule.officer_id


def _choice(
    label: str, empty: str, choices: Sequence[tuple[str, Any]], initial: object
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=[("", empty), *choices], initial=initial or ""
    )
