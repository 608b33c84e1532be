"""Form of the catalogue search."""

from django import forms

from portal.forms.fields import PlainForm, WonField
from portal.forms.ranges import within
from vouchers.queries.catalogue import BEST, CHEAPEST, DEAREST, MOST_REPORTS, NEWEST, Search
from vouchers.rules.reports.ratings import FEWEST_RANKED
from vouchers.states import Category, ServiceState

ORDERS = [
    (NEWEST, "새로 등록한 순"),
    (CHEAPEST, "낮은 가격 순"),
    (DEAREST, "높은 가격 순"),
    (BEST, f"만족도 높은 순(보고서 {FEWEST_RANKED}건부터)"),
    (MOST_REPORTS, "보고서 많은 순"),
]
SHOWN_STATES = [
    ("", "전체"),
    (ServiceState.ON_SALE, ServiceState.ON_SALE.label),
    (ServiceState.SUSPENDED, ServiceState.SUSPENDED.label),
]


class SearchForm(PlainForm):
    q = forms.CharField(
        label="검색어",
        max_length=60,
        required=False,
        help_text="서비스명, 공급기업, 소개에서 두 글자부터 찾습니다.",
    )
    category = forms.ChoiceField(
        label="분야", choices=[("", "전체 분야"), *Category.choices], required=False
    )
    state = forms.ChoiceField(label="상태", choices=SHOWN_STATES, required=False)
    highest = WonField(
        label="가격 상한(원)",
        required=False,
        widget=forms.TextInput({"inputmode": "numeric"}),
        validators=[within("fact_won")],
    )
    order = forms.ChoiceField(label="차례", choices=ORDERS, required=False)
    reported = forms.BooleanField(label="보고서 있는 것만", required=False)

    def search(self) -> Search:
        """Return the conditions; an invalid field sets none."""
        data = self.cleaned_data
        return Search(
            text=data.get("q", ""),
            category=data.get("category", ""),
            state=data.get("state", ""),
            reported=bool(data.get("reported")),
            highest_won=data.get("highest"),
        )
