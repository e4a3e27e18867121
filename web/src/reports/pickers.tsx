import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { reason } from '../api/http';
import { eventNamesQuery } from '../api/queries';
import { type PropertyType, propertiesQuery, valuesQuery } from '../api/reports';
import { propertyName } from '../lib/format';
import type { Property, Scalar } from './parts';
import { type Option, Picker } from './Picker';
import { eventLabel } from './words';

const said = (error: Error | null) => error && reason(error);

export function EventPicker(props: {
  project: string;
  label: string;
  chosen?: string;
  children: ReactNode;
  className?: string;
  onPick: (event: string) => void;
}) {
  const names = useQuery(eventNamesQuery(props.project));
  return (
    <Picker
      label={props.label}
      options={(names.data?.results ?? []).map((one) => ({
        key: one.event,
        label: eventLabel(one.event),
        count: one.count,
      }))}
      {...(props.chosen === undefined ? {} : { chosen: new Set([props.chosen]) })}
      loading={names.isPending}
      trouble={said(names.error)}
      typed={(text) => [{ key: text, label: text, note: 'never seen' }]}
      className={props.className}
      onPick={props.onPick}
    >
      {props.children}
    </Picker>
  );
}

const PROFILE = 'profile ';
const EVENT = 'event ';

export function PropertyPicker(props: {
  project: string;
  /** The event whose properties are offered; all events' without. */
  event: string | undefined;
  label: string;
  chosen?: Property | null;
  /** Properties of profiles can be chosen too, or nothing else. */
  profiles?: boolean | 'only';
  initiallyOpen?: boolean;
  children: ReactNode;
  className?: string;
  /** With the types that its values have had, when the property is known. */
  onPick: (property: Property, types?: readonly PropertyType[]) => void;
}) {
  const { chosen } = props;
  const both = props.profiles === true;
  const found = useQuery({
    ...propertiesQuery(props.project, props.event),
    enabled: props.profiles !== 'only',
  });
  const profile = useQuery({
    ...propertiesQuery(props.project, undefined, 'profile'),
    enabled: Boolean(props.profiles),
  });
  const asked = props.profiles === 'only' ? profile : found;
  const typed = (text: string): Option[] => [
    ...(props.profiles === 'only'
      ? []
      : [{ key: EVENT + text, label: text, note: 'of the event' }]),
    ...(props.profiles ? [{ key: PROFILE + text, label: text, note: 'of the person' }] : []),
  ];
  return (
    <Picker
      label={props.label}
      options={[
        ...(found.data ?? []).map((one) => ({
          key: EVENT + one.property,
          label: propertyName(one.property),
          count: one.count,
          description: one.description,
          ...(both ? { section: 'Of the event' } : {}),
        })),
        ...(profile.data ?? []).map((one) => ({
          key: PROFILE + one.property,
          label: propertyName(one.property),
          count: one.count,
          description: one.description,
          ...(both ? { section: 'Of the person' } : {}),
        })),
      ]}
      {...(chosen ? { chosen: new Set([(chosen.of ? PROFILE : EVENT) + chosen.property]) } : {})}
      loading={asked.isPending}
      trouble={said(asked.error)}
      typed={typed}
      {...(props.initiallyOpen ? { initiallyOpen: true } : {})}
      className={props.className}
      onPick={(key) => {
        const ofProfile = key.startsWith(PROFILE);
        const property = key.slice((ofProfile ? PROFILE : EVENT).length);
        const { types } =
          (ofProfile ? profile : found).data?.find((one) => one.property === property) ?? {};
        props.onPick({ property, ...(ofProfile ? { of: 'profile' as const } : {}) }, types);
      }}
    >
      {props.children}
    </Picker>
  );
}

/** Values compare as text: the text is what is kept. */
function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [String(value)]
    : [];
}

export function ValuePicker(props: {
  project: string;
  event: string | undefined;
  property: Property;
  label: string;
  chosen: Scalar[];
  initiallyOpen?: boolean;
  children: ReactNode;
  onChange: (values: Scalar[]) => void;
}) {
  const chosen = props.chosen.map(String);
  const { property, of } = props.property;
  const found = useQuery(valuesQuery(props.project, props.event, property, of));
  const counts = new Map<string, number>();
  for (const one of found.data ?? [])
    for (const text of texts(one.value)) counts.set(text, (counts.get(text) ?? 0) + one.count);
  for (const value of chosen) if (!counts.has(value)) counts.set(value, 0);
  return (
    <Picker
      multiple
      label={props.label}
      options={[...counts].map(([value, count]) => ({
        key: value,
        label: value === '' ? '(empty)' : value,
        count: count || undefined,
      }))}
      chosen={new Set(chosen)}
      loading={found.isLoading}
      trouble={said(found.error)}
      empty="Type the value."
      typed={(text) => [{ key: text, label: text, note: 'as typed' }]}
      {...(props.initiallyOpen ? { initiallyOpen: true } : {})}
      onPick={(key) =>
        props.onChange(
          chosen.includes(key) ? chosen.filter((one) => one !== key) : [...chosen, key],
        )
      }
    >
      {props.children}
    </Picker>
  );
}
