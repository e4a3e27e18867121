import { useNavigate, useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';

import { type Show, type WatchingSearch, unwatched } from './parts';
import type { Opened } from './PointMenu';

export type Points<Point extends object> = ReturnType<typeof usePoints<Point>>;

/** What every report screen does with points: open their menu, what is behind them, link to them, and come back. */
export function usePoints<Point extends object>(search: WatchingSearch) {
  const navigate = useNavigate();
  const router = useRouter();
  const [opened, setOpened] = useState<Opened<Point> | null>(null);
  const [chosen, setChosen] = useState<Point | null>(null);
  const from = useRef<HTMLElement | null>(null);
  const watched = search.point !== undefined;

  // Whoever comes back stands where they left.
  const was = useRef(watched);
  useEffect(() => {
    if (was.current && !watched) from.current?.focus();
    was.current = watched;
  }, [watched]);

  return {
    opened,
    chosen,
    forget: () => setChosen(null),
    open: (next: Opened<Point>) => {
      from.current = next.from;
      setChosen(next.point);
      setOpened(next);
    },
    close: () => {
      setOpened(null);
      from.current?.focus();
    },
    /** Replays, when it is not said what. */
    view: (point: Point, show?: Show) => {
      setOpened(null);
      void navigate({
        to: '.',
        search: (before) => ({
          ...unwatched(before),
          point: JSON.stringify(point),
          ...(show ? { show } : {}),
        }),
      });
    },
    back: () => void navigate({ to: '.', search: (before) => unwatched(before), replace: true }),
    link: (point: Point) =>
      new URL(
        router.buildLocation({
          to: '.',
          search: (before: object) => ({ ...unwatched(before), point: JSON.stringify(point) }),
        } as Parameters<typeof router.buildLocation>[0]).href,
        location.origin,
      ).href,
  };
}
