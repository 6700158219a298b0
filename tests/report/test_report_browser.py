"""The page in a real headless Chromium, from a file: filters, anchors, keyboard, colours, print, 5,000 findings."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lintkit.finding import Report
from lintkit.records import replace
from lintkit.report.formats import FORMATS
from lintkit.report.info import Options, Overview, PolicyInfo
from tests.report.conftest import change, infos, sample
from tests.report.test_report_html import NASTY, overview

selenium = pytest.importorskip("selenium")

from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="no Chromium with its chromedriver is installed")
AXE = Path(__file__).resolve().parents[1] / "npm" / "node_modules" / "axe-core" / "axe.min.js"
DARK = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
LIGHT = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}

# the least contrast of any text on what stands behind it, with that text: WCAG 2.1, 1.4.3
CONTRAST = r"""
const rgba = (text) => { const n = text.match(/[\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; }
  return [255, 255, 255, 1]; };
let least = [99, ""];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest("script, svg, .u-wrap, noscript")) continue;
  const [a, b] = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < least[0]) least = [ratio, e.outerHTML.slice(0, 200)];
}
return least;
"""


class Page:
    """A page in the browser."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self.driver = driver
        self.folder = folder

    def open(self, report: Report, policies: Sequence[PolicyInfo] = (), shown: Overview | None = None, anchor: str = "") -> None:
        """Write a report's page and open it, at an anchor."""
        file = self.folder / "report.html"
        file.write_bytes(FORMATS["html"](report, policies, Options(overview=shown)).encode())
        self.driver.get("about:blank")
        self.logged()
        self.driver.get(file.as_uri() + anchor)

    def logged(self) -> list[str]:
        """What the browser has said in its console since it was last asked."""
        return [entry["message"] for entry in self.driver.execute("getLog", {"type": "browser"})["value"]]

    def run(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def media(self, media: dict[str, Any]) -> None:
        """Emulate a medium."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def texts(self, selector: str) -> list[str]:
        """The visible text of every element that a selector takes."""
        return [element.text for element in self.driver.find_elements(By.CSS_SELECTOR, selector)]

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def settled(self) -> None:
        """Wait for what the page does in a moment."""
        self.driver.execute_async_script("const done = arguments[0]; setTimeout(() => requestAnimationFrame(done), 20)")


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1440,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield found
    found.quit()


@pytest.fixture
def page(driver: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    found = Page(driver, tmp_path)
    yield found
    assert found.logged() == []
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", **LIGHT})


def many(count: int) -> Report:
    found = sample().findings
    rows = (
        found[n % 4]._replace(message=f"number {n} is wrong", fingerprint=f"{n:04}", family=f"f{n % 9}") for n in range(count)
    )
    return Report(tuple(rows), files=count, environments=("prod", "stage"))


def colours(page: Page, png: str) -> int:
    """How many colours a screenshot has."""
    page.driver.get("about:blank")
    return int(
        page.driver.execute_async_script(
            """const [data, done] = arguments; const image = new Image();
            image.onload = () => { const c = document.createElement("canvas"); c.width = image.width; c.height = image.height;
              const x = c.getContext("2d"); x.drawImage(image, 0, 0);
              done(new Set(new Uint32Array(x.getImageData(0, 0, c.width, c.height).data.buffer)).size); };
            image.src = "data:image/png;base64," + data;""",
            png,
        )
    )


def test_the_page_shows_something(page: Page) -> None:
    page.open(sample(), infos(), overview())
    assert page.texts("h1") == ["cloud"]
    assert page.texts("#list h3")[0] == "replicated.size is 1: one lost disk loses data"
    assert colours(page, page.driver.get_screenshot_as_base64()) > 50


def test_a_severity_taken_away_takes_its_findings_away(page: Page) -> None:
    page.open(sample())
    page.click("input[value=error]")
    assert page.texts("#list header .badge:first-child") == ["warning", "info"]
    assert page.texts("#count") == ["2 findings of 4"]
    page.click("#all")
    page.settled()
    assert page.texts("#count") == ["4 findings"]


def test_family_environment_and_words_narrow_the_list(page: Page) -> None:
    page.open(many(90))
    page.driver.find_element(By.ID, "family").send_keys("f4")
    assert page.texts("#count") == ["10 findings of 90"]
    page.driver.find_element(By.ID, "environment").send_keys("stage")
    assert page.texts("#list h3") == ["number 22 is wrong", "number 58 is wrong"]
    page.driver.find_element(By.ID, "search").send_keys("wrong NUMBER 58")
    assert page.texts("#list h3") == ["number 58 is wrong"]


def test_the_reason_of_a_policy_is_given_once_in_a_row(page: Page) -> None:
    first = next(f for f in sample().findings if f.why)
    other = first._replace(policy="a-policy", fingerprint="other")
    page.open(Report((first, first._replace(fingerprint="twin"), other)))
    said = "return [...document.querySelectorAll('#list article')].map((a) => a.querySelectorAll('.why').length)"
    assert page.run(said) == [1, 1, 0]


def test_a_link_of_a_policy_or_a_count_filters(page: Page) -> None:
    page.open(sample(), infos(), overview())
    page.click("[data-only=warning]")
    page.settled()
    assert page.texts("#list header a:not(.self)") == ["pool-not-safe"]
    page.click("[data-search=name-wide]")
    page.settled()
    assert page.texts("#list h3") == ["a wide name"]


def test_an_address_leads_to_its_finding_whatever_page_it_is_on(page: Page) -> None:
    where = """const e = document.querySelector('.at'), b = e.getBoundingClientRect();
        return [e.querySelector('h3').textContent, b.top >= 0 && b.top < innerHeight, document.activeElement === e];"""
    page.open(many(300), anchor="#finding-0287")
    assert page.run(where) == ["number 287 is wrong", True, True]
    page.click("input[value=error]")
    page.run("location.hash = '#finding-0002'")
    page.settled()
    assert page.run(where) == ["number 2 is wrong", True, True], "what a filter hides is shown again"


def test_the_name_of_a_policy_leads_to_what_is_said_of_it(page: Page) -> None:
    page.open(sample(), infos())
    page.click("#list header a[href='#policy-pool-not-safe']")
    assert page.run("return document.querySelector(':target').textContent") == "pool-not-safe"
    assert page.run("const b = document.querySelector(':target').getBoundingClientRect(); return b.top < innerHeight")


def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    page.open(sample(), infos())
    page.press(Keys.TAB)
    assert page.run("return document.activeElement.textContent") == "Skip to the findings"
    page.press(Keys.ENTER, Keys.TAB)
    assert page.run("return document.activeElement.id") == "search"
    page.press("wide", Keys.TAB, Keys.SPACE)
    assert page.run("return document.activeElement.value + document.activeElement.checked") == "errorfalse"
    assert page.texts("#list h3") == ["a wide name"]
    page.run("document.querySelector('#list header a').focus()")
    page.press(Keys.ENTER)
    assert page.run("return location.hash") == "#policy-name-wide"


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(page: Page, scheme: dict[str, Any]) -> None:
    page.media(scheme)
    page.open(replace(sample(), changes=change()), infos(), overview())
    least, where = page.run(CONTRAST)
    assert least >= 4.5, where
    ground = page.run("return getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(19, 21, 24)" if scheme is DARK else "rgb(250, 249, 247)")


def test_every_control_has_a_name_and_every_heading_its_level(page: Page) -> None:
    page.open(replace(many(120), changes=change()), infos(), overview())
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if not n.get("ignored")]
    controls = {
        "link",
        "button",
        "checkbox",
        "searchbox",
        "combobox",
        "navigation",
        "region",
        "search",
        "image",
        "article",
        "table",
    }
    assert [(role, name) for role, name in told if role in controls - {"article", "table"} and not name.strip()] == []
    levels = page.run("return [...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    ids = page.run("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: `npm ci` in tests/npm")
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_axe_finds_nothing_that_keeps_people_from_using_it(page: Page, scheme: dict[str, Any]) -> None:
    page.media(scheme)
    page.open(replace(many(60), changes=change()), infos(), overview())
    page.run(AXE.read_text("utf-8"))
    said = page.driver.execute_async_script(
        """const done = arguments[0];
        axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(
          (found) => done(found.violations.map((v) => `${v.id}: ${v.nodes[0].html}`)), (error) => done([String(error)]));"""
    )
    assert said == []


def test_charts_are_drawn_over_the_printed_ones(page: Page) -> None:
    page.open(sample(), infos(), overview())
    drawn = """return [...document.querySelectorAll('.plot canvas')].map((c) =>
        new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size)"""
    assert [n > 3 for n in page.run(drawn)] == [True, True]
    page.media({"media": "print"})
    shown = "return [...document.querySelectorAll('figure')].map((f) => [f.querySelector('svg').getBoundingClientRect().width > 300, f.querySelector('.plot').checkVisibility()])"
    assert page.run(shown) == [[True, False], [True, False]]


def test_a_chart_names_what_the_pointer_is_on(page: Page) -> None:
    page.open(sample(), infos(), overview())
    page.run("document.querySelector('#placement-groups').scrollIntoView()")
    over = page.driver.find_elements(By.CSS_SELECTOR, ".u-over")[1]
    webdriver.ActionChains(page.driver).move_to_element_with_offset(over, 0, -20).perform()
    page.settled()
    assert "cloud.images: 32, 256 with the suggested fixes" in page.texts(".tip")


def test_paper_gets_every_finding(page: Page) -> None:
    page.open(many(260))
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run(
        "return [document.querySelectorAll('#list article').length, document.querySelectorAll('#list tr').length]"
    ) == [200, 60]
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run("return document.querySelectorAll('#list article').length") == 50
    pdf = page.driver.execute_cdp_cmd("Page.printToPDF", {})["data"]
    assert base64.b64decode(pdf[:8]).startswith(b"%PDF")


def test_without_scripts_the_findings_are_a_table(page: Page) -> None:
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.open(sample(), infos(), overview())
        tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    finally:
        page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    names = {n.get("name", {}).get("value", "") for n in tree if not n.get("ignored")}
    assert {"Findings, gravest first", "replicated.size is 1: one lost disk loses data"} <= names
    assert "Search" not in names


def test_nothing_of_a_repository_runs(page: Page) -> None:
    report = sample()
    bad = tuple(
        f._replace(message=NASTY, policy=NASTY, family=NASTY, origin=NASTY, why=NASTY, remedy=NASTY) for f in report.findings
    )
    page.open(replace(report, findings=bad, environments=(NASTY, "prod")), (), overview(NASTY))
    assert page.run("return [window.ran, document.images.length, document.scripts.length]") == [None, 0, 2]
    assert page.texts("#list h3")[0].startswith("</script><script>window.ran=1</script><img src=x")


def test_a_narrow_page_does_not_scroll_sideways(page: Page) -> None:
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.open(sample(), infos(), overview())
        page.settled()
        assert page.run("const e = document.documentElement; return [innerWidth, e.scrollWidth - e.clientWidth]") == [360, 0]
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_five_thousand_findings_are_filtered_at_once(page: Page) -> None:
    page.open(many(5000))
    times = page.driver.execute_async_script(
        """const done = arguments[0], box = document.getElementById("search"), words = ["12", "wrong", "", "prod", "4999"], times = [];
        (function next(at) {
          if (at === words.length) { done(times); return; }
          const start = performance.now();
          box.value = words[at];
          box.dispatchEvent(new Event("input", { bubbles: true }));
          requestAnimationFrame(() => setTimeout(() => { times.push(performance.now() - start); next(at + 1); }));
        })(0);"""
    )
    assert page.texts("#list h3") == ["number 4999 is wrong"]
    assert sorted(times)[len(times) // 2] < 200
