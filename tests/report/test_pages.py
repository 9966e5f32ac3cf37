"""Pages: one file, the verdict first, nothing from anywhere else, no text that is markup."""

from __future__ import annotations

import json
import math
import re
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tfmigrate.cli.main import run
from tfmigrate.errors import UserError
from tfmigrate.parity import Verdict
from tfmigrate.report import (
    Chart,
    Closing,
    Columns,
    Diagram,
    Excerpt,
    Heading,
    Node,
    Notes,
    Paragraph,
    Result,
    Series,
    Source,
    Table,
    Warnings,
)
from tfmigrate.report.charts import draw_chart
from tfmigrate.report.diagrams import lay_out
from tfmigrate.report.html import fragment

HOSTILE = '"><script>alert(1)</script><img src=https://x.y/z onerror=alert(1)>{{ 97 * 91 }}$x^2$'


class Page(Result):
    def __init__(self, *blocks):
        self.shown = [Heading("a title"), *blocks]

    def blocks(self):
        return self.shown

    def appendix(self):
        return [Source("import keras\n", title="model.py")]

    def to_dict(self):
        return {"schema": 1, "worst": math.inf}

    def __bool__(self):
        return True


class Read(HTMLParser):
    """Tags with their attributes, and all text outside of style and script."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.inside, self.open, self.text = [], [], [], ""
        self.feed(page)

    @property
    def elements(self):
        """The tags but those that color source, and those of charts, whose ticks depend on room."""
        return [
            tag[0]
            for tag, inside in zip(self.tags, self.inside, strict=True)
            if tag[0] != "span" and "svg" not in inside
        ]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tuple(self.open))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text += data


def everywhere(text):
    """Blocks of every kind with a text in each place."""
    return [
        Heading(text), Heading(text, part=True), Paragraph(text), Notes([text]), Warnings([text]),
        Table([text, ">" + text], [(text, text)] * 30, title=text, spans=[(text, 2)]),
        Source(text, title=text), Columns([[Excerpt(text, text, 1, frozenset({0}))]]),
        Chart(text, text, text, [Series(text, [1.0, 2.0])]),
        Chart(text, text, text, [Series(text, [1.0, 2.0])], labels=[text, text]),
        Diagram(text, [Node(text, text), Node(text)], [(0, 1)]),
        Closing(Verdict.FAIL, text),
    ]  # fmt: skip


def test_no_text_is_markup_in_any_place():
    page = Page(*everywhere(HOSTILE)).to_html([HOSTILE])
    read = Read(page)
    plain = Read(Page(*everywhere("abc")).to_html(["abc"]))
    assert read.elements == plain.elements
    assert {tag for tag, _ in read.tags} == {tag for tag, _ in plain.tags}
    assert {name for _, found in read.tags for name in found} == {
        name for _, found in plain.tags for name in found
    }
    assert "{{ 97 * 91 }}" in read.text
    assert "8827" not in read.text


@given(st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_text_leaves_the_elements_as_they_are(text):
    blocks = [
        Paragraph(text),
        Table([text or "a"], [(text,)]),
        Source(text),
        Closing(Verdict.PASS, text),
    ]
    made = Read(fragment(blocks))
    plain = [Paragraph("a"), Table(["a"], [("a",)]), Source("a"), Closing(Verdict.PASS, "a")]
    wanted = Read(fragment(plain))
    assert made.elements == wanted.elements


def test_a_page_asks_nothing_of_a_network():
    page = Page(*everywhere("abc")).to_html()
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    read = Read(page)
    assert not {"link", "iframe", "object", "img"} & {tag for tag, _ in read.tags}
    (policy,) = [a["content"] for _, a in read.tags if a.get("http-equiv")]
    assert "default-src 'none'" in policy


def test_the_verdict_comes_first_and_the_appendix_last():
    text = Read(Page(Paragraph("some words"), Closing(Verdict.PASS, "all is well")).to_html()).text
    order = ["light or dark", "PASS", "all is well", "some words", "model.py", "tfmigrate"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_links_lead_to_headings_of_one_name_each():
    page = Page(*(Heading("The loss!", part=True) for _ in range(3))).to_html()
    read = Read(page)
    ids = [found["id"] for tag, found in read.tags if tag == "h2"]
    assert ids == ["the-loss", "the-loss-1", "the-loss-2"]
    links = [found["href"] for tag, found in read.tags if tag == "a"]
    assert links[:3] == [f"#{name}" for name in ids]


def points(svg, color):
    """The places that a curve of a color goes through."""
    root = ET.fromstring(svg)
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    (curve, _) = [p.get("d") for p in paths if f"fill: none; stroke: {color}" in p.get("style", "")]
    return [tuple(map(float, pair)) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", curve)]


def test_curves_go_through_their_values():
    chart = Chart(
        "loss", "epoch", "loss", [Series("one", [4.0, 2.0, 1.0]), Series("two", [4, 3, 1])]
    )
    (x1, y1), (x2, y2), (x3, y3) = points(draw_chart(chart), "#0072b2")
    assert x2 - x1 == pytest.approx(x3 - x2, rel=1e-3)
    assert (y2 - y1) == pytest.approx(2 * (y3 - y2), rel=1e-3)  # 4 → 2 falls by twice 2 → 1
    decades = [Series("one", [100.0, 10.0, 1.0]), Series("two", [100, 3, 1])]
    on_log = draw_chart(Chart("loss", "epoch", "loss", decades, log=True))
    (_, y1), (_, y2), (_, y3) = points(on_log, "#0072b2")
    assert (y2 - y1) == pytest.approx(y3 - y2, rel=1e-3)
    narrow = Chart("loss", "epoch", "loss", chart.series, log=True)  # less than a decade
    assert points(draw_chart(narrow), "#0072b2") == points(draw_chart(chart), "#0072b2")


@pytest.mark.parametrize(
    "values", [[math.nan, 1.0], [math.inf, 1.0], [0.0, 0.0], [-1.0, 1e30], [1.0]]
)
@pytest.mark.parametrize("log", [False, True])
def test_any_values_make_a_chart(values, log):
    chart = Chart("loss", "step", "loss", [Series("one", values)], apart=values, log=log)
    assert ET.fromstring(draw_chart(chart)).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_chart_says_where_there_is_no_difference():
    same = Chart("loss", "epoch", "loss", [Series("one", [2.0, 1.0])], apart=[0.0, 0.0])
    assert "no difference" in draw_chart(same)
    differs = Chart("loss", "epoch", "loss", same.series, apart=[0.0, 1e-7])
    assert "no difference" not in draw_chart(differs)


@given(st.lists(st.lists(st.integers(0, 40), max_size=3), min_size=1, max_size=25))
@settings(max_examples=100, deadline=None)
def test_every_box_has_room_and_stands_below_what_leads_to_it(inputs):
    edges = [(start % end, end) for end, starts in enumerate(inputs) if end for start in starts]
    nodes = [Node(f"layer {number}", "?×3" * (number % 2)) for number in range(len(inputs))]
    drawing = lay_out(Diagram("net", nodes, edges))
    assert [box.node for box in drawing.boxes] == nodes
    for start, end in edges:
        one, other = drawing.boxes[start], drawing.boxes[end]
        assert one.y + one.height < other.y
    for number, one in enumerate(drawing.boxes):
        assert one.x >= 0
        assert one.x + one.width <= drawing.width
        assert one.y + one.height <= drawing.height
        for other in drawing.boxes[:number]:
            apart = one.x >= other.x + other.width or other.x >= one.x + one.width
            assert apart or one.y >= other.y + other.height or other.y >= one.y + one.height
    assert len(drawing.arrows) == len(edges)


def test_results_are_saved_as_pages_and_documents(tmp_path):
    result = Page(Closing(Verdict.PASS, "all is well"))
    page = result.save(tmp_path / "a.html")
    assert "all is well" in page.read_text()
    assert json.loads(result.save(tmp_path / "a.json").read_text()) == {"schema": 1, "worst": "inf"}
    result.save(page)  # its own page is replaced
    with pytest.raises(UserError, match=r"a\.txt does not end in \.html or \.json; try a\.html"):
        result.save(tmp_path / "a.txt")
    for name in ("b.html", "b.json"):
        (tmp_path / name).write_text("somebody's work")
        with pytest.raises(UserError, match="already exists"):
            result.save(tmp_path / name)
        assert (tmp_path / name).read_text() == "somebody's work"


def test_commands_write_pages(tmp_path, capsys, monkeypatch):
    path = str(tmp_path / "mlp.html")
    arguments = ["lesson", "mlp", "--html", path, "-q"]
    monkeypatch.setattr(sys, "argv", ["/usr/bin/tfmigrate", *arguments])
    assert run(arguments) == 0
    assert capsys.readouterr() == ("", "")
    text = Read(Path(path).read_text()).text
    assert "tf.placeholder" in text
    assert f"To repeat it: tfmigrate lesson mlp --html {path} -q" in text


def test_a_page_that_cannot_be_written_is_refused_before_any_work(tmp_path, capsys):
    assert run(["compare", "mlp", "--html", str(tmp_path / "none" / "mlp.html")]) == 2
    assert "there is no folder" in capsys.readouterr().err
