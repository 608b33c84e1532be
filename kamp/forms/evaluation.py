"""Form of the evaluation page."""

from django import forms

from kamp.forms.datasets import SHORT
from portal.forms.fields import PlainForm, WonField
from portal.forms.ranges import within

LOWEST, HIGHEST = -6, 12  # of the threshold, standard deviations


class CostForm(PlainForm):
    miss = WonField(label="불량 하나를 놓쳤을 때의 손실", validators=[within("loss_won")])
    check = WonField(label="제품 하나를 다시 검사하는 비용", validators=[within("loss_won")])
    share = forms.DecimalField(
        label="전체 제품 가운데 불량의 비율",
        decimal_places=2,
        widget=forms.TextInput({**SHORT, "inputmode": "decimal", "data-unit": "%"}),
        validators=[within("defect_share")],
    )
    threshold = forms.DecimalField(
        label="기준값",
        decimal_places=1,
        widget=forms.NumberInput(
            {"type": "range", "min": str(LOWEST), "max": str(HIGHEST), "step": "0.1"}
        ),
        help_text="정상품 점수의 표준편차(σ)로 잰 값이며 0이 모델의 기준입니다. 낮출수록 불량을 더 찾고 "
        "정상품을 더 걸러냅니다.",
        validators=[within("threshold")],
    )
