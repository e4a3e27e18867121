// What a page looks like without reading it: each element's box, whether it can be seen, and how many lines its text takes.
window.layout = (doc) => {
  const SKIP = new Set(['SCRIPT', 'NOSCRIPT', 'LINK', 'STYLE', 'META', 'TITLE', 'BASE', 'HEAD', 'TEMPLATE']);
  const elements = [];
  const blocks = new Map();
  const blockOf = (node) => {
    let at = node.parentElement;
    while (at?.parentElement && /^(inline|contents)$/.test(at.ownerDocument.defaultView.getComputedStyle(at).display)) at = at.parentElement;
    return at;
  };
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.trim()) {
      const range = node.ownerDocument.createRange();
      range.selectNodeContents(node);
      const block = blockOf(node);
      if (block) blocks.set(block, [...(blocks.get(block) ?? []), ...range.getClientRects()]);
    }
    if (node.nodeType !== Node.ELEMENT_NODE || SKIP.has(node.tagName)) return;
    const { x, y, width, height } = node.getBoundingClientRect();
    elements.push({ tag: node.tagName, id: node.id, blocked: node.matches('.rr-block'), box: [x, y, width, height], seen: width * height > 0 && node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) });
    node.shadowRoot?.childNodes.forEach(walk);
    node.childNodes.forEach(walk);
  };
  walk(doc.body);
  // Rectangles that overlap by half their height are on one line.
  const lines = (rects) => {
    let count = 0;
    let bottom = -Infinity;
    for (const rect of [...rects].filter((r) => r.width).sort((a, b) => a.top - b.top)) {
      if (rect.top + rect.height / 2 > bottom) { count += 1; bottom = rect.bottom; }
    }
    return count;
  };
  return { elements, blocks: [...blocks].map(([block, rects]) => [block.tagName, lines(rects)]).filter(([, count]) => count) };
};
