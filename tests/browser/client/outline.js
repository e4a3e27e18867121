// A page as lines of text, so that two of them can be compared: elements, attributes, text, shadow roots, same-origin frames.
// Left out is what a replay never has (scripts, style sheets: they are inlined) and what masking changes: of values it is
// told only whether there is one, of addresses not what stands behind = and #, of lists neither the words nor which is chosen, of
// boxes not whether they are ticked, of editable text only that it is there. Styles are compared as the browser writes them. rrweb's
// player keeps a video's `loop` to itself.
window.outline = (doc) => {
  const lines = [];
  const SKIP = new Set(['SCRIPT', 'NOSCRIPT', 'LINK', 'STYLE', 'META', 'TITLE', 'BASE']);
  const URLS = new Set(['src', 'href', 'action', 'poster']);
  const add = (depth, text) => lines.push(' '.repeat(depth) + text);
  const address = (value) => {
    const url = new URL(value, window.pageUrl || location.href);
    for (const key of [...url.searchParams.keys()]) url.searchParams.set(key, '*');
    if (url.hash) url.hash = '*';
    return url.href;
  };
  const clean = (text) => text.replace(/\s+/g, ' ').trim();
  const walk = (node, depth) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = clean(node.data);
      const written = node.parentNode.closest?.('[contenteditable]');
      if (text && written) add(depth, '"*****"');
      else if (text && node.parentNode.tagName === 'OPTION') add(depth, '"*"');
      else if (text) add(depth, JSON.stringify(text));
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || SKIP.has(node.tagName)) return;
    if (node.closest('.rr-block')) return add(depth, node.tagName.toLowerCase() + ' (blocked)');
    const named = /^(INPUT|TEXTAREA|SELECT|FORM)$/.test(node.tagName);
    const attributes = [...node.attributes].filter((a) => !(named && a.name === 'name') && !(node.isContentEditable || node.hasAttribute('contenteditable') ? a.name === 'aria-label' : false)).filter((a) => !/^(rr_|value$|(data-)?placeholder$|autocomplete$|loop$|checked$|selected$|loading$|srcdoc$|on)/.test(a.name))
      .filter((a) => !(node.tagName === 'IFRAME' && a.name === 'src') && !(node.tagName === 'CANVAS' && a.name === 'style'))
      .map((a) => {
        const value = a.name === 'class' ? a.value.split(/\s+/).filter((c) => c && c !== ':hover').sort().join(' ')
          : a.name === 'style' ? node.style.cssText
          : URLS.has(a.name) && a.value ? address(a.value) : clean(a.value);
        return a.name === 'class' && !value ? '' : `${a.name}=${JSON.stringify(value)}`;
      }).filter(Boolean).sort();
    if (/^(INPUT|TEXTAREA)$/.test(node.tagName) && !/^(checkbox|radio|submit|button|hidden)$/.test(node.type)) attributes.push(`filled=${node.value.length > 0}`);
    if (node.tagName === 'VIDEO') attributes.push(`paused=${node.paused}`);
    add(depth, [node.tagName.toLowerCase(), ...attributes].join(' '));
    if (node.shadowRoot) { add(depth + 1, '#shadow'); node.shadowRoot.childNodes.forEach((child) => walk(child, depth + 2)); }
    if (node.tagName === 'IFRAME' && node.contentDocument?.body) walk(node.contentDocument.body, depth + 1);
    node.childNodes.forEach((child) => walk(child, depth + 1));
  };
  walk(doc.body, 0);
  return lines;
};
