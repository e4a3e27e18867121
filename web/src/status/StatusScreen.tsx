import { useQuery } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, CloudOff } from 'lucide-react';
import type { ReactNode } from 'react';

import { reason } from '../api/http';
import { statusQuery } from '../api/queries';
import { Column } from '../lib/Column';
import { bytes, count, spell } from '../lib/format';
import { Trouble } from '../lib/Trouble';
import style from './Status.module.css';

const STORES: Record<string, string> = {
  journal: 'Journal: what was just accepted',
  analytics: 'Analytics: events and reports',
  blobs: 'Blobs: recordings',
  control: 'Control: projects, people who log in',
};

export function StatusScreen() {
  const { data, error, refetch } = useQuery(statusQuery);
  if (error && !data) {
    return (
      <Trouble
        icon={<CloudOff size={18} />}
        title="The status could not be loaded"
        retry={() => void refetch()}
      >
        {reason(error)}
      </Trouble>
    );
  }
  const bad = data?.stores.filter((store) => !store.ok).length ?? 0;
  return (
    <Column>
      <h1>
        {!data
          ? 'Status'
          : bad > 0
            ? `${bad === 1 ? 'One store needs' : `${bad} stores need`} attention`
            : 'Everything works'}
      </h1>
      <ul className={style.stores}>
        {(
          data?.stores ??
          Object.keys(STORES).map((name) => ({
            name,
            ok: true,
            message: null,
            url: null,
            region: '',
          }))
        ).map((store) => (
          <li key={`${store.name} ${store.region}`} aria-busy={!data}>
            {!data ? (
              <i className="bone" style={{ width: 16, height: 16, borderRadius: 8 }} />
            ) : store.ok ? (
              <CircleCheck size={16} className={style.good} aria-label="Works" />
            ) : (
              <CircleAlert size={16} className={style.bad} aria-label="Does not work" />
            )}
            <div>
              <b>
                {STORES[store.name] ?? store.name}
                {store.region && `, in the region ${store.region}`}
              </b>
              {store.message && <p className={store.ok ? undefined : style.bad}>{store.message}</p>}
            </div>
            {store.url && <code title={store.url}>{store.url}</code>}
          </li>
        ))}
      </ul>
      <h2>Backlog</h2>
      <dl className={style.facts}>
        <Fact name="Waiting in the journal">
          {data &&
            (data.journal.items === 0
              ? 'Nothing'
              : `${count(data.journal.items)} items, ${bytes(data.journal.bytes)}`)}
        </Fact>
        <Fact name="Oldest waits for">
          {data && (data.journal.lag_ms < 1_000 ? 'under 1 s' : spell(data.journal.lag_ms))}
        </Fact>
        <Fact name="Refused by a store">
          {data &&
            (data.journal.dead_letters === 0
              ? 'None'
              : `${count(data.journal.dead_letters)}: playhead doctor lists them with the reason`)}
        </Fact>
        <Fact name="Disk">
          {data && `${bytes(data.disk.free_bytes)} free of ${bytes(data.disk.total_bytes)}`}
        </Fact>
      </dl>
    </Column>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children ?? <i className="bone" style={{ display: 'block', width: 90, height: 10 }} />}
      </dd>
    </div>
  );
}
