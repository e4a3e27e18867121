import { EventType, type eventWithTime } from '@rrweb/types';
import { describe, expect, it } from 'vitest';

import { addressIn, fromFirstSnapshot, merge, parse, parseUntil } from './events';
import { unwrap, wrap } from './protocol';
import { fit } from './stage';

const event = (timestamp: number, type = EventType.IncrementalSnapshot, data: object = {}) =>
  ({ timestamp, type, data }) as unknown as eventWithTime;
const bytes = (text: string) => new TextEncoder().encode(text).buffer;

describe('reading recorded events', () => {
  it('leaves out what is no event', () => {
    const text =
      '{"type":3,"timestamp":1,"data":{}}\n{"type":3\n\nnull\n{"type":"x","timestamp":2,"data":{}}\n{"type":3,"timestamp":null,"data":{}}\n';
    expect(parse(bytes(text)).map((one) => one.timestamp)).toEqual([1]);
  });

  it('reads to where the page can be drawn first, and the rest later', () => {
    const lines = [
      event(1, EventType.Meta),
      event(2, EventType.FullSnapshot),
      event(900),
      event(1_600),
      event(5_000),
    ].map((one) => JSON.stringify(one));
    const { beginning, rest } = parseUntil(bytes(lines.join('\n')), 500);
    expect(beginning.map((one) => one.timestamp)).toEqual([1, 2, 900, 1_600]);
    expect(rest().map((one) => one.timestamp)).toEqual([5_000]);
    const late = parseUntil(bytes([lines[4], ...lines.slice(0, 3)].join('\n')), 500);
    expect(late.beginning).toHaveLength(4);
    expect(late.rest()).toEqual([]);
  });

  it('begins at the first full snapshot with its meta event', () => {
    const events = [event(1), event(2, EventType.Meta), event(3, EventType.FullSnapshot), event(4)];
    expect(fromFirstSnapshot(events).map((one) => one.timestamp)).toEqual([2, 3, 4]);
    expect(fromFirstSnapshot([event(1)])).toEqual([]);
  });

  it('merges late events as multisets: equal ones are real', () => {
    const held = [event(1), event(5), event(5), event(9)];
    expect(merge(held, [event(5), event(5)])).toBe(held);
    expect(merge(held, [event(5), event(5), event(5)])).toHaveLength(5);
    expect(merge(held, [event(7)]).map((one) => one.timestamp)).toEqual([1, 5, 5, 7, 9]);
  });

  it('knows where the page says its address', () => {
    expect(addressIn(event(1, EventType.Meta, { href: 'https://a/' }))).toBe('https://a/');
    expect(addressIn(event(1, EventType.Custom, { tag: 'ph:page', payload: { href: '/b' } }))).toBe(
      '/b',
    );
    expect(addressIn(event(1, EventType.Custom, { tag: 'ph:page', payload: null }))).toBeNull();
  });
});

describe('the protocol', () => {
  it('takes only its own messages', () => {
    expect(unwrap(wrap({ type: 'play' }))).toEqual({ type: 'play' });
    for (const strange of [
      null,
      'play',
      {},
      { type: 'play' },
      { protocol: 'playhead-player-1', message: 3 },
    ]) {
      expect(unwrap(strange)).toBeNull();
    }
  });
});

describe('fitting the page', () => {
  it('keeps proportions and frames phones', () => {
    expect(fit({ width: 1280, height: 800 }, { width: 640, height: 900 })).toEqual({
      scale: 0.5,
      phone: false,
      bezel: 0,
    });
    const phone = fit({ width: 390, height: 844 }, { width: 600, height: 442 });
    expect(phone.phone).toBe(true);
    expect(phone.scale).toBeCloseTo(0.5);
  });
});
