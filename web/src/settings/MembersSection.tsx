import { SectionHead } from './parts';

export function MembersSection() {
  return <SectionHead title="Members">Who sees this project, and what they may do.</SectionHead>;
}
