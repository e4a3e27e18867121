import { useQuery } from '@tanstack/react-query';

import { reason } from '../api/http';
import { type DeletionPreview, type Target, deletionPreviewQuery } from '../api/governance';
import form from '../lib/Form.module.css';
import style from './Goes.module.css';
import { countedOf, whole } from './dataWords';

/** What the server found of a target, in numbers, before anything happens to it. */
export function Goes(props: {
  title: string;
  project: string;
  target: Target | null;
  /** While there is no target yet. */
  none: string;
  /** When nothing of it is there, instead of what the server says. */
  nothing?: string;
}) {
  const { target } = props;
  const { data, error, refetch } = usePreview(props.project, target);
  const found = target ? data : undefined;
  return (
    <section className={style.goes} aria-live="polite" aria-busy={target !== null && !found}>
      <h3>{props.title}</h3>
      {target === null ? (
        <p>{props.none}</p>
      ) : error && !found ? (
        <p className={form.fault}>
          {reason(error)}{' '}
          <button type="button" className="link" onClick={() => void refetch()}>
            Try again
          </button>
        </p>
      ) : (
        <dl>
          {countedOf(target).map(([count, one, many]) => (
            <div key={count}>
              <dt>{found?.[count] === 1 ? one : many}</dt>
              <dd>
                {found ? (
                  whole(found[count])
                ) : (
                  <span
                    className="bone"
                    style={{ display: 'block', width: 36, height: 18, margin: '4px 0' }}
                  />
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {found && nothing(found) && <p>{props.nothing ?? found.message}</p>}
    </section>
  );
}

const nothing = ({ people, replays, events, profiles }: DeletionPreview) =>
  people + replays + events + profiles === 0;

export function usePreview(project: string, target: Target | null) {
  return useQuery({
    ...deletionPreviewQuery(project, target ?? { what: 'person', distinct_ids: [] }),
    enabled: target !== null,
  });
}
