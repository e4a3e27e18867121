import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bisect,
  bodyOf,
  type Chunk,
  headCount,
  judge,
  lastWords,
  merge,
  oversize,
  recordUrl,
} from "../../src/recorder/batch";
import { halve, seal } from "../../src/outbox";
import { backoffMs, retryAfterSeconds } from "../../src/util";

function chunk(seq: number, events: string[], more: Partial<Chunk> = {}): Chunk {
  return {
    token: "t",
    owner: "o",
    replay: "r",
    epoch: "e",
    seq,
    who: { distinct_id: "d" },
    visit: "v",
    mask: "text",
    rules: "",
    masked: 0,
    blocked: 0,
    events,
    size: events.join("").length,
    at: 0,
    ...more,
  };
}

/** Sends a queue to a server that takes at most `limit` bytes; answers what arrived, by number. */
function deliver(queue: Chunk[], limit: number): Map<number, string> {
  const arrived = new Map<number, string>();
  let size = Infinity;
  for (let guard = 0; queue.length && guard < 10_000; guard++) {
    const count = headCount(queue, size);
    const whole = merge(queue.slice(0, count));
    if (bodyOf(whole).length <= limit) {
      whole.events.forEach((e, i) => arrived.set(whole.seq + i, e));
      queue = queue.slice(count);
    } else if (count > 1) size = Math.floor(Math.min(size, whole.size) / 2);
    else if (queue[0]!.events.length > 1) queue = [...bisect(queue[0]!), ...queue.slice(1)];
    else if (queue[0]!.events[0]!.includes("ph:oversize")) queue = queue.slice(1);
    else queue = [chunk(queue[0]!.seq, [oversize(queue[0]!.events[0]!)]), ...queue.slice(1)];
  }
  return arrived;
}

describe("cutting", () => {
  it("gets every event through once, whatever the cuts and the limit, or a marker in its place", () => {
    const sizes = fc.array(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 200, max: 2000 }), (cuts, limit) => {
        let seq = 0;
        const all: string[] = [];
        const queue = cuts.map((lengths) => {
          const events = lengths.map((n) => JSON.stringify({ type: 3, data: "x".repeat(n), timestamp: seq }));
          const made = chunk(seq, events);
          seq += events.length;
          all.push(...events);
          return made;
        });
        const arrived = deliver(queue, limit);
        expect([...arrived.keys()].sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
        all.forEach((json, i) => {
          if (json.length + 2 <= limit) expect(arrived.get(i)).toBe(json);
          else expect(arrived.get(i)).toContain("ph:oversize");
        });
      }),
    );
  });
  it("never joins across a gap, another person, replay or page load", () => {
    const first = chunk(0, ["1", "2"]);
    expect(headCount([first, chunk(2, ["3"])], 100)).toBe(2);
    expect(headCount([first, chunk(3, ["3"])], 100)).toBe(1);
    expect(headCount([first, chunk(2, ["3"], { who: { distinct_id: "x" } })], 100)).toBe(1);
    expect(headCount([first, chunk(2, ["3"], { replay: "x" })], 100)).toBe(1);
    expect(headCount([first, chunk(2, ["3"], { epoch: "x" })], 100)).toBe(1);
  });
  it("keeps the database key with the half that arrives last", () => {
    const [a, b] = bisect(chunk(5, ["1", "2", "3"], { key: 9 }));
    expect([a.key, b.key, a.seq, b.seq]).toEqual([undefined, 9, 5, 5 + a.events.length]);
  });
  it("says what stood where something too large stood", () => {
    const json = JSON.stringify({ type: 3, data: { source: 0, adds: "x".repeat(999) }, timestamp: 1234 });
    expect(JSON.parse(oversize(json))).toEqual({
      type: 5,
      data: { tag: "ph:oversize", payload: { type: 3, source: 0, bytes: json.length } },
      timestamp: 1234,
    });
  });
  it("puts everything about a batch into the address", () => {
    const url = new URL(recordUrl("https://h/record/", "1.0", chunk(7, ["1", "2"]), "gzip", 42));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      v: "1",
      token: "t",
      mp_lib: "playhead",
      $lib_version: "1.0",
      sent_at: "42",
      replay_id: "r",
      epoch: "e",
      seq: "7",
      n: "2",
      format: "gzip",
      distinct_id: "d",
      visit: "v",
      mask: "text",
      rules: "",
      masked: "0",
      blocked: "0",
    });
  });
  it("counts what was masked once, however the batch is cut, and keeps what was masked by other rules apart", () => {
    const whole = chunk(0, ["1", "2", "3"], { masked: 5, blocked: 2, rules: "a" });
    const halves = bisect(whole);
    expect(merge(halves)).toMatchObject({ masked: 5, blocked: 2, rules: "a" });
    expect(headCount([whole, chunk(3, ["4"], { rules: "b" })], Infinity)).toBe(1);
  });
});

describe("answers", () => {
  it.each([
    [200, { code: 200, recording: "ok", live: true }, "ok"],
    [200, { code: 200, recording: "deleted" }, "deleted"],
    [200, { code: 200, recording: "stop" }, "stop"],
    [200, null, "retry"],
    [400, null, "drop"],
    [401, null, "drop"],
    [404, null, "drop"],
    [413, null, "bisect"],
    [429, null, "retry"],
    [503, null, "retry"],
    [0, null, "retry"],
  ])("%i %j → %s", (status, body, kind) => expect(judge(status, body).kind).toBe(kind));
  it("waits longer each time, and as long as the server says", () => {
    expect(backoffMs(0, 0, () => 1)).toBe(1000);
    expect(backoffMs(3, 0, () => 0)).toBe(4000);
    expect(backoffMs(99, 0, () => 1)).toBe(300_000);
    expect(backoffMs(0, 30, () => 0)).toBe(30_000);
    expect(retryAfterSeconds("7", null)).toBe(7);
    expect(retryAfterSeconds(null, { retry_after: 3 })).toBe(3);
    expect(retryAfterSeconds(null, null)).toBe(0);
  });
});

describe("last words", () => {
  it("carry first what exists nowhere else, in order, within the budget", () => {
    const chunks = [
      { name: "a", size: 40, stored: true },
      { name: "b", size: 50, stored: false },
      { name: "c", size: 30, stored: true },
      { name: "d", size: 10, stored: false },
    ];
    expect(lastWords(chunks, 100).map((c) => c.name)).toEqual(["a", "b", "d"]);
    expect(lastWords(chunks, 60).map((c) => c.name)).toEqual(["b", "d"]);
    expect(lastWords(chunks, 5)).toEqual([]);
  });
});

describe("events and profiles", () => {
  it("are sealed under one request id, and halved after a 413", () => {
    let n = 0;
    const id = (): string => `r${n++}`;
    const box = seal({ open: [{ a: 1 }, { a: 2 }, { a: 3 }], sealed: [] }, 2, id);
    expect(box).toEqual({
      open: [],
      sealed: [
        { id: "r0", items: [{ a: 1 }, { a: 2 }] },
        { id: "r1", items: [{ a: 3 }] },
      ],
    });
    expect(halve(box, id).sealed.map((s) => s.items.length)).toEqual([1, 1, 1]);
    expect(halve({ open: [], sealed: [{ id: "x", items: [{}] }] }, id).sealed).toEqual([]);
  });
});
