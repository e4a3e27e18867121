/** Notices when a page changes faster than recording can follow without slowing it down. */
export class StormGuard {
  private since = 0;
  private total = 0;
  private last = 0;
  private perNode = new Map<unknown, number>();
  storming = false;
  dropped = 0;

  constructor(
    private readonly budget: number,
    private readonly nodeBudget: number,
  ) {}

  /** False when these mutations are to be left out. `began` is called once per storm. */
  admit(records: readonly { type: string; target: unknown }[], now: number, began: () => void): boolean {
    this.roll(now);
    this.total += records.length;
    let heavy = this.total > this.budget;
    if (!heavy)
      for (const { type, target } of records) {
        // Children added one by one are how lists are built; the same attribute over and over is how animations run.
        if (type === "childList") continue;
        const count = (this.perNode.get(target) ?? 0) + 1;
        this.perNode.set(target, count);
        if (count > this.nodeBudget) heavy = true;
      }
    if (heavy && !this.storming) {
      this.storming = true;
      began();
    }
    if (this.storming) this.dropped += records.length;
    return !this.storming;
  }

  private roll(now: number): void {
    if (now - this.since < 1000) return;
    this.last = now - this.since < 2000 ? this.total : 0;
    this.since = now;
    this.total = 0;
    this.perNode = new Map();
  }

  /** Asked now and then while it storms: true when it is over; returns to normal then. */
  calm(now: number): boolean {
    this.roll(now);
    return this.storming && this.last < this.budget / 4 && this.total < this.budget / 4;
  }

  /** Back to normal; answers how many mutations were left out. */
  end(): number {
    const { dropped } = this;
    this.storming = false;
    this.dropped = this.total = this.last = 0;
    this.perNode = new Map();
    return dropped;
  }
}
