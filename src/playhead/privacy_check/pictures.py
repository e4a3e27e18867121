"""Small pictures of places, cut out of the pictures of their pages by Chromium itself."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from playhead.privacy_check.places import Finding, Observation

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Box = tuple[int, int, int, int, int]
MARGIN, WIDEST, TALLEST = 10, 360, 150
MOST = 800

CUT = """async ({ picture, boxes, margin, widest, tallest }) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  return boxes.map(([left, top, width, height]) => {
    const x = Math.max(left - margin, 0), y = Math.max(top - margin, 0);
    const w = Math.min(width + 2 * margin, widest * 2, image.width - x);
    const h = Math.min(height + 2 * margin, tallest * 2, image.height - y);
    if (w < 4 || h < 4) return "";
    const scale = Math.min(1, widest / w, tallest / h);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(w * scale);
    canvas.height = Math.round(h * scale);
    canvas.getContext("2d").drawImage(image, x, y, w, h, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/webp", 0.72);
  });
}"""


def box_of(finding: Finding) -> Box | None:
    place = finding.place
    return (place.moment, *place.rect) if place.rect else None


def cut(browser: Browser, seen: Observation, findings: tuple[Finding, ...]) -> dict[Box, str]:
    """Data URLs by box; the most important findings come first when there are too many."""
    wanted: dict[int, dict[Box, None]] = {}
    count = 0
    for finding in findings:
        box = box_of(finding)
        if box is None or not seen.moments[box[0]].picture or box in wanted.get(box[0], {}):
            continue
        if (count := count + 1) > MOST:
            break
        wanted.setdefault(box[0], {})[box] = None
    found: dict[Box, str] = {}
    page = browser.new_page()
    try:
        for moment, boxes in wanted.items():
            picture = "data:image/jpeg;base64," + base64.b64encode(seen.moments[moment].picture).decode()
            given = {
                "picture": picture,
                "boxes": [box[1:] for box in boxes],
                "margin": MARGIN,
                "widest": WIDEST,
                "tallest": TALLEST,
            }
            found |= {box: url for box, url in zip(boxes, page.evaluate(CUT, given), strict=True) if url}
    finally:
        page.close()
    return found
