-- SPDX-License-Identifier: BSD-2-Clause
-- Each query gives what breaks a rule. Nothing is made up: a stack has its root, which is where a
-- goroutine of this program begins, and every pair is one that the program made.
SELECT 'neither stack nor reason', goroutine_id, status, stack_status FROM goroutines
WHERE (stack_id IS NULL) <> (stack_status LIKE 'unavailable: %')
OR stack_status NOT IN ('ok', 'cut') AND stack_status NOT LIKE 'unavailable: %';
SELECT 'no stack though it waits', status, stack_status, count(*) FROM goroutines
WHERE status = 'waiting' AND stack_id IS NULL AND NOT (SELECT pause = 'none' FROM processes) GROUP BY 2, 3;
SELECT 'root', f.function FROM stacks s JOIN frames f ON f.stack_id = s.stack_id AND f.frame_idx = s.depth - 1
WHERE f.function IS NULL OR f.function = 'main.grow' OR f.function NOT LIKE 'main.%' AND f.function NOT LIKE 'runtime.%';
SELECT 'grow is called by itself and by work alone', f.function, c.function FROM frames f JOIN frames c ON c.stack_id = f.stack_id AND c.frame_idx = f.frame_idx + 1
WHERE f.function = 'main.grow' AND c.function NOT IN ('main.grow', 'main.work');
SELECT 'a function without a name' FROM frames WHERE function IS NULL;
SELECT 'pair', p FROM (SELECT p, status_p FROM grow UNION ALL SELECT p, status_p FROM work UNION ALL SELECT p, status_p FROM hold)
WHERE status_p = 'ok' AND NOT (p ->> '$.text' = 'pair-' || (p ->> '$.id') AND p ->> '$.check' = CASE WHEN (p ->> '$.id') >= 0 THEN printf('%llu', ~(p ->> '$.id')) END);
SELECT 'who holds', count(*), count(DISTINCT p ->> '$.id'), max(p ->> '$.id') FROM hold
HAVING (count(*) <> 200 OR count(DISTINCT p ->> '$.id') <> 200 OR max(p ->> '$.id') <> 199)
AND NOT (SELECT pause = 'none' FROM processes);
