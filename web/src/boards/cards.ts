/** What can be done to the cards of a board, as functions of their list. */
import { type Card, type SavedReport, type Width, cardId } from '../api/saved';
import { parseSearch } from '../lib/search';
import { moved } from '../reports/parts';

export const WIDTHS: [Width, string][] = [
  [1, 'Narrow'],
  [2, 'Wide'],
  [3, 'Full width'],
];

/** How wide a new card of each kind begins: what has columns needs them. */
const USUAL: Record<SavedReport['kind'], Width> = {
  insights: 1,
  replays: 1,
  funnel: 2,
  retention: 2,
  flows: 3,
};

export const reportCard = (report: SavedReport): Card => ({
  card_id: cardId(),
  report_id: report.report_id,
  text: null,
  width: USUAL[report.kind],
});

export const noteCard = (): Card => ({ card_id: cardId(), report_id: null, text: '', width: 1 });

export const withCard = (cards: Card[], id: string, patch: Partial<Card>) =>
  cards.map((card) => (card.card_id === id ? { ...card, ...patch } : card));

export const without = (cards: Card[], id: string) => cards.filter((card) => card.card_id !== id);

/** Puts one card where another stands; nothing when one of them is not there. */
export function movedTo(cards: Card[], id: string, to: string): Card[] {
  const at = (wanted: string) => cards.findIndex((card) => card.card_id === wanted);
  const [from, onto] = [at(id), at(to)];
  return from < 0 || onto < 0 || from === onto ? cards : moved(cards, from, onto);
}

/** One place earlier (-1) or later (1). */
export function stepped(cards: Card[], id: string, by: 1 | -1): Card[] {
  const from = cards.findIndex((card) => card.card_id === id);
  const onto = from + by;
  return from < 0 || onto < 0 || onto >= cards.length ? cards : moved(cards, from, onto);
}

/** A question with the board's days in the place of its own. */
export function rangedSearch(search: string, last: number | undefined): string {
  if (last === undefined) return search;
  const asked = parseSearch(search);
  delete asked['from'];
  delete asked['to'];
  return new URLSearchParams({ ...asked, last: String(last) }).toString();
}
