import type { SavedReport } from '../api/saved';

/** Where a saved report is found for good, whatever it comes to ask. */
export const linkTo = (project: string, report: Pick<SavedReport, 'report_id'>) =>
  `/projects/${encodeURIComponent(project)}/saved/${encodeURIComponent(report.report_id)}`;
