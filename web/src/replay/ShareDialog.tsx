import { Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link2, UserRound } from 'lucide-react';
import { useState } from 'react';

import {
  type ShareLink,
  type Watcher,
  linksQuery,
  makeLink,
  revokeLink,
  shareWith,
  watchersQuery,
} from '../api/governance';
import { reason } from '../api/http';
import { Copy } from '../lib/Copy';
import { exact, plural, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { leftOf } from '../shared/left';
import style from './Share.module.css';

const EXPIRIES: [hours: number, name: string][] = [
  [1, '1 hour'],
  [24, '1 day'],
  [24 * 7, '7 days'],
  [24 * 30, '30 days'],
];
const USUAL_HOURS = 24 * 7;

/** A link for whoever has it, until it expires; and viewers of the project who may watch this replay. */
export function ShareDialog(props: { project: string; replay: string; onClose: () => void }) {
  const { project, replay } = props;
  return (
    <Modal opened onClose={props.onClose} title="Share this replay" size={480}>
      <Links project={project} replay={replay} />
      <Viewers project={project} replay={replay} />
    </Modal>
  );
}

function Links({ project, replay }: { project: string; replay: string }) {
  const queries = useQueryClient();
  const now = useNow();
  const [hours, setHours] = useState(USUAL_HOURS);
  const links = useQuery(linksQuery(project, replay));
  const again = () => queries.invalidateQueries(linksQuery(project, replay));
  const make = useMutation({
    mutationFn: () => makeLink(project, replay, hours),
    onSuccess: again,
  });
  const made = make.data;
  const others = (links.data ?? []).filter((link) => link.link_id !== made?.link_id);
  return (
    <section className={style.part} aria-labelledby="share-link">
      <h3 id="share-link">With anyone who has the link</h3>
      <p>
        They watch it without logging in, and see the page and what was done on it. Who the visitor
        is, and other replays, stay hidden.
      </p>
      {made ? (
        <div className={style.made}>
          <div className={style.address}>
            <input
              className="field code"
              readOnly
              aria-label="The link"
              value={made.url}
              onFocus={(event) => event.currentTarget.select()}
            />
            <Copy text={made.url} label="Copy the link">
              Copy
            </Copy>
          </div>
          <p title={exact(made.expires_at)}>
            It works {leftOf(made.expires_at, now)}. Copy it now: it is shown only this once.{' '}
            <Revoke
              project={project}
              replay={replay}
              link={made.link_id}
              onRevoked={() => make.reset()}
            />
          </p>
        </div>
      ) : (
        <form
          className={style.make}
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <label>
            Works for
            <select
              className="field"
              value={hours}
              onChange={(event) => setHours(Number(event.currentTarget.value))}
            >
              {EXPIRIES.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" className="btn primary" disabled={make.isPending}>
            <Link2 size={14} aria-hidden /> {make.isPending ? 'Making it…' : 'Make a link'}
          </button>
        </form>
      )}
      {make.error && (
        <p className={style.trouble} role="alert">
          {reason(make.error)} No link was made.
        </p>
      )}
      {links.error ? (
        <NotLoaded what="Links that were made earlier" of={links} />
      ) : (
        others.length > 0 && (
          <ul className={style.list} aria-label="Links that work">
            {others.map((link) => (
              <LinkRow key={link.link_id} project={project} replay={replay} link={link} now={now} />
            ))}
          </ul>
        )
      )}
    </section>
  );
}

function NotLoaded({ what, of }: { what: string; of: { error: unknown; refetch: () => unknown } }) {
  return (
    <p className={style.trouble} role="alert">
      {what} could not be loaded. {reason(of.error)}{' '}
      <button type="button" className="link" onClick={() => void of.refetch()}>
        Try again
      </button>
    </p>
  );
}

function LinkRow(props: { project: string; replay: string; link: ShareLink; now: number }) {
  const { link, now } = props;
  return (
    <li>
      <Link2 size={15} strokeWidth={1.75} aria-hidden />
      <div>
        <span title={exact(link.expires_at)}>Works {leftOf(link.expires_at, now)}</span>
        <small>
          made {when(link.created_at, now)} by {link.created_by}
          {', '}
          {link.opened === 0 ? 'not opened yet' : `opened ${plural(link.opened, 'time')}`}
        </small>
      </div>
      <Revoke project={props.project} replay={props.replay} link={link.link_id} />
    </li>
  );
}

function Revoke(props: { project: string; replay: string; link: string; onRevoked?: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeLink(props.project, props.replay, props.link),
    onSuccess: async () => {
      await queries.invalidateQueries(linksQuery(props.project, props.replay));
      props.onRevoked?.();
    },
  });
  return (
    <>
      <button
        type="button"
        className="link"
        disabled={revoke.isPending}
        onClick={() => revoke.mutate()}
      >
        {revoke.isPending ? 'Revoking…' : 'Revoke'}
      </button>
      {revoke.error && (
        <span className={style.trouble} role="alert">
          {reason(revoke.error)} It still works.
        </span>
      )}
    </>
  );
}

function Viewers({ project, replay }: { project: string; replay: string }) {
  const viewers = useQuery({
    ...watchersQuery(project, replay),
    select: (members) => members.filter((one) => one.role === 'viewer'),
  });
  const { data, error, isPending } = viewers;
  return (
    <section className={style.part} aria-labelledby="share-viewers">
      <h3 id="share-viewers">With viewers of the project</h3>
      <p>Viewers log in, and see only the replays that are shared with them.</p>
      {isPending ? (
        <div
          className={style.bones}
          aria-busy="true"
          aria-label="Loading the viewers"
          role="status"
        >
          <div className="bone" style={{ width: 160, height: 11 }} />
          <div className="bone" style={{ width: 130, height: 11 }} />
        </div>
      ) : error ? (
        <NotLoaded what="The viewers" of={viewers} />
      ) : data.length === 0 ? (
        <p className={style.none}>
          Nobody has this role yet. Owners and admins invite viewers under Settings, Members.
        </p>
      ) : (
        <ul className={style.list} aria-label="Viewers">
          {data.map((one) => (
            <Viewer key={one.member_id} project={project} replay={replay} one={one} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Viewer({ project, replay, one }: { project: string; replay: string; one: Watcher }) {
  const queries = useQueryClient();
  const key = watchersQuery(project, replay).queryKey;
  const share = useMutation({
    mutationFn: (on: boolean) => shareWith(project, replay, one.member_id, on),
    onMutate: (on) =>
      queries.setQueryData(key, (was: Watcher[] | undefined) =>
        was?.map((other) => (other.member_id === one.member_id ? { ...other, shared: on } : other)),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  const label = one.name ?? one.email ?? one.member_id;
  return (
    <li>
      <UserRound size={15} strokeWidth={1.75} aria-hidden />
      <div>
        <span>{label}</span>
        {one.email !== null && one.email !== label && <small>{one.email}</small>}
      </div>
      {share.error && (
        <span className={style.trouble} role="alert">
          {reason(share.error)}
        </span>
      )}
      <label className={style.can}>
        <input
          type="checkbox"
          checked={one.shared}
          aria-label={`${label} can watch this replay`}
          onChange={(event) => share.mutate(event.currentTarget.checked)}
        />
        Can watch
      </label>
    </li>
  );
}
