"""A person at a browser: sees pages, presses what carries a text, fills fields by their labels."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SERIOUS = {"serious", "critical"}
EXPECTED_STATUSES = {"404", "409", "410", "422", "403", "429"}
POLICY_WATCH = "document.addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"


def browser_path() -> str | None:
    """Where Chromium is on this machine."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@dataclass
class Visitor:
    """One browser window."""

    page: Any
    context: Any
    address: str
    complaints: list[str] = field(default_factory=list)
    taps: int = 0
    """Things pressed and fields touched."""

    @classmethod
    def open(cls, browser: Any, address: str, *, width: int) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        context.set_default_timeout(15_000)
        context.add_init_script(POLICY_WATCH)
        visitor = cls(context.new_page(), context, address)
        visitor.page.on("console", visitor._hear)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(f"script: {error}"))
        return visitor

    def _hear(self, message: Any) -> None:
        refused = "status of" in message.text and any(
            f"status of {code}" in message.text for code in EXPECTED_STATUSES
        )
        if message.type == "error" and not refused:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def close(self) -> None:
        self.context.close()

    def go(self, path: str) -> Visitor:
        self.page.goto(self.address + path)
        return self

    def press(self, text: str, *, within: str = "main", exact: bool = False) -> Visitor:
        """Press the first button or link with this text and wait for the page that follows."""
        self.taps += 1
        self.page.locator(within).locator(f"button:has-text('{text}'), a:has-text('{text}')").first.click()
        self.page.wait_for_load_state()
        return self

    def fill(self, **fields: str) -> Visitor:
        """Fill fields by their name attribute; selects and radio buttons by value."""
        self.taps += len(fields)
        for name, value in fields.items():
            spot = self.page.locator(f"main [name='{name}']").first
            if spot.evaluate("node => node.tagName") == "SELECT":
                spot.select_option(value)
            elif spot.get_attribute("type") == "radio":
                self.page.check(f"main [name='{name}'][value='{value}']")
            else:
                spot.fill(value)
        return self

    def attach(self, name: str, filename: str, content: bytes, kind: str = "text/csv") -> Visitor:
        self.page.set_input_files(
            f"main [name='{name}']", {"name": filename, "mimeType": kind, "buffer": content}
        )
        return self

    def sees(self, *texts: str) -> Visitor:
        body = self.page.locator("body").inner_text()
        missing = [text for text in texts if text not in body]
        assert not missing, f"{self.page.url} does not show {missing}:\n{body[:1500]}"
        return self

    def sees_not(self, *texts: str) -> Visitor:
        body = self.page.locator("body").inner_text()
        shown = [text for text in texts if text in body]
        assert not shown, f"{self.page.url} shows {shown}"
        return self

    def waits_for(self, text: str, *, seconds: int = 40) -> Visitor:
        """Wait until the page shows a text by itself (progress that refreshes)."""
        self.page.locator(f"main :text('{text}')").first.wait_for(timeout=seconds * 1000)
        return self

    def sign_in(self, login: str, *, zone: str) -> Visitor:
        """By the role card; the second factor where it is asked for; then the zone."""
        self.go("/demo/")
        self.page.locator(f"form:has(input[value='{login}']) button").click()
        self.page.wait_for_url(lambda url: not url.endswith("/demo/"))
        if "/account/code/" in self.page.url:
            self.page.fill("#id_code", self.page.locator(".notice-banner strong").inner_text().strip())
            self.page.locator("main form button").click()
            self.page.wait_for_url(lambda url: "/account/code/" not in url)
        if "/account/switch/" in self.page.url:
            self.page.locator(f".card:has-text('{zone}') form button").first.click()
            self.page.wait_for_url(lambda url: "/account/switch/" not in url)
        return self

    def looks_right(self) -> Visitor:
        """No page wider than the window, no serious accessibility fault."""
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        assert not wide, f"{self.page.url} is wider than the window"
        found = Axe().run(self.page).response["violations"]
        faults = [
            (fault["id"], [node["html"][:160] for node in fault["nodes"][:3]])
            for fault in found
            if fault["impact"] in SERIOUS
        ]
        assert not faults, f"{self.page.url}: {faults}"
        return self
