"""Pages in a real browser: Chromium and its driver from the system, by Selenium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import tfmigrate
from tfmigrate.parity import Verdict
from tfmigrate.report import Chart, Closing, Diagram, Heading, Node, Result, Series, Source, Table

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: .[browser]")
wait = pytest.importorskip("selenium.webdriver.support.wait")
keys = pytest.importorskip("selenium.webdriver.common.keys")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver"),
    pytest.mark.xdist_group("browser"),
]
HOSTILE = '"><script>document.title = "run"</script><b onclick=x>'
TEXT = "import keras\n\nprint('a < b')"


class Page(Result):
    def blocks(self):
        rows = [[f"w{number}", f"{number * 37 % 11:,}"] for number in range(11)]
        return [
            Heading(HOSTILE),
            Heading("variables", part=True),
            Table(["variable", ">size"], [*rows, [HOSTILE, "5,000"]]),
            Chart("loss", "epoch", "loss", [Series("one", [3.0, 2.0])], apart=[0.0, 1e-7]),
            Diagram("net", [Node("Dense", "?×3"), Node("y")], [(0, 1)]),
            Closing(Verdict.PASS, "all is well"),
        ]

    def appendix(self):
        return [Source(TEXT, title="model.py")]

    def to_dict(self):
        return {"schema": 1}

    def __bool__(self):
        return True


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        "made": Page().save(folder / "made.html"),
        "lesson": tfmigrate.lesson("mlp").save(folder / "lesson.html"),
        "rosetta": tfmigrate.lesson("rosetta").save(folder / "rosetta.html"),
    }


@pytest.fixture(scope="module")
def browser() -> Any:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    quiet = "disable-background-networking disable-component-update no-first-run"
    for argument in f"headless no-sandbox disable-gpu window-size=1280,900 {quiet}".split():
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: Any, pages: dict[str, Path]) -> Any:
    browser.get(pages["made"].as_uri())
    return browser


def cells(page: Any, column: int, *, seen: bool = False) -> list[str]:
    script = (
        "return [...document.querySelectorAll('tbody tr')]"
        f".filter(row => !{'true' if seen else 'false'} || row.offsetParent)"
        f".map(row => row.cells[{column}].textContent)"
    )
    return page.execute_script(script)


def test_no_page_complains_and_no_text_runs(browser: Any, pages: dict[str, Path]) -> None:
    for path in pages.values():
        browser.get(path.as_uri())
        assert browser.get_log("browser") == []
    browser.get(pages["made"].as_uri())
    assert browser.title == HOSTILE
    assert HOSTILE in cells(browser, 0)
    assert browser.find_elements("tag name", "b") == []


def test_titles_sort_their_columns_by_mouse_and_by_key(page: Any) -> None:
    name, size = page.find_elements("css selector", "th button")
    size.click()
    numbers = [int(text.replace(",", "")) for text in cells(page, 1)]
    assert numbers == sorted(numbers)
    size.send_keys("\n")
    numbers = [int(text.replace(",", "")) for text in cells(page, 1)]
    assert numbers == sorted(numbers, reverse=True)
    name.click()
    found = [text for text in cells(page, 0) if text != HOSTILE]
    assert found == [f"w{number}" for number in range(11)]


def test_the_filter_leaves_the_rows_that_hold_its_text(page: Any) -> None:
    page.find_element("css selector", ".filter").send_keys("W1")
    assert cells(page, 0, seen=True) == ["w1", "w10"]


def test_the_button_copies_the_source(page: Any) -> None:
    button = page.find_element("css selector", ".copy")
    button.click()
    wait.WebDriverWait(page, 10).until(lambda page: button.text != "copy")
    page.execute_script("document.body.append(document.createElement('textarea'))")
    area = page.find_element("css selector", "textarea")
    area.send_keys(keys.Keys.CONTROL, "v")
    assert area.get_property("value").strip() == TEXT


def test_the_theme_turns_and_turns_back(page: Any) -> None:
    def ground() -> str:
        return page.execute_script("return getComputedStyle(document.body).backgroundColor")

    before = ground()
    button = page.find_element("id", "theme")
    button.click()
    assert ground() != before
    button.send_keys("\n")
    assert ground() == before


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(browser: Any, pages: dict[str, Path], width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for path in pages.values():
        browser.get(path.as_uri())
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.execute_script(wide) == 0, path.name
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.skipif("TFMIGRATE_AXE" not in os.environ, reason="needs axe.min.js in TFMIGRATE_AXE")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, pages: dict[str, Path], theme: str) -> None:
    axe = Path(os.environ["TFMIGRATE_AXE"]).read_text("utf-8")
    for path in pages.values():
        browser.get(path.as_uri())
        browser.execute_script(f"document.body.classList.add('{theme}')")
        browser.execute_script(axe)
        found = browser.execute_async_script("axe.run().then(arguments[0])")
        told = [(v["id"], v["nodes"][0]["html"][:200]) for v in found["violations"]]
        assert told == [], path.name
