import { useQuery } from '@tanstack/react-query';
import { ListFilter, X } from 'lucide-react';
import { Fragment, useState } from 'react';

import { propertiesQuery } from '../api/reports';
import { propertyName } from '../lib/format';
import style from './Builder.module.css';
import { operatorsOf, usualOperator } from './operators';
import {
  type Condition,
  type Filter,
  type FilterValue,
  type Operator,
  alternatives,
  finished,
} from './parts';
import { Choice } from './Picker';
import { PropertyPicker, ValuePicker } from './pickers';
import { Problem } from './Problem';
import { OPERATOR_NAMES, conditionText, filterText } from './words';

/** Conditions that must all hold; one may have alternatives: where A is x or B is y. */
export function FilterList(props: {
  project: string;
  event: string | undefined;
  filters: Condition[];
  /** What they narrow, for screen readers: "Checkout". */
  of: string;
  /** Where they stand in the body. */
  at: string;
  /** Only properties of profiles can be chosen. */
  only?: 'profile';
  onChange: (filters: Condition[]) => void;
}) {
  const { project, event, filters, onChange } = props;
  const offered = props.only ? 'only' : true;
  /** The filter that was just added: its value is chosen next. */
  const [added, setAdded] = useState<string | null>(null);
  const put = (at: number, any: Filter[]) => {
    const [only] = any;
    const next = any.length > 1 ? { any } : only;
    onChange(filters.flatMap((one, i) => (i !== at ? [one] : next ? [next] : [])));
  };
  const paths = bodyPaths(filters, props.at);
  return (
    <>
      {filters.map((condition, i) => {
        const any = alternatives(condition);
        return (
          <div
            key={i}
            className={style.condition}
            role="group"
            aria-label={`Filter of ${props.of}: ${conditionText(condition)}`}
          >
            {any.map((filter, j) => (
              <Fragment key={j}>
                <div className={style.filter}>
                  <span className={style.word}>{j > 0 ? 'or' : i === 0 ? 'where' : 'and'}</span>
                  <FilterParts
                    project={project}
                    event={event}
                    filter={filter}
                    offered={offered}
                    opened={added === `${i} ${j}`}
                    onChange={(next) =>
                      put(
                        i,
                        any.map((one, other) => (other === j ? next : one)),
                      )
                    }
                  />
                  <button
                    type="button"
                    className={style.remove}
                    aria-label={`Remove the filter: ${filterText(filter)}`}
                    onClick={() =>
                      put(
                        i,
                        any.filter((_, other) => other !== j),
                      )
                    }
                  >
                    <X size={13} aria-hidden />
                  </button>
                  {j === any.length - 1 && (
                    <PropertyPicker
                      profiles={offered}
                      project={project}
                      event={event}
                      label={`Or: an alternative to ${filterText(filter)}`}
                      className={style.or as string}
                      onPick={(property, types) => {
                        setAdded(`${i} ${j + 1}`);
                        put(i, [...any, { ...property, op: usualOperator(types) }]);
                      }}
                    >
                      or
                    </PropertyPicker>
                  )}
                </div>
                {paths[i]?.[j] && <Problem at={paths[i][j]} />}
              </Fragment>
            ))}
          </div>
        );
      })}
      <Problem at={props.at} but={paths.flat().filter((path) => path !== null)} />
      <PropertyPicker
        profiles={offered}
        project={project}
        event={event}
        label={`Add a filter to ${props.of}`}
        className={style.add as string}
        onPick={(property, types) => {
          setAdded(`${filters.length} 0`);
          onChange([...filters, { ...property, op: usualOperator(types) }]);
        }}
      >
        <ListFilter size={13} aria-hidden /> Filter
      </PropertyPicker>
    </>
  );
}

/** Where each filter stands in the body, which leaves out the unfinished ones. */
function bodyPaths(filters: Condition[], at: string): (string | null)[][] {
  let place = 0;
  return filters.map((condition) => {
    const any = alternatives(condition);
    const asked = any.filter(finished).length;
    const here = `${at}[${place}]`;
    if (asked > 0) place++;
    let inside = 0;
    return any.map((filter) =>
      !finished(filter) ? null : asked > 1 ? `${here}.any[${inside++}]` : here,
    );
  });
}

/** Property, operator and value. */
function FilterParts(props: {
  project: string;
  event: string | undefined;
  filter: Filter;
  offered: true | 'only';
  opened: boolean;
  onChange: (filter: Filter) => void;
}) {
  const { project, event, filter, onChange } = props;
  const known = useQuery(propertiesQuery(project, event, filter.of));
  const types = known.data?.find((one) => one.property === filter.property)?.types;
  const names = Object.fromEntries(
    operatorsOf(types, filter.op).map((op) => [op, OPERATOR_NAMES[op]]),
  );
  return (
    <>
      <PropertyPicker
        profiles={props.offered}
        project={project}
        event={event}
        label={`Property: ${propertyName(filter.property)}`}
        chosen={filter}
        onPick={(property, types) => onChange({ ...property, op: usualOperator(types) })}
      >
        {propertyName(filter.property)}
        {filter.of && props.offered !== 'only' && <span className={style.of}>of the person</span>}
      </PropertyPicker>
      <Choice
        label="Condition"
        value={filter.op}
        names={names}
        onChange={(op) => onChange(withOperator(filter, op))}
      />
      <Value
        project={project}
        event={event}
        filter={filter}
        opened={props.opened}
        onValue={(value) => onChange({ ...filter, value })}
      />
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
  placeholder?: string;
  /** The id of what explains it. */
  describedBy?: string;
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
      aria-describedby={props.describedBy}
      placeholder={props.placeholder}
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
