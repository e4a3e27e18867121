import { expect, it } from 'vitest';

import { DARK, LIGHT, paints } from './colours';

type Three = [number, number, number];

const linear = (hex: string): Three =>
  [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Three;

const luminance = (hex: string) => {
  const [r, g, b] = linear(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrast = (one: string, other: string) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

/** What eyes see: https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html, severity 1. */
const EYES: Record<string, [Three, Three, Three]> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

const times = (rows: [Three, Three, Three], [x, y, z]: Three) =>
  rows.map(([a, b, c]) => a * x + b * y + c * z) as Three;

/** CIELAB, where a distance is how different two colours look. */
function lab(rgb: Three): Three {
  const [x, y, z] = times(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339, 0.119192, 0.9503041],
    ],
    rgb.map((value) => Math.min(Math.max(value, 0), 1)) as Three,
  );
  const f = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

const apart = (one: string, other: string, eyes: [Three, Three, Three]) => {
  const [a, b] = [lab(times(eyes, linear(one))), lab(times(eyes, linear(other)))];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
};

it.each([
  ['light', LIGHT, '#faf9f7'],
  ['dark', DARK, '#0f1114'],
] as const)(
  'stands out from the %s page, and each from the others for any eyes',
  (_, all, page) => {
    for (const colour of all) expect(contrast(colour, page)).toBeGreaterThanOrEqual(3);
    for (const [name, eyes] of Object.entries(EYES))
      all.forEach((one, i) =>
        all.slice(i + 1).forEach((other) => {
          expect([name, one, other, apart(one, other, eyes) >= 12]).toEqual([
            name,
            one,
            other,
            true,
          ]);
        }),
      );
  },
);

it('gives an event the same colour in every chart, unless it is taken there', () => {
  const alone = paints(['Checkout'])[0];
  expect(paints(['Checkout', 'View Item', 'Sign Up'])[0]).toEqual(alone);
  const many = paints(Array.from({ length: 7 }, (_, i) => `Event ${i}`));
  expect(new Set(many.map((one) => one.colour)).size).toBe(7);
  expect(many.every((one) => !one.dashed)).toBe(true);
});

it('dashes the second round, keeps grey for what is left over', () => {
  const keys = Array.from({ length: 13 }, (_, i) => `Segment ${i}`);
  const all = paints([...keys, '$other'], new Set([13]));
  expect(all.slice(7, 13).every((one) => one.dashed)).toBe(true);
  expect(all[13]).toEqual({ colour: 7, dashed: false });
  expect(all.slice(0, 13).some((one) => one.colour === 7)).toBe(false);
});
