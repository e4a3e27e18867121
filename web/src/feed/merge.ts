import type { FeedRow } from '../api/types';

/**
 * The feed with what the latest look at its first page says: known replays renewed in place, new ones on top. With
 * another order than newest first, new ones have no place on top and are left to the next full load.
 */
export function merge(
  held: FeedRow[],
  newest: FeedRow[],
  onTop: boolean,
  gone: ReadonlySet<string>,
): FeedRow[] {
  const fresh = new Map(newest.map((row) => [row.replay_id, row]));
  const seen = new Set<string>();
  const rows: FeedRow[] = [];
  for (const row of held) {
    if (seen.has(row.replay_id) || gone.has(row.replay_id)) continue;
    seen.add(row.replay_id);
    rows.push(fresh.get(row.replay_id) ?? row);
  }
  if (!onTop) return rows;
  const added = newest.filter((row) => !seen.has(row.replay_id) && !gone.has(row.replay_id));
  if (added.length === 0) return rows;
  return [...rows, ...added].sort((a, b) =>
    a.started_at === b.started_at ? 0 : a.started_at < b.started_at ? 1 : -1,
  );
}
