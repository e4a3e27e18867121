import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { type FeedFilter, feedQuery, newestQuery } from '../api/queries';
import { merge } from './merge';

const NONE: ReadonlySet<string> = new Set();

export function useFeed(project: string, filter: FeedFilter, gone: ReadonlySet<string> = NONE) {
  const pages = useInfiniteQuery(feedQuery(project, filter));
  const newest = useQuery({ ...newestQuery(project, filter), enabled: pages.isSuccess });
  const newestFirst = (filter.sort ?? 'recency') === 'recency' && filter.order !== 'asc';
  const rows = useMemo(
    () =>
      merge(
        (pages.data?.pages ?? []).flatMap((page) => page.results),
        newest.data?.results ?? [],
        newestFirst,
        gone,
      ),
    [pages.data, newest.data, newestFirst, gone],
  );
  return {
    rows,
    total: newest.data?.total ?? pages.data?.pages[0]?.total ?? 0,
    loading: pages.isPending,
    error: pages.error,
    retry: () => void pages.refetch(),
    more: pages.hasNextPage,
    loadingMore: pages.isFetchingNextPage,
    moreFailed: pages.isFetchNextPageError,
    loadMore: () => void pages.fetchNextPage(),
  };
}
