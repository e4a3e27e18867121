import { Tooltip } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

/** A name for an icon, with its key. */
export function Tip(props: {
  label: ReactNode;
  keys?: string;
  /** Not for what has the focus from the start: an open tip takes the Escape that was meant for what is under it. */
  hoverOnly?: true;
  children: ReactElement;
}) {
  const label = props.keys ? (
    <>
      {props.label}
      <kbd>{props.keys}</kbd>
    </>
  ) : (
    props.label
  );
  return (
    <Tooltip
      label={label}
      openDelay={350}
      offset={6}
      events={{ hover: true, focus: !props.hoverOnly, touch: false }}
    >
      {props.children}
    </Tooltip>
  );
}
