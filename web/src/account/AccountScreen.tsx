import { SectionHead } from '../settings/parts';

export function AccountScreen() {
  return <SectionHead title="Your account" />;
}
