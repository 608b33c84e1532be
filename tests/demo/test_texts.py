"""The texts of the demo's reports, composed without a database: varied, fitting, not shared."""

from functools import cache
from itertools import permutations
from random import Random
from typing import NamedTuple

from demo.vouchers import composing, reports, suppliers
from vouchers.rules.reports import moderation
from vouchers.services import plans
from vouchers.states import Category, MemberKind

MEMBERS = 4  # of each service
FIELDS = list(Category)
PLAN = plans.read(plans.FOLDER / "2021.yaml")


class Written(NamedTuple):
    field: Category
    service: str
    voice: str
    composed: composing.Composed


@cache
def written() -> list[Written]:
    """Compose as many reports as the demo has, of its services in their order."""
    composer, kinds = composing.Composer(reports.SEED), list(MemberKind)
    lines = list(suppliers.services(reports.PUBLISHED + reports.STAGED, suppliers=642))
    found: list[Written] = []
    for place, line in enumerate(lines):
        field, name = FIELDS[place % len(FIELDS)], str(line[3])
        for _ in range(MEMBERS):
            turn = len(found)
            voice = composing.voice_of(kinds[turn % 3], turn // 3)
            composed = composer.compose(
                field,
                name,
                quality=reports.quality_of(place + 1),
                voice=voice,
                advice=turn % 4 == 0,
            )
            found.append(Written(field, name, voice, composed))
    return found


def test_the_same_calls_give_the_same_reports() -> None:
    before = list(written())
    written.cache_clear()
    assert written() == before


def test_no_two_reports_share_a_section_and_few_much_of_the_whole() -> None:
    texts = [row.composed.texts for row in written()]
    pieces = [moderation.shingles("\n".join(sections.values())) for sections in texts]
    sections, whole = PLAN["section_percent"][0], PLAN["similarity_percent"][0]
    # Fewer shared pieces than these are below the threshold of the shortest section compared.
    least = (moderation.SHORTEST_SECTION - moderation.SHINGLE + 1) * sections // 100
    close = [
        (one, other)
        for one, other in permutations(range(len(texts)), 2)
        if len(pieces[one] & pieces[other]) >= least
    ]
    assert not [
        (one, other, copied)
        for one, other in close
        if (copied := moderation.copied_sections(texts[one], pieces[other], least=sections))
    ]
    similar = {
        frozenset((one, other))
        for one, other in close
        if moderation.similarity(pieces[one], pieces[other]) >= whole
    }
    assert len(similar) <= 5


def test_the_check_finds_a_shared_section() -> None:
    one, other = (row.composed.texts for row in written()[:2])
    copied = {**one, "price": other["price"]}
    pieces = moderation.shingles("\n".join(other.values()))
    assert set(moderation.copied_sections(copied, pieces, least=60)) == {"price"}


def test_what_a_section_says_agrees_with_its_rating() -> None:
    others = {"good": "poor", "poor": "good"}
    for row in written():
        for section, (scale, _) in composing.SECTIONS.items():
            text, tone = row.composed.texts[section], composing.tone_of(row.composed.ratings[scale])
            said = composing.sentences(row.field, row.service, section)
            assert any(sentence in text for sentence in said[tone]), (row, section)
            assert not any(sentence in text for sentence in said.get(others.get(tone, ""), []))


def test_ratings_differ_from_scale_to_scale_and_from_person_to_person() -> None:
    given = [
        tuple(composing.ratings(Random(place), 3 + place % 3).values()) for place in range(100)
    ]
    assert len(set(given)) > 60
    assert sum(len(set(marks)) > 1 for marks in given) > 80
    assert any("skip" in marks for marks in given)


def test_people_write_at_different_length_and_at_least_what_the_form_asks() -> None:
    lengths = [sum(map(len, row.composed.texts.values())) for row in written()]
    assert min(lengths) * 3 < max(lengths)
    assert {row.voice for row in written()} == {"blunt", "careful", "technical", "owner", "elder"}
    least = {row["code"]: row["least"] for row in PLAN["form"]["sections"]}
    for row in written():
        for section, text in row.composed.texts.items():
            assert len("".join(text.split())) >= least[section], (row, section)


def test_a_text_names_only_things_of_its_own_field() -> None:
    for row in written():
        text = " ".join(row.composed.texts.values())
        foreign = [
            word for field in FIELDS if field != row.field for word in composing.things(field)
        ]
        assert not [word for word in foreign if word in text], row


def test_nothing_in_a_text_looks_like_personal_data_or_an_insult() -> None:
    words = PLAN["insults"]["words"]
    for row in written():
        assert not moderation.unpublishable(" ".join(row.composed.texts.values()), words)
