-- a page without rights: in the place of what lies there, and nowhere else
SELECT before, r IS NULL, status_r, status_r_ID, status_r_Next_ID, status_text FROM holdForbidden;
--> 1|1|read_failed|read_failed|read_failed|read_failed
SELECT raw_r ->> '$.__value.__status', raw_text ->> '$.len', after, status_after FROM holdForbidden;
--> read_failed|10|{"ID":7,"Name":"good","Next":{"ID":8,"Name":"next","Next":null}}|ok
-- a file that was truncated under its mapping
SELECT before, r IS NULL, status_r, status_r_Name, bytes, status_bytes, status_after FROM holdTruncated;
--> 2|1|read_failed|read_failed|{"array":{"__status":"read_failed"},"len":16,"cap":16}|partial: read_failed|ok
-- a mapping that is gone
SELECT before, r IS NULL, status_r, after ->> '$.Next.Name', status_after FROM holdGone;
--> 3|1|read_failed|next|ok
-- half of a value can be read: there is no half value
SELECT w IS NULL, status_w, w_A, status_w_A, last, status_last FROM holdCrossing;
--> 1|read_failed|11|ok|12|ok
-- bad ones among good ones
SELECT list, status_list FROM holdMixed;
--> {"array":[{"ID":7,"Name":"good","Next":{"ID":8,"Name":"next","Next":null}},{"__status":"read_failed"},{"ID":9,"Name":"third","Next":null},{"__status":"read_failed"}],"len":4,"cap":4}|partial: read_failed
SELECT chain, status_chain FROM holdMixed;
--> {"ID":21,"Name":"first","Next":{"ID":22,"Name":"second","Next":{"__status":"read_failed"}}}|partial: read_failed
SELECT dynamic, raw_dynamic ->> '$.__type', status_dynamic FROM holdMixed;
--> {"*main.record":{"__status":"read_failed"}}|*main.record|partial: read_failed
SELECT m, status_m FROM holdMixed;
--> {"entries":[{"key":1,"value":{"ID":7,"Name":"good","Next":{"ID":8,"Name":"next","Next":null}}},{"key":2,"value":{"__status":"read_failed"}}],"len":2}|partial: read_failed
-- it is counted, and no loss of the snapshot's
SELECT read_failures > 0, dropped_goroutines, dropped_pointees FROM snapshot_statistics;
--> 1|0|0
SELECT count(*) FROM goroutines WHERE stack_status <> 'ok' AND status <> 'running';
--> 0
