"""Sphinx's settings: the Markdown pages of the repository as one site, see tools/make_site.py.

The pages read well in the repository. When Sphinx reads them, README.md gets the navigation, which
is the lists of docs/README.md, and docs/python.md the signatures and docstrings; a link that shows
the name of a page shows its title.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from tfmigrate import __version__

ROOT = Path(__file__).parents[2]
NAVIGATION = ROOT / "docs" / "README.md"

project = "tfmigrate"
author = "the authors of tfmigrate"
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "notebooks/*.md", "findings/*.md"]
exclude_patterns = [".*", "build", "dist", "legacy", "migrate", "modern", "shared", "tests"]

myst_heading_anchors = 4
myst_number_code_blocks: list[str] = []
suppress_warnings = ["myst.header"]  # README.md has its parts one level down, below its title

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
maximum_signature_line_length = 88
smartquotes = False  # values such as "keras" keep their quotation marks
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"  # its fonts are those of the system, and its scripts are in the site
html_title = f"tfmigrate {release}"
html_copy_source = False
html_show_sphinx = html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
highlight_language = "none"  # of blocks that do not name one
pygments_style, pygments_dark_style = "github-light", "github-dark"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#1b1f24",
        "color-brand-content": "#0550ae",
        "color-code-background": "#f6f8fa",
    },
    "dark_css_variables": {
        "color-brand-primary": "#e6edf3",
        "color-brand-content": "#79b8ff",
        "color-code-background": "#1b1f24",
    },
}


def navigation(page: str) -> dict[str, list[str]]:
    """The parts of docs/README.md: title → the pages that it lists, by their names in the site."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        links = re.findall(r"\]\(([\w/.-]+)\.md\)", text)
        paths = [(NAVIGATION.parent / link).resolve().relative_to(ROOT) for link in links]
        found[title] = [path.as_posix() for path in paths]
    return found


def _toctrees(page: str) -> str:
    parts = {"": ["docs/README"], **navigation(page)}
    return "".join(
        "\n```{toctree}\n:hidden:\n"
        + (f":caption: {title}\n" if title else "")
        + "".join(f"\n/{name}" for name in names)
        + "\n```\n"
        for title, names in parts.items()
    )


def _docstrings(page: str) -> str:
    """``<!-- autofunction: tfmigrate.compare -->`` → the directive of autodoc."""
    pattern = r"<!-- (auto\w+): ([\w.]+)(.*?) -->"
    return re.sub(
        pattern,
        lambda found: (
            f"```{{eval-rst}}\n.. {found[1]}:: {found[2]}\n"
            + "".join(f"   :{option}:\n" for option in found[3].split())
            + "```"
        ),
        page,
    )


def _titles(page: str) -> str:
    """``[parity.md](parity.md)`` → a link that shows the title of the page."""
    return re.sub(r"\[[\w/.-]+\.md\]\(([\w/.-]+\.md)\)", r"[](\1)", page)


def _read(app: Sphinx, name: str, content: list[str]) -> None:
    content[0] = _titles(content[0])
    if name == root_doc:
        content[0] += _toctrees(NAVIGATION.read_text("utf-8"))
    elif name == "docs/python":
        content[0] = _docstrings(content[0])


def _narrow(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Lets long names in tables break after ``_``, ``.``, ``/``, ``(``, ``,`` and ``=``."""
    for entry in doctree.findall(nodes.entry):
        for literal in entry.findall(nodes.literal):
            first, *parts = re.split(r"(?<=[_./(,=])(?=\w)", literal.astext())
            literal.children = [nodes.Text(first)]
            for part in parts:
                literal += [nodes.raw("", "<wbr>", format="html"), nodes.Text(part)]


def setup(app: Sphinx) -> None:
    """Changes pages when they are read, and tables before they are written."""
    app.connect("source-read", _read)
    app.connect("doctree-resolved", _narrow)
