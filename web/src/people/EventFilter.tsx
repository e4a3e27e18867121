import { useQuery } from '@tanstack/react-query';
import { ListFilter } from 'lucide-react';

import { HttpError } from '../api/http';
import { eventNamesQuery } from '../api/queries';
import { Picker } from '../reports/Picker';
import { eventLabel } from '../reports/words';

/** Which events of a person are shown: all, or those that are chosen. */
export function EventFilter(props: {
  project: string;
  chosen: string[];
  onChange: (chosen: string[]) => void;
}) {
  const { chosen, onChange } = props;
  const names = useQuery(eventNamesQuery(props.project));
  const shown =
    chosen.length === 0
      ? 'All events'
      : chosen.length <= 2
        ? chosen.map(eventLabel).join(', ')
        : `${chosen.length} events`;
  return (
    <Picker
      multiple
      label={`Events: ${shown}`}
      options={(names.data?.results ?? []).map((one) => ({
        key: one.event,
        label: eventLabel(one.event),
        count: one.count,
      }))}
      chosen={new Set(chosen)}
      loading={names.isPending}
      trouble={
        names.error &&
        (names.error instanceof HttpError
          ? names.error.message
          : 'The server could not be reached.')
      }
      onPick={(event) =>
        onChange(
          chosen.includes(event) ? chosen.filter((one) => one !== event) : [...chosen, event],
        )
      }
    >
      <ListFilter size={13} aria-hidden /> {shown}
    </Picker>
  );
}
