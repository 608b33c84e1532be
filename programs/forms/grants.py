"""The form of the grant preview."""

from typing import Any, cast

from django import forms

from portal.forms.fields import WonField
from portal.forms.ranges import within
from programs.models import SubProgram, Track
from programs.states import GrantKind


class PreviewForm(forms.Form):
    use_required_attribute = False

    track = forms.ChoiceField(label="지원유형")
    total_cost_won = WonField(
        label="총사업비",
        required=False,
        help_text="정부지원금과 기업부담금을 더한 금액입니다.",
        validators=[within("cost_won")],
    )
    requested_won = WonField(
        label="신청금액",
        required=False,
        help_text="받고자 하는 정부지원금입니다.",
        validators=[within("grant_won")],
    )

    def __init__(self, *args: Any, program: SubProgram, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tracks = list(program.tracks.all())
        choices = [(track.code, track.name) for track in tracks]
        cast(forms.ChoiceField, self.fields["track"]).choices = choices
        kinds = {track.grant_kind for track in tracks}
        if kinds <= {GrantKind.FLAT, GrantKind.IN_KIND}:
            del self.fields["total_cost_won"]
        if GrantKind.REQUESTED not in kinds:
            del self.fields["requested_won"]
        self.tracks = {track.code: track for track in tracks}

    def chosen(self) -> Track:
        return self.tracks[self.cleaned_data["track"]]
