-- How a part was masked: `rules` is the version of the selector rules that the SDK recorded under, `owed` that of the rules
-- which the part must yet be masked by before anyone sees it, `rule_ids` the rules that were applied; `masked` and `blocked`
-- count what the SDK (or the worker) masked, -1 where it does not tell; `patterns` counts what pattern rules replaced.
ALTER TABLE replay_parts
    ADD COLUMN IF NOT EXISTS rules String,
    ADD COLUMN IF NOT EXISTS owed String,
    ADD COLUMN IF NOT EXISTS rule_ids Array(String),
    ADD COLUMN IF NOT EXISTS masked Int64 DEFAULT -1,
    ADD COLUMN IF NOT EXISTS blocked Int64 DEFAULT -1,
    ADD COLUMN IF NOT EXISTS patterns UInt64;
