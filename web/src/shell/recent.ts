import { useSyncExternalStore } from 'react';

/** What someone opened, newest first, so that ⌘K offers it first. Kept in this browser. */
export interface Recent {
  kind: 'person' | 'replay' | 'report' | 'board';
  id: string;
  name: string;
}

const KEPT = 12;
const changed = new EventTarget();

const keyOf = (project: string) => `playhead.recent.${project}`;

function read(project: string): string {
  try {
    return localStorage.getItem(keyOf(project)) ?? '[]';
  } catch {
    return '[]';
  }
}

function isRecent(value: unknown): value is Recent {
  const { kind, id, name } = (value ?? {}) as Record<string, unknown>;
  return (
    (kind === 'person' || kind === 'replay' || kind === 'report' || kind === 'board') &&
    typeof id === 'string' &&
    typeof name === 'string'
  );
}

export function recents(text: string): Recent[] {
  try {
    const found = JSON.parse(text) as unknown;
    return Array.isArray(found) ? found.filter(isRecent).slice(0, KEPT) : [];
  } catch {
    return [];
  }
}

export function withRecent(list: Recent[], opened: Recent): Recent[] {
  const others = list.filter((one) => one.kind !== opened.kind || one.id !== opened.id);
  return [opened, ...others].slice(0, KEPT);
}

export function remember(project: string, opened: Recent): void {
  try {
    const next = withRecent(recents(read(project)), opened);
    localStorage.setItem(keyOf(project), JSON.stringify(next));
  } catch {
    // Not remembered then.
  }
  changed.dispatchEvent(new Event('change'));
}

export function useRecents(project: string): Recent[] {
  const text = useSyncExternalStore(
    (listener) => {
      changed.addEventListener('change', listener);
      return () => changed.removeEventListener('change', listener);
    },
    () => read(project),
  );
  return recents(text);
}
