"""Charts: every figure is in the drawing's table, nothing breaks out of the SVG."""

from xml.etree import ElementTree

import pytest
from django.template import engines

from portal.paper import charts


def drawn(chart: charts.Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg)


def words(chart: charts.Chart) -> list[str]:
    return ["".join(node.itertext()) for node in drawn(chart).iter() if node.tag.endswith("text")]


def test_bars_are_as_long_as_their_values() -> None:
    chart = charts.bars("건수", ["가", "나"], {"신청": [10, 5]}, unit="건")
    widths = [float(node.get("width")) for node in drawn(chart).iter() if node.tag.endswith("rect")]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert chart.rows == (("가", "10건"), ("나", "5건"))
    assert "10건" in words(chart)


def test_an_unknown_value_is_said_and_not_drawn_as_nought() -> None:
    chart = charts.bars("예산", ["가"], {"한도": [None]}, unit="원")
    assert chart.rows == (("가", "미정"),)
    assert "미정" in words(chart)


def test_a_stacked_bar_ends_with_its_sum() -> None:
    chart = charts.bars("예산", ["가"], {"지급": [3], "남음": [4]}, stacked=True)
    assert "7" in words(chart)


def test_words_are_escaped() -> None:
    chart = charts.bars('<script>"', ["<b>"], {"&": [1]})
    assert "<script>" not in chart.svg
    assert "<b>" in words(chart)


@pytest.mark.parametrize("points", [[], [(1, 1)], [(0, 0), (1, 0.5), (2, 1)]])
def test_lines_survive_any_number_of_points(points) -> None:
    chart = charts.lines("곡선", {"모형": points}, x="오경보율", y="검출률")
    drawn(chart)
    assert len(chart.rows) == len(points)


def test_the_table_of_a_long_line_keeps_its_ends() -> None:
    chart = charts.lines(
        "곡선", {"모형": [(i, i) for i in range(1000)]}, x="x", y="y", table_rows=10
    )
    assert len(chart.rows) == 10
    assert (chart.rows[0][1], chart.rows[-1][1]) == ("0", "999")


def test_a_mark_stands_in_drawing_and_table() -> None:
    chart = charts.lines(
        "ROC", {"모형": [(0, 0), (1, 1)]}, x="x", y="y", marks=[(0.2, 0.9, "운영점")]
    )
    assert "운영점" in words(chart)
    assert chart.rows[-1] == ("운영점", "0.2", "0.9")


def test_the_tag_shows_drawing_and_table() -> None:
    chart = charts.bars("건수", ["가"], {"신청": [10]})
    page = engines["django"].from_string("{% chart drawn %}").render({"drawn": chart})
    assert "<svg" in page
    assert '<td class="num">10</td>' in page


def test_a_long_label_takes_two_lines_and_loses_no_word() -> None:
    chart = charts.bars("예산", ["스마트공장 구축 및 고도화"], {"신청": [1]})
    written = [
        node.text or node[0].tail for node in drawn(chart).iter() if node.tag.endswith("text")
    ]
    assert written[:2] == ["스마트공장 구축 및", "고도화"]
