-- ten requests, all at shard 0
SELECT count(*), count(DISTINCT request_id), min(s->>'$.id'), max(s->>'$.id'), min(s->>'$.next.id') FROM shard_read;
--> 10|10|0|0|1
-- on whose behalf
SELECT user->>'$.Name', tenant, count(*) FROM shard_read GROUP BY 1, 2 ORDER BY 1;
--> ada|tenant-a|5
--> edsger|tenant-e|5
-- of a user the chosen fields alone
SELECT DISTINCT json_group_array(f.key) FROM shard_read r, json_each(r.user) f GROUP BY r.rowid;
--> ["Name","Tenant","Token"]
SELECT DISTINCT user->>'$.Token.__status' FROM shard_read;
--> redacted
-- the columns are in goroutines, too
SELECT count(*) FROM goroutines g JOIN shard_read r USING (process_id, goroutine_id) WHERE g.request_id = r.request_id AND g.user = r.user;
--> 10
-- one holds it, nine wait
SELECT count(*), count(DISTINCT held_by) FROM waiting;
--> 9|1
