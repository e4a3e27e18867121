import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ArrowDownWideNarrow, Check, ChevronDown, Columns3, Download } from 'lucide-react';
import { useState } from 'react';

import { HttpError } from '../api/http';
import { propertiesQuery } from '../api/reports';
import { count } from '../lib/format';
import { Picker } from '../reports/Picker';
import picker from '../reports/Picker.module.css';
import { columnName } from './columns';
import { OWN_COLUMNS, type UsersState, isTime, usualOrder } from './state';

/** Which columns the table has, in the order in which they were chosen. */
export function ColumnsPicker(props: {
  project: string;
  columns: string[];
  onChange: (columns: string[]) => void;
}) {
  const { columns, onChange } = props;
  const found = useQuery(propertiesQuery(props.project, undefined, 'profile'));
  const known = new Map(
    (found.data ?? [])
      .filter((one) => one.property !== '$name' && one.property !== '$avatar')
      .map((one) => [one.property, one.count as number | undefined]),
  );
  for (const column of ['$email', ...columns])
    if (!(column in OWN_COLUMNS) && !known.has(column)) known.set(column, undefined);
  return (
    <Picker
      multiple
      label={`Columns: ${columns.length} shown`}
      options={[
        ...Object.entries(OWN_COLUMNS).map(([key, label]) => ({ key, label, note: '' })),
        ...[...known].map(([key, times]) => ({ key, label: columnName(key), count: times })),
      ]}
      chosen={new Set(columns)}
      loading={found.isPending}
      trouble={
        found.error &&
        (found.error instanceof HttpError
          ? found.error.message
          : 'The server could not be reached.')
      }
      typed={(text) => [{ key: text, label: text, note: 'never seen' }]}
      onPick={(column) =>
        onChange(
          columns.includes(column) ? columns.filter((one) => one !== column) : [...columns, column],
        )
      }
    >
      <Columns3 size={14} aria-hidden /> Columns
    </Picker>
  );
}

/** Where the table has no heads to click. */
export function SortPicker(props: { state: UsersState; onChange: (state: UsersState) => void }) {
  const { state, onChange } = props;
  const sorts = ['last_seen', 'first_seen', 'name', '$email'];
  const label = (sort: string, order: 'asc' | 'desc') => {
    const name = sort === 'name' ? 'Name' : columnName(sort);
    if (isTime(sort)) return `${name}, ${order === 'desc' ? 'newest' : 'oldest'} first`;
    return order === usualOrder(sort) ? name : `${name}, from Z`;
  };
  return (
    <Menu position="bottom-end" width={220} offset={4}>
      <Menu.Target>
        <button
          type="button"
          className={picker.part}
          aria-label={`Sorted: ${label(state.sort, state.order)}`}
        >
          <ArrowDownWideNarrow size={14} aria-hidden /> <ChevronDown size={12} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {sorts.flatMap((sort) =>
          (sort === 'last_seen' || sort === 'first_seen'
            ? (['desc', 'asc'] as const)
            : (['asc', 'desc'] as const)
          ).map((order) => (
            <Menu.Item
              key={`${sort} ${order}`}
              rightSection={
                state.sort === sort && state.order === order ? (
                  <Check size={14} aria-label="chosen" />
                ) : null
              }
              onClick={() => onChange({ ...state, sort, order })}
            >
              {label(sort, order)}
            </Menu.Item>
          )),
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Saves everybody who is listed, also those that are not loaded yet. */
export function CsvButton(props: { disabled: boolean; save: () => Promise<number> }) {
  const [state, setState] = useState<'idle' | 'busy' | 'failed' | number>('idle');
  const said =
    state === 'failed'
      ? 'The file could not be made. Try again.'
      : typeof state === 'number'
        ? `Saved ${count(state)} users`
        : '';
  return (
    <>
      <button
        type="button"
        className={picker.part}
        disabled={props.disabled || state === 'busy'}
        aria-label="Download CSV of the list"
        aria-busy={state === 'busy'}
        title={said || 'Download everybody who is listed, with these columns'}
        onClick={() => {
          setState('busy');
          props.save().then(setState, () => setState('failed'));
        }}
      >
        <Download size={14} aria-hidden /> {state === 'failed' ? 'Try again' : 'CSV'}
      </button>
      <span className="unseen" role="status">
        {said}
      </span>
    </>
  );
}
