import { useElementSize } from '@mantine/hooks';
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from 'react';

import type { ReplayDetail, Stretch } from '../api/types';
import { clock, path, plural, spell } from '../lib/format';
import type { ReplayController } from './controller';
import { eventName, tellsMore } from './activity';
import { curve, makeScale, signs } from './scale';
import { KIND_NAMES, SignShape } from './Sign';
import style from './Timeline.module.css';
import { usePlay } from './usePlay';

const CURVE_PX = 20;
const SIGN_GAP = 15;

/** 48 px: signs on top, the curve of activity, the pages as bands. */
export function Timeline({
  detail,
  controller,
  mark = null,
  stretch = null,
}: {
  detail: ReplayDetail;
  controller: ReplayController;
  /** The moment that the replay is watched for. */
  mark?: { at_ms: number; label: string } | null;
  /** What is chosen of it. */
  stretch?: Stretch | null;
}) {
  const { ref, width } = useElementSize();
  const first_ms = usePlay(controller, (state) => state.first_ms);
  const last_ms = usePlay(controller, (state) => state.last_ms);
  const held = usePlay(controller, (state) => state.held);
  const [hover, setHover] = useState<number | null>(null);
  const dragging = useRef(false);

  const scale = useMemo(
    () => makeScale(first_ms, last_ms, detail.activity.inactive, Math.max(width, 1)),
    [first_ms, last_ms, detail.activity.inactive, width],
  );
  const shown = useMemo(
    () => signs(detail.markers.filter(tellsMore), scale, SIGN_GAP),
    [detail.markers, scale],
  );
  const shape = useMemo(
    () => curve(detail.activity.counts, scale, CURVE_PX),
    [detail.activity.counts, scale],
  );
  const bands = useMemo(
    () =>
      detail.pages.map((page, i) => {
        const x = i === 0 ? 0 : scale.x(page.at_ms);
        return { page, x, width: scale.x(detail.pages[i + 1]?.at_ms ?? last_ms) - x };
      }),
    [detail.pages, scale, last_ms],
  );
  const ticks = useMemo(
    () => detail.markers.filter((one) => one.kind === 'click' || one.kind === 'input'),
    [detail.markers],
  );

  const msAt = (event: PointerEvent) =>
    scale.ms(event.clientX - event.currentTarget.getBoundingClientRect().left);
  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0 || (event.target as HTMLElement).closest('button')) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    dragging.current = true;
    controller.seek(msAt(event));
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const at = msAt(event);
    setHover(at);
    if (dragging.current) controller.seek(at);
  };
  const press = (event: KeyboardEvent) => {
    const { at_ms } = controller.snapshot();
    const to = {
      ArrowLeft: at_ms - 5_000,
      ArrowRight: at_ms + 5_000,
      ArrowDown: at_ms - 5_000,
      ArrowUp: at_ms + 5_000,
      PageDown: at_ms - 30_000,
      PageUp: at_ms + 30_000,
      Home: first_ms,
      End: last_ms,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    controller.seek(to);
  };

  return (
    <div className={style.wrap}>
      <div
        ref={ref}
        className={style.timeline}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={() => (dragging.current = false)}
        onPointerCancel={() => (dragging.current = false)}
        onPointerLeave={() => setHover(null)}
      >
        {width > 0 && (
          <>
            <svg className={style.drawing} width={width} height={48} aria-hidden>
              <g transform="translate(0 16)">
                <path d={shape} className={style.curve} />
                <line
                  x1={0}
                  x2={width}
                  y1={CURVE_PX - 0.5}
                  y2={CURVE_PX - 0.5}
                  className={style.ground}
                />
                {ticks.map((tick, i) => {
                  const x = scale.x(tick.at_ms);
                  return (
                    <line
                      key={i}
                      x1={x}
                      x2={x}
                      y1={CURVE_PX - 4}
                      y2={CURVE_PX - 1}
                      className={style.tick}
                    />
                  );
                })}
                {scale.pieces
                  .filter((piece) => piece.folded)
                  .map((piece) => (
                    <g key={piece.from_ms}>
                      <rect
                        x={piece.x}
                        width={piece.width}
                        y={0}
                        height={CURVE_PX}
                        className={style.fold}
                      />
                      <line
                        x1={piece.x + 1}
                        x2={piece.x + piece.width - 1}
                        y1={CURVE_PX / 2}
                        y2={CURVE_PX / 2}
                        className={style.dashes}
                      />
                    </g>
                  ))}
              </g>
              {bands.map((band, i) => (
                <rect
                  key={i}
                  x={band.x}
                  y={38}
                  width={Math.max(1, band.width - 1)}
                  height={10}
                  rx={2}
                  className={style.band}
                  data-odd={i % 2 === 1 || undefined}
                />
              ))}
              {held && (
                <rect
                  x={scale.x(held[0])}
                  y={35.5}
                  width={Math.max(0, scale.x(held[1]) - scale.x(held[0]))}
                  height={1}
                  className={style.held}
                />
              )}
            </svg>
            {bands.map(
              (band, i) =>
                band.width > 56 && (
                  <span
                    key={i}
                    className={style.bandName}
                    style={{ left: band.x + 4, width: band.width - 8 }}
                  >
                    {path(band.page.url)}
                  </span>
                ),
            )}
            <Progress controller={controller} x={scale.x} />
            {shown.map((sign) => (
              <button
                key={`${sign.marker.at_ms}-${sign.marker.kind}-${sign.marker.label}`}
                type="button"
                className={style.sign}
                style={{ left: sign.x }}
                title={`${clock(sign.marker.at_ms - first_ms)}  ${KIND_NAMES[sign.marker.kind]}: ${eventName(sign.marker.label)}${sign.count > 1 ? ` and ${sign.count - 1} more` : ''}`}
                tabIndex={-1}
                aria-hidden
                onClick={() => controller.seek(sign.marker.at_ms - 1_000)}
              >
                <SignShape kind={sign.marker.kind} />
                {sign.count > 1 && sign.marker.kind !== 'event' && (
                  <i>{sign.count > 9 ? '9+' : sign.count}</i>
                )}
              </button>
            ))}
            {stretch && (
              <div
                className={style.stretch}
                style={{
                  left: scale.x(stretch[0]),
                  width: Math.max(2, scale.x(stretch[1]) - scale.x(stretch[0])),
                }}
                aria-hidden
              />
            )}
            {mark && (
              <div
                className={style.mark}
                style={{ left: scale.x(mark.at_ms) }}
                role="img"
                aria-label={`Watched for this, at ${clock(mark.at_ms - first_ms)}: ${mark.label}`}
                title={`${clock(mark.at_ms - first_ms)}  ${mark.label}`}
              />
            )}
            <Playhead controller={controller} x={scale.x} detail={detail} onKeyDown={press} />
            {hover !== null && (
              <Hover at_ms={hover} scale={scale} detail={detail} first_ms={first_ms} />
            )}
          </>
        )}
      </div>
    </div>
  );
}

function Progress({ controller, x }: { controller: ReplayController; x: (ms: number) => number }) {
  const at = usePlay(controller, (state) => Math.round(x(state.at_ms)));
  return <div className={style.progress} style={{ width: at }} />;
}

function Playhead(props: {
  controller: ReplayController;
  x: (ms: number) => number;
  detail: ReplayDetail;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const { controller, x } = props;
  const left = usePlay(controller, (state) => Math.round(x(state.at_ms) * 2) / 2);
  const second = usePlay(controller, (state) => Math.floor((state.at_ms - state.first_ms) / 1000));
  const total = usePlay(controller, (state) => Math.floor((state.last_ms - state.first_ms) / 1000));
  return (
    <div
      className={style.playhead}
      style={{ transform: `translateX(${left}px)` }}
      role="slider"
      tabIndex={0}
      aria-label="Position in the replay"
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={second}
      aria-valuetext={`${clock(second * 1000)} of ${clock(total * 1000)}`}
      onKeyDown={props.onKeyDown}
    />
  );
}

function Hover(props: {
  at_ms: number;
  scale: ReturnType<typeof makeScale>;
  detail: ReplayDetail;
  first_ms: number;
}) {
  const { at_ms, scale, detail } = props;
  const x = scale.x(at_ms);
  const page = detail.pages.findLast((one) => one.at_ms <= at_ms);
  const fold = scale.pieces.find(
    (piece) => piece.folded && at_ms >= piece.from_ms && at_ms <= piece.to_ms,
  );
  const near = detail.markers.filter(
    (one) => Math.abs(scale.x(one.at_ms) - x) < 6 && one.kind !== 'page',
  );
  const left = Math.min(Math.max(x, 90), Math.max(90, scale.width - 90));
  return (
    <>
      <div className={style.hair} style={{ left: x }} />
      <div className={style.card} style={{ left }} aria-hidden>
        <b className="num">{clock(at_ms - props.first_ms)}</b>
        {page && <span>{path(page.url)}</span>}
        {fold && <em>Nothing happens for {spell(fold.to_ms - fold.from_ms)}</em>}
        {near.slice(0, 3).map((one, i) => (
          <span key={i} className={style.near}>
            <SignShape kind={one.kind} size={10} /> {eventName(one.label) || KIND_NAMES[one.kind]}
          </span>
        ))}
        {near.length > 3 && <span>{plural(near.length - 3, 'more', 'more')}</span>}
      </div>
    </>
  );
}
