import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { FolderLock } from 'lucide-react';
import type { FormEvent } from 'react';

import { makeProject } from '../api/access';
import { sessionQuery } from '../api/queries';
import { Column } from '../lib/Column';
import { Trouble } from '../lib/Trouble';
import { Fault, Field, textIn } from '../lib/Form';
import form from '../lib/Form.module.css';
import { ZoneSelect } from '../settings/ZoneSelect';
import { useSession } from '../shell/session';
import style from './Projects.module.css';

/** A name, a time zone and a place for the data; then the new project waits for its first visit. */
export function NewProjectScreen() {
  const { member, projects, regions } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: makeProject,
    onSuccess: async ({ project_id: project }) => {
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await navigate({ to: '/projects/$project/replays', params: { project } });
    },
  });
  if (!member.is_operator)
    return (
      <Trouble
        icon={<FolderLock size={18} />}
        title="Only who runs this server makes projects"
        action={
          <Link to="/" className="btn">
            Back
          </Link>
        }
      >
        Ask them for one, with you as its owner.
      </Trouble>
    );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    make.mutate({
      name: textIn(form, 'name'),
      timezone: textIn(form, 'timezone'),
      ...(regions.length > 0 ? { region: textIn(form, 'region') } : {}),
    });
  };
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Column width={440}>
      <h1>{projects.length === 0 ? 'Make your first project' : 'New project'}</h1>
      <p className={style.lead}>
        One for each site or app: its visits, people, reports and members are its own. Next you get
        the snippet for your pages.
      </p>
      <form className={`${style.form} ${form.form}`} onSubmit={submit}>
        <Field label="Name" hint="What you call the site. It can be changed later.">
          {(attributes) => (
            <input
              {...attributes}
              className="field"
              name="name"
              autoComplete="off"
              required
              pattern=".*\S.*"
              maxLength={200}
              // eslint-disable-next-line jsx-a11y/no-autofocus -- the first of the few fields that this screen is for
              autoFocus
            />
          )}
        </Field>
        <Field label="Time zone" hint="Days in reports begin at midnight there.">
          {(attributes) => (
            <ZoneSelect {...attributes} known={here} name="timezone" defaultValue={here} />
          )}
        </Field>
        {regions.length > 0 && (
          <Field
            label="Region"
            hint="Where its replays and events are stored. It can’t be changed later."
          >
            {(attributes) => (
              <select {...attributes} className="field" name="region">
                <option value="">Default</option>
                {regions.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Fault error={make.error} otherwise="No project was made." />
        <div className={style.actions}>
          <button type="submit" className="btn primary" disabled={make.isPending}>
            {make.isPending ? 'Making…' : 'Make the project'}
          </button>
          {projects.length > 0 && (
            <Link to="/" className="btn">
              Cancel
            </Link>
          )}
        </div>
      </form>
    </Column>
  );
}
