import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { CloudOff, SearchX, Users } from 'lucide-react';
import { useMemo } from 'react';

import { HttpError } from '../api/http';
import { peoplePage, peopleQuery } from '../api/people';
import type { Person } from '../api/types';
import { type Table, save, toCsv } from '../lib/download';
import { count } from '../lib/format';
import { useNarrow, useNow } from '../lib/hooks';
import { SearchField } from '../lib/SearchField';
import { Trouble } from '../lib/Trouble';
import { FilterList } from '../reports/FilterList';
import { ProblemContext } from '../reports/Problem';
import { problemOf } from '../reports/problems';
import { useProject } from '../shell/session';
import { cellOf, columnName } from './columns';
import { ColumnsPicker, CsvButton, SortPicker } from './controls';
import style from './Users.module.css';
import { type UsersSearch, type UsersState, question, readUsers, writeUsers } from './state';
import { UsersTable } from './UsersTable';

/** A file takes this many along. */
const MOST_IN_FILE = 10_000;
const PAGE = 200;

export function UsersScreen() {
  const project = useProject().project_id;
  const search: UsersSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const narrow = useNarrow();
  const now = useNow();
  const asked = JSON.stringify(search);
  const state = useMemo(() => readUsers(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: UsersState) =>
    void navigate({ to: '.', search: writeUsers(next), replace: true });

  const found = useInfiniteQuery(peopleQuery(project, question(state)));
  const rows = useMemo(
    () => (found.data?.pages ?? []).flatMap((page) => page.results),
    [found.data],
  );
  const total = found.data?.pages[0]?.total;
  const narrowed = state.q !== '' || state.filters.length > 0;
  const problem = problemOf(found.error);
  const failed = found.isError && found.data === undefined;

  return (
    <div className={style.screen}>
      <header className={style.head}>
        <div className={style.title}>
          <h1>Users</h1>
          <p aria-live="polite">
            {total !== undefined ? (
              <span title={total.toLocaleString('en')}>{count(total)}</span>
            ) : (
              !failed && <span className="bone" />
            )}
          </p>
          <div className={style.who} role="group" aria-label="Who is listed">
            {(
              [
                [false, 'With a profile'],
                [true, 'Everyone'],
              ] as const
            ).map(([all, name]) => (
              <button
                key={name}
                type="button"
                aria-pressed={state.all === all}
                onClick={() => change({ ...state, all })}
              >
                {name}
              </button>
            ))}
          </div>
        </div>
        <div className={style.controls}>
          <div className={style.find}>
            <SearchField
              value={state.q}
              label="Search users by name, e-mail or user id"
              placeholder="Name, e-mail, user id…"
              onChange={(q) => change({ ...state, q })}
            />
          </div>
          {narrow ? (
            <SortPicker state={state} onChange={change} />
          ) : (
            <ColumnsPicker
              project={project}
              columns={state.columns}
              onChange={(columns) => change({ ...state, columns })}
            />
          )}
          <CsvButton disabled={rows.length === 0} save={() => file(project, state)} />
        </div>
        <div className={style.filters}>
          <ProblemContext value={problem}>
            <FilterList
              only="profile"
              project={project}
              event={undefined}
              of="the list"
              at="filters"
              filters={state.filters}
              onChange={(filters) => change({ ...state, filters })}
            />
          </ProblemContext>
        </div>
      </header>
      {failed && !problem ? (
        <Trouble
          icon={<CloudOff size={18} />}
          title="The list could not be loaded"
          retry={() => void found.refetch()}
        >
          {found.error instanceof HttpError
            ? found.error.message
            : 'The server could not be reached.'}
        </Trouble>
      ) : total === 0 ? (
        <Nobody
          project={project}
          narrowed={narrowed}
          all={state.all}
          onClear={() => change({ ...state, q: '', filters: [] })}
          onAll={() => change({ ...state, all: true })}
        />
      ) : (
        <UsersTable
          key={asked}
          project={project}
          state={state}
          rows={rows}
          total={total}
          narrow={narrow}
          now={now}
          loading={found.isPending}
          more={found.hasNextPage}
          busy={found.isFetchingNextPage}
          failed={found.isFetchNextPageError}
          onMore={() => void found.fetchNextPage()}
          onChange={change}
        />
      )}
    </div>
  );
}

function Nobody(props: {
  project: string;
  narrowed: boolean;
  all: boolean;
  onClear: () => void;
  onAll: () => void;
}) {
  if (props.narrowed) {
    return (
      <Trouble
        icon={<SearchX size={18} />}
        title="Nobody matches"
        action={
          <button type="button" className="btn" onClick={props.onClear}>
            Clear search and filters
          </button>
        }
      >
        Search looks at names, e-mails and user ids.
        {!props.all && ' People without a profile are listed under Everyone.'}
      </Trouble>
    );
  }
  return (
    <Trouble
      icon={<Users size={18} />}
      title={props.all ? 'Nobody yet' : 'No profile yet'}
      action={
        props.all ? (
          <Link className="btn" to="/projects/$project/install" params={{ project: props.project }}>
            Put Playhead on a site
          </Link>
        ) : (
          <button type="button" className="btn" onClick={props.onAll}>
            Show everyone
          </button>
        )
      }
    >
      {props.all
        ? 'Everyone who visits a page that has Playhead on it is listed here.'
        : 'People have a profile once the site says who they are, with identify() and people.set().'}
    </Trouble>
  );
}

/** All that match, with the columns that are shown. */
async function file(project: string, state: UsersState): Promise<number> {
  const people: Person[] = [];
  let cursor: string | null = null;
  do {
    const page = await peoplePage(project, question(state), PAGE, cursor);
    people.push(...page.results);
    cursor = page.next_cursor;
  } while (cursor !== null && people.length < MOST_IN_FILE);
  const columns = ['distinct_id', ...state.columns.filter((one) => one !== 'distinct_id')];
  const table: Table = {
    name: 'Users',
    columns: ['Name', ...columns.map(columnName)],
    rows: people.map((person) => [person.name, ...columns.map((one) => cellOf(person, one))]),
  };
  save('users.csv', new Blob([toCsv(table)], { type: 'text/csv' }));
  return people.length;
}
