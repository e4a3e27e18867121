import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Marker, Stretch } from '../api/types';
import { FOLD_PX, curve, makeScale, signs, spread } from './scale';

const stretches = fc.array(fc.integer({ min: 0, max: 600_000 }), { maxLength: 20 }).map((edges) => {
  const sorted = [...new Set(edges)].sort((a, b) => a - b);
  const list: Stretch[] = [];
  for (let i = 0; i + 1 < sorted.length; i += 2) {
    list.push([sorted[i] as number, sorted[i + 1] as number]);
  }
  return list;
});

describe('the scale', () => {
  it('folds an inactive stretch to 12 px', () => {
    const scale = makeScale(0, 100_000, [[20_000, 80_000]], 512);
    expect(scale.pieces.map((piece) => [piece.folded, Math.round(piece.width)])).toEqual([
      [false, 250],
      [true, FOLD_PX],
      [false, 250],
    ]);
    expect(scale.x(20_000)).toBeCloseTo(250);
    expect(scale.x(100_000)).toBeCloseTo(512);
  });

  it('leaves a stretch open that is narrower than a fold', () => {
    expect(makeScale(0, 100_000, [[20_000, 20_500]], 500).pieces).toHaveLength(1);
  });

  it('is monotone, fills the width, and finds its way back', () => {
    fc.assert(
      fc.property(stretches, fc.integer({ min: 200, max: 1600 }), (inactive, width) => {
        const scale = makeScale(0, 600_000, inactive, width);
        let before = -1;
        for (let at = 0; at <= 600_000; at += 7_919) {
          const x = scale.x(at);
          expect(x).toBeGreaterThanOrEqual(before - 1e-6);
          expect(x).toBeLessThanOrEqual(width + 1e-6);
          before = x;
          expect(scale.x(scale.ms(x))).toBeCloseTo(x, 3);
        }
        expect(scale.x(600_000)).toBeCloseTo(width, 3);
      }),
    );
  });

  it('stands for a replay without length', () => {
    const scale = makeScale(5, 5, [], 300);
    expect(scale.x(5)).toBe(0);
    expect(Number.isFinite(scale.ms(100))).toBe(true);
  });
});

describe('signs', () => {
  const event = (at_ms: number, kind: Marker['kind'] = 'event'): Marker => ({
    at_ms,
    kind,
    label: '',
  });

  it('stay where they belong when there is room', () => {
    const scale = makeScale(0, 1_000, [], 500);
    expect(signs([event(100), event(500)], scale, 14).map((sign) => sign.x)).toEqual([50, 250]);
  });

  it('spread when they crowd, keep their order and stay inside', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 25 }),
        (places) => {
          const list = places.sort((a, b) => a - b).map((x) => ({ x, true_x: x }));
          spread(list, 14, 400);
          list.forEach((sign, i) => {
            expect(sign.x).toBeGreaterThanOrEqual(7 - 1e-6);
            expect(sign.x).toBeLessThanOrEqual(393 + 1e-6);
            if (i > 0)
              expect(sign.x - (list[i - 1] as { x: number }).x).toBeGreaterThanOrEqual(14 - 1e-6);
          });
        },
      ),
    );
  });

  it('keep errors when there are more than fit', () => {
    const scale = makeScale(0, 100_000, [], 140);
    const many = Array.from({ length: 60 }, (_, i) => event(i * 1_600));
    const shown = signs(
      [...many, event(50_000, 'error')].sort((a, b) => a.at_ms - b.at_ms),
      scale,
      14,
    );
    expect(shown.length).toBeLessThanOrEqual(10);
    expect(shown.some((sign) => sign.marker.kind === 'error')).toBe(true);
    expect(shown.reduce((sum, sign) => sum + sign.count, 0)).toBe(61);
  });
});

it('the curve is a closed path over the whole width', () => {
  const path = curve([[500, 3]], makeScale(0, 1_000, [], 100), 20);
  expect(path).toMatch(/^M0 20L.*L100 20Z$/);
});
