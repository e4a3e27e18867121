import { useProject } from '../shell/session';
import { SectionHead } from './parts';

export function ProjectSection() {
  const project = useProject();
  return <SectionHead title="Project">{project.name}</SectionHead>;
}
