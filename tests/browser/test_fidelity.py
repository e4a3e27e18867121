"""What a replay shows at its end is what the page was: for every page of the shop, as an outline and as a picture.

`test-report/browser/fidelity.html` shows each pair of pictures.
"""

from __future__ import annotations

import base64
import difflib
import html
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from .conftest import HERE, REPORT, Api, Rebuilt, Server, eventually, recording

# Share of pixels that may differ by more than a shade: anti-aliasing, masked text in inputs, a video's frame.
ALIKE = 0.02


def look_at_list(page: Page) -> None:
    page.select_option("#category", "Vases")
    page.select_option("#sort", "high")
    page.fill("#letter [name=email]", "someone@example.com")
    page.click("#letter button")


def look_at_item(page: Page) -> None:
    page.click("#glazes .chip:nth-child(2)")
    page.click("#more")
    page.click("#more")
    page.click("#thumbs button:nth-child(2)")
    page.click("details:nth-of-type(2) summary")
    page.locator("iframe").scroll_into_view_if_needed()
    page.frame_locator("iframe").locator("#where").select_option("6")
    page.frame_locator("iframe").locator("[name=postcode]").fill("1011 AB")
    page.evaluate("scrollTo(0, 120)")


def look_at_video(page: Page) -> None:
    page.click("#thumbs .play")
    page.wait_for_function("document.querySelector('video').currentTime > 0.3")
    page.evaluate("document.querySelector('video').pause()")


def look_at_cart(page: Page) -> None:
    page.select_option("#lines select", "3")
    page.fill("#voucher input", "WELCOME10")
    page.click("#apply")


def look_at_checkout(page: Page) -> None:
    page.fill("[name=name]", "Ada Example")
    page.click("#pay")
    page.click("#gift")
    page.locator("#note").press_sequentially("Welcome home", delay=5)
    page.fill("[name=cardnumber]", "4242424242424242")
    page.select_option("[name=country]", "France")


def look_at_login(page: Page) -> None:
    page.click("#swap")
    page.fill("[name=password]", "secret words")
    page.click("shop-chat .open")
    page.locator("shop-chat input").press_sequentially("Hello there", delay=5)
    page.locator("shop-chat form button").click()
    page.wait_for_function("document.querySelector('shop-chat').shadowRoot.querySelectorAll('.log p').length === 3")


def look(_: Page) -> None:
    pass


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "list": ("index.html", look_at_list),
    "item": ("item.html?id=harbor-mug", look_at_item),
    "video": ("item.html?id=harbor-mug", look_at_video),
    "cart": ("cart.html", look_at_cart),
    "checkout": ("checkout.html", look_at_checkout),
    "login": ("login.html", look_at_login),
    "thanks": ("thanks.html", look),
    "delivery": ("delivery.html", look),
}


@pytest.fixture(scope="module")
def report() -> Iterator[list[str]]:
    rows: list[str] = []
    yield rows
    REPORT.mkdir(parents=True, exist_ok=True)
    style = "body{font:14px sans-serif;margin:24px}img{width:46%;border:1px solid #ccc;margin-right:1%}"
    (REPORT / "fidelity.html").write_text(
        f"<!doctype html><meta charset=utf-8><title>Fidelity</title><style>{style}</style>"
        f"<h1>The page, and its replay</h1>{''.join(rows)}"
    )


def shades_apart(page: Page, one: bytes, other: bytes) -> float:
    """The share of pixels that differ by more than 24 of 255 in a channel."""
    urls = ["data:image/png;base64," + base64.b64encode(image).decode() for image in (one, other)]
    share = page.evaluate(
        """async (urls) => {
            const [a, b] = await Promise.all(urls.map(async (url) => {
                const bitmap = await createImageBitmap(await (await fetch(url)).blob());
                const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
                context.drawImage(bitmap, 0, 0);
                return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
            }));
            if (a.length !== b.length) return 1;
            let apart = 0;
            for (let i = 0; i < a.length; i += 4)
                if (Math.max(Math.abs(a[i] - b[i]), Math.abs(a[i + 1] - b[i + 1]), Math.abs(a[i + 2] - b[i + 2])) > 24) apart++;
            return apart / (a.length / 4);
        }""",
        urls,
    )
    return float(share)


# Resolves once the page has not scrolled for twenty frames: scrolling is smooth, and recorded at intervals.
STILL = """() => new Promise((done) => {
  let at = scrollY, still = 0;
  const look = () => {
    still = scrollY === at ? still + 1 : 0;
    at = scrollY;
    if (still > 20) done(); else requestAnimationFrame(look);
  };
  look();
})"""


@pytest.mark.parametrize("name", PAGES)
def test_the_replayed_page_is_the_page(
    name: str, server: Server, api: Api, page: Page, play: Callable[..., Rebuilt], report: list[str]
) -> None:
    path, act = PAGES[name]
    if name == "delivery":  # a page that is only ever a frame: the SDK is put into it here
        page.add_init_script(
            "addEventListener('DOMContentLoaded', () => document.head.append(Object.assign(document.createElement('script'),"
            " { src: '/sdk.js' })) || Object.assign(document.head.lastChild.dataset, { token: 'demo-token', recordMaskTextSelector: '' }))"
        )
    page.goto(server.shop("login.html?sdk=none"))
    page.evaluate(
        """() => { localStorage.setItem('shop.basket', JSON.stringify([{ id: 'harbor-mug', glaze: 'Chalk', quantity: 2 }, { id: 'reed-vase', glaze: 'Sage', quantity: 1 }]));
        localStorage.setItem('shop.order', JSON.stringify({ total: 64, lines: [{ id: 'reed-vase', glaze: 'Sage', quantity: 1 }] }));
        sessionStorage.clear(); }"""
    )
    page.goto(server.shop(path), wait_until="load")
    replay_id = recording(page)
    act(page)
    page.mouse.move(3, 500)
    page.evaluate("document.activeElement?.blur?.()")
    page.evaluate(STILL)
    # A custom event of ours marks the end: when it has arrived, all that came before it has.
    page.evaluate("playhead.track('End of the test')")

    def whole() -> list[dict[str, object]]:
        events = api.rrweb(replay_id)
        assert "End of the test" in str([e for e in events if e["type"] == 5])
        return events

    page.add_script_tag(path=str(HERE / "client" / "outline.js"))
    live = page.evaluate("outline(document)")
    scrolled = page.evaluate("scrollY")
    picture = page.screenshot(animations="disabled", caret="initial")
    events = eventually(whole)
    shown = play(events)
    rebuilt = shown.outline(server.shop(path))
    pictured = shown.page.screenshot(animations="disabled", caret="initial")
    apart = shades_apart(shown.page, picture, pictured)

    REPORT.mkdir(parents=True, exist_ok=True)
    for kind, image in (("page", picture), ("replay", pictured)):
        Path(REPORT / f"{name}-{kind}.png").write_bytes(image)
    difference = "\n".join(difflib.unified_diff(live, rebuilt, "page", "replay", lineterm="", n=1))
    report.append(
        f"<h2>{name}: {apart:.2%} of the pixels apart</h2><img src={name}-page.png><img src={name}-replay.png>"
        f"<pre>{html.escape(difference)}</pre>"
    )
    assert shown.warnings == []
    assert rebuilt == live, difference
    assert shown.scroll_y == pytest.approx(scrolled, abs=1)
    assert apart < ALIKE
