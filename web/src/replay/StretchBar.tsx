import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Scissors, X } from 'lucide-react';
import { useState } from 'react';

import { askDeletion, deletionPreviewQuery } from '../api/governance';
import { HttpError } from '../api/http';
import type { ReplayDetail, Stretch } from '../api/types';
import { Confirm } from '../lib/Dialog';
import { clock, spell } from '../lib/format';
import { useKeys } from '../lib/hooks';
import type { ReplayController } from './controller';
import { beginAt, endAt, lengthOf } from './stretch';
import style from './StretchBar.module.css';

/** Chooses a stretch of the replay by the playhead, and deletes it from the recording. */
export function StretchBar(props: {
  project: string;
  detail: ReplayDetail;
  controller: ReplayController;
  stretch: Stretch;
  onChange: (stretch: Stretch) => void;
  onClose: () => void;
}) {
  const { project, detail, controller, stretch, onChange } = props;
  const [from_ms, to_ms] = stretch;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const target = {
    what: 'stretch' as const,
    replay_id: detail.replay_id,
    from_ms: Math.round(from_ms),
    to_ms: Math.round(to_ms),
  };
  const preview = useQuery({ ...deletionPreviewQuery(project, target), enabled: asking });
  const here = () => controller.snapshot().at_ms;
  const begin = () => onChange(beginAt(stretch, here(), detail.last_ms));
  const end = () => onChange(endAt(stretch, here(), detail.first_ms));
  useKeys({ i: begin, o: end });
  const length = spell(lengthOf(stretch, detail.first_ms));
  const at = (ms: number) => clock(ms - detail.first_ms);
  return (
    <div className={style.bar} role="group" aria-label="Delete a stretch">
      <Scissors size={15} aria-hidden />
      <span className={style.range}>
        <button type="button" className="link num" onClick={() => controller.seek(from_ms)}>
          {at(from_ms)}
        </button>
        {' – '}
        <button type="button" className="link num" onClick={() => controller.seek(to_ms)}>
          {at(to_ms)}
        </button>
        <span className={style.length}>{length}</span>
      </span>
      <button type="button" className="btn" onClick={begin}>
        Begin here <kbd>i</kbd>
      </button>
      <button type="button" className="btn" onClick={end}>
        End here <kbd>o</kbd>
      </button>
      <button
        type="button"
        className="btn danger"
        disabled={to_ms <= from_ms}
        onClick={() => setAsking(true)}
      >
        Delete {length}…
      </button>
      <button type="button" className="icon" aria-label="Delete no stretch" onClick={props.onClose}>
        <X size={16} aria-hidden />
      </button>
      {asking && (
        <Confirm
          title={`Delete ${at(from_ms)} to ${at(to_ms)}?`}
          action={`Delete ${length}`}
          busy="Asking…"
          otherwise="Nothing was deleted."
          act={async () => {
            const made = await askDeletion(project, target);
            void queries.invalidateQueries({ queryKey: ['data-requests', project] });
            await navigate({
              to: '/projects/$project/settings/requests/deletions/$request',
              params: { project, request: made.request_id },
            });
          }}
          onClose={() => setAsking(false)}
        >
          {preview.data?.message ?? (preview.error instanceof HttpError && preview.error.message)}{' '}
          It starts in 10 seconds; until then you can cancel.
        </Confirm>
      )}
    </div>
  );
}
