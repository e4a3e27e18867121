"""Draw the shop's photos and its turntable video (examples/shop/img): ray-marched pots, drawn by Chromium, so that the
shop owns every picture in it. Needs Chromium and, for the video, ffmpeg.  Usage: render.py [name…]"""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
IMG = HERE.parent.parent / "shop" / "img"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
SNAP = "(c, q) => c.toDataURL('image/webp', q).split(',')[1]"


def photo(page: Page, scene: str, width: int, height: int, quality: float = 0.8) -> bytes:
    return base64.b64decode(page.evaluate(f"({SNAP})(render({scene}, {width}, {height}).canvas, {quality})"))


def video(page: Page) -> None:
    """A mug on a turntable, 4 s, 400 × 400, a closed loop."""
    page.evaluate("globalThis.table = render(scenes('harbor-mug').a, 400, 400); 0")
    with tempfile.TemporaryDirectory() as folder:
        frames = 48
        for i in range(frames):
            data = page.evaluate(f"({SNAP})(table.draw({i} / {frames} * Math.PI * 2), 0.95)")
            Path(folder, f"{i:03}.webp").write_bytes(base64.b64decode(data))
        subprocess.run(
            [
                "ffmpeg",
                "-y",
                "-loglevel",
                "error",
                "-framerate",
                "12",
                "-i",
                f"{folder}/%03d.webp",
                "-c:v",
                "libvpx-vp9",
                "-crf",
                "42",
                "-b:v",
                "0",
                "-g",
                "24",
                "-pix_fmt",
                "yuv420p",
                "-an",
                str(IMG / "turntable.webm"),
            ],
            check=True,
        )


def main() -> None:
    IMG.mkdir(parents=True, exist_ok=True)
    only = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(600_000)
        for script in ("scene.js", "pots.js"):
            page.add_script_tag(path=str(HERE / script))
        for name in page.evaluate("Object.keys(pots)"):
            for view in "ab":
                if not only or f"{name}-{view}" in only or name in only:
                    (IMG / f"{name}-{view}.webp").write_bytes(photo(page, f"scenes('{name}').{view}", 720, 720))
                    print(name, view, flush=True)
        if not only or "hero" in only:
            (IMG / "hero.webp").write_bytes(photo(page, "hero", 1600, 720))
        if not only or "turntable" in only:
            video(page)
        browser.close()


if __name__ == "__main__":
    main()
