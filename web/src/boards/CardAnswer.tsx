import type { SavedReport, Width } from '../api/saved';
import style from './Board.module.css';

export function CardAnswer(_props: {
  project: string;
  report: SavedReport;
  last: number | undefined;
  width: Width;
}) {
  return <div className={style.answer} />;
}
