import { Link } from '@tanstack/react-router';

import type { AuditEntry } from '../api/governance';
import style from './Sentence.module.css';
import { aroundId, capital, shortId } from './dataWords';

/** What an entry of the audit log says, with the way to what it names. To `reader` it does not tell who they are. */
export function Sentence(props: { project: string; entry: AuditEntry; reader?: string }) {
  const { actor, text, object_id } = props.entry;
  const named = actor.name !== '' && text.startsWith(actor.name) ? actor.name : '';
  const own = named !== '' && actor.kind === 'member' && actor.id === props.reader;
  const [before, id, after] = aroundId(text.slice(named.length), object_id);
  return (
    <span className={style.sentence}>
      {own ? (
        capital(before.trimStart().replace(' their ', ' your '))
      ) : (
        <>
          <b>{capital(named)}</b>
          {before}
        </>
      )}
      {id !== '' && <About project={props.project} entry={props.entry} />}
      {after}
    </span>
  );
}

/** The object that an entry names, as the way to it. */
function About({ project, entry }: { project: string; entry: AuditEntry }) {
  const { object_kind: kind, object_id: id, action } = entry;
  if (project === '') return <span title={id}>{shortId(id)}</span>;
  if (kind === 'replay')
    return (
      <Link to="/projects/$project/replays/$replay" params={{ project, replay: id }} title={id}>
        {shortId(id)}
      </Link>
    );
  if (kind === 'request')
    return (
      <Link
        to={
          action.startsWith('deletion')
            ? '/projects/$project/settings/requests/deletions/$request'
            : '/projects/$project/settings/requests/retrievals/$request'
        }
        params={{ project, request: id }}
        title={id}
      >
        {shortId(id)}
      </Link>
    );
  return <span title={id}>{shortId(id)}</span>;
}
