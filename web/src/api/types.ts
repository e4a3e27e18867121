/** The shapes of docs/api.md. Names ending in `_ms` are epoch milliseconds or durations; other times are RFC 3339. */

export interface Project {
  project_id: string;
  name: string;
  token: string;
  created_at: string;
  retention_days: number;
  /** IANA; the days of reports are days there. */
  timezone: string;
  /** Where its data is kept, of those that the server has; fixed. Empty: the server's own stores. */
  region: string;
  /** Until when the token before this one is taken too; only after it was rotated. */
  previous_token_until?: string | null;
  role: Role;
  /** What the member's role allows. */
  rights: Right[];
  /** Whether the member sees the properties that the Lexicon marks as sensitive. */
  unmasked: boolean;
}

export type Role = 'owner' | 'admin' | 'analyst' | 'viewer';

export type Right =
  | 'watch'
  | 'report'
  | 'edit'
  | 'export'
  | 'share'
  | 'privacy'
  | 'delete'
  | 'audit'
  | 'manage'
  | 'own';

export interface SessionMember {
  member_id: string;
  name: string | null;
  email: string | null;
  has_password: boolean;
  /** Whether a code of an app is asked for at log-in. */
  totp: boolean;
  /** Runs this server: an owner of every project. */
  is_operator: boolean;
}

export interface Session {
  member: SessionMember;
  csrf_token: string;
  projects: Project[];
  replay_origin: string;
  version: string;
  sdk_url: string;
  shop_url: string | null;
  /** Where a new project's data can be kept, besides the server's own stores. */
  regions: { name: string }[];
}

export interface PersonName {
  distinct_id: string;
  name: string | null;
  email: string | null;
  avatar: string | null;
}

export type ReplayStatus =
  | 'ready'
  | 'arriving'
  | 'no_full_snapshot'
  /** Not watchable until the project's rules have been applied to it. */
  | 'masking'
  | 'expired'
  | 'deleted';

export interface FeedRow {
  replay_id: string;
  distinct_id: string;
  person: PersonName;
  started_at: string;
  ended_at: string;
  duration_ms: number;
  active_ms: number;
  start_url: string | null;
  page_count: number;
  event_count: number;
  click_count: number;
  rage_click_count: number;
  error_count: number;
  browser: string | null;
  os: string | null;
  device: string | null;
  size_bytes: number;
  live: boolean;
  expires_at: string;
  status: ReplayStatus;
  sparkline: number[];
  bookmarked: boolean;
}

export interface FeedPage {
  results: FeedRow[];
  next_cursor: string | null;
  total: number;
}

export type MarkerKind =
  'event' | 'page' | 'click' | 'rage_click' | 'input' | 'error' | 'storm' | 'oversize' | 'gap';

export interface Marker {
  at_ms: number;
  kind: MarkerKind;
  label: string;
}

export type Stretch = [from_ms: number, to_ms: number];

export interface PageVisit {
  at_ms: number;
  url: string;
  title: string | null;
}

export interface ReplayDetail extends FeedRow {
  first_ms: number;
  last_ms: number;
  pages: PageVisit[];
  markers: Marker[];
  activity: { bucket_ms: number; counts: [at_ms: number, count: number][]; inactive: Stretch[] };
  viewport: { width: number; height: number } | null;
  mask: string | null;
  library: { name: string; version: string } | null;
  privacy: ReplayPrivacy;
  gaps: Stretch[];
  bookmark: { note: string; created_at: string; created_by: string } | null;
  watch_url: string;
}

/** How a recording was masked. Null: its SDK does not tell. */
export interface ReplayPrivacy {
  mode: 'text' | 'input' | null;
  library: string | null;
  version: string | null;
  /** The rules that were in force for this recording. */
  rules: string[];
  patterns_matched: number | null;
  masked: number | null;
  blocked: number | null;
}

export type RuleKind = 'pattern' | 'mask' | 'block';

/** A rule before it is one. */
export interface DraftRule {
  kind: RuleKind;
  expression: string;
}

export interface Rule extends DraftRule {
  rule_id: string;
  note: string;
  created_at: string;
  created_by: string;
}

export interface PreviewSample {
  at_ms: number;
  where: string;
  before: string;
  after: string;
}

export interface Preview {
  changed_events: number;
  matches: number;
  samples: PreviewSample[];
}

/** Applies the rules to the replays that are stored. */
export interface Job {
  job_id: string;
  state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';
  total: number;
  done: number;
  changed: number;
  failed: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  error: string | null;
  not_reached: string[];
}

export interface Frame {
  n: number;
  first_ms: number;
  last_ms: number;
  full_snapshots: number[];
  bytes: number;
  events: number;
}

export interface HotBlock {
  block_id: string;
  first_ms: number;
  last_ms: number;
  full_snapshot: boolean;
  bytes: number;
}

export interface RecordingIndex {
  replay_id: string;
  status: ReplayStatus;
  live: boolean;
  generation: number | null;
  first_ms: number;
  last_ms: number;
  frames: Frame[];
  hot: HotBlock[];
}

export interface Person extends PersonName {
  properties: Record<string, unknown>;
  first_seen: string | null;
  last_seen: string | null;
}

export interface Status {
  ok: boolean;
  stores: {
    name: string;
    ok: boolean;
    message: string | null;
    url: string | null;
    region: string;
  }[];
  journal: { items: number; bytes: number; lag_ms: number; dead_letters: number };
  disk: { free_bytes: number; total_bytes: number };
}
