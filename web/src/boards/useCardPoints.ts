import { useNavigate, useRouter } from '@tanstack/react-router';
import { useRef, useState } from 'react';

import type { SavedReport } from '../api/saved';
import { parseSearch } from '../lib/search';
import type { Show } from '../reports/parts';
import type { Opened } from '../reports/PointMenu';
import type { Points } from '../reports/usePoints';
import { KINDS } from '../saved/kinds';
import { useProject } from '../shell/session';

/** The points of a report on a board: their menu opens there, what is behind them over the report itself. */
export function useCardPoints<Point extends object>(
  report: SavedReport,
  search: string,
): Points<Point> {
  const project = useProject().project_id;
  const navigate = useNavigate();
  const router = useRouter();
  const [opened, setOpened] = useState<Opened<Point> | null>(null);
  const from = useRef<HTMLElement | null>(null);
  /** The report's screen, with what is behind the point over it. */
  const leading = (point: Point, show?: Show) => ({
    to: `/projects/${encodeURIComponent(project)}/${KINDS[report.kind].path}` as '/',
    search: {
      ...parseSearch(search),
      report: report.report_id,
      point: JSON.stringify(point),
      ...(show ? { show } : {}),
    } as never,
  });
  return {
    opened,
    chosen: opened?.point ?? null,
    forget: () => setOpened(null),
    open: (next) => {
      from.current = next.from;
      setOpened(next);
    },
    close: () => {
      setOpened(null);
      from.current?.focus();
    },
    view: (point, show) => {
      setOpened(null);
      void navigate(leading(point, show));
    },
    back: () => undefined,
    link: (point) => new URL(router.buildLocation(leading(point)).href, location.origin).href,
  };
}
