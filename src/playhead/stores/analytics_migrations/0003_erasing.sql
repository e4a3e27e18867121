-- What a deletion is about: kind `person` is an id and `event` an event's name, both hidden from every reader while the row
-- stands; `asked`, `found` and `replay` are what a request works on. A deletion's statement names its request only, so that
-- the file that the engine keeps of it holds nobody's id. A request's rows are one partition, which goes when it is done.
CREATE TABLE erasing (
    project_id LowCardinality(String),
    request_id String,
    kind LowCardinality(String),
    id String
) ENGINE = {engine:ReplacingMergeTree()}
PARTITION BY request_id
ORDER BY (project_id, request_id, kind, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 0, finished_mutations_to_keep = 0,
    min_rows_to_fsync_after_merge = 1;
-- What was deleted must leave the disk: by default the engine keeps parts that were merged or mutated for eight minutes,
-- since it does not sync what it merges, and the last hundred mutations for good.
ALTER TABLE events MODIFY SETTING old_parts_lifetime = 0, finished_mutations_to_keep = 0,
    min_rows_to_fsync_after_merge = 1;
ALTER TABLE profiles MODIFY SETTING old_parts_lifetime = 0, finished_mutations_to_keep = 0,
    min_rows_to_fsync_after_merge = 1;
ALTER TABLE profile_operations MODIFY SETTING old_parts_lifetime = 0, finished_mutations_to_keep = 0,
    min_rows_to_fsync_after_merge = 1;
ALTER TABLE group_operations MODIFY SETTING old_parts_lifetime = 0, finished_mutations_to_keep = 0,
    min_rows_to_fsync_after_merge = 1;
ALTER TABLE identities MODIFY SETTING old_parts_lifetime = 0, finished_mutations_to_keep = 0,
    min_rows_to_fsync_after_merge = 1;
ALTER TABLE replay_parts MODIFY SETTING old_parts_lifetime = 0, finished_mutations_to_keep = 0,
    min_rows_to_fsync_after_merge = 1;
