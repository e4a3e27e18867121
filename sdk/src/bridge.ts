/** What core and recorder know of each other: they are built together but loaded apart. */
import type { Config } from "./config";

export const WIRE_VERSION = "1";
export const RECORDER_GLOBAL = "__playhead_recorder__";
export const PART_GLOBAL = "__playhead_parts__";

export interface Who {
  distinct_id: string;
  $device_id?: string;
  $user_id?: string;
}

export type MaskMode = "text" | "input";

/** Selectors the project adds to what a page masks and blocks; they can only make it stricter. */
export interface Rules {
  version: string;
  mask: readonly string[];
  block: readonly string[];
}

export interface Marker {
  tag: string;
  payload: Record<string, unknown>;
  time: number;
}

export interface RecorderContext {
  config: Config;
  token: string;
  host: string;
  version: string;
  epoch: string;
  owner: string;
  now(): number;
  who(): Who;
  visit(): string;
  /** The replay now recorded into, or null when it has expired. */
  replay(): string | null;
  /** When that replay began, epoch ms. */
  started(): number;
  /** A person did something: keeps the replay alive. */
  touch(): void;
  /** Begins a new replay and returns its id. */
  rotate(): string;
  /** The recording ended for good on this page. */
  ended(reason: string): void;
  onNavigate(listener: (kind: "spa") => void): () => void;
  rules(): Rules;
  /** Keeps what the server says, and has it followed when it is something new. */
  learn(rules: unknown): void;
  optedOut(): boolean;
  /** Whether pages at this address are recorded. */
  recordable(href: string): boolean;
  /** Loads a part of the recorder; null when that fails. */
  loadPart(name: "console" | "network" | "canvas", use: (part: Part | null) => void): void;
  log(message: string): void;
  /** How many bytes the browser still carries for a page that goes. */
  room(): number;
  /** A request the browser carries on after the page. */
  carry(url: string, body: string, size: number): Promise<Response>;
}

export interface RecorderHandle {
  mark(marker: Marker): void;
  /** The rules have changed: mask by them from here on. */
  follow(): void;
  flush(): void;
  stop(): void;
  pause(): void;
  resume(): void;
  /** The tab turned out to be a copy: go on under the context's new replay. */
  restart(): void;
  /** Forget everything not yet sent, in memory and in the database. */
  wipe(): void;
}

/** A part hands over what it saw; masking it is the wall's. */
export interface PartContext {
  emit(plugin: string, payload: Record<string, unknown>): void;
  host: string;
}
export type Part = (context: PartContext) => () => void;
export type StartRecorder = (context: RecorderContext, backlog: Marker[]) => RecorderHandle;
