-- one of each
SELECT (SELECT count(*) FROM chanRecv), (SELECT count(*) FROM lockHolder);
--> 1|1

-- a lock is held half way up a stack of 20,000 frames, in the part that is not kept
SELECT id, frame_idx, status_id FROM lockHolder;
--> 4711|10004|ok

-- which is cut, and tells how deep it is
SELECT stack_status, frame_count, EXISTS (SELECT 1 FROM frames f WHERE f.stack_id = g.stack_id AND frame_idx = 10004)
FROM goroutines g JOIN lockHolder USING (goroutine_id);
--> cut|20008|0

-- a recursion leaves room for others: what was left out is counted
SELECT count(*) BETWEEN 150 AND 300, (SELECT deep_cuts > 25000 FROM snapshot_statistics) FROM deep;
--> 1|1

-- pprof labels
SELECT labels FROM goroutines WHERE labels IS NOT NULL;
--> {"quote":"a\"b","state":"labelled"}
