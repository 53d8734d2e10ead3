"""Make the pictures of the README from a running demo zone: python scripts/screenshots.py [ADDRESS]

Needs Chromium and `make run`; run it whenever a page in a picture has changed.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.journeys.visitor import FLAGS, Visitor, browser_path  # noqa: E402  # after the path is known

ZONE = "重庆示例高新区"


def main(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        public = Visitor.open(browser, address, width=1000)
        public.go("/zones/cq/boards/").page.locator("main a[href*='/high_quality/']").first.click()
        _save(public, "board")
        firm = Visitor.open(browser, address, width=1000)
        firm.sign_in("ent.legal@demo", zone=ZONE)
        firm.go("/p/cq/e/score/").page.locator("main a[href*='/e/score/20']").first.click()
        _save(firm, "portrait")
        browser.close()


def _save(visitor: Visitor, name: str) -> None:
    visitor.page.wait_for_load_state()
    picture = Image.open(io.BytesIO(visitor.page.screenshot())).convert("RGB")
    # 128 colours of the palette that keeps rare ones look the same at half the size
    picture = picture.quantize(128, Image.Quantize.MAXCOVERAGE)
    picture.save(ROOT / "docs" / "images" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
