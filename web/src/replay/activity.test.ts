import { describe, expect, it } from 'vitest';

import type { Marker } from '../api/types';
import { currentRow, deeds, narrow } from './activity';
import { steps } from './steps';

const at = (at_ms: number, kind: Marker['kind'], label = ''): Marker => ({ at_ms, kind, label });

describe('the activity list', () => {
  it('joins like things that follow one another', () => {
    const rows = deeds({
      pages: [],
      markers: [
        at(0, 'page', '/'),
        at(100, 'click', 'Buy'),
        at(900, 'click', 'Buy'),
        at(9_000, 'click', 'Buy'),
      ],
    });
    expect(rows.map((row) => [row.kind, row.count])).toEqual([
      ['page', 1],
      ['click', 2],
      ['click', 1],
    ]);
  });

  it('takes the pages when no marker tells them', () => {
    const rows = deeds({
      pages: [{ at_ms: 5, url: '/a', title: null }],
      markers: [at(1, 'click')],
    });
    expect(rows.map((row) => row.kind)).toEqual(['click', 'page']);
  });

  it('tells a page once, by its row', () => {
    const rows = deeds({
      pages: [{ at_ms: 5, url: '/a', title: null }],
      markers: [at(4, 'event', '$mp_web_page_view'), at(9, 'event', 'Checkout')],
    });
    expect(rows.map((row) => row.label)).toEqual(['/a', 'Checkout']);
  });

  it('narrows by kind and text', () => {
    const rows = deeds({
      pages: [],
      markers: [at(0, 'event', 'Add to Cart'), at(1, 'error', 'TypeError')],
    });
    expect(narrow(rows, new Set(['error']), '')).toHaveLength(1);
    expect(narrow(rows, new Set(), 'cart')).toHaveLength(1);
    expect(narrow(rows, new Set(['error']), 'cart')).toHaveLength(0);
  });

  it('follows the playhead', () => {
    const rows = deeds({
      pages: [],
      markers: [at(10, 'event', 'a'), at(20, 'event', 'b'), at(30, 'event', 'c')],
    });
    expect([0, 10, 25, 99].map((ms) => currentRow(rows, ms))).toEqual([-1, 0, 1, 2]);
  });
});

describe('stepping from marker to marker', () => {
  const markers = [at(5_000, 'event'), at(6_000, 'click'), at(10_000, 'error')];

  it('lands a second before, passing clicks', () => {
    expect(steps(markers, 0, 1)).toBe(4_000);
    expect(steps(markers, 4_000, 1)).toBe(9_000);
    expect(steps(markers, 9_000, 1)).toBeNull();
  });

  it('goes back', () => {
    expect(steps(markers, 12_000, -1)).toBe(9_000);
    expect(steps(markers, 9_100, -1)).toBe(4_000);
    expect(steps(markers, 4_000, -1)).toBeNull();
  });
});
