"""Each figure of the source that concerns the seven, by its line (S1-S22), as the portal holds it."""

from datetime import datetime

import pytest

from portal.core.clock import KST
from programs.models import BonusItem, Budget, NationalGoal, ProgramRound, SubProgram, Track
from programs.rules.grants import ceilings
from programs.states import GrantKind, Intake, QuotaKind
from tests.factories.programs import program

pytestmark = pytest.mark.usefixtures("round_2021")

EOK = 100_000_000
SEVEN = ["build", "robot", "meister", "aftercare", "capability", "cloud", "level-check"]


def track(code: str, name: str) -> Track:
    return Track.objects.select_related("sub_program").get(sub_program__code=code, code=name)


def condition(code: str, name: str) -> dict:
    return next(row for row in program(code).conditions if row["code"] == name)


def test_the_programme_is_that_of_2021_and_smes_and_mid_size_firms_may_apply__S1() -> None:
    assert ProgramRound.objects.get().year == 2021
    row = condition("build", "sme_or_mid")
    assert row["values"] == ["small", "medium", "mid"]
    assert row["origin"] == "source S1"


def test_437_600_000_000_won_in_all__S2() -> None:
    round = ProgramRound.objects.get()
    assert round.total_won == 437_600_000_000
    assert round.origins["total_won"] == "source S2"


def test_there_are_exactly_seven__S3() -> None:
    assert [row.code for row in SubProgram.objects.order_by("order")] == SEVEN


@pytest.mark.parametrize(
    ("code", "eok"), list(zip(SEVEN, [4002, 181, 70, 44, 33, 32, 14], strict=True))
)
def test_the_budget_of_each__S3(code: str, eok: int) -> None:
    assert program(code).pot.appropriated_won == eok * EOK
    assert program(code).origins["budget"].startswith("source S3")


def test_the_seven_budgets_are_the_whole_programme_to_the_won__S2_S3() -> None:
    pots = [pot.appropriated_won for pot in Budget.objects.all()]
    assert sum(pots) == ProgramRound.objects.get().total_won


@pytest.mark.parametrize(
    ("code", "value", "origin"),
    [
        ("factories-2022-target", 30_000, "source S4"),
        ("factories-2020-actual", 19_799, "source S6"),
        ("factories-2020-plan", 17_800, "source S6"),
        ("factories-2021-new", 6_000, "source S7"),
        ("robot-2020-budget", 85 * EOK, "source S11"),
    ],
)
def test_the_national_figures(code: str, value: int, origin: str) -> None:
    goal = NationalGoal.objects.get(code=code)
    assert (goal.value, goal.origin) == (value, origin)


def test_6000_or_more_factories_is_a_target_and_no_stop__S7() -> None:
    row = program("build")
    assert (row.quota_count, row.quota_kind) == (6_000, QuotaKind.AT_LEAST)


def test_upgrade_caps_are_2_and_4_eok_and_1_5_eok_is_only_what_they_replace__S7() -> None:
    first, second = track("build", "upgrade1"), track("build", "upgrade2")
    assert (first.cap_won, second.cap_won) == (2 * EOK, 4 * EOK)
    assert first.origins["cap_won"] == second.origins["cap_won"] == "source S7"
    assert first.previous_cap_won == 150_000_000
    caps = Track.objects.filter(sub_program__code="build").values_list("cap_won", flat=True)
    assert 150_000_000 not in caps


def test_the_basic_track_of_70_million_is_public_knowledge() -> None:
    basic = track("build", "basic")
    assert (basic.cap_won, basic.origins["cap_won"]) == (70_000_000, "public")


def test_support_depends_on_the_level_aimed_at__S7() -> None:
    row = condition("build", "higher_level")
    assert row["kind"] == "greater_than_fact"
    assert row["values"] == ["none", "basic", "middle1", "middle2", "advanced"]
    assert row["origin"] == "source S7"


def test_kamp_conversion_up_to_70_million_and_three_years_of_cloud__S8() -> None:
    kamp = track("build", "kamp-cloud")
    assert (kamp.cap_won, kamp.months) == (70_000_000, 36)
    assert kamp.origins["cap_won"] == kamp.origins["months"] == "source S8"
    assert condition("build", "has_solution")["when"] == {"track": ["kamp-cloud"]}


def test_covid_makers_get_5_points_and_only_in_build__S9() -> None:
    item = BonusItem.objects.get()
    assert item.sub_program.code == "build"
    assert (item.points, item.origin) == (5, "source S9")
    assert item.sub_program.bonus_cap == 5
    question = next(row for row in item.sub_program.questions if row["code"] == item.question)
    named = [choice["label"] for choice in question["choices"]]
    assert named[:4] == ["마스크", "손소독제", "진단시약", "백신주사기"]
    paper = item.sub_program.documents.get(code="covid_evidence")
    assert "mask" in paper.when["covid_product"]


def test_the_industry_code_is_a_hint_for_the_bonus_and_no_condition__S9() -> None:
    item = BonusItem.objects.get()
    assert item.industry_hints == ["C21", "C27"]
    assert item.hinted("21300")
    assert item.hinted("C27199")
    assert not item.hinted("25924")
    assert not item.hinted("")
    assert "industry_code" not in {row["fact"] for row in item.sub_program.conditions}


def test_the_digital_cluster_is_venture_led_and_its_amount_unknown__S10() -> None:
    cluster = track("build", "digital-cluster")
    assert cluster.cap_won is None
    assert condition("build", "venture_led")["origin"] == "source S10"


def test_robot_takes_about_57_firms_that_use_collaborative_robots__S11() -> None:
    robot = program("robot")
    assert (robot.quota_count, robot.quota_kind) == (57, QuotaKind.ABOUT)
    assert condition("robot", "collaborative")["origin"] == "source S11"


def test_robot_share_is_half_and_at_most_300_million_won__S12() -> None:
    cobot = track("robot", "cobot")
    assert (cobot.share_percent, cobot.cap_won) == (50, 300_000_000)
    assert cobot.origins["share_percent"] == cobot.origins["cap_won"] == "source S12"
    small = ceilings.preview(cobot.terms(), total_cost_won=500_000_000)
    large = ceilings.preview(cobot.terms(), total_cost_won=900_000_000)
    assert (small.support_won, small.own_won) == (250_000_000, 250_000_000)
    assert (large.support_won, large.own_won) == (300_000_000, 600_000_000)


def test_robot_needs_a_supplier_as_partner__S12() -> None:
    (role,) = program("robot").partner_roles
    assert (role["role"], role["minimum"], role["required"]) == ("supplier", 1, True)
    assert role["origin"] == "source S12"


def test_meister_takes_800_firms_of_any_size_up_to_mid__S13() -> None:
    meister = program("meister")
    assert (meister.quota_count, meister.quota_kind) == (800, QuotaKind.EXACT)
    assert condition("meister", "sme_or_mid")["values"] == ["small", "medium", "mid"]


def test_meister_is_sent_for_about_three_months__S14() -> None:
    dispatch = track("meister", "dispatch")
    assert (dispatch.months, dispatch.grant_kind) == (3, GrantKind.IN_KIND)
    assert (dispatch.planning_won, dispatch.origins["planning_won"]) == (8_750_000, "assumption")
    assert dispatch.cap_won is None


def test_aftercare_mends_failures_and_defects_and_upgrades__S15() -> None:
    question = next(row for row in program("aftercare").questions if row["code"] == "symptom")
    assert [row["code"] for row in question["choices"]] == ["failure", "defect", "upgrade"]


def test_aftercare_is_for_small_firms_one_year_after_building__S16() -> None:
    assert condition("aftercare", "small_only")["values"] == ["small"]
    row = condition("aftercare", "one_year_old")
    assert (row["kind"], row["number"], row["fact"]) == ("years_since", 1, "built_on")
    assert row["origin"] == "source S16"


def test_aftercare_pays_up_to_5_and_20_million_to_about_630_firms__S16() -> None:
    row = program("aftercare")
    assert (row.quota_count, row.quota_kind) == (630, QuotaKind.ABOUT)
    assert track("aftercare", "emergency").cap_won == 5_000_000
    assert track("aftercare", "growth").cap_won == 20_000_000


def test_aftercare_is_accepted_until_the_money_is_used() -> None:
    row = program("aftercare")
    assert row.intake == Intake.ROLLING
    assert row.window().closes_at is None


def test_capability_takes_about_860_small_and_medium_firms__S17() -> None:
    row = program("capability")
    assert (row.quota_count, row.quota_kind) == (860, QuotaKind.ABOUT)
    assert condition("capability", "sme_only")["values"] == ["small", "medium"]


def test_consulting_takes_5_or_10_days_and_one_point_has_no_number__S18() -> None:
    days = {row.code: row.days for row in Track.objects.filter(sub_program__code="capability")}
    assert days == {"basic": 5, "advanced": 10, "one-point": None}
    planned = {row.planning_won for row in Track.objects.filter(sub_program__code="capability")}
    assert planned == {3_300_000_000 // 860 // 1_000 * 1_000}


def test_the_cloud_programme_has_no_quota_no_cap_and_no_share__S19() -> None:
    cloud = program("cloud")
    assert (cloud.quota_count, cloud.quota_kind) == (None, QuotaKind.NONE)
    for row in cloud.tracks.all():
        assert (row.grant_kind, row.cap_won, row.share_percent) == ("requested", None, None)


def test_cloud_is_led_by_an_association_or_by_two_or_more_smes__S20() -> None:
    assert condition("cloud", "lead_is_known")["values"] == ["association", "group"]
    assert condition("cloud", "enough_members")["number"] == 2
    assert condition("cloud", "lead_is_sme")["values"] == ["small", "medium"]


def test_cloud_needs_an_ict_firm_as_partner__S20() -> None:
    (role,) = program("cloud").partner_roles
    assert (role["role"], role["minimum"], role["required"]) == ("ict", 1, True)


def test_level_check_has_two_routes_each_with_a_declaration__S21() -> None:
    row = program("level-check")
    assert [track.code for track in row.tracks.all()] == ["self-built", "upgraded-unaided"]
    assert condition("level-check", "unaided")["kind"] == "is_true"
    assert condition("level-check", "took_part")["when"] == {"track": ["upgraded-unaided"]}


def test_level_check_pays_800_000_won_flat_to_1190_firms__S21() -> None:
    row = program("level-check")
    assert (row.quota_count, row.quota_kind) == (1_190, QuotaKind.EXACT)
    for track in row.tracks.all():
        assert (track.grant_kind, track.flat_won) == (GrantKind.FLAT, 800_000)
        assert ceilings.preview(track.terms(), total_cost_won=None).support_won == 800_000


def test_shares_not_stated_are_unknown_and_never_0_or_100() -> None:
    shares = {
        (row.sub_program.code, row.share_percent)
        for row in Track.objects.select_related("sub_program")
    }
    assert {code for code, share in shares if share is not None} == {
        "build",
        "robot",
        "aftercare",
    }
    assert {share for _, share in shares} == {50, None}
    assert track("build", "basic").origins["share_percent"] == "public"
    assert track("aftercare", "growth").origins["share_percent"] == "public"


def test_the_rules_of_judging_are_the_decided_ones_and_marked_as_assumptions() -> None:
    for row in SubProgram.objects.all():
        assert (row.assessors, row.minimum_sheets, row.trim_from) == (5, 3, 5)
        assert (row.floor, row.bonus_cap) == (60, 5)
        fit = (row.fit_program, row.fit_industry, row.fit_region, row.fit_load)
        assert fit == (400, 200, 50, 40)
        assert row.origins["floor"] == row.origins["fit_load"] == "assumption"


def test_every_score_sheet_adds_up_to_100_with_one_core_criterion() -> None:
    for row in SubProgram.objects.all():
        sheet = list(row.criteria.all())
        assert sum(line.max_points for line in sheet) == 100
        assert sum(line.core for line in sheet) == 1


def test_the_round_ends_at_18_00_kst_on_25_february() -> None:
    round = ProgramRound.objects.get()
    assert round.opens_at == datetime(2021, 1, 22, tzinfo=KST)
    assert round.closes_at == datetime(2021, 2, 25, 18, tzinfo=KST)


def test_a_supplier_is_optional_when_applying_to_build() -> None:
    (role,) = program("build").partner_roles
    assert role["required"] is False


def test_consents_separate_required_and_optional_and_state_what_the_law_requires() -> None:
    for row in SubProgram.objects.all():
        assert [consent["required"] for consent in row.consents] == [True, True, False, False]
        for consent in row.consents:
            told = ("purpose", "items", "period", "refusal", "version")
            assert all(consent[name] for name in told)


def test_every_figure_has_an_origin() -> None:
    figures = ("cap_won", "share_percent", "flat_won", "planning_won", "days", "months")
    for row in Track.objects.all():
        for name in figures:
            assert getattr(row, name) is None or row.origins[name], (row, name)
