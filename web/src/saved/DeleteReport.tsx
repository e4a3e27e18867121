import { useQuery } from '@tanstack/react-query';

import { type SavedReport, boardsQuery } from '../api/saved';
import { Confirm } from '../lib/Dialog';
import { plural } from '../lib/format';
import { KINDS } from './kinds';
import { useSaved } from './useSaved';

export function DeleteReport(props: {
  project: string;
  report: SavedReport;
  onDeleted?: () => void;
  onClose: () => void;
}) {
  const { project, report } = props;
  const { remove } = useSaved(project);
  const boards = useQuery(boardsQuery(project)).data ?? [];
  const on = boards.filter((board) =>
    board.cards.some((card) => card.report_id === report.report_id),
  ).length;
  const { noun } = KINDS[report.kind];
  return (
    <Confirm
      title={`Delete “${report.name}”?`}
      action={`Delete 1 ${noun}`}
      busy="Deleting…"
      otherwise={`The ${noun} is still there.`}
      act={async () => {
        await remove(report.report_id);
        props.onDeleted?.();
      }}
      onClose={props.onClose}
    >
      Its name and its link are gone for everyone
      {on > 0 ? `, and its card on ${plural(on, 'board')}` : ''}. Events and replays stay as they
      are.
    </Confirm>
  );
}
