import type { UseQueryResult } from '@tanstack/react-query';

import { HttpError } from '../api/http';
import type { DraftRule, Preview, PreviewSample, ReplayDetail } from '../api/types';
import { clock, count, plural } from '../lib/format';
import style from './Matches.module.css';
import { changedRuns } from './words';

/** What the rule finds in the replay: how often, and the first of it before and after. */
export function Matches(props: {
  draft: DraftRule;
  preview: UseQueryResult<Preview> | null;
  detail: ReplayDetail | null;
  onShow: (sample: PreviewSample) => void;
}) {
  const { draft, preview, detail } = props;
  if (!detail || !preview || draft.expression === '') return null;
  if (preview.error) {
    return (
      <p className={style.trouble} role="alert">
        The rule could not be tried:{' '}
        {preview.error instanceof HttpError
          ? preview.error.message
          : 'the server could not be reached.'}{' '}
        <button type="button" className="link" onClick={() => void preview.refetch()}>
          Try again
        </button>
      </p>
    );
  }
  const found = preview.data;
  if (!found) {
    return (
      <div className={style.matches} aria-busy="true">
        <div className="bone" style={{ width: 170, height: 12, margin: '4px 0 14px' }} />
        {[0, 1, 2].map((i) => (
          <div key={i} className="bone" style={{ height: 44, marginTop: 6 }} />
        ))}
      </div>
    );
  }
  return (
    <section className={style.matches} aria-label="What it finds in this replay" aria-live="polite">
      <h2>
        {found.matches === 0 ? 'Nothing in this replay' : plural(found.matches, 'match', 'matches')}
        {found.matches > 0 && (
          <span>
            {' '}
            in {count(found.changed_events)} of {plural(detail.event_count, 'recorded event')}
          </span>
        )}
      </h2>
      {found.matches === 0 && (
        <p className={style.none}>
          It would still apply to everything that arrives. Choose another replay to see it at work.
        </p>
      )}
      {found.samples.length > 0 && (
        <ol className={style.samples}>
          {found.samples.map((sample, i) => (
            <li key={i}>
              <button type="button" onClick={() => props.onShow(sample)}>
                <span className={style.where}>
                  <time>{clock(sample.at_ms - detail.first_ms)}</time> {sample.where}
                </span>
                <span className={style.text}>
                  <span className="unseen">before: </span>
                  {changedRuns(sample.before, sample.after).map(([text, changed], n) =>
                    changed ? <del key={n}>{text}</del> : text,
                  )}
                </span>
                <span className={style.text}>
                  <span className="unseen">after: </span>
                  {changedRuns(sample.after, sample.before).map(([text, changed], n) =>
                    changed ? <ins key={n}>{text}</ins> : text,
                  )}
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
      {found.matches > found.samples.length && found.samples.length > 0 && (
        <p className={style.none}>The first {found.samples.length} are listed.</p>
      )}
    </section>
  );
}
