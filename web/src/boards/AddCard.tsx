import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';

import { type Card, savedQuery } from '../api/saved';
import { Picker } from '../reports/Picker';
import { KINDS } from '../saved/kinds';
import { noteCard, reportCard } from './cards';

const NOTE = 'note';

/** Finds what is saved, or begins a note. */
export function AddCard({ project, onAdd }: { project: string; onAdd: (card: Card) => void }) {
  const saved = useQuery(savedQuery(project));
  return (
    <Picker
      label="Add a card"
      className="btn primary"
      loading={saved.isPending}
      trouble={saved.isError ? 'The saved reports could not be loaded.' : null}
      options={[
        { key: NOTE, label: 'A note', note: 'Text of your own' },
        ...(saved.data ?? []).map((one) => ({
          key: one.report_id,
          label: one.name,
          note: KINDS[one.kind].name,
        })),
      ]}
      onPick={(key) => {
        const report = saved.data?.find((one) => one.report_id === key);
        onAdd(report ? reportCard(report) : noteCard());
      }}
    >
      <Plus size={15} aria-hidden /> Add a card
    </Picker>
  );
}
