"""Form of a request of synthetic products."""

from django import forms

from kamp.forms.datasets import SHORT
from kamp.services.synthesis import MAX_PRODUCTS, MIN_PRODUCTS
from portal.forms.fields import PlainForm
from portal.forms.ranges import within


class SyntheticForm(PlainForm):
    count = forms.IntegerField(
        label="제품 수",
        min_value=MIN_PRODUCTS,
        max_value=MAX_PRODUCTS,
        initial=70,
        widget=forms.TextInput({**SHORT, "inputmode": "numeric", "data-unit": "개"}),
        validators=[within("synthetic_count")],
    )
    seed = forms.IntegerField(
        label="씨앗값",
        initial=1,
        widget=forms.TextInput({**SHORT, "inputmode": "numeric"}),
        help_text="같은 씨앗값은 같은 자료를 만듭니다.",
        validators=[within("synthetic_seed")],
    )
