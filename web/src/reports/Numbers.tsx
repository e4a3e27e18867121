import style from './Numbers.module.css';
import type { Total } from './TotalsChart';
import { changeText } from './words';

/** The totals, large; with the change when another period is compared with, and the course of the days under them. */
export function Numbers(props: {
  totals: (Total & { values: (number | null)[] })[];
  format: (value: number | null) => string;
  chosen: number | null;
  /** "Last 30 days". */
  range: string;
  onPick: (total: number, previous: boolean, from: HTMLElement) => void;
}) {
  const { totals, format, range } = props;
  return (
    <ul className={style.numbers}>
      {totals.map((one, i) => (
        <li key={i} data-chosen={props.chosen === i || undefined}>
          <p className={style.name} title={one.name}>
            <i style={{ background: one.colour }} aria-hidden /> {one.name}
          </p>
          <button
            type="button"
            className={style.value}
            aria-haspopup="menu"
            aria-label={`${one.name}, ${range}: ${format(one.value)}`}
            title={one.value === null ? undefined : one.value.toLocaleString('en')}
            onClick={(event) => props.onPick(i, false, event.currentTarget)}
          >
            {format(one.value)}
          </button>
          {one.before !== undefined && (
            <button
              type="button"
              className={style.before}
              aria-haspopup="menu"
              aria-label={`${one.name}, the period before: ${format(one.before)}`}
              onClick={(event) => props.onPick(i, true, event.currentTarget)}
            >
              <b>{changeText(one.value, one.before)}</b> from {format(one.before)}
            </button>
          )}
          <Course values={one.values} colour={one.colour} />
        </li>
      ))}
    </ul>
  );
}

function Course({ values, colour }: { values: (number | null)[]; colour: string }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(0, ...known), Math.max(...known)];
  const points = values.flatMap((value, i) =>
    value === null
      ? []
      : [`${(i / (values.length - 1)) * 100},${31 - ((value - low) / (high - low || 1)) * 30}`],
  );
  return (
    <svg
      className={style.course}
      viewBox="0 0 100 32"
      preserveAspectRatio="none"
      fill="none"
      stroke={colour}
      strokeWidth="1.5"
      aria-hidden
    >
      <polyline points={points.join(' ')} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
