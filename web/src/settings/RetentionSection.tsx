import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, Info, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';

import {
  type KeptDays,
  type Retention,
  type RetentionPreview,
  keepFor,
  keptPreviewQuery,
  keptQuery,
} from '../api/governance';
import { reason } from '../api/http';
import { sessionQuery } from '../api/queries';
import { Confirm } from '../lib/Dialog';
import { count, exact } from '../lib/format';
import { useProject } from '../shell/session';
import style from './Retention.module.css';
import form from '../lib/Form.module.css';
import { NotLoaded, SectionHead } from './parts';
import { LIMITS, days as daysText, daysFault, expiring, isDays, sameDays } from './dataWords';

const EVENTS_USUAL = '730';
const PREVIEW_PAUSE_MS = 350;

/** How long replays and events are kept, and what a change would delete before it is made. */
export function RetentionSection() {
  const project = useProject();
  const { data, error, refetch } = useQuery(keptQuery(project.project_id));
  return (
    <>
      <SectionHead title="Retention">
        How long Playhead keeps what {project.name} sends. What has expired can’t be read from that
        second on, and is gone from the disk within an hour.
      </SectionHead>
      {data ? (
        <Form
          key={JSON.stringify([data.replay_days, data.event_days, data.bookmark_days])}
          kept={data}
        />
      ) : error ? (
        <NotLoaded what="What is kept" error={error} retry={() => void refetch()} />
      ) : (
        <div className={style.rows} aria-busy="true" aria-label="Loading" role="status">
          {[0, 1, 2].map((i) => (
            <div key={i} className={style.row}>
              <div>
                <div className="bone" style={{ width: 120, height: 12, margin: '3px 0 9px' }} />
                <div className="bone" style={{ width: '80%', height: 10 }} />
              </div>
              <div className="bone" style={{ width: 120, height: 32 }} />
            </div>
          ))}
        </div>
      )}
    </>
  );
}

/** As typed; null: for ever, or as long as the others. */
interface Draft {
  replay: string;
  bookmark: string | null;
  event: string | null;
}

const read = (draft: Draft): KeptDays => {
  const number = (text: string) => (text.trim() === '' ? NaN : Number(text));
  return {
    replay_days: number(draft.replay),
    bookmark_days: draft.bookmark === null ? null : number(draft.bookmark),
    event_days: draft.event === null ? null : number(draft.event),
  };
};

const written = (value: number | null) => (value === null ? null : String(value));

function Form({ kept }: { kept: Retention }) {
  const project = useProject();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>({
    replay: String(kept.replay_days),
    bookmark: written(kept.bookmark_days),
    event: written(kept.event_days),
  });
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const days = read(draft);
  const changed = !sameDays(days, kept);
  const fault = daysFault(days);
  const [asked] = useDebouncedValue(JSON.stringify(days), PREVIEW_PAUSE_MS);
  const settled = asked === JSON.stringify(days);
  const preview = useQuery({
    ...keptPreviewQuery(project.project_id, days),
    enabled: changed && fault === null && settled,
  });
  const told = settled && changed && fault === null ? preview.data : undefined;
  const goes = told ? expiring(told) : '';

  const save = async () => {
    const now = await keepFor(project.project_id, days);
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    queries.setQueryData(keptQuery(project.project_id).queryKey, now);
  };
  const saveNow = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await save();
    } catch (error) {
      setTrouble(`${reason(error)} Nothing was changed.`);
      setBusy(false);
    }
  };
  const change = (patch: Partial<Draft>) => {
    setTrouble(null);
    setDraft({ ...draft, ...patch });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!told || busy) return;
        if (goes) setAsking(true);
        else void saveNow();
      }}
    >
      <div className={style.rows}>
        <fieldset className={style.row}>
          <div>
            <h3>Replays</h3>
            <p>Counted from the moment a replay begins to arrive.</p>
            <Stored of={kept.replays} one="replay" />
          </div>
          <div className={style.choices}>
            <div className={style.choice}>
              <Days
                label="Days that replays are kept"
                value={draft.replay}
                onChange={(replay) => change({ replay })}
              />
            </div>
          </div>
        </fieldset>
        <Choice
          name="bookmark"
          title="Bookmarked replays"
          otherwise="As long as the others"
          label="Days that bookmarked replays are kept"
          value={draft.bookmark}
          usual={String(Math.min(LIMITS.most, Math.max(90, kept.replay_days)))}
          onChange={(bookmark) => change({ bookmark })}
        >
          <p>A bookmark can keep a replay longer than the others, until it is taken off.</p>
        </Choice>
        <Choice
          name="event"
          title="Events"
          otherwise="Forever"
          label="Days that events are kept"
          value={draft.event}
          usual={EVENTS_USUAL}
          onChange={(event) => change({ event })}
        >
          <p>What reports count. Counted from the moment an event arrives.</p>
          <Stored of={kept.events} one="event" />
        </Choice>
      </div>
      <Effect
        changed={changed}
        fault={changed ? fault : null}
        preview={told}
        goes={goes}
        error={settled && changed ? preview.error : null}
        trouble={trouble}
      >
        {changed && (
          <button
            type="button"
            className="btn"
            onClick={() =>
              change({
                replay: String(kept.replay_days),
                bookmark: written(kept.bookmark_days),
                event: written(kept.event_days),
              })
            }
          >
            Undo
          </button>
        )}
        <button
          type="submit"
          className={goes ? 'btn danger' : 'btn primary'}
          disabled={!told || busy}
        >
          {busy ? 'Saving…' : goes ? 'Save and delete…' : 'Save'}
        </button>
      </Effect>
      {asking && told && (
        <Confirm
          title="Keep it for less time?"
          action={`Delete ${goes}`}
          busy="Saving…"
          otherwise="Nothing was changed."
          act={save}
          onClose={() => setAsking(false)}
        >
          {told.message} <b>They can’t be brought back.</b> What arrives from now on is kept for{' '}
          {daysText(days.replay_days)}.
        </Confirm>
      )}
    </form>
  );
}

function Effect(props: {
  changed: boolean;
  fault: string | null;
  preview: RetentionPreview | undefined;
  goes: string;
  error: Error | null;
  trouble: string | null;
  children: ReactNode;
}) {
  const { changed, fault, preview, goes, error } = props;
  const wrong = props.trouble ?? fault ?? (error && reason(error));
  const Icon = goes ? Trash2 : preview ? CircleCheck : Info;
  return (
    <div className={style.effect} data-loses={goes || undefined}>
      <Icon size={18} strokeWidth={1.75} aria-hidden />
      <div role="status">
        {wrong ? (
          <p className={form.fault}>{wrong}</p>
        ) : !changed ? (
          <p>Change a number: here it says what that will delete, before anything happens.</p>
        ) : preview ? (
          <>
            <b>{preview.message}</b>
            {goes && (
              <p title={exact(preview.at)}>
                You are asked once more. After that they are gone for good.
              </p>
            )}
          </>
        ) : (
          <div className="bone" style={{ width: '70%', height: 11 }} aria-label="Counting" />
        )}
      </div>
      <div className={style.buttons}>{props.children}</div>
    </div>
  );
}

function Days(props: {
  label: string;
  value: string;
  disabled?: boolean;
  onChange: (value: string) => void;
}) {
  const number = props.value.trim() === '' ? NaN : Number(props.value);
  return (
    <span className={style.days}>
      <input
        className="field"
        type="number"
        inputMode="numeric"
        min={LIMITS.least}
        max={LIMITS.most}
        step={1}
        aria-label={props.label}
        aria-invalid={!isDays(number) || undefined}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
      {number === 1 ? 'day' : 'days'}
    </span>
  );
}

function Choice(props: {
  name: string;
  title: string;
  otherwise: string;
  label: string;
  value: string | null;
  usual: string;
  onChange: (value: string | null) => void;
  children: ReactNode;
}) {
  const { name, value } = props;
  return (
    <fieldset className={style.row}>
      <div>
        <h3 id={`kept-${name}`}>{props.title}</h3>
        {props.children}
      </div>
      <div className={style.choices} role="radiogroup" aria-labelledby={`kept-${name}`}>
        <label className={style.choice}>
          <input
            type="radio"
            name={name}
            checked={value === null}
            onChange={() => props.onChange(null)}
          />
          {props.otherwise}
        </label>
        <div className={style.choice}>
          <input
            type="radio"
            name={name}
            aria-label="For a number of days"
            checked={value !== null}
            onChange={() => props.onChange(value ?? props.usual)}
          />
          {value === null ? (
            <span className={style.faint}>For a number of days</span>
          ) : (
            <Days label={props.label} value={value} onChange={props.onChange} />
          )}
        </div>
      </div>
    </fieldset>
  );
}

function Stored({ of, one }: { of: Retention['replays']; one: string }) {
  return (
    <p className={style.stored} title={of.count.toLocaleString('en')}>
      {of.count === 0 || of.oldest_at === null
        ? 'None stored yet'
        : `${count(of.count)} ${of.count === 1 ? one : `${one}s`} stored, the oldest from ${new Date(of.oldest_at).toLocaleDateString('en-GB', { dateStyle: 'medium' })}`}
    </p>
  );
}
