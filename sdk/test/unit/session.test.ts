import { describe, expect, it } from "vitest";
import { Clock, epochName } from "../../src/clock";
import { applyConfig, type Config, DEFAULTS, maskMode } from "../../src/config";
import { StormGuard } from "../../src/recorder/storm";
import { nextReplay, nextVisit, sampled } from "../../src/session";

const limits = { idleMs: 1000, maxMs: 10_000 };
let n = 0;
const uuid = (): string => `id${n++}`;
const stored = { id: "r", tab: "t", start: 0, last: 500, open: false };

describe("the replay of a tab", () => {
  it("goes on over pages", () => {
    expect(nextReplay(stored, 900, limits, uuid)).toMatchObject({
      fresh: false,
      replay: { id: "r", tab: "t", open: true },
    });
  });
  it("begins anew in a copy of the tab, with a tab name of its own", () => {
    const { replay, fresh } = nextReplay({ ...stored, open: true }, 900, limits, uuid);
    expect(fresh).toBe(true);
    expect([replay.id, replay.tab]).not.toContain("r");
    expect(replay.tab).not.toBe("t");
  });
  it("begins anew after idling or the longest time, in the same tab", () => {
    for (const replay of [stored, { ...stored, last: 10_500 }])
      expect(nextReplay(replay, 11_000, limits, uuid)).toMatchObject({ fresh: true, replay: { tab: "t" } });
  });
});

describe("a visit", () => {
  it("keeps its lot for sampling until it is over", () => {
    const first = nextVisit(null, 0, limits, uuid, () => 0.4);
    const later = nextVisit(first, 900, limits, uuid, () => 0.9);
    expect(later).toMatchObject({ id: first.id, roll: 40 });
    expect([sampled(later, 0), sampled(later, 40), sampled(later, 41), sampled(later, 100)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(nextVisit(later, 5000, limits, uuid, () => 0.9)).toMatchObject({ roll: 90 });
  });
});

describe("the clock", () => {
  it("runs on the page's own clock, catches up after sleep, never goes back", () => {
    let mono = 0;
    let wall = 1000;
    const clock = new Clock(
      () => mono,
      () => wall,
      1000,
    );
    mono = 10;
    wall = 99;
    expect(clock.now()).toBe(1010);
    wall = 1010 + 3_600_000;
    expect(clock.now()).toBe(1010 + 3_600_000);
    wall = 0;
    mono = 20;
    expect(clock.now()).toBe(1020 + 3_600_000);
  });
  it("names page loads so that they sort by time", () => {
    expect(epochName(1700000000000.7, () => 0.5)).toBe("1700000000000-8000");
  });
});

describe("options", () => {
  const told: string[] = [];
  const set = (options: unknown): Config => applyConfig(DEFAULTS, options, (m) => told.push(m));
  it("fall back to the stricter setting when they make no sense", () => {
    expect(set({ record_sessions_percent: "all" }).record_sessions_percent).toBe(0);
    expect(set({ record_sessions_percent: 101 }).record_sessions_percent).toBe(0);
    expect(maskMode(set({ record_mask_text_selector: "[[" }))).toBe("text");
    expect(maskMode(set({ record_mask_all_text: "no" }))).toBe("text");
    expect(set({ record_unmask_text_selector: "<" }).record_unmask_text_selector).toBeUndefined();
    expect(set({ record_block_selector: 7 }).record_sessions_percent).toBe(0);
    expect(set({ ignore_dnt: "yes" }).ignore_dnt).toBe(false);
    expect(told.length).toBeGreaterThan(5);
  });
  it("never throw", () => {
    for (const odd of [null, 7, "x", [], { hooks: null }, { api_host: {} }])
      expect(() => set(odd)).not.toThrow();
  });
  it("mask all text unless told otherwise, as mixpanel-browser is told", () => {
    expect(maskMode(set({}))).toBe("text");
    expect(maskMode(set({ record_mask_text_selector: "" }))).toBe("input");
    expect(maskMode(set({ record_mask_all_text: false }))).toBe("input");
    expect(maskMode(set({ record_mask_text_selector: "", record_mask_all_text: true }))).toBe("text");
  });
});

describe("a storm", () => {
  const records = (
    count: number,
    target: unknown,
    type = "attributes",
  ): { type: string; target: unknown }[] => Array.from({ length: count }, () => ({ type, target }));
  it("begins over the budget, counts what it leaves out and ends when it is calm", () => {
    const guard = new StormGuard(100, 50);
    let began = 0;
    const admit = (count: number, now: number, type?: string): boolean =>
      guard.admit(records(count, type ?? {}, type), now, () => began++);
    expect(admit(40, 0)).toBe(true);
    expect(admit(90, 10)).toBe(false);
    expect(admit(10, 20)).toBe(false);
    expect(began).toBe(1);
    expect(guard.calm(500)).toBe(false);
    expect(guard.calm(3000)).toBe(true);
    expect(guard.end()).toBe(100);
    expect(admit(40, 3100)).toBe(true);
  });
  it("is also one node changing without end, but not one list being built", () => {
    const node = {};
    expect(new StormGuard(1000, 50).admit(records(60, node), 0, () => undefined)).toBe(false);
    expect(new StormGuard(1000, 50).admit(records(60, node, "childList"), 0, () => undefined)).toBe(true);
  });
});
