import { useQuery } from '@tanstack/react-query';

import type { AuditEntry } from '../api/governance';
import { json } from '../api/http';
import { of } from '../api/queries';

interface Named {
  id: string;
  name: string;
}

/** Who can be chosen: the members, where the caller may list them, and whoever is in what is shown. */
export function useActors(
  project: string,
  entries: readonly AuditEntry[],
  mayList: boolean,
): [id: string, name: string][] {
  const members = useQuery({
    queryKey: ['audit-actors', project],
    queryFn: async ({ signal }) =>
      (
        await json<{ results: { member_id: string; name: string | null; email: string | null }[] }>(
          `${of(project)}/members`,
          { signal },
        )
      ).results,
    enabled: mayList,
    staleTime: 60_000,
    retry: false,
  });
  const listed: Named[] = (members.data ?? []).map(({ member_id, name, email }) => ({
    id: member_id,
    name: name ?? email ?? member_id,
  }));
  const seen = entries.map(({ actor }) => actor).filter(({ id }) => id !== '');
  return [...new Map([...listed, ...seen].map(({ id, name }) => [id, name || id]))].toSorted(
    ([, a], [, b]) => a.localeCompare(b),
  );
}
