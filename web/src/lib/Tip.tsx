import { Tooltip } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

/** A name for an icon, with its key. */
export function Tip(props: { label: ReactNode; keys?: string; children: ReactElement }) {
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
      events={{ hover: true, focus: true, touch: false }}
    >
      {props.children}
    </Tooltip>
  );
}
