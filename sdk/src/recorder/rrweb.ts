/** The only file that knows which rrweb is used (docs/decisions/0002-recorder.md). */
import { record } from "@sentry/rrweb";
import type { RrwebEvent } from "./events";

export interface RrwebOptions {
  emit(event: RrwebEvent): void;
  /** False: these mutations are not looked at. */
  admit(mutations: MutationRecord[]): boolean;
  onError(error: unknown): void;
  blockSelector: string;
  blockClass: RegExp | null;
  /** Makes rrweb's canvas manager; comes from the canvas part. */
  canvas: unknown;
  fonts: boolean;
}

export interface Rrweb {
  snapshot(): void;
  stop(): void;
}

type RecordOptions = NonNullable<Parameters<typeof record>[0]>;

export const nodeOf = (id: number): Node | null => record.mirror.getNode(id) as Node | null;
export const idOf = (node: Node): number => record.mirror.getId(node as never);

export function startRrweb(options: RrwebOptions): Rrweb {
  const stop = record({
    emit: (event: unknown) => options.emit(event as RrwebEvent),
    recordAfter: "DOMContentLoaded",
    blockClass: options.blockClass ?? "rr-block",
    blockSelector: options.blockSelector,
    // What is masked is the wall's to decide, once and for all kinds of events.
    maskAllText: false,
    maskAllInputs: false,
    userTriggeredOnInput: true,
    slimDOMOptions: { comment: true, headWhitespace: true },
    inlineStylesheet: true,
    collectFonts: options.fonts,
    recordCanvas: !!options.canvas,
    ...(options.canvas ? { getCanvasManager: options.canvas } : {}),
    dataURLOptions: { type: "image/webp", quality: 0.6 },
    sampling: { canvas: 4 },
    onMutation: options.admit,
    errorHandler: (error: unknown) => {
      options.onError(error);
      return true;
    },
  } as unknown as RecordOptions);
  return {
    snapshot: () =>
      (record as unknown as { takeFullSnapshot(checkout: boolean): void }).takeFullSnapshot(true),
    stop: () => stop?.(),
  };
}
