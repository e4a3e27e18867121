-- The analytics store. Every table begins with project_id. `{engine:…}` is replaced by the engine of the deployment
-- (ReplacingMergeTree here, ReplicatedReplacingMergeTree on a cluster); statements end with a semicolon and a new line.

-- One row per analytics event. Exact de-duplication is by the sorting key, at query time with FINAL; without an insert_id
-- of the sender the row carries `ingest_id:index`, so that two real events never become one.
CREATE TABLE events (
    project_id LowCardinality(String),
    event LowCardinality(String),
    distinct_id String,
    client_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    insert_id String,
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    ingest_id UUID,
    item_index UInt32,
    device_id String,
    user_id String,
    replay_id String,
    clock_flag LowCardinality(String),
    properties JSON(max_dynamic_paths = 256),
    raw String CODEC(ZSTD(3)),
    INDEX by_replay replay_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_time time TYPE minmax GRANULARITY 1
) ENGINE = {engine:ReplacingMergeTree(received_at)}
PARTITION BY toYYYYMM(received_at)
ORDER BY (project_id, event, distinct_id, client_time, insert_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Profile operations in the order they arrived; `operation_id` is the SDK's request id, else the ingest_id. A profile is the
-- fold of its operations, so that delivering them again changes nothing; of one that was sent again the first arrival
-- counts, so that it keeps its place in the order.
CREATE TABLE profile_operations (
    project_id LowCardinality(String),
    distinct_id String,
    operation_id String,
    item_index UInt32,
    received_at DateTime64(3, 'UTC'),
    ingest_id UUID,
    verb LowCardinality(String),
    value String CODEC(ZSTD(3)),
    time DateTime64(3, 'UTC'),
    device_id String,
    user_id String,
    earliest UInt64 MATERIALIZED 18446744073709551615 - toUnixTimestamp64Milli(received_at)
) ENGINE = {engine:ReplacingMergeTree(earliest)}
ORDER BY (project_id, distinct_id, operation_id, item_index)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The folded profiles, rewritten whole whenever operations of one arrive.
CREATE TABLE profiles (
    project_id LowCardinality(String),
    distinct_id String,
    version UInt64,
    is_deleted UInt8,
    name String,
    email String,
    avatar String,
    first_seen DateTime64(3, 'UTC'),
    last_seen DateTime64(3, 'UTC'),
    properties String CODEC(ZSTD(3))
) ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY (project_id, distinct_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE group_operations (
    project_id LowCardinality(String),
    group_key String,
    group_id String,
    operation_id String,
    item_index UInt32,
    received_at DateTime64(3, 'UTC'),
    ingest_id UUID,
    verb LowCardinality(String),
    value String CODEC(ZSTD(3)),
    time DateTime64(3, 'UTC'),
    earliest UInt64 MATERIALIZED 18446744073709551615 - toUnixTimestamp64Milli(received_at)
) ENGINE = {engine:ReplacingMergeTree(earliest)}
ORDER BY (project_id, group_key, group_id, operation_id, item_index)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Device → user, as seen; a device belongs to the first user by (received_at, ingest_id), chosen when asked.
CREATE TABLE identities (
    project_id LowCardinality(String),
    device_id String,
    user_id String,
    received_at DateTime64(3, 'UTC'),
    ingest_id UUID,
    earliest UInt64 MATERIALIZED 18446744073709551615 - toUnixTimestamp64Milli(received_at)
) ENGINE = {engine:ReplacingMergeTree(earliest)}
ORDER BY (project_id, device_id, user_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The parts a replay's stored rrweb events are in: hot blocks (generation 0, part_id = ingest_id) and the sealed
-- recording (part_id = 'sealed'). Sealing inserts the sealed part and an is_deleted row for each block it covers, so the feed is one
-- aggregation over what stands, with FINAL.
CREATE TABLE replay_parts (
    project_id LowCardinality(String),
    replay_id UUID,
    part_id String,
    accepted_at DateTime64(3, 'UTC'),
    version UInt64,
    is_deleted UInt8,
    generation UInt32,
    object String,
    byte_offset UInt64,
    byte_length UInt64,
    received_at DateTime64(3, 'UTC'),
    epoch String,
    seq UInt64,
    digest String,
    first_ms Int64,
    last_ms Int64,
    clock_offset_ms Int64,
    full_snapshots Array(Int64),
    events UInt32,
    clicks UInt32,
    rage_clicks UInt32,
    errors UInt32,
    inputs UInt32,
    page_times Array(Int64),
    page_urls Array(String),
    marker_times Array(Int64),
    marker_kinds Array(LowCardinality(String)),
    marker_labels Array(String),
    activity_times Array(Int64) CODEC(ZSTD),
    activity_counts Array(UInt32) CODEC(ZSTD),
    gap_starts Array(Int64),
    gap_ends Array(Int64),
    width UInt32,
    height UInt32,
    distinct_id String,
    distinct_ids Array(String),
    device_ids Array(String),
    user_ids Array(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    device LowCardinality(String),
    library LowCardinality(String),
    library_version LowCardinality(String),
    mask LowCardinality(String),
    visit String
) ENGINE = {engine:ReplacingMergeTree(version, is_deleted)}
PARTITION BY toYYYYMM(accepted_at)
ORDER BY (project_id, replay_id, part_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
