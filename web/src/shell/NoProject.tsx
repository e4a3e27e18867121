import { useQueryClient } from '@tanstack/react-query';
import { FolderOpen } from 'lucide-react';

import { sessionQuery } from '../api/queries';
import type { SessionMember } from '../api/types';
import { Trouble } from '../lib/Trouble';

/** For a member whom nobody has let into a project, or not any more. */
export function NoProject({ member }: { member: SessionMember }) {
  const queries = useQueryClient();
  return (
    <Trouble
      icon={<FolderOpen size={18} />}
      title="You are in no project"
      action={
        <button
          type="button"
          className="btn"
          onClick={() => void queries.invalidateQueries(sessionQuery)}
        >
          Look again
        </button>
      }
    >
      An owner or admin of a project invites you under Settings, Members
      {member.email ? `, as ${member.email}` : ''}. Then it is here.
    </Trouble>
  );
}
