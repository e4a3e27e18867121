import { useElementSize } from '@mantine/hooks';

import type { RetentionSegment } from '../api/retention';
import { percent, segmentName } from '../reports/words';
import style from './Retention.module.css';
import { type RetentionPoint, type RetentionState, periodName, same } from './state';
import type { PickCell } from './RetentionTable';
import { shareOf } from './table';

const HEIGHT = 200;
const LEFT = 44;
const RIGHT = 20;
const TOP = 12;
const BOTTOM = 28;
/** A name under the curve needs so much room. */
const NAME_WIDTH = 64;

/** The averages as lines over the periods. Every point opens the same menu as its cell in the table. */
export function RetentionCurve(props: {
  state: RetentionState;
  segments: RetentionSegment[];
  colours: string[];
  dashed: boolean[];
  chosen: RetentionPoint | null;
  summary: string;
  onPick: PickCell;
}) {
  const { state, segments, chosen } = props;
  const { ref, width } = useElementSize();
  const shares = segments.map((segment) =>
    segment.average.map((one) => (one ? shareOf(one.count, one.size, state.outcome) : null)),
  );
  const top = ceiling(Math.max(0.01, ...shares.flat().map((one) => one ?? 0)));
  const step = (width - LEFT - RIGHT) / Math.max(1, state.periods);
  const x = (n: number) => LEFT + n * step;
  const y = (share: number) => TOP + (1 - share / top) * (HEIGHT - TOP - BOTTOM);
  const every = Math.max(1, Math.ceil(NAME_WIDTH / Math.max(1, step)));
  return (
    <div
      ref={ref}
      className={style.curve}
      style={{ height: HEIGHT }}
      role="group"
      aria-label={props.summary}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT} aria-hidden>
          {[0, 0.25, 0.5, 0.75, 1].map((part) => (
            <g key={part}>
              <line x1={LEFT} x2={width - RIGHT} y1={y(part * top)} y2={y(part * top)} />
              <text x={LEFT - 8} y={y(part * top) + 4} textAnchor="end">
                {percent(part * top)}
              </text>
            </g>
          ))}
          {Array.from({ length: state.periods + 1 }, (_, n) =>
            n % every === 0 ? (
              <text
                key={n}
                x={x(n)}
                y={HEIGHT - 8}
                textAnchor={n === 0 ? 'start' : n === state.periods ? 'end' : 'middle'}
              >
                {periodName(state.unit, n)}
              </text>
            ) : null,
          )}
          {shares.map((line, s) => (
            <path
              key={s}
              d={path(line, x, y)}
              fill="none"
              stroke={props.colours[s]}
              strokeWidth={2}
              strokeLinejoin="round"
              {...(props.dashed[s] ? { strokeDasharray: '5 4' } : {})}
            />
          ))}
        </svg>
      )}
      {width > 0 &&
        shares.map((line, s) =>
          line.map((share, n) => {
            const segment = segments[s];
            if (share === null || !segment) return null;
            const point: RetentionPoint = {
              period: n,
              outcome: state.outcome,
              ...(segment.segment === null ? {} : { segment: segment.segment }),
            };
            const named = segment.segment === null ? '' : `${segmentName(segment.segment)}, `;
            const said = `${named}${periodName(state.unit, n)}: ${percent(share)}`;
            return (
              <button
                key={`${s} ${n}`}
                type="button"
                // The table has the same points, in an order that keys can follow.
                tabIndex={-1}
                aria-label={said}
                aria-haspopup="menu"
                title={said}
                data-chosen={same(chosen, point) || undefined}
                style={
                  { left: x(n), top: y(share), '--dot': props.colours[s] } as React.CSSProperties
                }
                onClick={(event) =>
                  props.onPick(point, event.clientX, event.clientY, event.currentTarget)
                }
              />
            );
          }),
        )}
    </div>
  );
}

/** The next readable number above. */
function ceiling(share: number): number {
  return [0.02, 0.04, 0.08, 0.2, 0.4, 0.6, 0.8, 1].find((one) => one >= share) ?? 1;
}

function path(
  line: (number | null)[],
  x: (n: number) => number,
  y: (share: number) => number,
): string {
  let drawn = '';
  let pen = 'M';
  line.forEach((share, n) => {
    if (share === null) {
      pen = 'M';
      return;
    }
    drawn += `${pen}${x(n)} ${y(share)}`;
    pen = 'L';
  });
  return drawn;
}
