"""Filters and components: what a reader sees, and that wrong options raise."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory

from portal.forms import markup
from portal.templatetags import components, dates, values

NOON = datetime(2021, 2, 16, 9, 0, tzinfo=UTC)


def drawn(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


def test_an_instant_is_shown_in_korean_time_with_seconds_and_zone():
    assert dates.kst(NOON) == "2021. 2. 16. 18:00:00 (KST)"


def test_an_instant_without_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        dates.kst(NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="aware"):
        dates.due(NOON.replace(tzinfo=None))


def test_the_date_of_an_instant_is_the_korean_one():
    assert dates.kdate(datetime(2021, 2, 15, 15, 0, tzinfo=UTC)) == "2021. 2. 16."
    assert dates.kdate(date(2021, 12, 5)) == "2021. 12. 5."


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("{{ at|kst }}", "2021.~2.~16. 18:00:00~(KST)"),
        ("{{ at|kdate }}", "2021.~2.~16."),
        ('{{ at|until:"까지" }}', "2021.~2.~16. 18:00:00~(KST)|까지"),
        ('{{ midnight|until:"까지" }}', "2021.~2.~16. 자정(24시)|까지"),
        ('{{ nothing|until:"까지" }}', ""),
        ('{{ at|due:"까지" }}', "2021년~2월~16일~18시|까지"),
        ('{{ midnight|due:"까지" }}', "2021년~2월~16일~자정(24시)|까지"),
        ("{{ at|due }}", "2021년~2월~16일~18시"),
        ('{{ nothing|due:"까지" }}', ""),
    ],
)
def test_a_date_and_a_time_are_not_broken_on_a_page_and_are_plain_in_a_mail(source, page):
    midnight = datetime(2021, 2, 16, 15, 0, tzinfo=UTC)
    shown = page.replace("~", "\u00a0").replace("|", "\u2060")
    assert drawn(source, at=NOON, midnight=midnight, nothing=None) == shown
    source = "{% autoescape off %}" + source + "{% endautoescape %}"
    plain = drawn(source, at=NOON, midnight=midnight, nothing=None)
    assert plain == page.replace("~", " ").replace("|", "")


@pytest.mark.parametrize(
    "write", [dates.kst, dates.kdate, values.business_number, values.masked_email]
)
def test_an_absent_value_shows_nothing(write):
    assert write(None) == ""


def test_unknown_money_is_undecided_and_never_zero():
    assert drawn("{{ n|won }} {{ n|eok }}", n=None) == "미정 미정"
    assert drawn("{{ n|won }} {{ n|eok }}", n=70_000_000) == "70,000,000원 7,000만원"


def test_a_business_number_is_written_like_the_certificate():
    assert values.business_number("1248100998") == "124-81-00998"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("hong.gildong@example.kr", "ho**********@example.kr"),
        ("ab@example.kr", "a**@example.kr"),
        ("a@example.kr", "**@example.kr"),
    ],
)
def test_a_masked_address_hides_most_of_the_name(address, shown):
    assert values.masked_email(address) == shown


def test_sizes_are_written_in_a_readable_unit():
    assert [values.file_size(n) for n in (12, 2048, 1_258_291)] == ["12 바이트", "2 KB", "1.2 MB"]


def test_words_are_joined_for_a_pdf_and_stay_escaped():
    assert values.keep_words("조건부 <b>") == "조\u2060건\u2060부 &lt;b&gt;"


@pytest.mark.parametrize("tone", components.TONES)
def test_a_badge_has_words_and_a_shape(tone):
    html = components.badge("선정", tone)
    assert "선정" in html
    assert "<svg" in html


def test_every_tone_has_a_shape_of_its_own():
    assert len({components.ICONS[name] for name in components.TONE_ICONS.values()}) == len(
        components.TONES
    )


def test_a_badge_escapes_its_label():
    assert "<script>" not in components.badge("<script>")


@pytest.mark.parametrize(
    "source",
    [
        '{% badge "선정" tone="green" %}',
        '{% badge "" tone="info" %}',
        '{% button "보내기" kind="big" %}',
        '{% button "보내기" size="huge" %}',
        '{% button "보내기" type="image" %}',
        '{% button "보내기" href="" %}',
        '{% icon "star" %}',
        '{% callout "neutral" %}x{% endcallout %}',
        '{% callout "info" live="loud" %}x{% endcallout %}',
        '{% table_region caption="" %}{% endtable_region %}',
        '{% table_region caption="표" narrow="hide" %}{% endtable_region %}',
        '{% card "제목" level=1 %}{% endcard %}',
        '{% breadcrumb "사업 안내" "/programs/" %}',
        "{% steps items %}",
        '{% job_progress url="/x/" label="점수" state="gone" %}',
    ],
)
def test_a_wrong_option_fails_loudly(source):
    with pytest.raises(TemplateSyntaxError):
        drawn(source, items=[{"label": "접수", "state": "sleeping"}])


def test_a_button_with_an_address_is_a_link():
    assert drawn('{% button "보기" href="/x/" %}').startswith("<a ")
    assert drawn('{% button "보내기" name="do" value="send" %}').startswith("<button ")


def test_the_current_step_is_announced():
    html = drawn(
        "{% steps items %}",
        items=[{"label": "기업", "state": "done"}, {"label": "첨부", "state": "current"}],
    )
    assert html.count('aria-current="step"') == 1
    assert "2 / 2단계 · 첨부" in html


def test_the_menu_marks_the_section_of_the_page():
    request = RequestFactory().get("/programs/robot/")
    inside = drawn('{% nav_link "/programs/" "사업 안내" %}', request=request)
    outside = drawn('{% nav_link "/budget/" "예산 현황" %}', request=request)
    assert "aria-current" in inside
    assert "aria-current" not in outside


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3, hours=4, minutes=5), "마감까지 3일 4시간 남았습니다"),
        (timedelta(hours=4, minutes=5), "마감까지 4시간 5분 남았습니다"),
        (timedelta(minutes=5, seconds=6), "마감까지 5분 6초 남았습니다"),
        (timedelta(0), "접수가 마감되었습니다"),
        (timedelta(seconds=-1), "접수가 마감되었습니다"),
    ],
)
def test_the_countdown_speaks_without_javascript(left, words):
    html = drawn("{% countdown end now=now %}", end=NOON + left, now=NOON)
    assert words in html
    assert "(KST)" in html


def test_a_round_without_end_runs_until_the_budget_is_gone():
    assert "예산 소진 시까지" in drawn("{% countdown end now=now %}", end=None, now=NOON)


def test_the_meter_shows_what_is_left():
    html = drawn(
        "{% money_meter appropriated=a reserved=b committed=c paid=d %}",
        a=1_000_000_000,
        b=200_000_000,
        c=100_000_000,
        d=50_000_000,
    )
    assert "남음" in html
    assert "6억 5,000만원" in html
    assert "style=" not in html


def test_the_meter_refuses_more_use_than_money():
    with pytest.raises(ValueError, match="1 won more"):
        drawn("{% money_meter appropriated=a reserved=b %}", a=10, b=11)


def test_the_meter_of_an_unknown_budget_draws_no_bar():
    html = drawn("{% money_meter appropriated=a %}", a=None)
    assert "예산 미정" in html
    assert "<svg" not in html


def test_findings_tell_blocking_from_advice_in_words():
    rows = [{"message": "가", "blocking": True}, {"message": "나", "blocking": False}]
    html = drawn("{% findings rows %}", rows=rows)
    assert "필수" in html
    assert "참고" in html
    assert "빠진 항목이 없습니다." in drawn("{% findings rows %}", rows=[])


class Question(forms.Form):
    name = forms.CharField(label="과제명", help_text="짧게 적으세요.")
    route = forms.ChoiceField(label="경로", widget=forms.RadioSelect, choices=[("a", "가")])
    won = forms.IntegerField(
        label="총사업비", required=False, widget=forms.TextInput(attrs={"data-unit": "원"})
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["won"].needed = True


def test_a_fresh_form_shows_no_error_summary():
    assert drawn("{% error_summary form %}", form=Question()) == ""


def test_every_error_links_to_its_field():
    html = drawn("{{ form }}", form=Question({}))
    for target in ("id_name", "id_route_0"):
        assert f'href="#{target}"' in html
        assert f'id="{target}"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert 'role="alert"' in html


def test_a_broken_hidden_field_asks_to_reload_instead_of_linking_nowhere():
    class Versioned(forms.Form):
        version = forms.IntegerField(widget=forms.HiddenInput)

    html = drawn("{% error_summary form %}", form=Versioned({}))
    assert markup.STALE_PAGE in html
    assert "href" not in html


def test_errors_of_a_formset_are_summed_up():
    formset = forms.formset_factory(Question)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-won": "x"}
    )
    html = drawn("{% error_summary formset %}", formset=formset)
    assert 'href="#id_form-0-won"' in html


def test_a_field_needed_only_for_submission_is_marked_but_may_stay_open():
    form = Question()
    html = form["won"].as_field_group()
    assert "필수" in html
    assert "required" not in html
    assert '<span class="field__unit">원</span>' in html


def test_a_summary_row_offers_a_correction():
    html = drawn(
        '{% summary_list %}{% summary_row "상호" change="/x/" %}{{ name }}{% endsummary_row %}'
        "{% endsummary_list %}",
        name="한빛<정밀>",
    )
    assert "한빛&lt;정밀&gt;" in html
    assert 'href="/x/"' in html


def test_a_table_has_a_caption_and_can_be_scrolled_by_keyboard():
    html = drawn('{% table_region caption="점수" %}<tbody></tbody>{% endtable_region %}')
    assert "<caption>점수</caption>" in html
    assert 'tabindex="0"' in html


def test_a_job_that_has_ended_is_not_asked_again():
    source = '{% job_progress url="/job/" label="접수증" state=state %}'
    assert "data-job-url" in drawn(source, state="running")
    assert "data-job-url" not in drawn(source, state="done")
