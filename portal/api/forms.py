"""Forms about API tokens."""

from django import forms

from portal.models import TokenScope


class TokenForm(forms.Form):
    name = forms.CharField(label="이름", max_length=50, help_text="어디에 쓰는 토큰인지 적으세요.")
    scope = forms.ChoiceField(label="범위", choices=TokenScope.choices)
