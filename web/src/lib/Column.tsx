import type { ReactNode } from 'react';

import style from './Column.module.css';

/** A screen of one column of text and fields, in the middle, that scrolls. */
export function Column({ width = 680, children }: { width?: number; children: ReactNode }) {
  return (
    <div className={style.screen}>
      <div className={style.column} style={{ maxWidth: width }}>
        {children}
      </div>
    </div>
  );
}
