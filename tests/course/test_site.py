"""The course as a site: every link leads somewhere, every system has its page."""

from __future__ import annotations

import re

import pytest
from tfmigrate.cli.main import run
from tfmigrate.course.catalogue import CHAPTERS, SYSTEMS
from tfmigrate.course.site import Site, check_site, write_site
from tfmigrate.errors import UserError
from tfmigrate.parity import Verdict


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "course"
    told = []
    result = write_site(folder, run=False, on_event=told.append)
    assert told == []
    return result


def links(path):
    return re.findall(r'<a href="([^"#]+)"', path.read_text("utf-8"))


def test_every_link_leads_to_a_page_and_every_page_is_reached(site):
    pages = {path.name for path in site.folder.iterdir()}
    assert pages == {
        "index.html",
        "rosetta.html",
        "backends.html",
        *(f"{name}.html" for name in SYSTEMS),
    }
    assert {*links(site.folder / "index.html")} == pages - {"index.html"}
    for name in pages:
        assert {*links(site.folder / name)} <= pages


def test_pages_follow_each_other_in_the_order_of_the_course(site):
    name, seen = next(iter(SYSTEMS)), []
    while name:
        seen.append(name)
        page = (site.folder / f"{name}.html").read_text("utf-8")
        following = re.search(r'<a href="([^"]+)\.html">[^<]+ →</a>', page)
        name = following[1] if following else ""
    assert seen == list(SYSTEMS)


def test_the_index_has_the_chapters_and_finds_code_and_notes(site):
    index = (site.folder / "index.html").read_text("utf-8")
    for letter, (title, _) in CHAPTERS.items():
        assert f"<h2>{letter}. {title}</h2>" in index
    (words,) = re.findall(r'data-words="([^"]*)"><a href="mlp.html"', index)
    assert "tf.placeholder" in words
    assert all(note[:20] in words for note in SYSTEMS["mlp"].notes.values())


def test_what_was_not_run_proves_nothing(site):
    assert site.verdict is Verdict.NOT_RUN
    assert not site
    assert not Site(site.folder, {"a": Verdict.PASS, "b": Verdict.FAIL})
    assert Site(site.folder, {"a": Verdict.PASS, "b": Verdict.NOT_RUN})


def test_the_command_replaces_a_site(site, capsys):
    (site.folder / "mlp.html").unlink()
    assert run(["lesson", "--all", "--no-run", "--html", str(site.folder)]) == 0
    assert f"36 lessons · open {site.folder}/index.html" in capsys.readouterr().out
    assert (site.folder / "mlp.html").exists()


def test_an_empty_folder_is_taken(tmp_path):
    assert check_site(tmp_path) == tmp_path


def test_a_folder_of_others_is_not_replaced(tmp_path):
    (tmp_path / "index.html").write_text("my own page")
    with pytest.raises(UserError, match="already exists"):
        write_site(tmp_path, run=False)
    assert (tmp_path / "index.html").read_text() == "my own page"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--all"], "--all needs --html FOLDER"),
        (["mlp", "--all", "--html", "x"], "--all takes neither a ROW nor --section"),
        (["mlp", "--no-run"], "--no-run has no effect without --all"),
        ([], "Missing argument 'ROW'"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments, message, capsys):
    assert run(["lesson", *arguments]) == 2
    assert message in capsys.readouterr().err
