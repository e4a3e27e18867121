import {
  Ban,
  CircleAlert,
  CircleCheck,
  Hourglass,
  LoaderCircle,
  TriangleAlert,
} from 'lucide-react';

import type { DataRequest } from '../api/governance';
import style from './State.module.css';
import { requestState } from './dataWords';

/** How far a request is: a shape, a word, and a bar while it goes on. */
export function State({ request }: { request: DataRequest }) {
  const { state, receipt, total, done } = request;
  const dirty = state === 'done' && receipt !== null && !receipt.clean;
  const expired = state === 'done' && request.kind === 'retrieval' && !request.download_url;
  const [tone, Icon] = dirty
    ? (['warn', TriangleAlert] as const)
    : expired
      ? (['quiet', Hourglass] as const)
      : (
          {
            waiting: ['quiet', Hourglass],
            running: ['busy', LoaderCircle],
            done: ['good', CircleCheck],
            failed: ['bad', CircleAlert],
            cancelled: ['quiet', Ban],
          } as const
        )[state];
  return (
    <span className={style.state} data-tone={tone}>
      <Icon size={15} aria-hidden className={state === 'running' ? style.turning : undefined} />
      {requestState(request)}
      {state === 'running' && total > 0 && (
        <span
          className={style.bar}
          role="progressbar"
          aria-label="Done"
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={done}
        >
          <i style={{ transform: `scaleX(${done / total})` }} />
        </span>
      )}
    </span>
  );
}
