"""The page of `jqs up --demo` in a real browser, as someone sees it who has just started it."""

import os
import re
from pathlib import Path

import pytest
from conftest import DEMO
from playwright.sync_api import expect, sync_playwright
from server import Server

SCREENSHOTS = Path(os.environ.get("JQS_SCREENSHOTS") or Path(__file__).parents[2] / "target/screenshots")
WAIT_MILLISECONDS_MAX = 10_000
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWPORTS = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 844}}
TRACE_ADDRESS = re.compile(r"/trace/[0-9a-f]{32}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with Server(DEMO, log=tmp_path_factory.mktemp("demo") / "server.log") as demo:
        yield demo


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["JQS_CHROMIUM"], args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture(params=VIEWPORTS)
def viewport(request):
    return request.param


@pytest.fixture
def open_page(browser, demo):
    """Opens pages that must ask no other host and complain of nothing: what they did is checked at the end."""
    faults = []
    contexts = []

    def open_page(path="/", theme="light", viewport="wide"):
        context = browser.new_context(viewport=VIEWPORTS[viewport], color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MILLISECONDS_MAX)
        page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda one: None if one.url.startswith(f"{demo.query_url}/") else faults.append(one.url))
        page.on("response", lambda one: faults.append(f"{one.status} {one.url}") if one.status >= 400 else None)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))"
        )
        page.goto(demo.query_url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def search(page, **fields):
    for name, value in fields.items():
        field = page.get_by_test_id(name)
        if name.endswith("-select"):
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_test_id("search-button").click()


def open_first_trace(page):
    results = page.get_by_test_id("trace-result")
    if results.count() == 0:
        search(page)
    results.first.click()
    expect(page).to_have_url(TRACE_ADDRESS)
    expect(page.get_by_test_id("timeline")).to_be_visible()


def shot(page, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


def fits(page):
    """Nothing is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_search_trace_and_span_in_every_look(open_page, theme, viewport):
    page = open_page(theme=theme, viewport=viewport)
    search(page)
    results = page.get_by_test_id("trace-result")
    expect(results.first).to_be_visible()
    assert results.count() >= 10
    expect(page.get_by_test_id("result-count")).to_contain_text(re.compile(r"^\d+ traces"))
    assert fits(page)
    shot(page, f"search-{theme}-{viewport}")

    wanted = results.first.get_attribute("data-trace-id")
    results.first.click()
    expect(page).to_have_url(re.compile(f"/trace/{wanted}"))
    expect(page.get_by_test_id("timeline")).to_be_visible()
    rows = page.get_by_test_id("span-row")
    expect(rows.first).to_be_visible()
    assert int(page.get_by_test_id("trace-spans").inner_text()) >= 2
    assert fits(page)
    shot(page, f"trace-{theme}-{viewport}")

    rows.first.click()
    detail = page.get_by_test_id("span-detail")
    expect(detail).to_be_visible()
    assert detail.get_attribute("data-span-id") == rows.first.get_attribute("data-span-id")
    attributes = detail.get_by_test_id("attribute")
    expect(attributes.first).to_be_visible()
    assert fits(page)
    shot(page, f"span-{theme}-{viewport}")
    page.get_by_test_id("detail-close").click()
    expect(detail).to_have_count(0)


def test_the_page_follows_the_theme(open_page):
    def background(theme):
        page = open_page(theme=theme)
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", color)[:3])

    assert background("light") > 3 * 200
    assert background("dark") < 3 * 80


def test_attributes_are_those_of_the_api(open_page, demo):
    page = open_page()
    open_first_trace(page)
    trace_id = re.search(r"/trace/([0-9a-f]{32})", page.url)[1]
    page.get_by_test_id("span-row").first.click()
    span_id = page.get_by_test_id("span-detail").get_attribute("data-span-id")
    result = page.request.get(f"{demo.query_url}/api/v3/traces/{trace_id}").json()["result"]
    [wanted] = [
        span
        for resource in result["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
        if span["spanId"] == span_id
    ]
    shown = page.get_by_test_id("detail-attributes").get_by_test_id("attribute")
    keys = [shown.nth(index).get_attribute("data-key") for index in range(shown.count())]
    assert keys == sorted(attribute["key"] for attribute in wanted["attributes"])
    assert keys


def test_search_by_service(open_page):
    page = open_page()
    services = page.get_by_test_id("service-select").locator("option")
    expect(services.nth(2)).to_be_attached()
    service = services.nth(2).evaluate("option => option.value")
    search(page, **{"service-select": service})
    expect(page).to_have_url(re.compile(f"service={service}"))
    results = page.get_by_test_id("trace-result")
    expect(results.filter(has_not_text=service)).to_have_count(0)
    assert results.count() > 0


def test_search_by_tag(open_page):
    page = open_page()
    search(page, tags="error=true")
    results = page.get_by_test_id("trace-result")
    expect(page).to_have_url(re.compile("error"))
    expect(results.filter(has_not_text=re.compile(r"\d+ errors?"))).to_have_count(0)
    assert results.count() > 0
    shot(page, "search-errors")


def test_nothing_found_and_unknown_trace_say_so(open_page):
    page = open_page()
    search(page, tags="no.such=tag")
    expect(page.get_by_test_id("trace-result")).to_have_count(0)
    expect(page.locator("main")).to_contain_text(re.compile("no traces", re.IGNORECASE))
    shot(page, "search-nothing")


def test_back_leads_to_the_same_search(open_page):
    page = open_page()
    search(page, tags="error=true")
    expect(page.get_by_test_id("trace-result").first).to_contain_text("error")
    address = page.url
    page.get_by_test_id("trace-result").first.click()
    expect(page.get_by_test_id("timeline")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(address)
    expect(page.get_by_test_id("tags")).to_have_value("error=true")


def test_the_map_of_services_in_every_look(open_page, demo, theme, viewport):
    page = open_page("/dependencies", theme=theme, viewport=viewport)
    services, calls = page.get_by_test_id("map-service"), page.get_by_test_id("map-call")
    expect(services.first).to_be_visible()
    edges = page.request.get(f"{demo.query_url}/api/dependencies").json()["data"]
    assert services.count() == len({name for edge in edges for name in (edge["parent"], edge["child"])}) >= 3
    assert calls.count() == len(edges)
    expect(page.get_by_test_id("map-table").locator("tbody tr")).to_have_count(len(edges))
    assert fits(page)
    shot(page, f"map-{theme}-{viewport}")


def test_a_service_of_the_map_is_looked_at_with_its_neighbours(open_page, demo):
    page = open_page("/dependencies")
    edges = page.request.get(f"{demo.query_url}/api/dependencies").json()["data"]
    child = edges[0]["child"]
    own = [edge for edge in edges if child in (edge["parent"], edge["child"])]
    assert len(own) < len(edges)
    page.locator(f"[data-testid=map-service][data-service='{child}']").click()
    expect(page).to_have_url(re.compile(rf"/dependencies\?service={child}$"))
    expect(page.get_by_test_id("map-call")).to_have_count(len(own))
    expect(page.get_by_test_id("map-focus")).to_have_value(child)
    page.get_by_test_id("map-lookback").select_option("1h")
    expect(page).to_have_url(re.compile(rf"service={child}&lookback=1h$"))
    page.get_by_role("link", name="Traces of", exact=False).first.click()
    expect(page.get_by_test_id("trace-result").first).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("map-focus")).to_have_value(child)


def test_a_service_without_calls_says_so(open_page):
    page = open_page("/dependencies?service=nobody")
    expect(page.get_by_test_id("no-calls")).to_contain_text("nobody")
    page.get_by_test_id("map-focus").select_option("")
    expect(page.get_by_test_id("map-service").first).to_be_visible()
