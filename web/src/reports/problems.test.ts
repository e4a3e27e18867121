import { expect, it } from 'vitest';

import { HttpError } from '../api/http';
import { operatorsOf, usualOperator } from './operators';
import { isAt, problemOf } from './problems';

it('reads which part of the question the server refuses', () => {
  const of = (message: string, status = 400) => problemOf(new HttpError(status, 'bad', message));
  expect(of('`steps[1].event` is missing.')).toEqual({
    path: 'steps[1].event',
    text: 'Is missing.',
  });
  expect(of('`metrics[0].measure`: expected `str`, got `int`.')?.path).toBe('metrics[0].measure');
  expect(of('The body is not JSON: trailing comma.')).toBeNull();
  expect(of('`from` is over the limit.', 422)).toBeNull();
  expect(problemOf(new Error('offline'))).toBeNull();
});

it('knows what lies inside a part', () => {
  const problem = { path: 'formulas[1].formula', text: 'Ends too early.' };
  expect(['formulas', 'formulas[1]', 'formulas[1].formula'].every((at) => isAt(problem, at))).toBe(
    true,
  );
  expect(['formulas[0]', 'formula', 'formulas[1].form'].some((at) => isAt(problem, at))).toBe(
    false,
  );
});

it('offers what can be asked of a property', () => {
  expect(operatorsOf(['number'], 'eq')).not.toContain('contains');
  expect(operatorsOf(['boolean'], 'is_true')).toEqual(['set', 'not_set', 'is_true', 'is_false']);
  // What is chosen already stays, and what is not known may be anything.
  expect(operatorsOf(['number'], 'contains')).toContain('contains');
  expect(operatorsOf(undefined, 'eq')).toContain('before');
  expect([usualOperator(['datetime']), usualOperator(['number', 'string'])]).toEqual([
    'after',
    'eq',
  ]);
});
