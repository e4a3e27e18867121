import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { BookOpenText, CloudOff, Eye, EyeOff, Pencil, SearchX } from 'lucide-react';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';

import { HttpError } from '../api/http';
import { type Entry, type LexiconKind, describe, lexiconQuery } from '../api/lexicon';
import { ago, count, exact, propertyName } from '../lib/format';
import { useNarrow, useNow } from '../lib/hooks';
import { SearchField } from '../lib/SearchField';
import { Tip } from '../lib/Tip';
import { Trouble } from '../lib/Trouble';
import { NoEvents } from '../reports/Answer';
import { eventLabel } from '../reports/words';
import { useProject } from '../shell/session';
import style from './Lexicon.module.css';
import { type LexiconSearch, type Order, ordered } from './order';

const KINDS: [LexiconKind, string, string][] = [
  ['event', 'Events', 'event'],
  ['event_property', 'Event properties', 'property'],
  ['profile_property', 'Profile properties', 'property'],
];

const ROW = 44;
const TALL_ROW = 84;

const labelOf = (kind: LexiconKind, name: string) =>
  kind === 'event' ? eventLabel(name) : propertyName(name);

/** What events and properties there are, what they mean, and which of them nobody should have to see. */
export function LexiconScreen() {
  const project = useProject().project_id;
  const search: LexiconSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const narrow = useNarrow();
  const { q = '', by: sort = 'count', of = 'event' } = search;
  const ascending = search.order === 'asc';
  const entries = useQuery(lexiconQuery(project, of));
  const [trouble, setTrouble] = useState<string | null>(null);
  const client = useQueryClient();

  const change = (patch: { [Name in keyof LexiconSearch]: LexiconSearch[Name] | undefined }) =>
    void navigate({
      to: '.',
      search: Object.fromEntries(
        Object.entries({ ...search, ...patch }).filter(([, value]) => Boolean(value)),
      ) as never,
      replace: true,
    });
  const shown = useMemo(() => {
    const wanted = q.trim().toLowerCase();
    const found = (entries.data ?? []).filter((one) =>
      `${one.name}\n${labelOf(of, one.name)}\n${one.description ?? ''}`
        .toLowerCase()
        .includes(wanted),
    );
    return ordered(found, sort, ascending);
  }, [entries.data, q, of, sort, ascending]);

  /** Shows it at once, and takes it back when the server does not agree. */
  const write = async (entry: Entry, patch: { description?: string; hidden?: boolean }) => {
    const { queryKey } = lexiconQuery(project, of);
    const put = (next: Partial<Entry>) =>
      client.setQueryData(queryKey, (before) =>
        before?.map((one) => (one.name === entry.name ? { ...one, ...next } : one)),
      );
    setTrouble(null);
    put(patch);
    try {
      await describe(project, { kind: of, name: entry.name, ...patch });
      void client.invalidateQueries({ queryKey: ['event-names', project] });
      void client.invalidateQueries({ queryKey: ['event-properties', project] });
    } catch (error) {
      put({ description: entry.description, hidden: entry.hidden });
      setTrouble(
        `${labelOf(of, entry.name)} is as it was: ${error instanceof HttpError ? error.message : 'the server could not be reached.'}`,
      );
    }
  };

  const noun = KINDS.find(([kind]) => kind === of)?.[2] ?? 'event';
  return (
    <div className={style.screen}>
      <header className={style.head}>
        <h1>Lexicon</h1>
        <div className={style.tools}>
          <div className={style.kinds} role="group" aria-label="What is listed">
            {KINDS.map(([kind, name]) => (
              <button
                key={kind}
                type="button"
                aria-pressed={of === kind}
                onClick={() => {
                  setTrouble(null);
                  change({ of: kind === 'event' ? undefined : kind });
                }}
              >
                {name}
              </button>
            ))}
          </div>
          <div className={style.search}>
            <SearchField
              value={q}
              label="Search names and descriptions"
              placeholder="Name or description…"
              onChange={(q) => change({ q })}
            />
          </div>
        </div>
        <p className={trouble ? style.trouble : 'unseen'} role="alert">
          {trouble}
        </p>
      </header>
      {entries.isError && !entries.data ? (
        <Trouble
          icon={<CloudOff size={18} />}
          title="The Lexicon could not be loaded"
          retry={() => void entries.refetch()}
        >
          {entries.error instanceof HttpError
            ? entries.error.message
            : 'The server could not be reached.'}
        </Trouble>
      ) : entries.data?.length === 0 ? (
        of === 'profile_property' ? (
          <Trouble icon={<BookOpenText size={18} />} title="No profile properties yet">
            They come with the first <code>people.set</code> of the SDK.
          </Trouble>
        ) : (
          <NoEvents project={project}>
            The Lexicon lists every event and property that has arrived, with what they mean in your
            own words, and hides what nobody needs from the pickers.
          </NoEvents>
        )
      ) : entries.data && shown.length === 0 ? (
        <Trouble
          icon={<SearchX size={18} />}
          title={`No ${noun} matches “${q}”`}
          action={
            <button type="button" className="btn" onClick={() => change({ q: undefined })}>
              Show all
            </button>
          }
        />
      ) : (
        <Table
          key={of}
          project={project}
          kind={of}
          noun={noun}
          rows={entries.data ? shown : null}
          sort={sort}
          ascending={ascending}
          narrow={narrow}
          onSort={(next) =>
            change({
              by: next === 'count' ? undefined : next,
              // Names begin with A, numbers and times with the greatest.
              order: (next === sort ? !ascending : next === 'name') ? 'asc' : undefined,
            })
          }
          onWrite={(entry, patch) => void write(entry, patch)}
        />
      )}
    </div>
  );
}

function Table(props: {
  project: string;
  kind: LexiconKind;
  noun: string;
  /** Null while they are loading. */
  rows: Entry[] | null;
  sort: Order;
  ascending: boolean;
  narrow: boolean;
  onSort: (sort: Order) => void;
  onWrite: (entry: Entry, patch: { description?: string; hidden?: boolean }) => void;
}) {
  const { project, kind, rows, narrow } = props;
  const now = useNow();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows?.length ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? TALL_ROW : ROW),
    getItemKey: (i) => rows?.[i]?.name ?? i,
    overscan: 12,
  });
  const columns: [Order | null, string, string][] = [
    ['name', 'Name', style.name as string],
    ['count', 'Volume', style.volume as string],
    ['first_seen', 'First seen', style.first as string],
    ['last_seen', 'Last seen', style.last as string],
    [null, 'Description', style.description as string],
    [null, 'In pickers', style.shown as string],
  ];
  const columnsShown = columns.filter(([key]) => key !== 'first_seen' || kind === 'event');
  return (
    <div
      ref={scroller}
      className={style.scroller}
      data-kind={kind}
      role="table"
      aria-label={KINDS.find(([one]) => one === kind)?.[1]}
      aria-rowcount={(rows?.length ?? 0) + 1}
      aria-busy={rows === null}
      tabIndex={rows === null ? undefined : -1}
    >
      <div className={style.top} role="row" aria-rowindex={1}>
        {columnsShown.map(([key, name, className]) => (
          <div
            key={name}
            role="columnheader"
            className={className}
            aria-sort={
              key === props.sort ? (props.ascending ? 'ascending' : 'descending') : undefined
            }
          >
            {key ? (
              <button type="button" onClick={() => props.onSort(key)}>
                {name}
                <span aria-hidden>{key === props.sort ? (props.ascending ? '↑' : '↓') : ''}</span>
              </button>
            ) : (
              name
            )}
          </div>
        ))}
      </div>
      {rows === null ? (
        <div className={style.bones}>
          {Array.from({ length: 10 }, (_, i) => (
            <div key={i} className="bone" style={{ height: 12 }} />
          ))}
        </div>
      ) : (
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const entry = rows[item.index];
            if (!entry) return null;
            const label = labelOf(kind, entry.name);
            const seen = (time: string | null) =>
              time === null ? '–' : <span title={exact(time)}>{ago(time, now)}</span>;
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className={style.row}
                data-hidden={entry.hidden || undefined}
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                <div role="cell" className={style.name}>
                  <Link
                    to="/projects/$project/insights"
                    params={{ project }}
                    search={question(kind, entry.name)}
                    title={`Ask Insights about ${entry.name}`}
                  >
                    {label}
                  </Link>
                  {label !== entry.name && <code title={entry.name}>{entry.name}</code>}
                  {kind !== 'event' && entry.types.length > 0 && (
                    <em title={entry.types.join(', ')}>
                      {entry.types[0]}
                      {entry.types.length > 1 && ` +${entry.types.length - 1}`}
                    </em>
                  )}
                </div>
                <div
                  role="cell"
                  className={style.volume}
                  title={`${entry.count.toLocaleString('en')} in all`}
                >
                  {count(entry.count)}
                </div>
                {kind === 'event' && (
                  <div role="cell" className={style.first}>
                    {seen(entry.first_seen)}
                  </div>
                )}
                <div role="cell" className={style.last}>
                  {seen(entry.last_seen)}
                </div>
                <div role="cell" className={style.description}>
                  <Description
                    label={label}
                    text={entry.description ?? ''}
                    onWrite={(description) => props.onWrite(entry, { description })}
                  />
                </div>
                <div role="cell" className={style.shown}>
                  <Tip label={entry.hidden ? 'Hidden in pickers' : 'Shown in pickers'}>
                    <button
                      type="button"
                      role="switch"
                      className="icon"
                      aria-checked={!entry.hidden}
                      aria-label={`Show ${label} in pickers`}
                      onClick={() => props.onWrite(entry, { hidden: !entry.hidden })}
                    >
                      {entry.hidden ? <EyeOff size={15} /> : <Eye size={15} />}
                    </button>
                  </Tip>
                </div>
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

/** Insights of an event; of a property, the usual event broken down by it. */
function question(kind: LexiconKind, name: string) {
  if (kind === 'event') return { metrics: JSON.stringify([{ event: name }]) };
  return { breakdown: kind === 'profile_property' ? `profile:${name}` : name };
}

/** Edited where it stands: Enter or leaving keeps it, Escape does not. */
function Description(props: { label: string; text: string; onWrite: (text: string) => void }) {
  const { label, text } = props;
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  if (!editing) {
    return (
      <button
        ref={button}
        type="button"
        className={style.text}
        data-empty={text === '' || undefined}
        aria-label={text ? `Edit the description of ${label}: ${text}` : `Describe ${label}`}
        title={text || undefined}
        onClick={() => setEditing(true)}
      >
        <span>{text || 'Describe'}</span>
        <Pencil size={12} aria-hidden />
      </button>
    );
  }
  const done = (next: string | null, back: boolean) => {
    setEditing(false);
    if (next !== null && next.trim() !== text) props.onWrite(next.trim());
    if (back) requestAnimationFrame(() => button.current?.focus());
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') done(event.currentTarget.value, true);
    else if (event.key === 'Escape') {
      event.stopPropagation();
      done(null, true);
    }
  };
  return (
    <input
      // The button that was pressed became this field.
      // eslint-disable-next-line jsx-a11y/no-autofocus
      autoFocus
      className={style.field}
      aria-label={`Description of ${label}`}
      defaultValue={text}
      maxLength={1_000}
      placeholder="What it means, and when it is sent"
      onKeyDown={press}
      onBlur={(event) => done(event.currentTarget.value, false)}
    />
  );
}
