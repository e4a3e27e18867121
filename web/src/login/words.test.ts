import { describe, expect, it } from 'vitest';

import { HttpError } from '../api/http';
import { loginTrouble, wayTrouble, waitText } from './words';

describe('what keeps somebody out', () => {
  it('never says whether there is such an account', () => {
    const said = loginTrouble(new HttpError(401, 'bad_login', 'no'));
    expect(said).toMatch(/E-mail and password don’t match/);
  });

  it('tells a code, a server that is gone, and what the server says itself', () => {
    expect(loginTrouble(new HttpError(401, 'bad_code', 'no'))).toMatch(/This code/);
    expect(loginTrouble(new TypeError('fetch'))).toMatch(/could not be reached/);
    expect(loginTrouble(new HttpError(429, 'too_many_attempts', 'Wait.'))).toBe('Wait.');
  });

  it('has a sentence for a provider’s reason that it does not know', () => {
    expect(wayTrouble('not_invited')).toMatch(/nobody has invited/);
    expect(wayTrouble('<script>')).toBe(wayTrouble('oidc_failed'));
  });

  it('counts down in minutes and seconds', () => {
    expect(waitText(42)).toBe('0:42');
    expect(waitText(725)).toBe('12:05');
  });
});
