/** A recorded visit, made up: rrweb events of a small shop, for `npm run dev` without a server. */

interface Node {
  type: number;
  id: number;
  [key: string]: unknown;
}
type Child = Node | string;
export interface RrwebEvent {
  type: number;
  timestamp: number;
  data: Record<string, unknown>;
}

const CSS = `
*{box-sizing:border-box}body{margin:0;font:16px/1.5 Georgia,serif;color:#2b2118;background:#fbf7f1}
header{display:flex;gap:28px;align-items:center;padding:20px 40px;background:#2f4a3c;color:#fff}
header b{font-size:22px}main{max-width:1040px;margin:0 auto;padding:36px 24px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:24px}
.card{background:#fff;border-radius:12px;padding:16px;box-shadow:0 1px 4px #0002}
.pic{height:150px;border-radius:8px;background:linear-gradient(135deg,#d9a566,#8c5a3c)}
.card:nth-child(2n) .pic{background:linear-gradient(135deg,#7fa08b,#2f4a3c)}
.card:nth-child(3n) .pic{background:linear-gradient(135deg,#c9b8a3,#6f5f52)}
button{font:inherit;padding:10px 18px;border:0;border-radius:8px;background:#b6482e;color:#fff}
input{font:inherit;padding:10px;border:1px solid #cbb;border-radius:8px;width:100%;margin:6px 0 16px}
.note{padding:14px 18px;background:#e6efe9;border-radius:8px;margin-top:20px}`;

class Page {
  private next = 1;
  readonly ids = new Map<string, number>();

  element(tag: string, attributes: Record<string, string>, ...children: Child[]): Node {
    const id = this.next++;
    if (attributes['id']) this.ids.set(attributes['id'], id);
    return {
      type: 2,
      id,
      tagName: tag,
      attributes,
      childNodes: children.map((child) => (typeof child === 'string' ? this.text(child) : child)),
    };
  }

  text(textContent: string): Node {
    return { type: 3, id: this.next++, textContent };
  }

  document(title: string, ...body: Child[]): Node {
    const head = this.element(
      'head',
      {},
      this.element('title', {}, title),
      this.element('style', {}, CSS),
    );
    const html = this.element('html', {}, head, this.element('body', { id: 'body' }, ...body));
    return {
      type: 0,
      id: this.next++,
      childNodes: [{ type: 1, id: this.next++, name: 'html', publicId: '', systemId: '' }, html],
    };
  }
}

const MASKED = '****** ** ***';

function shopPage(page: Page, kind: string, masked: boolean): Node {
  const t = (text: string) => (masked ? text.replace(/\S/g, '*') : text);
  const e = page.element.bind(page);
  const header = e(
    'header',
    {},
    e('b', {}, t('Fern & Clay')),
    e('span', {}, t('Shop')),
    e('span', {}, t('Journal')),
    e('span', { id: 'cart' }, t('Cart 0')),
  );
  const cards = [
    'Tall vase',
    'Breakfast bowl',
    'Stoneware mug',
    'Salt cellar',
    'Oval platter',
    'Bud vase',
  ];
  if (kind === 'list') {
    return page.document(
      'Shop',
      header,
      e(
        'main',
        {},
        e('h1', {}, t('Made by hand')),
        e(
          'div',
          { class: 'grid' },
          ...cards.map((name, i) =>
            e(
              'div',
              { class: 'card', id: `card${i}` },
              e('div', { class: 'pic' }),
              e('h3', {}, t(name)),
              e('p', {}, t('From 24 €')),
              e('button', { id: `add${i}` }, t('Add to cart')),
            ),
          ),
        ),
      ),
    );
  }
  if (kind === 'item') {
    return page.document(
      'Item',
      header,
      e(
        'main',
        {},
        e(
          'div',
          { class: 'card' },
          e('div', { class: 'pic', style: 'height:320px' }),
          e('h1', {}, t('Tall vase')),
          e('p', { id: 'text' }, t('Thrown in one piece, ash glaze, 34 cm.')),
          e('button', { id: 'add0' }, t('Add to cart')),
        ),
      ),
    );
  }
  return page.document(
    'Checkout',
    header,
    e(
      'main',
      {},
      e('h1', {}, t('Checkout')),
      e(
        'div',
        { class: 'card', id: 'form' },
        e('label', {}, t('Name')),
        e('input', { id: 'name', type: 'text', value: '' }),
        e('label', {}, t('Card number')),
        e('input', { id: 'cardno', type: 'text', value: '' }),
        e('button', { id: 'pay' }, t('Pay 62 €')),
      ),
      e(
        'div',
        { class: 'note' },
        e('p', { class: 'order' }, t('Your order ORD-2026-00118 goes to')),
        e('address', { id: 'ship' }, t('Ada Lindqvist, Kyrkogatan 4, Gothenburg')),
        e('p', {}, t('We write to ada.lindqvist@example.com when it is on its way.')),
      ),
    ),
  );
}

export interface Made {
  events: RrwebEvent[];
  pages: { at_ms: number; url: string; title: string | null }[];
  markers: { at_ms: number; kind: string; label: string }[];
  inactive: [number, number][];
  active: number[];
  viewport: { width: number; height: number };
  masked: boolean;
}

/** Deterministic chance. */
export function chance(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

export function make(seed: number, start: number, length_ms: number, phone: boolean): Made {
  const random = chance(seed);
  const viewport = phone
    ? { width: 390, height: 844 }
    : seed % 3 === 0
      ? { width: 1440, height: 900 }
      : { width: 1280, height: 800 };
  const masked = seed % 5 === 1;
  const made: Made = {
    events: [],
    pages: [],
    markers: [],
    inactive: [],
    active: [],
    viewport,
    masked,
  };
  let at = start;
  const put = (type: number, data: Record<string, unknown>) =>
    made.events.push({ type, timestamp: at, data });
  const kinds = ['list', 'item', 'list', 'checkout', 'list', 'item', 'checkout'];
  const end = start + length_ms;
  let n = 0;
  while (at < end) {
    const kind = kinds[n % kinds.length] as string;
    const url = `https://fernandclay.example/${{ list: 'shop', item: 'shop/tall-vase', checkout: 'checkout' }[kind]}`;
    const page = new Page();
    const node = shopPage(page, kind, masked);
    put(4, { href: url, ...viewport });
    put(2, { node, initialOffset: { top: 0, left: 0 } });
    put(5, { tag: 'ph:page', payload: { href: url, kind: 'load' } });
    made.pages.push({ at_ms: at, url, title: null });
    made.markers.push({ at_ms: at, kind: 'page', label: url });
    n++;
    const leave = Math.min(end, at + length_ms * (0.12 + random() * 0.2));
    let x = viewport.width / 2;
    let y = 300;
    while (at < leave) {
      const dice = random();
      if (dice < 0.06 && leave - at > 30_000) {
        const from = at;
        at += 12_000 + random() * Math.min(60_000, length_ms * 0.2);
        made.inactive.push([from, Math.min(at, end)]);
        continue;
      }
      if (dice < 0.6) {
        const tx = random() * viewport.width;
        const ty = random() * viewport.height;
        const positions = Array.from({ length: 10 }, (_, i) => ({
          x: x + ((tx - x) * i) / 9,
          y: y + ((ty - y) * i) / 9,
          id: page.ids.get('body'),
          timeOffset: -500 + i * 50,
        }));
        at += 500;
        put(3, { source: phone ? 6 : 1, positions });
        [x, y] = [tx, ty];
      } else if (dice < 0.74) {
        const id = page.ids.get('add0') ?? page.ids.get('pay');
        const times = random() < 0.12 ? 4 : 1;
        for (let i = 0; i < times; i++) {
          put(3, { source: 2, type: phone ? 7 : 1, id, x, y });
          at += 60;
          put(3, { source: 2, type: phone ? 9 : 0, id, x, y });
          put(3, { source: 2, type: 2, id, x, y });
          made.markers.push({ at_ms: at, kind: 'click', label: masked ? MASKED : 'Add to cart' });
          at += 140;
        }
        if (times > 1)
          made.markers.push({
            at_ms: at,
            kind: 'rage_click',
            label: `${times} clicks on “Add to cart”`,
          });
        const cart = page.ids.get('cart');
        if (cart)
          put(3, {
            source: 0,
            texts: [],
            attributes: [{ id: cart, attributes: { style: 'font-weight:bold;color:#ffd79a' } }],
            removes: [],
            adds: [],
          });
        if (random() < 0.5) {
          const name = ['Add to Cart', 'View Item', 'Checkout', 'Newsletter'][
            Math.floor(random() * 4)
          ] as string;
          put(5, { tag: 'ph:event', payload: { name } });
          made.markers.push({ at_ms: at, kind: 'event', label: name });
        }
      } else if (dice < 0.86) {
        put(3, { source: 3, id: 1, x: 0, y: random() * 300 });
      } else if (dice < 0.96 && page.ids.has('name')) {
        put(3, {
          source: 5,
          id: page.ids.get(random() < 0.5 ? 'name' : 'cardno'),
          text: '*'.repeat(2 + Math.floor(random() * 14)),
          isChecked: false,
        });
        made.markers.push({ at_ms: at, kind: 'input', label: 'Name' });
      } else if (dice > 0.985) {
        put(5, {
          tag: 'ph:error',
          payload: { message: "TypeError: Cannot read properties of undefined (reading 'total')" },
        });
        made.markers.push({
          at_ms: at,
          kind: 'error',
          label: "TypeError: Cannot read properties of undefined (reading 'total')",
        });
      }
      made.active.push(at);
      at += 120 + random() * 900;
    }
  }
  return made;
}
