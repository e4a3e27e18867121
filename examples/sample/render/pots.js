// The shop's pots: profile points are (radius, height) from the inside of the foot outwards and up to the rim.
const clay = [0.62, 0.44, 0.31], white = [0.86, 0.83, 0.77], cream = [0.86, 0.78, 0.64], blue = [0.10, 0.24, 0.42],
  deep = [0.05, 0.13, 0.26], moss = [0.26, 0.34, 0.19], sage = [0.50, 0.58, 0.45], rust = [0.52, 0.20, 0.10], sand = [0.74, 0.60, 0.43],
  ink = [0.07, 0.07, 0.08], blush = [0.80, 0.55, 0.46], sky = [0.46, 0.60, 0.68];

const mugBody = [[0, 0.05], [0.36, 0.05], [0.42, 0.1], [0.44, 0.4], [0.44, 0.8], [0.43, 0.96]];
const handle = (r, lo, hi, out) => ({ r: [0.055, 0.05], blend: 0.05, points: [[r, hi, 0], [r + out * 0.7, hi + 0.02, 0], [r + out, (lo + hi) / 2 + 0.06, 0], [r + out * 0.6, lo + 0.03, 0], [r - 0.01, lo, 0]] });

const pots = {
  'harbor-mug': { profile: mugBody, thickness: 0.034, glaze: blue, glaze2: [0.16, 0.34, 0.52], dip: 0.24, fleck: 0.83, clay, arms: [handle(0.44, 0.24, 0.76, 0.3)], reach: 0.4, gloss: 0.8 },
  'dune-bowl': { profile: [[0, 0.06], [0.26, 0.06], [0.3, 0.02], [0.34, 0.08], [0.58, 0.24], [0.74, 0.46], [0.79, 0.58]], thickness: 0.03, glaze: cream, glaze2: sand, dip: 0.2, fleck: 0.78, clay: [0.5, 0.34, 0.23], gloss: 0.5 },
  'reed-vase': { profile: [[0, 0.04], [0.28, 0.04], [0.36, 0.12], [0.42, 0.45], [0.4, 0.85], [0.24, 1.15], [0.16, 1.38], [0.17, 1.52], [0.22, 1.6]], thickness: 0.028, glaze: sage, glaze2: moss, fade: 1.6, dip: 0.1, fleck: 0.9, flutes: [11, 0.012], gloss: 0.35 },
  'pebble-planter': { profile: [[0, 0.06], [0.34, 0.06], [0.5, 0.16], [0.6, 0.4], [0.58, 0.66], [0.48, 0.84], [0.46, 0.88]], thickness: 0.042, glaze: white, glaze2: [0.8, 0.77, 0.71], dip: -1, fleck: 0.7, fleckAmount: 0.85, gloss: 0.15 },
  'espresso-cup': { profile: [[0, 0.05], [0.26, 0.05], [0.33, 0.14], [0.37, 0.36], [0.37, 0.55]], thickness: 0.03, glaze: rust, glaze2: [0.42, 0.15, 0.08], dip: 0.2, fleck: 0.86, clay: [0.72, 0.6, 0.48], gloss: 0.7 },
  'field-plate': { profile: [[0, 0.07], [0.5, 0.07], [0.56, 0.03], [0.62, 0.08], [0.82, 0.13], [0.94, 0.2]], thickness: 0.026, glaze: sky, glaze2: [0.6, 0.7, 0.74], dip: -1, fleck: 0.76, gloss: 0.55 },
  'ember-holder': { profile: [[0, 0.04], [0.44, 0.04], [0.47, 0.08], [0.44, 0.12], [0.2, 0.14], [0.12, 0.2], [0.1, 0.42], [0.13, 0.52], [0.17, 0.58]], thickness: 0.03, glaze: ink, glaze2: [0.13, 0.12, 0.12], dip: -1, fleck: 0.92, gloss: 0.4 },
  'brook-jug': { profile: [[0, 0.05], [0.34, 0.05], [0.42, 0.14], [0.46, 0.42], [0.38, 0.78], [0.28, 1.02], [0.29, 1.18], [0.33, 1.28]], thickness: 0.032, glaze: white, glaze2: cream, dip: 0.46, fleck: 0.84, clay, arms: [handle(0.33, 0.46, 1.1, 0.32), { r: [0.075, 0.035], blend: 0.1, points: [[-0.26, 1.1, 0], [-0.36, 1.2, 0], [-0.47, 1.31, 0]] }], reach: 0.4, gloss: 0.6 },
  'moss-teapot': { profile: [[0, 0.05], [0.38, 0.05], [0.52, 0.18], [0.6, 0.42], [0.54, 0.66], [0.36, 0.8], [0.28, 0.82]], thickness: 0.034, lid: [[0.3, 0.83], [0.24, 0.88], [0.1, 0.93], [0.05, 0.96], [0.08, 1.02], [0.06, 1.06], [0, 1.08]], glaze: moss, glaze2: [0.16, 0.22, 0.12], dip: 0.14, fleck: 0.86, clay, arms: [handle(0.53, 0.3, 0.64, 0.34), { r: [0.15, 0.05], blend: 0.14, points: [[-0.46, 0.34, 0], [-0.68, 0.42, 0], [-0.78, 0.62, 0], [-0.9, 0.8, 0], [-0.98, 0.83, 0]] }], reach: 0.6, gloss: 0.75 },
  'orchard-bowl': { profile: [[0, 0.34], [0.2, 0.33], [0.16, 0.24], [0.2, 0.08], [0.32, 0.03], [0.2, 0.1], [0.19, 0.28], [0.5, 0.36], [0.78, 0.52], [0.88, 0.66]], thickness: 0.03, glaze: blush, glaze2: [0.86, 0.68, 0.58], dip: -1, fleck: 0.8, gloss: 0.4 },
  'tide-tumbler': { profile: [[0, 0.05], [0.3, 0.05], [0.34, 0.1], [0.35, 0.4], [0.37, 0.7], [0.39, 0.92]], thickness: 0.03, glaze: deep, glaze2: sky, fade: 0.95, dip: -1, fleck: 0.86, ribs: [48, 0.006], gloss: 0.7 },
  'bud-vase': { profile: [[0, 0.04], [0.22, 0.04], [0.34, 0.14], [0.4, 0.34], [0.3, 0.54], [0.11, 0.68], [0.08, 0.86], [0.09, 0.98], [0.14, 1.04]], thickness: 0.026, glaze: blush, glaze2: rust, fade: 0.9, dip: -1, fleck: 0.86, gloss: 0.5 },
};
const walls = { 'harbor-mug': [0.80, 0.73, 0.64], 'dune-bowl': [0.55, 0.60, 0.56], 'reed-vase': [0.84, 0.77, 0.68], 'pebble-planter': [0.60, 0.45, 0.36], 'espresso-cup': [0.78, 0.76, 0.72],
  'field-plate': [0.82, 0.72, 0.62], 'ember-holder': [0.78, 0.62, 0.50], 'brook-jug': [0.48, 0.55, 0.60], 'moss-teapot': [0.84, 0.78, 0.68], 'orchard-bowl': [0.72, 0.74, 0.68], 'tide-tumbler': [0.85, 0.76, 0.68], 'bud-vase': [0.74, 0.74, 0.70] };

// Two photos of each: from the front, and closer from above.
function scenes(name) {
  const p = pots[name], top = Math.max(...p.profile.map((q) => q[1])) + (p.lid ? 0.25 : 0), wide = Math.max(...p.profile.map((q) => q[0])) + (p.reach ? 0.3 : 0);
  const size = Math.max(top, wide * 1.55, 0.8);
  return {
    a: { pots: [{ ...p, turn: -0.5 }], wallColour: walls[name], eye: [0.5, 1.0 + top * 0.62, 4.6], look: [0, top * 0.47, 0], zoom: 5.3 / (size * 0.92 + 0.18) },
    b: { pots: [{ ...p, turn: 0.5 }], wallColour: walls[name].map((c) => c * 0.97), eye: [-1.7, 3.2 + top * 0.3, 3.2], look: [0.05, top * 0.52, 0], zoom: 5.6 / (size * 0.85 + 0.12), light: [-0.9, 0.8, 0.15] },
  };
}
const hero = { wallColour: [0.84, 0.75, 0.65], eye: [0.2, 1.35, 6.4], look: [0.35, 0.66, 0], zoom: 3.6, wall: 2.0, pots: [
  { ...pots['reed-vase'], at: [1.2, -0.5], turn: 0.4 }, { ...pots['harbor-mug'], at: [0.45, 0.5], turn: -0.7 },
  { ...pots['moss-teapot'], at: [2.55, 0.1], turn: 0.3 }].map((p) => ({ ...p, per: 5 })) };
Object.assign(globalThis, { pots, scenes, hero });
