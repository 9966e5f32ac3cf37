"""The pages are all listed, lead where they say, and name commands and variables that exist."""

from __future__ import annotations

import re
from collections import Counter

import click
import pytest
import tfmigrate
from tfmigrate.cli.main import cli

from .pages import PAGES, ROOT, anchors, commands, links

INTERNAL = {  # set by tfmigrate itself, for its own processes
    "TFMIGRATE_DEVICE",
    "TFMIGRATE_PRECISION",
    "TFMIGRATE_WORKERS",
    "TFMIGRATE_WORKER_MEMORY",
}


def target(page: str, link: str) -> tuple[str, str]:
    """The file that a link of a page leads to, relative to the repository, and the anchor."""
    path, _, anchor = link.partition("#")
    found = (ROOT / page).parent / path if path else ROOT / page
    return found.resolve().relative_to(ROOT).as_posix(), anchor


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    for link in links(PAGES[page]):
        path, anchor = target(page, link)
        assert (ROOT / path).exists(), link
        assert not anchor or anchor in anchors(PAGES[path]), link


def test_every_page_is_listed_once() -> None:
    listed = Counter(target("docs/README.md", link)[0] for link in links(PAGES["docs/README.md"]))
    assert set(PAGES) - {"README.md", "docs/README.md"} == set(listed)
    assert set(listed.values()) == {1}


def test_the_pages_are_of_four_kinds() -> None:
    titles = re.findall(r"^## (.*)", PAGES["docs/README.md"], re.MULTILINE)
    assert titles == ["Tutorials", "How to", "Reference", "Explanation", "About"]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_has_the_options_that_a_page_gives_it(page: str) -> None:
    for name, *arguments in commands(PAGES[page]):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        command.make_context(name, arguments)


def test_every_variable_of_the_environment_is_on_its_page() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "migrate").rglob("*.py"))
    read = set(re.findall(r"\bTFMIGRATE_[A-Z_0-9]+[A-Z0-9]\b", code)) - INTERNAL
    assert read == set(re.findall(r"^\| `(TFMIGRATE_\w+)`", PAGES["docs/environment.md"], re.M))


def test_the_page_of_the_python_api_has_all_of_it() -> None:
    described = set(re.findall(r"<!-- auto\w+: tfmigrate\.(\w+) ", PAGES["docs/python.md"]))
    assert set(tfmigrate.__all__) - {"__version__"} <= described


def test_the_newest_release_is_this_version_and_has_upgrade_notes() -> None:
    titles = re.findall(r"^## (.*)$", PAGES["CHANGELOG.md"], re.MULTILINE)
    assert titles[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(tfmigrate.__version__)} - \d{{4}}-\d\d-\d\d", titles[1])
    minor = tfmigrate.__version__.rpartition(".")[0]
    (first, *_) = re.findall(r"^## From .* to (.*)$", PAGES["docs/upgrading.md"], re.MULTILINE)
    assert first == minor
