/**
 * Plays one replay: asks `plan` what to fetch, feeds the player document, and keeps the state that the screen shows.
 * Knows nothing of React; the screen subscribes to it.
 */
import { HttpError } from '../api/http';
import type { RecordingIndex, Stretch } from '../api/types';
import { type FromPlayer, type Picked, type ToPlayer, unwrap, wrap } from '../player/protocol';
import type { PlayerFrame } from './playerFrame';
import { type Fetch, type Loaded, type Step, advance, plan } from './plan';

export const SPEEDS = [0.5, 1, 1.5, 2, 4, 8, 16] as const;

/** A stretch without any action of the visitor is jumped over when it is at least this long. */
export const SKIP_FROM_MS = 5_000;
/** Playing goes on this long before the next action. */
const SKIP_LEAD_MS = 400;
const AHEAD_MS = 2 * 60_000;
const LIVE_EVERY_MS = 1_000;
const WATCHING_EVERY_MS = 10_000;
/** Following a live visit, the playhead jumps when it lags this far behind. */
const LIVE_LAG_MS = 6_000;

export interface RecordingSource {
  index(): Promise<RecordingIndex>;
  bytes(fetch: Fetch): Promise<ArrayBuffer>;
  watching(): Promise<void>;
}

export type Phase = 'starting' | 'playing' | 'paused' | 'buffering' | 'ended' | 'failed';

export interface PlayState {
  phase: Phase;
  at_ms: number;
  first_ms: number;
  last_ms: number;
  /** What the player holds, for the timeline. */
  held: Stretch | null;
  speed: number;
  skip: boolean;
  live: boolean;
  /** Following a live visit at its end. */
  following: boolean;
  url: string | null;
  size: { width: number; height: number } | null;
  /** The page has been shown. */
  drawn: boolean;
  skipped: { from_ms: number; to_ms: number } | null;
  /** What `pick` found. */
  picked: Picked | null;
  error: { code: string; message: string } | null;
}

export interface Options {
  at_ms: number | null;
  play: boolean;
  speed: number;
  skip: boolean;
  inactive: Stretch[];
  first_ms: number;
  last_ms: number;
  live: boolean;
  url: string | null;
}

/** Numbers of stretches and of seeks, the same player document hears those of one replay after another. */
let loads = 0;
let turns = 0;

export class ReplayController {
  private state: PlayState;
  private readonly listeners = new Set<() => void>();
  private frame: { window: Window; origin: string } | null = null;
  private index: RecordingIndex | null = null;
  private loaded: Loaded | null = null;
  private load = -1;
  private turn = -1;
  /** Where playing shall begin once enough is held; null when the player is there already. */
  private pending: number | null;
  private wantsPlay: boolean;
  private inactive: Stretch[];
  /** Start of the inactive stretch that someone went into on purpose: it is not jumped over. */
  private spared_ms: number | null = null;
  private reading = false;
  private closed = false;
  private answer: ((held: Extract<FromPlayer, { type: 'held' }>) => void) | null = null;
  private timers: ReturnType<typeof setInterval>[] = [];

  constructor(
    private source: RecordingSource,
    options: Options,
  ) {
    const start = options.at_ms ?? (options.live ? options.last_ms : options.first_ms);
    this.inactive = skippable(options.inactive);
    if (options.at_ms !== null) this.spared_ms = this.stretchAt(start)?.[0] ?? null;
    this.wantsPlay = options.play;
    this.pending = start;
    this.state = {
      phase: 'starting',
      at_ms: start,
      first_ms: options.first_ms,
      last_ms: options.last_ms,
      held: null,
      speed: options.speed,
      skip: options.skip,
      live: options.live,
      following: options.live && options.at_ms === null,
      url: options.url,
      size: null,
      drawn: false,
      skipped: null,
      picked: null,
      error: null,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): PlayState => this.state;

  /** Begins listening to the player document in a frame that was just put where the replay is shown. */
  attach(frame: PlayerFrame): () => void {
    const hear = (message: MessageEvent) => {
      if (message.source !== frame.element.contentWindow || message.origin !== frame.origin) return;
      const said = unwrap<FromPlayer>(message.data);
      if (said !== null) this.hear(said, frame);
    };
    window.addEventListener('message', hear);
    this.closed = false;
    if (frame.ready) this.greet(frame);
    void this.refresh();
    this.timers.push(
      setInterval(() => this.tail(), LIVE_EVERY_MS),
      setInterval(() => this.sayWatching(), WATCHING_EVERY_MS),
    );
    this.sayWatching();
    return () => {
      window.removeEventListener('message', hear);
      this.timers.forEach(clearInterval);
      this.timers = [];
      this.frame = null;
      this.loaded = null;
      this.answer = null;
      this.closed = true;
    };
  }

  /** The server knows the replay better by now (a live one grows). */
  update(facts: { inactive: Stretch[]; first_ms: number; last_ms: number }): void {
    this.inactive = skippable(facts.inactive);
    this.set({
      first_ms: Math.min(this.state.first_ms, facts.first_ms),
      last_ms: Math.max(this.state.last_ms, facts.last_ms),
    });
  }

  /** Shows the same replay from another source, at the same place. */
  swap(source: RecordingSource): void {
    this.source = source;
    this.retry();
  }

  /** Where in the shown page a point of the player document is; it answers `picked`. */
  pick(x: number, y: number, chosen: boolean): void {
    this.tell({ type: 'pick', x, y, chosen });
  }

  play(): void {
    this.wantsPlay = true;
    if (this.state.phase === 'ended') {
      this.seek(this.state.first_ms);
      return;
    }
    if (this.pending === null) this.tell({ type: 'play' });
    else this.set({ phase: 'buffering' });
  }

  pause(): void {
    this.wantsPlay = false;
    this.set({ following: false });
    if (this.pending === null) this.tell({ type: 'pause' });
    else this.set({ phase: 'paused' });
  }

  toggle(): void {
    if (this.wantsPlay && this.state.phase !== 'ended') this.pause();
    else this.play();
  }

  seek(at_ms: number): void {
    const at = Math.min(Math.max(at_ms, this.state.first_ms), this.state.last_ms);
    const following = this.state.live && at >= this.state.last_ms - LIVE_LAG_MS;
    if (this.state.phase === 'ended') this.wantsPlay = true;
    this.spared_ms = this.stretchAt(at)?.[0] ?? null;
    this.go(at);
    this.set({ following: following && this.wantsPlay, skipped: null });
  }

  /** To the end of a visit that goes on. */
  follow(): void {
    this.wantsPlay = true;
    this.go(this.state.last_ms);
    this.set({ following: true });
  }

  setSpeed(speed: number): void {
    this.set({ speed });
    this.tell({ type: 'speed', speed });
  }

  setSkip(skip: boolean): void {
    this.set({ skip });
  }

  retry(): void {
    this.loaded = null;
    this.index = null;
    this.pending = this.state.at_ms;
    this.set({ phase: 'starting', error: null });
    void this.refresh();
  }

  private go(at_ms: number): void {
    const held = this.loaded;
    if (this.frame && held && at_ms >= held.since_ms && at_ms <= held.through_ms) {
      this.pending = null;
      this.set({ at_ms, phase: this.wantsPlay ? 'playing' : 'paused' });
      this.tell({ type: 'seek', at_ms, play: this.wantsPlay, turn: (this.turn = ++turns) });
    } else {
      this.pending = at_ms;
      this.set({ at_ms, phase: 'buffering' });
      this.tell({ type: 'pause' });
    }
    void this.read();
  }

  private greet({ element, origin }: PlayerFrame): void {
    if (element.contentWindow === null) return;
    this.frame = { window: element.contentWindow, origin };
    this.tell({ type: 'speed', speed: this.state.speed });
    void this.read();
  }

  private hear(said: FromPlayer, frame: PlayerFrame): void {
    if (said.type === 'hello') return this.greet(frame);
    if (said.load !== this.load || ('turn' in said && said.turn !== this.turn)) return;
    switch (said.type) {
      case 'drawn':
        this.set({ drawn: true });
        break;
      case 'held':
        this.answer?.(said);
        this.answer = null;
        break;
      case 'time':
        this.moved(said.at_ms, said.playing);
        break;
      case 'stalled':
        if (this.pending !== null) return;
        this.set({ at_ms: said.at_ms, phase: this.wantsPlay ? 'buffering' : 'paused' });
        void this.read();
        break;
      case 'ended':
        this.wantsPlay = false;
        this.set({ at_ms: this.state.last_ms, phase: 'ended' });
        break;
      case 'size':
        this.set({ size: { width: said.width, height: said.height } });
        break;
      case 'page':
        this.set({ url: said.url });
        break;
      case 'picked':
        this.set({ picked: said.picked });
        break;
      case 'trouble':
        this.set({ phase: 'failed', error: { code: 'player', message: said.message } });
        break;
    }
  }

  private moved(at_ms: number, playing: boolean): void {
    if (this.pending !== null) return;
    this.set({ at_ms, phase: playing ? 'playing' : 'paused' });
    if (!playing) return;
    // Where the replay begins is seen before anything of it is jumped over.
    if (this.state.skip && this.state.drawn) {
      const stretch = this.stretchAt(at_ms);
      if (stretch?.[0] !== this.spared_ms) this.spared_ms = null;
      if (stretch && stretch[0] !== this.spared_ms) {
        const to_ms = Math.min(stretch[1] - SKIP_LEAD_MS, this.state.last_ms);
        this.go(to_ms);
        this.set({ skipped: { from_ms: at_ms, to_ms } });
        return;
      }
    }
    void this.read();
  }

  /** The inactive stretch around a moment that is well inside it. */
  private stretchAt(at_ms: number): Stretch | undefined {
    return this.inactive.find(
      ([from, to]) => at_ms >= from + SKIP_LEAD_MS && at_ms < to - SKIP_LEAD_MS * 2,
    );
  }

  private tell(message: ToPlayer, transfer: Transferable[] = []): void {
    this.frame?.window.postMessage(wrap(message), this.frame.origin, transfer);
  }

  private async refresh(): Promise<void> {
    const source = this.source;
    try {
      const index = await source.index();
      if (this.closed || source !== this.source) return;
      this.index = index;
      this.set({
        live: index.live,
        first_ms: Math.min(this.state.first_ms, index.first_ms),
        last_ms: Math.max(this.state.last_ms, index.last_ms),
        following: this.state.following && index.live,
      });
      await this.read();
    } catch (error) {
      if (source === this.source) this.fail(error);
    }
  }

  private tail(): void {
    if (this.closed || !this.state.live || document.hidden || this.reading) return;
    void this.refresh();
  }

  private sayWatching(): void {
    if (this.closed || !this.state.live || document.hidden) return;
    this.source.watching().catch(() => undefined);
  }

  /** Carries out what `plan` says, one fetch after the other, until it says to rest. */
  private async read(): Promise<void> {
    if (this.reading || this.closed || this.frame === null || this.index === null) return;
    this.reading = true;
    let source = this.source;
    try {
      for (let staleTries = 0; ;) {
        source = this.source;
        const index: RecordingIndex | null = this.index;
        // Another source was given, and says what there is in a moment.
        if (index === null) return;
        const target = this.pending ?? this.state.at_ms;
        const step = plan(index, this.loaded, {
          at_ms: target,
          ahead_ms: AHEAD_MS * Math.max(1, this.state.speed),
        });
        if (step.do === 'rest') {
          this.tell({ type: 'complete', complete: step.complete });
          this.arrive();
          return;
        }
        let bytes: ArrayBuffer;
        try {
          bytes = await source.bytes(step.fetch);
        } catch (error) {
          if (source !== this.source) continue;
          // The recording was sealed anew meanwhile: its frames have other names now.
          if (error instanceof HttpError && error.status === 404 && staleTries++ < 2) {
            const renewed = await source.index();
            if (source === this.source) this.index = renewed;
            continue;
          }
          throw error;
        }
        if (this.stopped()) return;
        if (source !== this.source) continue;
        // The playhead may have gone elsewhere while we waited.
        const now = plan(index, this.loaded, {
          at_ms: this.pending ?? this.state.at_ms,
          ahead_ms: Infinity,
        });
        if (now.do === 'restart' && JSON.stringify(now) !== JSON.stringify(step)) continue;
        await this.hand(index, step, bytes);
        if (this.stopped()) return;
        this.arrive();
      }
    } catch (error) {
      if (source === this.source) this.fail(error);
    } finally {
      this.reading = false;
    }
  }

  private stopped(): boolean {
    return this.closed || this.frame === null;
  }

  private async hand(
    index: RecordingIndex,
    step: Exclude<Step, { do: 'rest' }>,
    ndjson: ArrayBuffer,
  ): Promise<void> {
    const source = this.source;
    const held = new Promise<Extract<FromPlayer, { type: 'held' }>>((resolve) => {
      this.answer = resolve;
    });
    if (step.do === 'restart') {
      const at_ms = this.pending ?? this.state.at_ms;
      this.pending = at_ms;
      this.tell({ type: 'complete', complete: false });
      this.tell({ type: 'load', load: (this.load = ++loads), ndjson, at_ms, play: false }, [
        ndjson,
      ]);
    } else {
      this.tell({ type: step.do, load: this.load, ndjson }, [ndjson]);
    }
    const { range, playable } = await held;
    if (source !== this.source) return;
    this.loaded = advance(index, this.loaded, step, range);
    this.set({ held: [this.loaded.since_ms, this.loaded.through_ms] });
    if (!playable && !index.live && this.loaded.through_ms >= index.last_ms) {
      throw new HttpError(
        422,
        'no_full_snapshot',
        'The page itself never arrived, so there is nothing to draw.',
      );
    }
  }

  /** Starts where the playhead was sent, once that place is held. */
  private arrive(): void {
    const { pending, loaded } = this;
    if (loaded === null) return;
    if (pending !== null) {
      const reachable = Math.min(pending, this.state.last_ms);
      if (reachable > loaded.through_ms && this.index !== null) return;
      this.pending = null;
      const at_ms = Math.max(reachable, loaded.since_ms);
      this.set({ at_ms, phase: this.wantsPlay ? 'playing' : 'paused' });
      this.tell({ type: 'seek', at_ms, play: this.wantsPlay, turn: (this.turn = ++turns) });
    } else if (
      this.state.following &&
      this.wantsPlay &&
      loaded.through_ms - this.state.at_ms > LIVE_LAG_MS
    ) {
      const at_ms = loaded.through_ms - 1_000;
      this.set({ at_ms });
      this.tell({ type: 'seek', at_ms, play: true, turn: (this.turn = ++turns) });
    }
  }

  private fail(error: unknown): void {
    if (this.closed) return;
    // A live replay that answers badly once is asked again in a second.
    if (this.state.live && this.loaded !== null && !(error instanceof HttpError)) return;
    const known = error instanceof HttpError;
    this.set({
      phase: 'failed',
      error: {
        code: known ? error.code : 'network',
        message: known ? error.message : 'The server could not be reached.',
      },
    });
  }

  private set(change: Partial<PlayState>): void {
    this.state = { ...this.state, ...change };
    this.listeners.forEach((listener) => listener());
  }
}

export function skippable(inactive: Stretch[]): Stretch[] {
  return inactive.filter(([from, to]) => to - from >= SKIP_FROM_MS);
}
