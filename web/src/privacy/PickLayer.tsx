import { useEffect, useRef, useState } from 'react';

import type { ReplayController } from '../replay/controller';
import { usePlay } from '../replay/usePlay';
import style from './Preview.module.css';

/** Over the page: shows which element is under the pointer, and takes the one that is clicked. */
export function PickLayer(props: {
  controller: ReplayController;
  onPick: (selector: string) => void;
  onCancel: () => void;
}) {
  const { controller, onPick, onCancel } = props;
  const picked = usePlay(controller, (state) => state.picked);
  const layer = useRef<HTMLDivElement>(null);
  // What was chosen before this layer came is none of its business.
  const [before] = useState(picked);
  const fresh = picked !== before ? picked : null;
  useEffect(() => {
    controller.pause();
  }, [controller]);
  useEffect(() => {
    if (fresh?.chosen) onPick(fresh.selector);
  }, [fresh, onPick]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onCancel();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [onCancel]);
  const ask = (event: { clientX: number; clientY: number }, chosen: boolean) => {
    const box = layer.current?.getBoundingClientRect();
    if (box) controller.pick(event.clientX - box.x, event.clientY - box.y, chosen);
  };
  return (
    <div
      ref={layer}
      className={style.pick}
      role="presentation"
      onPointerMove={(event) => ask(event, false)}
      onClick={(event) => ask(event, true)}
    >
      {fresh && (
        <div
          className={style.aim}
          style={{
            left: fresh.box.x,
            top: fresh.box.y,
            width: fresh.box.width,
            height: fresh.box.height,
          }}
        />
      )}
      <p className={style.hint} role="status">
        {fresh ? <code>{fresh.selector}</code> : 'Click what the rule shall find'}
        <kbd>Esc</kbd>
      </p>
    </div>
  );
}
