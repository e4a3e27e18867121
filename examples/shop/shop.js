// What every page of the shop shares: analytics, the basket, header and footer, the chat.

// ---- analytics ---------------------------------------------------------------------------------------------------
// One line on a real site: <script src="/sdk.js" data-token="TOKEN" defer></script>. The shop builds that tag itself so
// that the same pages can be tried with another SDK (?sdk=mixpanel, ?sdk=none) or with all text masked (?mask=text).
function choice(name, fallback) {
  const asked = new URLSearchParams(location.search).get(name);
  if (asked) sessionStorage.setItem('shop.' + name, asked);
  return sessionStorage.getItem('shop.' + name) || fallback;
}
const analytics = new Promise((resolve) => {
  const sdk = choice('sdk', 'playhead');
  if (sdk === 'none') return;
  const script = document.createElement('script');
  script.src = sdk === 'mixpanel' ? '../mixpanel.js' : '../sdk.js';
  script.dataset.token = document.querySelector('meta[name=analytics]').content;
  if (choice('mask', 'input') === 'input') {
    // Everything here is sample text, so product names may be read in a replay. What visitors type stays masked.
    script.dataset.recordMaskTextSelector = '';
    script.dataset.recordUrlParams = '["id"]';
    script.dataset.recordCanvas = 'true';
  }
  script.onload = () => resolve(window.playhead || window.mixpanel);
  document.head.append(script);
});
const track = (event, properties) => analytics.then((sdk) => sdk && sdk.track(event, properties));
function identify(person, event) {
  analytics.then((sdk) => {
    if (!sdk) return;
    sdk.identify(person.email);
    sdk.people.set({ $name: person.name, $email: person.email });
    sdk.track(event, { method: 'email' });
  });
}

// ---- small tools -------------------------------------------------------------------------------------------------
const $ = (selector, root = document) => root.querySelector(selector);
const money = (amount) => '$' + amount.toFixed(2);
const product = (id) => PRODUCTS.find((p) => p.id === id);
const about = (p) => ({ item: p.name, item_id: p.id, category: p.category, price: p.price });
const esc = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

const read = (key, fallback) => { try { return JSON.parse(localStorage.getItem('shop.' + key)) ?? fallback; } catch { return fallback; } };
const write = (key, value) => localStorage.setItem('shop.' + key, JSON.stringify(value));

// ---- the basket --------------------------------------------------------------------------------------------------
const basket = {
  lines: () => read('basket', []),
  save(lines) { write('basket', lines); basket.show(); },
  add(id, glaze, quantity) {
    const lines = basket.lines(), same = lines.find((l) => l.id === id && l.glaze === glaze);
    if (same) same.quantity += quantity; else lines.push({ id, glaze, quantity });
    basket.save(lines);
    track('Add to Cart', { ...about(product(id)), glaze, quantity });
  },
  total: () => basket.lines().reduce((sum, l) => sum + product(l.id).price * l.quantity, 0),
  count: () => basket.lines().reduce((sum, l) => sum + l.quantity, 0),
  show() { const badge = $('.basket-count'); badge.textContent = basket.count(); badge.hidden = !basket.count(); },
};

function toast(html) {
  $('.toast')?.remove();
  const el = Object.assign(document.createElement('div'), { className: 'toast', innerHTML: html });
  el.setAttribute('role', 'status');
  document.body.append(el);
  setTimeout(() => el.classList.add('gone'), 3200);
  setTimeout(() => el.remove(), 3600);
}

// ---- header and footer -------------------------------------------------------------------------------------------
const person = read('person', null);
document.body.insertAdjacentHTML('afterbegin', `
  <header class="top"><div class="wide bar">
    <a class="brand" href="index.html" aria-label="Loam, home"><svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path d="M7 6h18c1 6-2 8-2 12 0 5-3 8-7 8s-7-3-7-8C9 14 6 12 7 6z" fill="#a8492c"/><path d="M7 6h18c.4 2.6.1 4.5-.4 6H7.4C6.9 10.5 6.6 8.6 7 6z" fill="#e9dccb"/></svg>Loam</a>
    <nav aria-label="Shop"><a href="index.html#shop">Shop</a><a href="index.html#studio">Studio</a><a href="index.html#visit">Visit</a></nav>
    <div class="side"><a class="who" href="login.html">${person ? 'Hi, ' + esc(person.name.split(' ')[0]) : 'Log in'}</a>
      <a class="basket" href="cart.html" aria-label="Basket"><svg viewBox="0 0 24 24" width="21" height="21" fill="none" stroke="currentColor" stroke-width="1.6">
        <path d="M4 8h16l-1.5 12h-13zM8.5 10V6.5a3.5 3.5 0 0 1 7 0V10"/></svg><span class="basket-count" hidden></span></a></div>
  </div></header>`);
document.body.insertAdjacentHTML('beforeend', `
  <footer><div class="wide"><div><strong>Loam</strong><p>Pots for every day, thrown and fired in small batches.</p></div>
    <div><strong>Help</strong><a href="delivery.html">Delivery</a><a href="login.html">Your account</a></div>
    <div><strong>A sample shop</strong><p>Nothing here is for sale. Visits are recorded by Playhead to show how replays look; product text is
      readable in them, what you type is masked.</p></div></div></footer>
  <shop-chat></shop-chat>`);
basket.show();

// ---- chat, in a shadow root --------------------------------------------------------------------------------------
customElements.define('shop-chat', class extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: 'open' });
    root.innerHTML = `<style>
      :host { position: fixed; right: 20px; bottom: 20px; z-index: 20; font: 14px/1.45 Inter, system-ui, sans-serif; color: #24211d; }
      .open { display: flex; align-items: center; gap: 8px; border: 0; border-radius: 999px; padding: 12px 18px; background: #24211d; color: #fff;
        font: inherit; font-weight: 550; cursor: pointer; box-shadow: 0 6px 20px #0003; }
      .panel { position: absolute; right: 0; bottom: 56px; width: min(320px, calc(100vw - 40px)); background: #fff; border-radius: 14px; overflow: hidden;
        box-shadow: 0 12px 40px #0003; }
      .panel[hidden] { display: none; }
      .head { background: #a8492c; color: #fff; padding: 14px 16px; font-weight: 600; } .head small { display: block; font-weight: 400; opacity: .85; }
      .log { height: 210px; overflow-y: auto; padding: 14px; display: flex; flex-direction: column; gap: 8px; background: #faf7f2; }
      .log p { margin: 0; padding: 8px 12px; border-radius: 12px; max-width: 80%; background: #fff; border: 1px solid #e8e0d5; align-self: flex-start; }
      .log p.me { background: #24211d; color: #fff; border-color: #24211d; align-self: flex-end; }
      form { display: flex; border-top: 1px solid #e8e0d5; } input { flex: 1; min-width: 0; border: 0; padding: 12px 14px; font: inherit; outline-offset: -2px; }
      form button { border: 0; background: none; color: #a8492c; font: inherit; font-weight: 600; padding: 0 16px; cursor: pointer; }
    </style><div class="panel" hidden><div class="head">Ask the studio<small>Answers within a minute</small></div>
      <div class="log"><p>Hello! Looking for something in particular?</p></div>
      <form><input name="message" aria-label="Message" placeholder="Write a message" autocomplete="off"><button>Send</button></form></div>
      <button class="open" aria-expanded="false">Chat</button>`;
    const panel = $('.panel', root), log = $('.log', root), open = $('.open', root);
    open.onclick = () => {
      panel.hidden = !panel.hidden; open.setAttribute('aria-expanded', String(!panel.hidden)); open.textContent = panel.hidden ? 'Chat' : 'Close';
      if (!panel.hidden) track('Open Chat');
    };
    const say = (text, mine) => { const p = document.createElement('p'); p.textContent = text; if (mine) p.className = 'me'; log.append(p); log.scrollTop = log.scrollHeight; };
    $('form', root).onsubmit = (event) => {
      event.preventDefault();
      const input = $('input', root), text = input.value.trim();
      if (!text) return;
      say(text, true); input.value = '';
      setTimeout(() => say('Thank you! Everything is packed on Tuesdays and Fridays, and posted the same day.'), 900);
    };
  }
});
