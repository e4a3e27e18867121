import type { RecordingIndex } from '../api/types';
import type { RecordingSource } from './controller';
import { plan } from './plan';

/**
 * A source that is read before anyone asks: the index, and what playing from `at_ms` begins with. Each answer is kept
 * for the first who asks for it.
 */
export function readAhead(source: RecordingSource, at_ms: number | null): RecordingSource {
  let index: Promise<RecordingIndex> | null = source.index();
  const first = index.then((known) => {
    const at = at_ms ?? (known.live ? known.last_ms : known.first_ms);
    const step = plan(known, null, { at_ms: at, ahead_ms: 0 });
    return step.do === 'rest'
      ? null
      : { key: JSON.stringify(step.fetch), bytes: source.bytes(step.fetch) };
  });
  let kept: typeof first | null = first;
  // Whoever asks is told of a failure; nobody may ask.
  void first.then((found) => found?.bytes).catch(() => undefined);
  return {
    ...source,
    index: () => {
      const early = index;
      index = null;
      return early ?? source.index();
    },
    bytes: async (fetch) => {
      const early = kept;
      kept = null;
      const found = await early?.catch(() => null);
      return found?.key === JSON.stringify(fetch) ? found.bytes : source.bytes(fetch);
    },
  };
}
