"""Grants."""

from typing import Any

from django import forms

from programs.forms.ledger import WonField
from programs.models import SubProgram, Track
from programs.states import GrantKind


class PreviewForm(forms.Form):
    """What a grant preview needs: the track and the money."""

    use_required_attribute = False

    track = forms.ChoiceField(label="지원유형")
    total_cost_won = WonField(
        label="총사업비", required=False, help_text="정부지원금과 기업부담금을 더한 금액입니다."
    )
    requested_won = WonField(
        label="신청금액", required=False, help_text="받고자 하는 정부지원금입니다."
    )

    def __init__(self, *args: Any, program: SubProgram, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tracks = list(program.tracks.all())
        self.fields["track"].choices = [(track.code, track.name) for track in tracks]
        kinds = {track.grant_kind for track in tracks}
        if kinds <= {GrantKind.FLAT, GrantKind.IN_KIND}:
            del self.fields["total_cost_won"]
        if GrantKind.REQUESTED not in kinds:
            del self.fields["requested_won"]
        self.tracks = {track.code: track for track in tracks}

    def chosen(self) -> Track:
        """The track that was picked."""
        return self.tracks[self.cleaned_data["track"]]
