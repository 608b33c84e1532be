"""Form of the catalogue search."""

from django import forms

from portal.core.money import MAX_WON
from portal.forms.fields import PlainForm
from vouchers.queries.catalogue import CHEAPEST, DEAREST, NEWEST, Search
from vouchers.states import Category, ServiceState

ORDERS = [(NEWEST, "새로 등록한 순"), (CHEAPEST, "낮은 가격 순"), (DEAREST, "높은 가격 순")]
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
    highest = forms.IntegerField(
        label="가격 상한(원)",
        min_value=0,
        max_value=MAX_WON,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    order = forms.ChoiceField(label="차례", choices=ORDERS, required=False)

    def search(self) -> Search:
        """Return the conditions; an invalid field sets none."""
        data = self.cleaned_data
        return Search(
            text=data.get("q", ""),
            category=data.get("category", ""),
            state=data.get("state", ""),
            highest_won=data.get("highest"),
        )
