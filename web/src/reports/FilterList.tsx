import { ListFilter, X } from 'lucide-react';
import { useState } from 'react';

import { propertyName } from '../lib/format';
import style from './Builder.module.css';
import { Choice } from './Picker';
import { PropertyPicker, ValuePicker } from './pickers';
import { type Filter, type FilterValue, type Operator, finished } from './state';
import { OPERATOR_NAMES, filterText } from './words';

/** Conditions that must all hold. */
export function FilterList(props: {
  project: string;
  event: string | undefined;
  filters: Filter[];
  /** What they narrow, for screen readers: "Checkout". */
  of: string;
  onChange: (filters: Filter[]) => void;
}) {
  const { filters, onChange } = props;
  const [added, setAdded] = useState<number | null>(null);
  const change = (at: number, filter: Filter) =>
    onChange(filters.map((one, i) => (i === at ? filter : one)));
  return (
    <>
      {filters.map((filter, i) => (
        <div
          key={i}
          className={style.filter}
          role="group"
          aria-label={`Filter of ${props.of}: ${filterText(filter)}`}
        >
          <span className={style.word}>{i === 0 ? 'where' : 'and'}</span>
          <PropertyPicker
            profiles
            project={props.project}
            event={props.event}
            label={`Property: ${propertyName(filter.property)}`}
            chosen={filter}
            onPick={(property) => change(i, { ...property, op: 'eq' })}
          >
            {propertyName(filter.property)}
            {filter.of && <span className={style.of}>of the person</span>}
          </PropertyPicker>
          <Choice
            label="Condition"
            value={filter.op}
            names={OPERATOR_NAMES}
            onChange={(op) => change(i, withOperator(filter, op))}
          />
          <Value
            {...props}
            filter={filter}
            opened={added === i}
            onValue={(value) => change(i, { ...filter, value })}
          />
          <button
            type="button"
            className={style.remove}
            aria-label={`Remove the filter: ${filterText(filter)}`}
            onClick={() => onChange(filters.filter((_, other) => other !== i))}
          >
            <X size={13} aria-hidden />
          </button>
        </div>
      ))}
      <PropertyPicker
        profiles
        project={props.project}
        event={props.event}
        label={`Add a filter to ${props.of}`}
        className={style.add as string}
        onPick={(property) => {
          setAdded(filters.length);
          onChange([...filters, { ...property, op: 'eq' }]);
        }}
      >
        <ListFilter size={13} aria-hidden /> Filter
      </PropertyPicker>
    </>
  );
}

const SCALE: Record<Operator, 'values' | 'text' | 'number' | 'two' | 'day' | 'none'> = {
  eq: 'values',
  neq: 'values',
  contains: 'text',
  not_contains: 'text',
  set: 'none',
  not_set: 'none',
  gt: 'number',
  gte: 'number',
  lt: 'number',
  lte: 'number',
  between: 'two',
  is_true: 'none',
  is_false: 'none',
  before: 'day',
  after: 'day',
};

/** The value stays when the other operator takes the same kind. */
function withOperator(filter: Filter, op: Operator): Filter {
  const next: Filter = { ...filter, op };
  if (SCALE[op] !== SCALE[filter.op]) delete next.value;
  return next;
}

function Value(props: {
  project: string;
  event: string | undefined;
  filter: Filter;
  opened: boolean;
  onValue: (value: FilterValue) => void;
}) {
  const { filter, onValue } = props;
  const { op, value } = filter;
  const of = `${propertyName(filter.property)} ${OPERATOR_NAMES[op]}`;
  switch (SCALE[op]) {
    case 'none':
      return null;
    case 'values': {
      const chosen = Array.isArray(value) ? value : value === undefined ? [] : [value];
      const shown = chosen.map((one) => (one === '' ? '(empty)' : String(one)));
      return (
        <ValuePicker
          project={props.project}
          event={props.event}
          property={filter}
          label={`Value: ${shown.length > 0 ? shown.join(', ') : 'none chosen'}`}
          chosen={chosen}
          initiallyOpen={props.opened && !finished(filter)}
          onChange={onValue}
        >
          {shown.length === 0 ? (
            <span className={style.missing}>choose a value</span>
          ) : shown.length > 3 ? (
            `${shown.slice(0, 2).join(' or ')} or ${shown.length - 2} more`
          ) : (
            shown.join(' or ')
          )}
        </ValuePicker>
      );
    }
    case 'two': {
      const [low, high] = Array.isArray(value) ? value : [];
      const both = (one: unknown, other: unknown) =>
        Number.isFinite(one) && Number.isFinite(other)
          ? onValue([one as number, other as number])
          : onValue([one, other].filter((each) => Number.isFinite(each)) as number[]);
      return (
        <>
          <Typed
            label={`${of}, the lower number`}
            type="number"
            value={low}
            onValue={(text) => both(Number(text), high)}
          />
          <span className={style.word}>and</span>
          <Typed
            label={`${of}, the higher number`}
            type="number"
            value={high}
            onValue={(text) => both(low, Number(text))}
          />
        </>
      );
    }
    case 'number':
      return (
        <Typed
          label={of}
          type="number"
          value={value}
          onValue={(text) => onValue(text === '' ? '' : Number(text))}
        />
      );
    case 'day':
      return <Typed label={of} type="date" value={value} onValue={onValue} />;
    case 'text':
      return <Typed label={of} type="text" value={value} onValue={onValue} />;
  }
}

/** Asked when it is left or Enter is pressed, not at each letter. */
export function Typed(props: {
  label: string;
  type: 'text' | 'number' | 'date';
  value: unknown;
  min?: number;
  max?: number;
  onValue: (text: string) => void;
}) {
  const given =
    typeof props.value === 'string' || typeof props.value === 'number' ? String(props.value) : '';
  return (
    <input
      key={given}
      className={style.typed}
      type={props.type}
      step="any"
      min={props.min}
      max={props.max}
      aria-label={props.label}
      defaultValue={given}
      data-kind={props.type}
      onBlur={(event) => {
        if (event.currentTarget.value !== given) props.onValue(event.currentTarget.value);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
      }}
    />
  );
}
