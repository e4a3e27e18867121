/** The `<script>` entry: sets `window.playhead`, runs what was queued for it, and starts when a token is given. */
import { DEFAULTS } from "./config";
import { Playhead, setFallbackHost } from "./playhead";
import { type Dict, safely } from "./util";

const script = document.currentScript as HTMLScriptElement | null;
const slot = window as unknown as { playhead?: unknown };

/** `data-record-idle-timeout-ms="600000"` is `record_idle_timeout_ms: 600000`: JSON where it is JSON, else text. */
function options(data: DOMStringMap): Dict {
  const out: Dict = {};
  for (const [key, value] of Object.entries(data)) {
    const name = key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    if (name in DEFAULTS) out[name] = safely(() => JSON.parse(value!) as unknown) ?? value;
  }
  return out;
}

if (!(
  slot.playhead instanceof Object &&
  "get_distinct_id" in slot.playhead &&
  !Array.isArray(slot.playhead)
)) {
  const queued = slot.playhead;
  const playhead = new Playhead();
  if (script?.src) setFallbackHost(script.src.replace(/\/(sdk\/)?[^/]*$/, ""));
  slot.playhead = playhead;
  const token = script?.dataset.token;
  if (token)
    playhead.init(token, {
      record_sessions_percent: 100,
      track_pageview: true,
      ...options(script!.dataset),
    });
  if (Array.isArray(queued)) for (const item of queued) playhead.push(item);
}
