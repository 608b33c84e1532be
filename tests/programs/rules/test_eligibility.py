"""Who may apply: declared conditions, judged all at once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from programs.rules.eligibility import (
    KINDS,
    Standing,
    Verdict,
    anniversary,
    judge,
    parse,
    read_facts,
)
from programs.rules.facts import Fact, applies

AFTERCARE = parse(
    [
        {
            "code": "small_only",
            "kind": "one_of",
            "fact": "company_size",
            "values": ["small"],
            "message": "소기업만 신청할 수 있습니다.",
            "label": "기업 규모",
            "origin": "source S16",
        },
        {
            "code": "built_a_year_ago",
            "kind": "years_since",
            "fact": "built_on",
            "number": 1,
            "message": "구축 후 1년이 지나야 합니다.",
            "label": "구축일",
            "origin": "source S16",
        },
        {
            "code": "facility_loan",
            "kind": "is_true",
            "fact": "facility_loan",
            "message": "성장연계형은 시설투자 자금을 받은 기업만 신청할 수 있습니다.",
            "when": {"track": ["growth"]},
            "origin": "public",
        },
    ]
)
READY: dict[str, Fact] = {
    "company_size": "small",
    "built_on": date(2020, 2, 25),
    "track": "emergency",
}
SUBMITTED = date(2021, 2, 25)


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def one(kind: str, **extra: object) -> dict[str, object]:
    return {"code": "c", "kind": kind, "fact": "f", "message": "안 됩니다.", **extra}


def holds(row: dict[str, object], **facts: Fact) -> bool | None:
    return judge(parse([row]), facts, on=SUBMITTED, final=True).eligible


def test_s16_a_small_firm_one_year_after_building_may_apply_for_aftercare() -> None:
    assert judge(AFTERCARE, READY, on=SUBMITTED, final=True) == Verdict(True, ())


def test_s16_one_day_short_of_a_year_is_refused() -> None:
    verdict = judge(AFTERCARE, READY, on=SUBMITTED - timedelta(days=1), final=True)
    assert verdict.eligible is False
    assert codes(verdict) == ["built_a_year_ago"]


def test_every_reason_is_given_at_once() -> None:
    facts = {"company_size": "medium", "built_on": SUBMITTED, "track": "growth"}
    verdict = judge(AFTERCARE, {**facts, "facility_loan": False}, on=SUBMITTED, final=True)
    assert codes(verdict) == ["small_only", "built_a_year_ago", "facility_loan"]


def test_a_missing_fact_warns_in_a_self_check_and_leaves_the_verdict_open() -> None:
    facts = {**READY, "built_on": None}
    verdict = judge(AFTERCARE, facts, on=SUBMITTED, final=False)
    assert verdict.eligible is None
    assert verdict.unknown == ("built_on",)
    assert [(f.blocking, f.message) for f in verdict.findings] == [
        (False, "‘구축일’ 항목을 입력하면 확인할 수 있습니다.")
    ]


def test_a_missing_fact_blocks_when_it_counts() -> None:
    verdict = judge(AFTERCARE, {**READY, "built_on": None}, on=SUBMITTED, final=True)
    assert verdict.eligible is False
    assert [f.blocking for f in verdict.findings] == [True]


def test_a_known_failure_decides_even_when_other_facts_are_missing() -> None:
    verdict = judge(AFTERCARE, {"company_size": "medium"}, on=SUBMITTED, final=False)
    assert verdict.eligible is False
    assert verdict.unknown == ("built_on", "track")


def test_a_condition_of_another_track_is_not_judged() -> None:
    assert judge(AFTERCARE, READY, on=SUBMITTED, final=True).eligible is True
    growth = judge(AFTERCARE, {**READY, "track": "growth"}, on=SUBMITTED, final=True)
    assert codes(growth) == ["facility_loan"]


def test_a_warning_never_makes_ineligible() -> None:
    row = one("is_true", blocking=False)
    for final in (True, False):
        failed = judge(parse([row]), {"f": False}, on=SUBMITTED, final=final)
        unknown = judge(parse([row]), {}, on=SUBMITTED, final=final)
        assert failed.eligible is True
        assert unknown.eligible is True
        assert len(failed.findings) == len(unknown.findings) == 1


def test_a_fact_needed_twice_is_reported_once() -> None:
    rows = [one("at_least", number=1, blocking=False), {**one("at_most", number=9), "code": "d"}]
    verdict = judge(parse(rows), {}, on=SUBMITTED, final=True)
    assert [(f.code, f.blocking) for f in verdict.findings] == [("d", True)]


EDGES: list[tuple[dict[str, object], Fact, bool]] = [
    (one("one_of", values=["small", "medium"]), "medium", True),
    (one("one_of", values=["small", "medium"]), "large", False),
    (one("one_of", values=["a"]), ("b", "a"), True),
    (one("one_of", values=[1]), True, False),
    (one("none_of", values=["bar"]), "factory", True),
    (one("none_of", values=["bar"]), ("factory", "bar"), False),
    (one("at_least", number=2), 2, True),
    (one("at_least", number=2), 1, False),
    (one("at_most", number=2), 2, True),
    (one("at_most", number=2), 3, False),
    (one("is_true"), True, True),
    (one("is_true"), False, False),
    (one("is_false"), False, True),
    (one("is_false"), True, False),
    (one("given"), 0, True),
    (one("given"), "", False),
    (one("years_since", number=1), date(2020, 2, 25), True),
    (one("years_since", number=1), date(2020, 2, 26), False),
    (one("years_since", number=0), date(2021, 2, 26), False),
    (one("years_within", number=3), date(2018, 2, 25), True),
    (one("years_within", number=3), date(2018, 2, 24), False),
    (one("years_within", number=3), date(2021, 2, 26), False),
]


@pytest.mark.parametrize(("row", "fact", "expected"), EDGES)
def test_each_kind_at_its_edge(row: dict[str, object], fact: Fact, expected: bool) -> None:
    assert holds(row, f=fact) is expected


def test_every_kind_is_tested_at_its_edge() -> None:
    assert {str(row["kind"]) for row, _, _ in EDGES} | {"greater_than_fact"} == KINDS


LEVELS = ["none", "basic", "middle1", "middle2", "advanced"]


def test_s7_the_target_level_must_be_above_the_current_one() -> None:
    row = one("greater_than_fact", other="now", values=LEVELS)
    assert holds(row, f="middle1", now="basic") is True
    assert holds(row, f="basic", now="basic") is False
    assert holds(row, f="none", now="middle2") is False
    assert holds(row, f="basic") is False


def test_not_given_uses_its_own_message() -> None:
    verdict = judge(parse([one("given")]), {}, on=SUBMITTED, final=True)
    assert verdict.findings[0].message == "안 됩니다."


@pytest.mark.parametrize(
    ("row", "fact"),
    [
        (one("at_least", number=1), "3"),
        (one("at_least", number=1), True),
        (one("is_true"), "true"),
        (one("years_since", number=1), "2020-01-01"),
        (one("greater_than_fact", other="f", values=LEVELS), "unheard of"),
    ],
)
def test_a_fact_of_the_wrong_type_is_refused(row: dict[str, object], fact: Fact) -> None:
    with pytest.raises(BadInput) as refused:
        judge(parse([row]), {"f": fact}, on=SUBMITTED, final=True)
    assert refused.value.code == "fact"


def test_a_year_after_29_february_is_28_february() -> None:
    assert anniversary(date(2020, 2, 29), 1) == date(2021, 2, 28)
    assert anniversary(date(2020, 2, 29), 4) == date(2024, 2, 29)


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(0, 50))
def test_years_since_turns_true_on_one_day_and_stays_so(built: date, years: int) -> None:
    row = one("years_since", number=years)
    turn = anniversary(built, years)
    before = judge(parse([row]), {"f": built}, on=turn - timedelta(days=1), final=True)
    at = judge(parse([row]), {"f": built}, on=turn, final=True)
    assert (before.eligible, at.eligible) == (False, True)
    assert (turn.year, turn.month) == (built.year + years, built.month)


facts_maybe = st.fixed_dictionaries(
    {
        "company_size": st.sampled_from([None, "small", "medium"]),
        "built_on": st.none() | st.dates(date(2015, 1, 1), date(2021, 12, 31)),
        "track": st.sampled_from([None, "emergency", "growth"]),
        "facility_loan": st.sampled_from([None, True, False]),
    }
)


@given(facts_maybe, st.booleans())
def test_eligible_means_no_blocking_finding_and_nothing_open(
    facts: dict[str, Fact], final: bool
) -> None:
    verdict = judge(AFTERCARE, facts, on=SUBMITTED, final=final)
    blocked = any(finding.blocking for finding in verdict.findings)
    assert (verdict.eligible is False) == blocked
    assert (verdict.eligible is True) == (not verdict.findings)


@given(facts_maybe)
def test_what_passes_finally_passed_the_self_check(facts: dict[str, Fact]) -> None:
    final = judge(AFTERCARE, facts, on=SUBMITTED, final=True)
    early = judge(AFTERCARE, facts, on=SUBMITTED, final=False)
    assert codes(final) == codes(early)
    assert final.eligible is bool(early.eligible)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (one("sorcery"), "sorcery"),
        (one("one_of"), "values"),
        (one("one_of", values="small"), "values"),
        (one("one_of", values=[1.5]), "values"),
        (one("at_least"), "number"),
        (one("at_least", number="3"), "number"),
        (one("at_least", number=True), "number"),
        (one("greater_than_fact", values=["a"]), "other"),
        (one("is_true", blocking="no"), "blocking"),
        (one("is_true", wehn={"track": ["a"]}), "wehn"),
        (one("is_true", when={"track": "a"}), "track"),
        (one("is_true", when=["track"]), "when"),
        ({"code": "c", "kind": "is_true", "fact": "f"}, "message"),
        (one("is_true", label=3), "label"),
        (one(["is_true"]), "kind"),  # type: ignore[arg-type]
    ],
)
def test_a_faulty_row_is_named(row: dict[str, object], reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse([{**one("is_true"), "code": "fine"}, row])
    assert refused.value.code == "condition"
    assert refused.value.message.startswith("2번째 신청 요건(c)")
    assert reason in refused.value.message


def test_a_code_may_be_used_once() -> None:
    with pytest.raises(BadInput, match="두 번"):
        parse([one("is_true"), one("is_false")])


def test_one_known_mismatch_settles_a_restriction() -> None:
    when = {"track": ["growth"], "lead_kind": ["group"]}
    assert applies(when, {"track": "emergency"}) is False
    assert applies(when, {"track": "growth"}) is None
    assert applies(when, {"track": "growth", "lead_kind": "group"}) is True
    assert applies(None, {}) is True


def test_reads_facts_as_a_form_or_json_carries_them() -> None:
    conditions = parse(
        [
            one("at_least", number=1),
            {**one("is_true"), "code": "d", "fact": "sure"},
            {**one("years_since", number=1), "code": "e", "fact": "built_on"},
        ]
    )
    raw = {"f": "1,200", "sure": "예", "built_on": "2020-02-29", "x": ["a"], "gap": ""}
    assert read_facts(conditions, raw) == {
        "f": 1200,
        "sure": True,
        "built_on": date(2020, 2, 29),
        "x": ("a",),
        "gap": None,
    }
    assert read_facts(conditions, {"f": 3, "sure": False}) == {"f": 3, "sure": False}


@pytest.mark.parametrize(
    "raw",
    [
        {"f": "many"},
        {"f": True},
        {"f": 1.5},
        {"sure": "maybe"},
        {"built_on": "2021-02-30"},
        {"x": {"a": 1}},
        {"x": 1.5},
    ],
)
def test_refuses_facts_that_cannot_be_read(raw: dict[str, object]) -> None:
    conditions = parse(
        [
            one("at_least", number=1),
            {**one("is_false"), "code": "d", "fact": "sure"},
            {**one("years_within", number=1), "code": "e", "fact": "built_on"},
        ]
    )
    with pytest.raises(BadInput) as refused:
        read_facts(conditions, raw)
    assert refused.value.code == "fact"


TWO = parse([one("is_false"), {**one("is_false"), "code": "d", "fact": "g", "blocking": False}])


@pytest.mark.parametrize(
    ("f", "g", "standing"),
    [
        (False, False, Standing.FITS),
        (False, True, Standing.CURABLE),
        (False, None, Standing.OPEN),
        (None, False, Standing.OPEN),
        (None, True, Standing.OPEN),
        (None, None, Standing.OPEN),
        (True, False, Standing.BLOCKED),
        (True, True, Standing.BLOCKED),
        (True, None, Standing.BLOCKED),
    ],
)
def test_only_a_full_and_clean_answer_fits(
    f: bool | None, g: bool | None, standing: Standing
) -> None:
    verdict = judge(TWO, {"f": f, "g": g}, on=SUBMITTED, final=False)
    assert verdict.standing == standing
    assert set(verdict.unanswered) == {name for name, fact in (("f", f), ("g", g)) if fact is None}
    assert {row.code for row in verdict.failed} == {
        code for code, fact in (("c", f), ("d", g)) if fact
    }


def test_a_question_that_may_not_apply_waits_for_the_one_it_depends_on() -> None:
    assert judge(AFTERCARE, {}, on=SUBMITTED, final=False).unanswered == (
        "company_size",
        "built_on",
        "track",
    )
    growth = judge(AFTERCARE, {**READY, "track": "growth"}, on=SUBMITTED, final=False)
    assert growth.unanswered == ("facility_loan",)
    assert judge(AFTERCARE, READY, on=SUBMITTED, final=False).unanswered == ()
