/** The canvas part: rrweb's canvas manager, loaded only where canvases are recorded. */
import { CanvasManager } from "@sentry/rrweb/canvas-manager";
import { PART_GLOBAL } from "../bridge";

const Manager = CanvasManager as unknown as new (options: unknown) => unknown;
const slot = window as unknown as Record<string, Record<string, unknown>>;
(slot[PART_GLOBAL] ??= {}).canvas = (options: unknown) => new Manager(options);
