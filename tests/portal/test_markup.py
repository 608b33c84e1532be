"""Fields and components print the HTML that is kept in `markup.html`, and widgets that of Django."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.template import Context, Template
from django.test.html import parse_html
from django.utils.functional import lazy, lazystr
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

from applications.forms.intake.questions import QuestionForm
from portal.core.html import escaped, html
from portal.forms import markup
from portal.forms.fields import BusinessNumberField, PhoneField, PlainForm, WonField, mark_needed
from portal.forms.renderer import PortalFormRenderer
from portal.forms.uploads import ManyFiles, UploadForm

AT = datetime(2021, 2, 16, 9, 0, tzinfo=UTC)
UGLY = '<b>&"\'한빛"</b>'
CHOICES = [("a", "가"), ("b", UGLY), (3, 4)]
GROUPED = [("", "고르세요"), ("묶음 <1>", [("a", "가"), ("b", "나")]), ("c", "다")]


class EveryField(PlainForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label="과제명", help_text=f"짧게 {UGLY}", max_length=20)
    plain = forms.CharField(label=UGLY, required=False)
    number = BusinessNumberField()
    phone = PhoneField(label="연락처", required=False)
    won = WonField(label="총사업비", required=False, help_text="부가세 제외")
    percent = forms.DecimalField(
        label="비율", required=False, widget=forms.TextInput({"data-unit": "%"})
    )
    text = forms.CharField(label="설명", widget=forms.Textarea({"rows": 4}), max_length=400)
    day = forms.DateField(label="날짜", widget=forms.DateInput({"type": "date"}), required=False)
    route = forms.ChoiceField(label="경로", choices=CHOICES, help_text="하나만")
    way = forms.ChoiceField(label="방법", choices=GROUPED, widget=forms.RadioSelect)
    kinds = forms.MultipleChoiceField(
        label="종류", choices=CHOICES, widget=forms.CheckboxSelectMultiple({"class": "wide"})
    )
    agreed = forms.BooleanField(label="동의합니다.", help_text="꼭 읽어 주세요.")
    shut = forms.CharField(label="닫힘", disabled=True, required=False)
    secret = forms.CharField(label="비밀번호", widget=forms.PasswordInput)
    mail = forms.EmailField(label="이메일")
    paper = forms.FileField(label="서류", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mark_needed(self.fields["won"])


INITIAL = {
    "version": 7, "name": UGLY, "number": "1248100998", "won": 70_000_000, "percent": "12.5",
    "text": f"첫 줄\n{UGLY}", "day": AT.date(), "route": "b", "way": "a", "kinds": ["a", "3"],
    "agreed": True, "shut": "그대로",
}  # fmt: skip
REFUSED = {
    "version": "x", "name": "가" * 30, "number": "12", "won": "많이", "percent": "a", "text": UGLY,
    "day": "어제", "route": "z", "kinds": ["a", "z"], "mail": "x",
}  # fmt: skip

QUESTIONS = [
    {"code": "goal", "kind": "text", "label": "목표", "required": True, "help": UGLY},
    {"code": "sure", "kind": "yes_no", "label": "확인"},
    {"code": "many", "kind": "multi", "label": "분야", "choices": [{"code": "a", "label": "가"}]},
    {
        "code": "lines", "kind": "rows", "label": "비용", "required": True, "min": 1, "max": 4,
        "columns": [
            {"code": "what", "kind": "text", "label": f"항목 {UGLY}"},
            {"code": "won", "kind": "won", "label": "금액"},
            {"code": "count", "kind": "integer", "label": "수량", "unit": "개"},
            {"code": "on", "kind": "date", "label": "날짜"},
            {
                "code": "kind", "kind": "choice", "label": "구분",
                "choices": [{"code": "a", "label": "가"}, {"code": "b", "label": UGLY}],
            },
        ],
    },
]  # fmt: skip
LINES = [{"what": UGLY, "won": 1_000, "count": 3, "on": "2021-02-16", "kind": "b"}, {"what": "나"}]


def questions(**answers: object) -> QuestionForm:
    return QuestionForm(QUESTIONS, answers=answers, version=3, tracks=[("t", "유형 가")], track="t")


def with_file() -> EveryField:
    files = {"paper": SimpleUploadedFile("서류.pdf", b"%PDF")}
    return EveryField({**REFUSED, "mail": "a@example.kr"}, files)


FORMS: dict[str, Callable[[], object]] = {
    "fresh": EveryField,
    "filled": lambda: EveryField(initial=INITIAL),
    "refused": lambda: EveryField(REFUSED),
    "refused with a file": with_file,
    "without ids": lambda: EveryField(REFUSED, auto_id=False),
    "prefixed": lambda: EveryField(prefix="one"),
    "questions": lambda: questions(goal=UGLY, sure=True, many=["a"], lines=LINES),
    "empty questions": questions,
    "full rows": lambda: questions(lines=LINES * 2),
    "files": lambda: UploadForm(formats=("pdf", "hwpx"), most=3, sent_with="other"),
}
STAGES = [
    {"label": UGLY, "state": "done", "url": "/x/?a=1&b=2", "at": AT, "note": UGLY, "who": "홍길동"},
    {"label": "나", "state": "current", "at": AT},
    {"label": "다", "state": "todo", "who": UGLY},
]
COMPONENTS: dict[str, str] = {
    "icon": '{% icon "lock" %}',
    "badge": '{% badge ugly tone="danger" %}',
    "button": '{% button ugly name="do" value=ugly form="f" formnovalidate=True confirm=ugly %}',
    "plain button": '{% button "보내기" kind="danger" size="small" type="button" %}',
    "button as link": '{% button ugly href="/x/?a=1&b=2" size="large" kind="tertiary" %}',
    "nav link": '{% nav_link "/programs/" "사업" %}',
    "breadcrumb": '{% breadcrumb "신청" "/applications/?a=1&b=2" ugly %}',
    "bare breadcrumb": '{% breadcrumb "신청" %}',
    "stat": "{% stat ugly ugly note=ugly %}",
    "stat without note": '{% stat 12 "건" %}',
    "pagination": '{% pagination previous="?a=1&b=2" next="?page=3" note=ugly %}',
    "no pagination": "{% pagination %}",
    "callout": '{% callout "danger" title=ugly live="alert" %}<p>{{ ugly }}</p>{% endcallout %}',
    "quiet callout": "{% callout %}x{% endcallout %}",
    "draft banner": "{% draft_banner %}<p>x</p>{% enddraft_banner %}",
    "titled draft banner": "{% draft_banner title=ugly %}{% enddraft_banner %}",
    "summary": (
        '{% summary_list %}{% summary_row ugly change="/x/?a=1&b=2" %}{{ ugly }}{% endsummary_row %}'
        '{% summary_row "상호" %}x{% endsummary_row %}{% endsummary_list %}'
    ),
    "table": "{% table_region caption=ugly %}<tbody></tbody>{% endtable_region %}",
    "table without caption": (
        '{% table_region caption="표" hide_caption=True narrow="stack" %}{% endtable_region %}'
    ),
    "cards": (
        '{% cards %}{% card ugly href="/x/?a=1&b=2" eyebrow=ugly level=2 %}<p>x</p>{% endcard %}'
        '{% card "가" %}{% endcard %}{% endcards %}'
    ),
    "empty state": "{% empty_state ugly %}<p>x</p>{% endempty_state %}",
    "findings": "{% findings rows %}",
    "no findings": "{% findings none empty=ugly %}",
    "error summary": "{% error_summary refused %}",
    "fieldset": "{% fieldset ugly hint=ugly %}<p>x</p>{% endfieldset %}",
    "fieldset without hint": '{% fieldset "가" %}{% endfieldset %}',
    "actions": "{% actions %}x{% endactions %}",
    "steps": "{% steps stages %}",
    "steps without current": '{% steps done label="차례" %}',
    "timeline": "{% timeline stages %}",
    "countdown": "{% countdown soon now=at %}",
    "distant countdown": "{% countdown late now=at precise=False %}",
    "countdown without end": "{% countdown nothing now=at %}",
    "autosave": "{% autosave_status at %}",
    "autosave before": "{% autosave_status %}",
    "running job": '{% job_progress url="/j/?a=1&b=2" label=ugly state="running" done=2 total=5 %}',
    "done job": '{% job_progress url="/j/" label="접수증" state="done" %}',
    "parked job": '{% job_progress url="/j/" label="접수증" state="parked" %}',
    "meter": "{% money_meter appropriated=1000 reserved=200 committed=100 paid=50 label=ugly %}",
    "unknown meter": "{% money_meter appropriated=nothing %}",
}
CONTEXT = {
    "ugly": UGLY, "at": AT, "soon": AT + timedelta(hours=2), "late": AT + timedelta(days=9),
    "nothing": None, "none": [], "stages": STAGES, "done": STAGES[:1],
    "rows": [
        {"message": UGLY, "blocking": True, "url": "/x/?a=1&b=2"},
        {"message": "나", "blocking": False},
    ],
}  # fmt: skip


def component(source: str) -> str:
    context = Context({**CONTEXT, "refused": EveryField(REFUSED)})
    return Template("{% load portal %}" + source).render(context)


DRAWN: dict[str, Callable[[], str]] = {
    **{f"form: {name}": lambda make=make: str(make()) for name, make in FORMS.items()},
    **{
        f"component: {name}": lambda source=source: component(source)
        for name, source in COMPONENTS.items()
    },
}


def _read(path: Path) -> dict[str, str]:
    parts = re.split(r"^<!-- (.+) -->\n", path.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


KEPT = _read(Path(__file__).with_name("markup.html"))


LAZY = lazystr(UGLY), lazy(mark_safe, str)(UGLY)
VALUES = [
    *("", "가", UGLY, 0, 1.5, None, True, SafeString(UGLY), *LAZY, EveryField()["name"]),
    *(ErrorList([UGLY]), Path(UGLY), [UGLY], AT),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_a_value_is_escaped_as_django_escapes_it(value):
    assert escaped(value) == conditional_escape(value)
    assert html("<p {}>{one}</p>", value, one=value) == format_html(
        "<p {}>{one}</p>", value, one=value
    )


@pytest.mark.parametrize("name", DRAWN)
def test_a_form_and_a_component_print_the_kept_html(name):
    assert parse_html(DRAWN[name]()) == parse_html(KEPT[name])


def test_all_that_is_kept_is_compared():
    assert DRAWN.keys() == KEPT.keys()


SAFE = mark_safe("<i>가</i>")
ATTRS: dict[str, Any] = {
    "id": "id_x", "class": UGLY, "required": True, "disabled": False, "size": 3, UGLY: UGLY,
    "title": gettext_lazy("Name"), "data-safe": SAFE,
}  # fmt: skip
TEXTS = [None, "", 0, 1_234, "가", UGLY, SAFE, "줄\n\n바꿈"]
LABELS = [
    ("", "---"),
    (1_234, 1_234),
    ("c", 1.5),
    ("d", gettext_lazy("Name")),
    (UGLY, SAFE),
    *GROUPED,
]
WIDGETS: list[tuple[forms.Widget, list[Any]]] = [
    *(
        (kind(), TEXTS)
        for kind in (
            forms.TextInput, forms.NumberInput, forms.EmailInput, forms.URLInput, forms.ColorInput,
            forms.SearchInput, forms.TelInput, forms.PasswordInput, forms.HiddenInput, forms.Textarea,
        )
    ),
    (forms.PasswordInput(render_value=True), TEXTS),
    (forms.DateInput(), [None, "", AT.date(), "어제"]),
    (forms.DateTimeInput(), [None, AT]),
    (forms.TimeInput(), [None, AT.time()]),
    (forms.CheckboxInput(), [None, True, False, "x"]),
    (forms.FileInput(), [None, "x"]),
    (forms.ClearableFileInput(), [None, "x", SimpleNamespace(url=UGLY)]),
    (ManyFiles(), [None]),
    (forms.Select(choices=LABELS), [None, "", "1234", 1_234, "a", UGLY]),
    (forms.SelectMultiple(choices=LABELS), [None, ["a", UGLY]]),
    (forms.NullBooleanSelect(), [None, True, "false"]),
    (forms.RadioSelect(choices=LABELS), [None, "", "1234", "a", UGLY]),
    (forms.CheckboxSelectMultiple(choices=LABELS), [None, ["a", UGLY, 1_234]]),
    (forms.MultipleHiddenInput(), [None, ["a", UGLY]]),
    (forms.SplitDateTimeWidget(), [None, AT]),
    (forms.SelectDateWidget(years=[2021]), [None, AT.date()]),
]  # fmt: skip


@pytest.mark.parametrize(("widget", "values"), WIDGETS, ids=lambda one: type(one).__name__)
def test_a_widget_prints_what_djangos_template_prints(widget, values):
    for value in values:
        for attrs in ({}, {"id": "id_x"}, ATTRS):
            ours, theirs = (
                widget.render("x<y", value, dict(attrs), renderer=renderer)
                for renderer in (PortalFormRenderer(), DjangoTemplates())
            )
            assert parse_html(ours) == parse_html(theirs)


def test_every_function_of_a_widget_is_compared():
    compared = {widget.template_name for widget, _ in WIDGETS}
    compared |= {getattr(widget, "option_template_name", "") for widget, _ in WIDGETS}
    assert markup.DRAWN.keys() - {markup.FORM, markup.FIELD, markup.ERRORS} <= compared


class Starred(forms.RadioSelect):
    option_template_name = "django/forms/widgets/select_option.html"


def test_an_option_with_a_template_of_its_own_keeps_it():
    html = Starred(choices=CHOICES).render("x", "a", renderer=PortalFormRenderer())
    assert html.count("<option") == len(CHOICES)
