import { beforeEach, expect, it } from 'vitest';

import { selectorFor } from './pick';

beforeEach(() => {
  // jsdom has no CSS.escape; names in these pages need none but for the colon.
  globalThis.CSS ??= {} as typeof CSS;
  globalThis.CSS.escape ??= (name: string) => name.replace(/[^\w-]/g, '\\$&');
});

function found(html: string, mark: string): [selector: string, matches: Element[]] {
  document.body.innerHTML = html;
  const element = document.querySelector(mark) as Element;
  const selector = selectorFor(element);
  return [selector, [...document.querySelectorAll(selector)]];
}

it('names an element by its id or class when that is enough', () => {
  expect(found('<p id="total" class="sum">9</p>', 'p')[0]).toBe('#total');
  expect(found('<p>a</p><p class="sum">9</p>', '.sum')[0]).toBe('.sum');
  expect(found('<main><address>x</address></main>', 'address')[0]).toBe('address');
});

it('adds as little of what is around as tells it apart', () => {
  const [selector] = found(
    '<section class="bill"><p>a</p></section><section class="ship"><p>b</p></section>',
    '.ship p',
  );
  expect(selector).toBe('.ship p');
});

it('falls back to the place among siblings', () => {
  const html = '<ul><li>a</li><li title="x">b</li><li>c</li></ul>';
  const [selector, matches] = found(html, '[title]');
  expect(matches.map((one) => one.textContent)).toEqual(['b']);
  expect(selector).toBe('li:nth-of-type(2)');
});

it('leaves out names that the next build changes and states that come and go', () => {
  expect(found('<div class="css-1a2b3c card open rrweb-paused">x</div>', 'div')[0]).toBe('.card');
  expect(found('<div id="field-84512">x</div>', 'div')[0]).toBe('div');
});

it('finds exactly the element, on pages of any shape', () => {
  const html = `<div><div><span>a</span><span>b</span></div><div><span>a</span><span>b</span></div></div>`;
  document.body.innerHTML = html;
  for (const element of document.body.querySelectorAll('*')) {
    expect([...document.querySelectorAll(selectorFor(element))]).toEqual([element]);
  }
});
