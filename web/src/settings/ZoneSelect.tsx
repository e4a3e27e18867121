import { type ComponentProps, useMemo } from 'react';

import { zoneGroups } from './zones';

/** Every time zone, by continent; `known` is among them even if this browser does not know it. */
export function ZoneSelect({ known, ...attributes }: ComponentProps<'select'> & { known: string }) {
  const groups = useMemo(() => zoneGroups(known, new Date()), [known]);
  return (
    <select {...attributes} className="field">
      {groups.map(({ region, zones }) => (
        <optgroup key={region} label={region}>
          {zones.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}
