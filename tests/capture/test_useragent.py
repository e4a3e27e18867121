"""Browsers, systems and devices by the names `mixpanel-browser` uses."""

from __future__ import annotations

import pytest

from playhead.capture.useragent import read_user_agent

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "agent"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", ("Chrome", "Linux", "Desktop")),
        (
            f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/140.0 Safari/537.36",
            ("Chrome", "Linux", "Desktop"),
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0",
            ("Microsoft Edge", "Windows", "Desktop"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/140.0 Mobile Safari/537.36",
            ("Chrome", "Android", "Phone"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 15; SM-X910) {WEBKIT} Chrome/140.0 Safari/537.36",
            ("Chrome", "Android", "Tablet"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-S911B) {WEBKIT} SamsungBrowser/26.0 Chrome/122.0 Mobile Safari/537.36",
            ("Samsung Internet", "Android", "Phone"),
        ),
        (f"{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1", ("Mobile Safari", "iOS", "Phone")),
        (f"{IPHONE} CriOS/140.0 Mobile/15E148 Safari/604.1", ("Chrome iOS", "iOS", "Phone")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
            ("Safari", "Mac OS X", "Desktop"),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Linux", "Desktop")),
        ("curl/8.0", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_agents(header: str, agent: tuple[str, str, str]) -> None:
    assert read_user_agent(header)[:3] == agent


@pytest.mark.parametrize(
    ("header", "model", "version"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/140.0 Safari/537.36", "", 140.0),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/141.2", "", 141.2),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/140.0 Mobile Safari/537.36", "Android", 140.0),
        (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", "iPhone", 18.1),
        (f"{IPHONE} CriOS/139.0 Mobile/15E148 Safari/604.1", "iPhone", 139.0),
        ("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", "", 11.0),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "", 140.0),
        ("Mozilla/5.0 Firefox/", "", None),
    ],
)
def test_the_device_and_the_version(header: str, model: str, version: float | None) -> None:
    agent = read_user_agent(header)
    assert (agent.model, agent.version) == (model, version)


@pytest.mark.parametrize("header", ["python-requests/2.32.5", "curl/8.14.1", "okhttp/4.12.0", "Go-http-client/2.0", ""])
def test_a_program_is_no_browser(header: str) -> None:
    agent = read_user_agent(header)
    assert (agent.browser, agent.device, agent.model, agent.version) == ("", "", "", None)
