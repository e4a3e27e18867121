import { useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';

import { sessionQuery } from '../api/queries';
import type { Project, Right, Session } from '../api/types';

/** The session; only under the shell, which has loaded it. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

export function useProject(): Project {
  const session = useSession();
  const { project } = useParams({ strict: false });
  const found = session.projects.find((one) => one.project_id === project) ?? session.projects[0];
  return found as Project;
}

/** Whether the member's role in the project allows something. */
export function useMay(right: Right): boolean {
  return useProject().rights.includes(right);
}

/** Where the sample shop is, for the project that it records to. */
export function useSampleShop(): string | null {
  const session = useSession();
  return useProject().token === 'demo-token' ? session.shop_url : null;
}

export function rememberedProject(session: Session): Project | undefined {
  let last: string | null = null;
  try {
    last = localStorage.getItem('playhead.project');
  } catch {
    // Not remembered then.
  }
  return session.projects.find((one) => one.project_id === last) ?? session.projects[0];
}
