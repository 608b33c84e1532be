"""The rules by which new files are distributed: an overview, a form with a preview, and all versions."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from applications.forms.officers.distribution import RulesForm
from applications.models import DistributionPlan, DistributionRule
from applications.queries.officers import distribution as queries
from applications.queries.officers.charge import chargeable
from applications.services.officers import distribution
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.staff.acts import WorkflowAdmin
from programs.models import SubProgram
from programs.roles import MANAGER, STAFF_READERS
from programs.visibility import sub_programs_of

FORM = "admin/applications/officers/distribution_form.html"


def words(rule: DistributionRule) -> str:
    """Return a rule as people say it."""
    parts = [
        rule.get_region_display() if rule.region else "",
        rule.track.name if rule.track else "",
        f"끝자리 {', '.join(rule.endings)}" if rule.endings else "",
    ]
    which = " · ".join(filter(None, parts)) or "모든 신청"
    return f"{which} → {rule.officer or '차례로(맡은 건이 적은 사람부터)'}"


@admin.register(DistributionPlan)
class DistributionPlanAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["sub_program", "number", "made_by", "made_at"]
    fields = ["sub_program", "number", "rule_lines", "made_by", "made_at"]
    readonly_fields = ["rule_lines"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        visible = sub_programs_of(person(request)).order_by().values("pk")
        return DistributionPlan.objects.filter(sub_program__in=visible)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.rules_view)
        name = "applications_distributionplan_rules"
        return [path("<int:program>/rules/", page, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise Http404
        rows = list(
            sub_programs_of(person(request)).select_related("round").order_by("round", "order")
        )
        plans = self.get_queryset(request).select_related("made_by").annotate(size=Count("rules"))
        latest = {plan.sub_program_id: plan for plan in plans.order_by("number")}
        waiting = chargeable().filter(officer=None, sub_program__in=[row.pk for row in rows])
        counts = dict(waiting.order_by().values_list("sub_program").annotate(Count("pk")))
        return self.render(
            request,
            None,
            "admin/applications/officers/distribution_overview.html",
            title="배분 규칙",
            rows=[(row, latest.get(row.pk), counts.get(row.pk, 0)) for row in rows],
            may_change=MANAGER in roles_of(person(request)),
        )

    def rules_view(self, request: HttpRequest, program: int) -> HttpResponse:
        """Show the rules as a form; `preview` counts what each would take and saves nothing."""
        chosen = sub_programs_of(person(request)).filter(pk=program).first()
        if chosen is None or MANAGER not in roles_of(person(request)):
            raise Http404
        plan = queries.current(chosen)
        form = RulesForm(chosen, plan, request.POST or None)
        context: dict[str, Any] = {"program": chosen, "plans": self._versions(chosen)}
        if not form.is_bound or form.is_valid():
            rules = (
                form.cleaned_data["rules"]
                if form.is_bound
                else list(plan.rules.all() if plan else ())
            )
            places = form.cleaned_data["places"] if form.is_bound else range(len(rules))
            counts, context["left"] = queries.preview(chosen, rules)
            context["counts"] = dict(zip(places, counts, strict=True))
        context["lines"] = [
            (fields, context.get("counts", {}).get(place))
            for place, fields in enumerate(form.lines())
        ]
        if "preview" in request.POST:
            seen = request.POST.get("seen", "")
            return self.render(
                request, None, FORM, title=_title(chosen), form=form, seen=seen, **context
            )

        def save(data: dict[str, Any], at: datetime) -> DistributionPlan:
            return distribution.set_rules(
                chosen, data["rules"], base=data["base"], by=person(request), now=at
            )

        return self.start_page(
            request, form, save, template=FORM, title=_title(chosen),
            done="배분 규칙을 정했습니다. 담당자가 없는 신청을 몇 분 안에 배분합니다.", **context,
        )  # fmt: skip

    def _versions(self, program: SubProgram) -> list[DistributionPlan]:
        rows = DistributionPlan.objects.filter(sub_program=program).select_related("made_by")
        return list(rows.order_by("-number")[:10])

    @admin.display(description="규칙")
    def rule_lines(self, plan: DistributionPlan) -> SafeString | str:
        rules = plan.rules.select_related("track", "officer")
        return (
            format_html_join("", "<div>{}. {}</div>", ((row.order, words(row)) for row in rules))
            or "규칙이 없어 배분하지 않습니다."
        )


def _title(program: SubProgram) -> str:
    return f"{program} 배분 규칙"
