-- What holds for every snapshot of one live process.

-- foreign keys are whole
PRAGMA foreign_key_check;
-->|
-- the file is sound
PRAGMA integrity_check;
--> ok
-- one process, and it is known
SELECT count(*), min(pid > 0), min(build_id <> ''), min(go_version LIKE 'go1.%'), min(executable <> '') FROM processes;
--> 1|1|1|1|1
-- the pause was measured; a core dump needs none
SELECT (s.pause_ns > 0) = (p.engine <> 'core'), s.pause_ns = p.pause_ns FROM snapshot_statistics s JOIN processes p USING (process_id);
--> 1|1
-- every goroutine that was captured has a row
SELECT s.goroutines = (SELECT count(*) FROM goroutines) FROM snapshot_statistics s;
--> 1
-- nothing was dropped
SELECT dropped_goroutines, dropped_pointees, read_failures FROM snapshot_statistics;
--> 0|0|0
-- nothing failed at decode
SELECT count(*) FROM _problems;
--> 0
-- a stack is there, or its absence has a reason
SELECT count(*) FROM goroutines
WHERE (stack_id IS NULL) <> (stack_status LIKE 'unavailable: _%');
--> 0
-- waiting goroutines have whole stacks
SELECT count(*) FROM goroutines WHERE status = 'waiting' AND stack_status <> 'ok';
--> 0
-- waiting goroutines say what for
SELECT count(*) FROM goroutines WHERE status = 'waiting' AND coalesce(wait_reason, '') = '';
--> 0
-- frames count from 0 without gaps, and goexit is left out
SELECT count(*) FROM stacks s WHERE s.depth <> (SELECT count(*) FROM frames f WHERE f.stack_id = s.stack_id)
  OR s.depth <> (SELECT max(frame_idx) + 1 FROM frames f WHERE f.stack_id = s.stack_id);
--> 0
SELECT count(*) FROM frames WHERE function = 'runtime.goexit' OR coalesce(function, '') = '';
--> 0
-- stacks are shared by as many goroutines as they say
SELECT count(*) FROM stacks s WHERE goroutine_count <> (SELECT count(*) FROM goroutines g WHERE g.stack_id = s.stack_id);
--> 0
-- the main goroutine ends in runtime.main
SELECT function FROM frames JOIN goroutines USING (stack_id) WHERE goroutine_id = 1 ORDER BY frame_idx DESC LIMIT 1;
--> runtime.main
-- the runtime's own goroutines are known as such
SELECT count(*) >= 3 FROM goroutines WHERE is_system;
--> 1
SELECT is_system FROM goroutines WHERE goroutine_id = 1;
--> 0
