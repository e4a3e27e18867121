import { useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';

import { eventNamesQuery } from '../api/queries';

/** An address that asks nothing asks for the most frequent event, one that people named themselves before Playhead's own. */
export function useUsualEvent(project: string, nothing: boolean, ask: (event: string) => void) {
  const names = useQuery(eventNamesQuery(project));
  const events = names.data?.results;
  const usual = (events?.find((one) => !one.event.startsWith('$')) ?? events?.[0])?.event;
  const asking = useEffectEvent(ask);
  useEffect(() => {
    if (nothing && usual !== undefined) asking(usual);
  }, [nothing, usual]);
  return { pending: names.isPending, none: events?.length === 0 };
}
