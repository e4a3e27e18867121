import { Link } from '@tanstack/react-router';
import { Lock } from 'lucide-react';

import type { Project } from '../api/types';
import { Trouble } from '../lib/Trouble';
import { ROLES } from '../settings/roles';

/** In the place of a screen that the member's role has nothing on. */
export function NoRight({ screen, project }: { screen: string; project: Project }) {
  const role = ROLES[project.role];
  return (
    <Trouble
      icon={<Lock size={18} />}
      title={`${screen} is not part of your role`}
      action={
        <Link
          to="/projects/$project/replays"
          params={{ project: project.project_id }}
          className="btn"
        >
          Go to the replays
        </Link>
      }
    >
      In {project.name} you are {role.a}: {role.may} An owner or admin of the project can change
      that.
    </Trouble>
  );
}
