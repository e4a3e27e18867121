import { Crosshair } from 'lucide-react';
import { useEffect, useId, useState } from 'react';

import type { DraftRule, RuleKind } from '../api/types';
import type { RuleSearch } from '../routes';
import { KindIcon } from './KindIcon';
import style from './RuleForm.module.css';
import { KINDS, STARTING_POINTS } from './words';

/** Undefined takes a part away. */
export type RulePatch = { [Name in keyof RuleSearch]: RuleSearch[Name] | undefined };

const NAMES: RuleKind[] = ['pattern', 'mask', 'block'];

export function RuleForm(props: {
  draft: DraftRule;
  note: string;
  /** What is wrong with the expression. */
  fault: string | null;
  change: (patch: RulePatch) => void;
  canPick: boolean;
  picking: boolean;
  onPick: () => void;
}) {
  const { draft, change } = props;
  const id = useId();
  const kind = KINDS[draft.kind];
  const points = STARTING_POINTS.filter((point) => point.kind === draft.kind);
  return (
    <div className={style.form}>
      <fieldset className={style.kinds}>
        <legend>What it does</legend>
        {NAMES.map((name) => (
          <label key={name} data-chosen={draft.kind === name || undefined}>
            <input
              type="radio"
              name={`${id}-kind`}
              checked={draft.kind === name}
              onChange={() => change({ kind: name, ...keeps(draft, name) })}
            />
            <KindIcon kind={name} size={16} />
            <span>
              <b>{KINDS[name].name}</b>
              {draft.kind === name && <i>{KINDS[name].does}</i>}
            </span>
          </label>
        ))}
      </fieldset>
      <div className={style.field}>
        <div className={style.label}>
          <label htmlFor={`${id}-expression`}>{kind.expression}</label>
          {draft.kind !== 'pattern' && props.canPick && (
            <button
              type="button"
              className="link"
              aria-pressed={props.picking}
              onClick={props.onPick}
            >
              <Crosshair size={13} aria-hidden />{' '}
              {props.picking ? 'Stop picking' : 'Pick in the replay'}
            </button>
          )}
        </div>
        <Late
          id={`${id}-expression`}
          mono
          value={draft.expression}
          placeholder={draft.kind === 'pattern' ? 'ORD-\\d{4}-\\d+' : '.shipping-address'}
          fault={props.fault !== null}
          describedBy={`${id}-help`}
          onChange={(expression) => change({ expression })}
        />
        <p
          id={`${id}-help`}
          className={props.fault ? style.fault : style.help}
          role={props.fault ? 'alert' : undefined}
        >
          {props.fault ??
            (draft.kind === 'pattern' ? (
              <>
                A regular expression in RE2 syntax. Upper and lower case differ; <code>(?i)</code>{' '}
                in front ignores that.
              </>
            ) : (
              'Commas join several. Classes and ids outlive a redesign better than places do.'
            ))}
        </p>
        {draft.expression === '' && (
          <ul className={style.points} aria-label="Starting points">
            {points.map(({ name, expression, note }) => (
              <li key={name}>
                <button
                  type="button"
                  onClick={() => change({ expression, ...(props.note ? {} : { note }) })}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className={style.field}>
        <div className={style.label}>
          <label htmlFor={`${id}-note`}>Why</label>
          <span>optional, for those who come later</span>
        </div>
        <Late
          id={`${id}-note`}
          value={props.note}
          placeholder="What it is, and where it showed"
          onChange={(note) => change({ note })}
        />
      </div>
    </div>
  );
}

/** A selector stays when mask turns to block; it would be no pattern, nor a pattern a selector. */
function keeps(draft: DraftRule, to: RuleKind): RulePatch {
  const same = (draft.kind === 'pattern') === (to === 'pattern');
  return same ? {} : { expression: undefined };
}

/** A field whose value is taken a moment after the last key. */
function Late(props: {
  id: string;
  value: string;
  placeholder: string;
  onChange: (value: string) => void;
  mono?: boolean;
  fault?: boolean;
  describedBy?: string;
}) {
  const { value, onChange } = props;
  const [typed, setTyped] = useState(value);
  const [given, setGiven] = useState(value);
  if (given !== value) {
    setGiven(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed), 300);
    return () => clearTimeout(timer);
    // Only what is typed starts the wait anew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [typed]);
  return (
    <input
      id={props.id}
      type="text"
      className={style.input}
      data-mono={props.mono || undefined}
      spellCheck={props.mono ? false : undefined}
      autoCapitalize="off"
      autoComplete="off"
      aria-invalid={props.fault || undefined}
      aria-describedby={props.describedBy}
      placeholder={props.placeholder}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => {
        if (typed !== value) onChange(typed);
      }}
    />
  );
}
