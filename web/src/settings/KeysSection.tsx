import { SectionHead } from './parts';

export function KeysSection() {
  return <SectionHead title="API keys">For programs.</SectionHead>;
}
