import { Menu } from '@mantine/core';
import { Ellipsis, FileArchive, Trash2 } from 'lucide-react';
import { useState } from 'react';

import type { Kind } from '../api/governance';
import type { Profile } from '../api/people';
import { personLabel } from '../lib/format';
import { RequestDialog } from '../settings/RequestDialog';
import { useMay } from '../shell/session';

/** What can be asked for about somebody: their data, or to be forgotten. */
export function PersonMenu({ profile }: { profile: Profile }) {
  const may = useMay('delete');
  const [asking, setAsking] = useState<Kind | null>(null);
  const label = personLabel(profile);
  return (
    <>
      <Menu position="bottom-end" width={230} offset={4}>
        <Menu.Target>
          <button type="button" className="icon" aria-label={`More about ${label}`}>
            <Ellipsis size={17} strokeWidth={1.75} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {!may && <Menu.Label>Only owners and admins of the project can do this.</Menu.Label>}
          <Menu.Item
            leftSection={<FileArchive size={14} />}
            disabled={!may}
            onClick={() => setAsking('retrieval')}
          >
            Get their data…
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            {...(may ? { 'data-danger': true } : {})}
            leftSection={<Trash2 size={14} />}
            disabled={!may}
            onClick={() => setAsking('deletion')}
          >
            Delete person…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asking && (
        <RequestDialog
          kind={asking}
          person={{ ids: [profile.distinct_id], label }}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}
