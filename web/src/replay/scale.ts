/** Where moments of a replay stand on the timeline. Inactive stretches are folded to a fixed width. */
import type { Marker, MarkerKind, Stretch } from '../api/types';

export const FOLD_PX = 12;
/** Folds together never take more than this part of the timeline. */
const FOLDS_AT_MOST = 0.4;

interface Piece {
  from_ms: number;
  to_ms: number;
  x: number;
  width: number;
  folded: boolean;
}

export interface Scale {
  width: number;
  pieces: Piece[];
  x: (at_ms: number) => number;
  ms: (x: number) => number;
}

export function makeScale(
  first_ms: number,
  last_ms: number,
  inactive: Stretch[],
  width: number,
): Scale {
  const total = Math.max(1, last_ms - first_ms);
  // A stretch too short to gain by folding stays as it is.
  const plain = width / total;
  const folds: Stretch[] = [];
  for (const [from, to] of [...inactive].sort((a, b) => a[0] - b[0])) {
    const start = Math.max(from, first_ms, folds.at(-1)?.[1] ?? first_ms);
    const end = Math.min(to, last_ms);
    if (end > start && (end - start) * plain > FOLD_PX) folds.push([start, end]);
  }
  const folded_ms = folds.reduce((sum, [from, to]) => sum + (to - from), 0);
  const open_ms = total - folded_ms;
  const foldPx =
    folds.length === 0
      ? 0
      : open_ms <= 0
        ? width / folds.length
        : Math.min(FOLD_PX, (width * FOLDS_AT_MOST) / folds.length);
  const perMs = open_ms > 0 ? (width - foldPx * folds.length) / open_ms : 0;

  const pieces: Piece[] = [];
  let at = first_ms;
  let x = 0;
  const add = (to_ms: number, folded: boolean) => {
    if (to_ms <= at && pieces.length > 0) return;
    const w = folded ? foldPx : (to_ms - at) * perMs;
    pieces.push({ from_ms: at, to_ms, x, width: w, folded });
    at = to_ms;
    x += w;
  };
  for (const [from, to] of folds) {
    if (from > at) add(from, false);
    add(to, true);
  }
  if (at < last_ms || pieces.length === 0) add(Math.max(last_ms, first_ms + 1), false);

  const last = pieces[pieces.length - 1] as Piece;
  return {
    width,
    pieces,
    x(at_ms) {
      const piece = pieces.find((one) => at_ms <= one.to_ms) ?? last;
      const share = (at_ms - piece.from_ms) / Math.max(1, piece.to_ms - piece.from_ms);
      return piece.x + Math.min(1, Math.max(0, share)) * piece.width;
    },
    ms(px) {
      const piece = pieces.find((one) => px <= one.x + one.width) ?? last;
      const share = piece.width > 0 ? (px - piece.x) / piece.width : 0;
      return piece.from_ms + Math.min(1, Math.max(0, share)) * (piece.to_ms - piece.from_ms);
    },
  };
}

/** What is worth a sign of its own; clicks and inputs are only ticks. */
const RANK: Partial<Record<MarkerKind, number>> = {
  error: 5,
  rage_click: 4,
  storm: 3,
  oversize: 3,
  gap: 3,
  event: 2,
};

export interface Sign {
  x: number;
  /** Where the sign truly belongs; `x` may have made room for its neighbours. */
  true_x: number;
  marker: Marker;
  count: number;
}

/** Signs for the markers, `gap` px apart at least: near ones of a kind become one, the others move aside. */
export function signs(markers: Marker[], scale: Scale, gap: number): Sign[] {
  const list: Sign[] = [];
  for (const marker of markers) {
    if (RANK[marker.kind] === undefined) continue;
    const x = scale.x(marker.at_ms);
    const twin = list.findLast((sign) => sign.marker.kind === marker.kind);
    if (twin && x - twin.true_x < gap / 2) twin.count++;
    else list.push({ x, true_x: x, marker, count: 1 });
  }
  list.sort((a, b) => a.true_x - b.true_x);
  // More than there is room for: the least telling go into the nearest neighbour.
  const room = Math.max(1, Math.floor(scale.width / gap));
  while (list.length > room) {
    let worst = 0;
    let cost = Infinity;
    for (let i = 0; i < list.length; i++) {
      const here = list[i] as Sign;
      const near = Math.min(
        here.true_x - (list[i - 1]?.true_x ?? -Infinity),
        (list[i + 1]?.true_x ?? Infinity) - here.true_x,
      );
      const price = (RANK[here.marker.kind] ?? 0) * 1000 + near;
      if (price < cost) [worst, cost] = [i, price];
    }
    const [gone] = list.splice(worst, 1);
    const left = list[worst - 1];
    const right = list[worst];
    const into =
      left && right && gone
        ? gone.true_x - left.true_x < right.true_x - gone.true_x
          ? left
          : right
        : (left ?? right);
    if (into && gone) into.count += gone.count;
  }
  spread(list, gap, scale.width);
  return list;
}

/** Moves sorted signs apart by at least `gap`, each as little as can be, inside [gap/2, width − gap/2]. */
export function spread(list: { x: number; true_x: number }[], gap: number, width: number): void {
  // Groups that touch share their shift: pool adjacent violators.
  const groups: { sum: number; size: number; from: number }[] = [];
  list.forEach((sign, i) => {
    groups.push({ sum: sign.true_x - i * gap, size: 1, from: i });
    while (groups.length > 1) {
      const b = groups[groups.length - 1] as (typeof groups)[0];
      const a = groups[groups.length - 2] as (typeof groups)[0];
      if (a.sum / a.size <= b.sum / b.size) break;
      a.sum += b.sum;
      a.size += b.size;
      groups.pop();
    }
  });
  const lowest = gap / 2;
  const highest = Math.max(lowest, width - gap / 2 - (list.length - 1) * gap);
  for (const group of groups) {
    const base = Math.min(Math.max(group.sum / group.size, lowest), highest);
    for (let i = group.from; i < group.from + group.size; i++) {
      (list[i] as { x: number }).x = base + i * gap;
    }
  }
}

/** The curve of activity as an SVG path over `height`, one point every two pixels. */
export function curve(
  counts: [at_ms: number, count: number][],
  scale: Scale,
  height: number,
): string {
  const slots = Array<number>(Math.max(2, Math.ceil(scale.width / 2)) + 1).fill(0);
  for (const [at_ms, count] of counts) {
    const i = Math.min(slots.length - 1, Math.max(0, Math.round(scale.x(at_ms) / 2)));
    slots[i] = (slots[i] ?? 0) + count;
  }
  const smooth = slots.map((_, i) => {
    let sum = 0;
    let weight = 0;
    for (let d = -3; d <= 3; d++) {
      const w = 4 - Math.abs(d);
      sum += (slots[i + d] ?? 0) * w;
      weight += w;
    }
    return sum / weight;
  });
  const most = Math.max(...smooth, 1e-9);
  const points = smooth.map(
    (value, i) =>
      `${Math.min(scale.width, i * 2)} ${(height - Math.sqrt(value / most) * height).toFixed(1)}`,
  );
  return `M0 ${height}L${points.join('L')}L${scale.width} ${height}Z`;
}
