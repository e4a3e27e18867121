import { describe, expect, it } from 'vitest';

import { inFours, methodText, recoveryFile } from './words';

describe('two-step log-in', () => {
  it('shows the key as it is typed', () => {
    expect(inFours('JBSWY3DPEHPK3PXPAB')).toBe('JBSW Y3DP EHPK 3PXP AB');
  });

  it('keeps every code on a line of its own, with what they are for', () => {
    const lines = recoveryFile(['a-1', 'b-2'], 'ada@shop.example', 'play.example').split('\n');
    expect(lines[0]).toContain('ada@shop.example at Playhead on play.example');
    expect(lines.slice(-3)).toEqual(['a-1', 'b-2', '']);
  });
});

describe('how a session began', () => {
  it('is told in words, a provider by its id', () => {
    expect(methodText('password+code')).toBe('logged in with password and code');
    expect(methodText('google')).toBe('logged in by google');
    expect(methodText('')).toBe('logged in');
  });
});
