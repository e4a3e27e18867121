import { Modal } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import {
  type Compliance,
  type DataRequest,
  type Kind,
  type Target,
  askDeletion,
  askRetrieval,
} from '../api/governance';
import { reason } from '../api/http';
import { eventNamesQuery } from '../api/queries';
import { propertiesQuery } from '../api/reports';
import { useProject } from '../shell/session';
import { Goes, usePreview } from './Goes';
import { Field } from '../lib/Form';
import form from '../lib/Form.module.css';
import { Points } from './parts';
import { deleteLabel, idsIn, whole } from './dataWords';

/** So many ids go into one request; the server says the same. */
const MOST_IDS = 2_000;
const TYPED_PAUSE_MS = 350;

type Of = 'person' | 'event' | 'event-property' | 'profile-property';

const OF: Record<Of, string> = {
  person: 'People, by their ids',
  event: 'An event, everywhere',
  'event-property': 'A property of events, everywhere',
  'profile-property': 'A property of profiles, everywhere',
};

const CONSEQUENCES: Record<Of, string[]> = {
  person: [
    'Nobody can read it from this second on. The bytes are gone from every store within minutes; a receipt lists what went.',
    'What open tabs still send, and what a restored backup holds, is refused. If they come back later, they begin as somebody new.',
    'It starts in 10 seconds. Until then you can cancel; after that nothing brings it back.',
  ],
  event: [
    'Reports, people’s histories and exports are without it from this second on.',
    'If the site goes on sending it, new ones are stored.',
  ],
  'event-property': [
    'The events stay, without it; reports that ask for it find “(not set)”.',
    'If the site goes on sending it, it is stored with new events.',
  ],
  'profile-property': [
    'The profiles stay, without it.',
    'If the site sets it again, it is stored again.',
  ],
};

const HANDED_OUT = [
  'You get a ZIP: events, profile and replays as files that open anywhere, with an index that people can read.',
  'It holds everything about them. Hand it to nobody else.',
];

function targetOf(of: Of, typed: string, ids: string[] | null, law: Compliance): Target | null {
  if (of === 'person') {
    const distinct_ids = ids ?? idsIn(typed);
    return distinct_ids.length > 0 && distinct_ids.length <= MOST_IDS
      ? { what: 'person', distinct_ids, compliance_type: law }
      : null;
  }
  const name = typed.trim();
  if (name === '') return null;
  return of === 'event'
    ? { what: 'event', event: name }
    : { what: 'property', property: name, of: of === 'event-property' ? 'event' : 'profile' };
}

/** Asks for people's data to be deleted or handed out, and says what that is before it is asked for. */
export function RequestDialog(props: {
  kind: Kind;
  /** Somebody whose page this was opened from. */
  person?: { ids: string[]; label: string };
  onClose: () => void;
}) {
  const { kind, person, onClose } = props;
  const project = useProject();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [of, setOf] = useState<Of>('person');
  const [typed, setTyped] = useState('');
  const [law, setLaw] = useState<Compliance>('GDPR');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const target = targetOf(of, typed, person?.ids ?? null, law);
  const [settled] = useDebouncedValue(JSON.stringify(target), TYPED_PAUSE_MS);
  const asked = settled === JSON.stringify(target) ? target : null;
  const preview = usePreview(project.project_id, asked).data;
  const known = asked ? preview : undefined;
  const ids = idsIn(typed).length;
  const tooMany = of === 'person' && ids > MOST_IDS;

  const submit = async () => {
    if (!target || busy) return;
    setBusy(true);
    setTrouble(null);
    try {
      const made: DataRequest =
        kind === 'deletion'
          ? await askDeletion(project.project_id, target)
          : await askRetrieval(project.project_id, {
              distinct_ids: target.what === 'person' ? target.distinct_ids : [],
              compliance_type: law,
            });
      void queries.invalidateQueries({ queryKey: ['data-requests', project.project_id] });
      await navigate({
        to: `/projects/$project/settings/requests/${kind}s/$request` as const,
        params: { project: project.project_id, request: made.request_id },
      });
    } catch (error) {
      setTrouble(`${reason(error)} Nothing was started.`);
      setBusy(false);
    }
  };

  const title =
    kind === 'deletion'
      ? person
        ? `Delete ${person.label}?`
        : 'New deletion'
      : person
        ? `Get the data of ${person.label}`
        : 'New retrieval';
  return (
    <Modal opened onClose={onClose} title={title} size={520}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {kind === 'deletion' && !person && (
          <Field label="What">
            {(attributes) => (
              <select
                {...attributes}
                className="field"
                value={of}
                onChange={(event) => {
                  setOf(event.currentTarget.value as Of);
                  setTyped('');
                }}
              >
                {Object.entries(OF).map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {!person && of === 'person' && (
          <Field
            label="Ids, one a line"
            fault={
              tooMany
                ? `${whole(ids)} ids are too many for one request: ${whole(MOST_IDS)} at most.`
                : null
            }
          >
            {(attributes) => (
              <textarea
                {...attributes}
                className="field code"
                rows={3}
                value={typed}
                placeholder={'user-1007\n$device:1f9a3c…'}
                spellCheck={false}
                onChange={(event) => setTyped(event.currentTarget.value)}
                data-autofocus
              />
            )}
          </Field>
        )}
        {of !== 'person' && (
          <NameField project={project.project_id} of={of} value={typed} onChange={setTyped} />
        )}
        <Goes
          title={kind === 'deletion' ? 'What will be deleted' : 'What will be in it'}
          project={project.project_id}
          target={asked}
          {...(kind === 'retrieval' ? { nothing: 'Nobody was seen by these ids.' } : {})}
          none={
            of === 'person'
              ? 'Any id of theirs leads to all of them: devices, aliases, the user id.'
              : 'Give its name, as your site sends it.'
          }
        />
        <Points>{kind === 'deletion' ? CONSEQUENCES[of] : HANDED_OUT}</Points>
        {of === 'person' && (
          <Field label="Asked for under">
            {(attributes) => (
              <select
                {...attributes}
                className="field"
                value={law}
                onChange={(event) => setLaw(event.currentTarget.value as Compliance)}
              >
                <option value="GDPR">GDPR (European Union)</option>
                <option value="CCPA">CCPA (California)</option>
              </select>
            )}
          </Field>
        )}
        {trouble && (
          <p className={form.fault} role="alert">
            {trouble}
          </p>
        )}
        <div className={form.actions}>
          <button
            type="button"
            className="btn"
            onClick={onClose}
            {...(person ? { 'data-autofocus': true } : {})}
          >
            {kind === 'deletion' ? 'Keep it' : 'Cancel'}
          </button>
          <button
            type="submit"
            className={kind === 'deletion' ? 'btn danger' : 'btn primary'}
            disabled={busy || !known || target === null}
          >
            {busy
              ? 'Asking…'
              : kind === 'retrieval'
                ? 'Get the data'
                : target && known
                  ? deleteLabel(target, known)
                  : 'Delete'}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function NameField(props: {
  project: string;
  of: Exclude<Of, 'person'>;
  value: string;
  onChange: (value: string) => void;
}) {
  const { project, of } = props;
  const events = useQuery({ ...eventNamesQuery(project), enabled: of === 'event' });
  const properties = useQuery({
    ...propertiesQuery(project, undefined, of === 'profile-property' ? 'profile' : undefined),
    enabled: of !== 'event',
  });
  const names =
    of === 'event'
      ? (events.data?.results ?? []).map((one) => one.event)
      : (properties.data ?? []).map((one) => one.property);
  return (
    <>
      <Field label={of === 'event' ? 'Event' : 'Property'}>
        {(attributes) => (
          <input
            {...attributes}
            className="field"
            list="names-known"
            autoComplete="off"
            spellCheck={false}
            value={props.value}
            onChange={(event) => props.onChange(event.currentTarget.value)}
          />
        )}
      </Field>
      <datalist id="names-known">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
