import { Menu } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Link2, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { type Board, boardsQuery, changeBoard, deleteBoard } from '../api/saved';
import { useCopy } from '../lib/Copy';
import { Confirm, NameDialog } from '../lib/Dialog';

/** What can be done with a board as a whole. */
export function BoardMenu(props: { project: string; board: Board; onDeleted?: () => void }) {
  const { project, board } = props;
  const client = useQueryClient();
  const [dialog, setDialog] = useState<'rename' | 'delete' | null>(null);
  const [copied, copy] = useCopy();
  return (
    <>
      <Menu position="bottom-end" width={210} offset={4}>
        <Menu.Target>
          <button type="button" className="icon" aria-label={`More about ${board.name}`}>
            <Ellipsis size={17} strokeWidth={1.75} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Pencil size={14} />} onClick={() => setDialog('rename')}>
            Rename or describe…
          </Menu.Item>
          <Menu.Item
            leftSection={<Link2 size={14} />}
            onClick={() =>
              copy(
                new URL(
                  `/projects/${encodeURIComponent(project)}/boards/${encodeURIComponent(board.board_id)}`,
                  location.origin,
                ).href,
              )
            }
          >
            Copy link
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            data-danger
            leftSection={<Trash2 size={14} />}
            onClick={() => setDialog('delete')}
          >
            Delete board…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span className="unseen" role="status">
        {copied ? 'Link copied' : ''}
      </span>
      {dialog === 'rename' && (
        <NameDialog
          title="Rename this board"
          action="Save"
          given={board}
          placeholder="Name"
          otherwise="The name is as it was."
          act={async (naming) => {
            const changed = await changeBoard(project, board.board_id, naming);
            client.setQueryData(['board', project, board.board_id], changed);
            await client.invalidateQueries(boardsQuery(project));
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === 'delete' && (
        <Confirm
          title={`Delete “${board.name}”?`}
          action="Delete 1 board"
          busy="Deleting…"
          otherwise="The board is still there."
          act={async () => {
            await deleteBoard(project, board.board_id);
            props.onDeleted?.();
            await client.invalidateQueries(boardsQuery(project));
          }}
          onClose={() => setDialog(null)}
        >
          It is gone for everyone, with its notes. The saved reports on it stay.
        </Confirm>
      )}
    </>
  );
}
