import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';

/** Now, renewed every `every_ms`, so that "4 min" becomes "5 min" by itself. */
export function useNow(every_ms = 20_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return now;
}

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', changed);
      return () => media.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** Phones and narrow windows: one thing at a time, the rest in sheets. */
export const useNarrow = () => useMedia('(max-width: 860px)');

/** True only when `busy` lasts: a short wait needs no word. */
export function useLate(busy: boolean, after_ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!busy) return;
    const timer = setTimeout(() => setLate(true), after_ms);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [busy, after_ms]);
  return late;
}

const kept = new EventTarget();

/** A preference of this browser: not part of what a link should carry. */
export function usePreference<T>(name: string, fallback: T): [T, (value: T) => void] {
  const key = `playhead.${name}`;
  const read = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const stored = useSyncExternalStore((changed) => {
    kept.addEventListener(key, changed);
    return () => kept.removeEventListener(key, changed);
  }, read);
  const set = useCallback(
    (value: T) => {
      try {
        localStorage.setItem(key, JSON.stringify(value));
      } catch {
        // Private windows may refuse; the preference then lasts as long as the page.
      }
      kept.dispatchEvent(new Event(key));
    },
    [key],
  );
  let value = fallback;
  if (stored !== null) {
    try {
      value = JSON.parse(stored) as T;
    } catch {
      value = fallback;
    }
  }
  return [value, set];
}

/** Keys that work anywhere on the screen, except while someone types or a dialog is open. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, [contenteditable], [role=menu], [role=dialog]'))
        return;
      // Space and arrows belong to the control that has the focus.
      if (event.key === ' ' && target.closest('button, a, [role=tab]')) return;
      if (event.key.startsWith('Arrow') && target.closest('[role=slider], [role=tablist]')) return;
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [keys]);
}
