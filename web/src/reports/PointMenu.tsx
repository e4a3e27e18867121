import { Menu } from '@mantine/core';
import { Clapperboard, Link2 } from 'lucide-react';

import { useCopy } from '../lib/Copy';

/** Where a menu stands, and which point of the report it is about. */
export interface Opened<Point> {
  point: Point;
  title: string;
  x: number;
  y: number;
  /** Gets the focus back. */
  from: HTMLElement | null;
}

/** What can be done with any point, bar, row or cell. */
export function PointMenu<Point>(props: {
  opened: Opened<Point> | null;
  link: (point: Point) => string;
  onWatch: (point: Point) => void;
  onClose: () => void;
}) {
  const { opened, onClose } = props;
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
          onClose={onClose}
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
            <Menu.Item
              leftSection={<Clapperboard size={14} />}
              onClick={() => props.onWatch(opened.point)}
            >
              View Replays
            </Menu.Item>
            <Menu.Item
              leftSection={<Link2 size={14} />}
              onClick={() => {
                copy(props.link(opened.point));
                opened.from?.focus();
              }}
            >
              Copy link
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <span className="unseen" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </>
  );
}
