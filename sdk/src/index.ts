/** The npm entry: `import playhead from "playhead-browser"`. */
import { Playhead } from "./playhead";

export type { Config } from "./config";
export type { OptOptions, TrackOptions } from "./playhead";
export { Playhead };

const playhead = new Playhead();
export default playhead;
