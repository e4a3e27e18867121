/** Colours of series: eight that stay apart for colour-blind eyes, and the same for an event everywhere. */

export const LIGHT = [
  '#3557e0',
  '#d0660f',
  '#12946b',
  '#a63d8f',
  '#1f93cf',
  '#6b5a00',
  '#6b1f10',
  '#4f4b46',
] as const;

export const DARK = [
  '#7d95ff',
  '#f0954a',
  '#2fbf94',
  '#f094d6',
  '#8fd8fb',
  '#e8d96a',
  '#b8603c',
  '#79828f',
] as const;

export interface Paint {
  /** Of the eight. */
  colour: number;
  /** A second round of the eight is dashed. */
  dashed: boolean;
}

/**
 * Gives every key its colour: the one its text says, or the next that is free when an earlier key of the same chart has
 * it. What is left over (`others`) is the last, grey.
 */
export function paints(keys: string[], others: ReadonlySet<number> = new Set()): Paint[] {
  const grey = LIGHT.length - 1;
  const taken = new Set<number>();
  const known = new Map<string, Paint>();
  return keys.map((key, i) => {
    if (others.has(i)) return { colour: grey, dashed: false };
    const before = known.get(key);
    if (before) return before;
    const round = Math.floor(taken.size / grey);
    let colour = hash(key) % grey;
    while (taken.has(round * grey + colour)) colour = (colour + 1) % grey;
    taken.add(round * grey + colour);
    const paint = { colour, dashed: round % 2 === 1 };
    known.set(key, paint);
    return paint;
  });
}

function hash(text: string): number {
  let found = 2166136261;
  for (const char of text) found = Math.imul(found ^ (char.codePointAt(0) ?? 0), 16777619) >>> 0;
  return found;
}
