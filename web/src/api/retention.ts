/** What a retention report answers. */

export interface RetentionPeriod {
  count: number;
  rate: number;
  /** The bucket is not over: more may still come back. */
  partial: boolean;
}

export interface Cohort {
  t: string;
  size: number;
  /** From the bucket of the first event on; null for one that has not begun. */
  periods: (RetentionPeriod | null)[];
}

/** Over the cohorts whose period is complete; null when there is none. */
export type RetentionAverage = { count: number; size: number; rate: number } | null;

export interface RetentionSegment {
  segment: string | null;
  /** What is over the breakdown's limit. */
  other: boolean;
  cohorts: Cohort[];
  average: RetentionAverage[];
}

export interface RetentionReport {
  segments: RetentionSegment[];
  took_ms: number;
}
