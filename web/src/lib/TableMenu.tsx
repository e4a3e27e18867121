import { Menu } from '@mantine/core';
import { Check, Copy, Download } from 'lucide-react';
import { useState } from 'react';

import { useCopy } from './Copy';
import { type Table, fileName, save, toCsv, toJson, toText } from './download';

/** Takes a table along: as CSV, as JSON, or to paste it somewhere. The table is made when it is asked for. */
export function TableMenu({ table }: { table: () => Table | Promise<Table> }) {
  const [copied, copy] = useCopy();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const make = async (done: (made: Table) => void) => {
    setBusy(true);
    setFailed(false);
    try {
      done(await table());
    } catch {
      setFailed(true);
    }
    setBusy(false);
  };
  const keep = (type: 'csv' | 'json') => (made: Table) => {
    const content =
      type === 'csv'
        ? new Blob([toCsv(made)], { type: 'text/csv' })
        : new Blob([toJson(made)], { type: 'application/json' });
    save(`${fileName(made.name)}.${type}`, content);
  };
  return (
    <>
      <Menu position="bottom-end" width={180} offset={4}>
        <Menu.Target>
          <button
            type="button"
            className="icon"
            aria-label="Download or copy the table"
            aria-busy={busy}
            disabled={busy}
          >
            {copied ? <Check size={15} aria-hidden /> : <Download size={15} aria-hidden />}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Download size={14} />} onClick={() => void make(keep('csv'))}>
            Download CSV
          </Menu.Item>
          <Menu.Item leftSection={<Download size={14} />} onClick={() => void make(keep('json'))}>
            Download JSON
          </Menu.Item>
          <Menu.Item
            leftSection={<Copy size={14} />}
            onClick={() => void make((made) => copy(toText(made)))}
          >
            Copy
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span className="unseen" role="status">
        {copied ? 'Copied' : failed ? 'The table could not be loaded.' : ''}
      </span>
    </>
  );
}
