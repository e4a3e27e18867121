/** The only file that knows which rrweb is used (docs/decisions/0002-recorder.md). */
import { record } from "@sentry/rrweb";
import { fixed, stars } from "./mask";
import type { RrwebEvent } from "./events";

export interface RrwebOptions {
  emit(event: RrwebEvent): void;
  /** False: these mutations are not looked at. */
  admit(mutations: MutationRecord[]): boolean;
  onError(error: unknown): void;
  blockSelector: string;
  blockClass: RegExp | null;
  maskAllText: boolean;
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
    // A first layer inside rrweb; the wall decides.
    maskAllText: options.maskAllText,
    maskTextFn: stars,
    maskAllInputs: true,
    maskInputFn: fixed,
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
