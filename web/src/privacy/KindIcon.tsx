import { Regex, Square, TextSelect } from 'lucide-react';

import type { RuleKind } from '../api/types';

const ICONS = { pattern: Regex, mask: TextSelect, block: Square };

export function KindIcon({ kind, size = 15 }: { kind: RuleKind; size?: number }) {
  const Icon = ICONS[kind];
  return <Icon size={size} strokeWidth={1.75} aria-hidden />;
}
