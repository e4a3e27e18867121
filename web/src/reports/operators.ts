import type { PropertyType } from '../api/reports';
import { OPERATORS, type Operator } from './parts';

const OF_TYPE: Record<PropertyType, readonly Operator[]> = {
  string: ['eq', 'neq', 'contains', 'not_contains'],
  number: ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'between'],
  boolean: ['is_true', 'is_false'],
  datetime: ['before', 'after'],
  list: ['eq', 'neq', 'contains', 'not_contains'],
  object: ['contains', 'not_contains'],
};

/** What can be asked of a property of these types, in the usual order; anything when they are not known. */
export function operatorsOf(types: readonly PropertyType[] | undefined, chosen: Operator) {
  if (!types || types.length === 0) return OPERATORS;
  const some = new Set<Operator>([
    'set',
    'not_set',
    chosen,
    ...types.flatMap((one) => OF_TYPE[one]),
  ]);
  return OPERATORS.filter((op) => some.has(op));
}

/** What is asked first of a property that was just picked. */
export function usualOperator(types: readonly PropertyType[] | undefined): Operator {
  if (types?.[0] === 'boolean') return 'is_true';
  return types?.[0] === 'datetime' ? 'after' : 'eq';
}
