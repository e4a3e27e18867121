/**
 * Time as the recording uses it: `timeOrigin + performance.now()`, which no change of the wall clock moves. On some systems
 * that clock stands still while the machine sleeps, so a lag of more than a minute is caught up; it never goes backward.
 */
export class Clock {
  private base: number;
  constructor(
    private readonly mono: () => number = () => performance.now(),
    private readonly wall: () => number = () => Date.now(),
    origin: number = performance.timeOrigin,
  ) {
    this.base = origin;
  }
  now(): number {
    const lag = this.wall() - (this.base + this.mono());
    if (lag > 60_000) this.base += lag;
    return Math.round(this.base + this.mono());
  }
}

/** Names a page load so that names sort by time: 13 digits of the time origin and 4 hex digits of chance. */
export function epochName(origin: number, random: () => number = Math.random): string {
  const chance = Math.floor(random() * 0x10000);
  return `${String(Math.floor(origin)).padStart(13, "0")}-${chance.toString(16).padStart(4, "0")}`;
}
