import { useQuery, useQueryClient } from '@tanstack/react-query';

import {
  type Board,
  type SavedReport,
  boardsQuery,
  cardId,
  changeBoard,
  changeReport,
  deleteReport,
  makeBoard,
  saveReport,
  savedQuery,
} from '../api/saved';

/** The saved reports of a project, and what can be done with them; every list shows it at once. */
export function useSaved(project: string) {
  const client = useQueryClient();
  const saved = useQuery(savedQuery(project));
  const { queryKey } = savedQuery(project);
  const put = (report: SavedReport) => {
    client.setQueryData(queryKey, (before) => [
      report,
      ...(before ?? []).filter((one) => one.report_id !== report.report_id),
    ]);
    return report;
  };
  return {
    saved,
    save: async (body: Parameters<typeof saveReport>[1]) => put(await saveReport(project, body)),
    change: async (id: string, body: Parameters<typeof changeReport>[2]) =>
      put(await changeReport(project, id, body)),
    remove: async (id: string) => {
      await deleteReport(project, id);
      client.setQueryData(queryKey, (before) => before?.filter((one) => one.report_id !== id));
      // Their cards of it are gone, or say so.
      void client.invalidateQueries({ queryKey: ['board', project] });
      void client.invalidateQueries(boardsQuery(project));
    },
    /** Puts it on a board, or on a new one. */
    pin: async (report: SavedReport, board: Board | null) => {
      const card = {
        card_id: cardId(),
        report_id: report.report_id,
        text: null,
        width: 1 as const,
      };
      const done = board
        ? await changeBoard(project, board.board_id, { cards: [...board.cards, card] })
        : await makeBoard(project, { name: report.name, description: '', cards: [card] });
      client.setQueryData(['board', project, done.board_id], done);
      await client.invalidateQueries(boardsQuery(project));
      return done;
    },
  };
}
