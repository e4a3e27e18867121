import { Menu } from '@mantine/core';
import { Clapperboard, Link2, List, Users } from 'lucide-react';
import type { ReactNode } from 'react';

import { useCopy } from '../lib/Copy';
import type { Points } from './usePoints';

/** Where a menu stands, and which point of the report it is about. */
export interface Opened<Point> {
  point: Point;
  title: string;
  x: number;
  y: number;
  /** Gets the focus back. */
  from: HTMLElement | null;
}

const ITEMS = [
  ['View Replays', Clapperboard, undefined],
  ['View Users', Users, 'people'],
  ['View Events', List, 'events'],
] as const;

/** What can be done with any point, bar, row or cell. */
export function PointMenu<Point extends object>({
  points,
  more,
}: {
  points: Points<Point>;
  more?: ((point: Point) => ReactNode) | undefined;
}) {
  const { opened } = points;
  const [copied, copy] = useCopy();
  return (
    <>
      {opened && (
        <Menu
          opened
          key={`${opened.x} ${opened.y}`}
          position="bottom-start"
          width={220}
          offset={4}
          onClose={points.close}
          returnFocus={false}
        >
          <Menu.Target>
            <span
              aria-hidden
              style={{ position: 'fixed', left: opened.x, top: opened.y, width: 1, height: 1 }}
            />
          </Menu.Target>
          <Menu.Dropdown aria-label={opened.title}>
            <Menu.Label>{opened.title}</Menu.Label>
            {ITEMS.map(([name, Icon, show]) => (
              <Menu.Item
                key={name}
                leftSection={<Icon size={14} />}
                onClick={() => points.view(opened.point, show)}
              >
                {name}
              </Menu.Item>
            ))}
            <Menu.Divider />
            <Menu.Item
              leftSection={<Link2 size={14} />}
              onClick={() => {
                copy(points.link(opened.point));
                opened.from?.focus();
              }}
            >
              Copy link
            </Menu.Item>
            {more?.(opened.point)}
          </Menu.Dropdown>
        </Menu>
      )}
      <span className="unseen" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </>
  );
}
