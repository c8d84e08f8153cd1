-- SPDX-License-Identifier: BSD-2-Clause
-- Delve's frames.tsv against the database `snapshot`, functions alone: both stood at one instant.
CREATE TABLE frame(goid INTEGER, idx INTEGER, function, line INTEGER);
.mode ascii
.separator "\t" "\n"
.import frames.tsv frame
.mode list
.separator |
CREATE TABLE theirs AS SELECT goid, group_concat(function, ' < ') AS stack, count(*) AS depth
FROM (SELECT * FROM frame ORDER BY goid, idx) GROUP BY goid;
CREATE TABLE ours AS SELECT g.goroutine_id AS goid, g.status, g.stack_status, g.frame_count AS depth, g.thread_id,
 (SELECT group_concat(function, ' < ') FROM (SELECT function FROM snapshot.frames f WHERE f.stack_id = g.stack_id ORDER BY frame_idx)) AS stack
FROM snapshot.goroutines g;
-- Ours without one frame.
CREATE TABLE less AS SELECT g.goroutine_id AS goid, without.frame_idx AS missing, without.inlined,
 (SELECT group_concat(function, ' < ') FROM (SELECT function FROM snapshot.frames f WHERE f.stack_id = g.stack_id AND f.frame_idx <> without.frame_idx ORDER BY frame_idx)) AS stack
FROM snapshot.goroutines g JOIN snapshot.frames without ON without.stack_id = g.stack_id AND without.frame_idx < 6;
CREATE TABLE more AS SELECT t.goid, without.idx AS extra,
 (SELECT group_concat(function, ' < ') FROM (SELECT function FROM frame f WHERE f.goid = t.goid AND f.idx <> without.idx ORDER BY idx)) AS stack
FROM theirs t JOIN frame without ON without.goid = t.goid AND without.idx < 6;
-- On a thread Delve begins with what the thread itself does, also where the goroutine is the thread's no more
-- (runtime.dropg, under mcall). Where it errs:
--   it looks for inlined calls at the leaf's PC, which is behind the call that parked it;
--   where a signal interrupted a function without a frame, it skips that function's caller;
--   of a function that calls the vDSO on the system stack it skips the caller;
--   and looks for inlined calls one byte before the instruction that the signal interrupted;
--   from newstack on the system stack it goes on by the frame pointer, which is that of a caller;
--   from a signal handler it goes on at the interrupted function as at any leaf;
--   at the entry of sigpanic0 it takes the interrupted function's caller for the leaf;
--   it cannot walk out of a signal handler of a program with cgo.
CREATE TABLE judged AS SELECT o.*, o.stack AS our, t.stack AS their, t.depth AS their_depth,
 o.stack = t.stack OR (o.thread_id IS NOT NULL AND substr(t.stack, -length(o.stack) - 3) = ' < ' || o.stack)
 OR substr(t.stack, -length(o.stack) - 16) = 'runtime.mcall < ' || o.stack AS same,
 EXISTS (SELECT 1 FROM less l WHERE l.goid = o.goid AND l.stack = t.stack AND l.missing = 0 AND l.inlined)
 OR EXISTS (SELECT 1 FROM less l JOIN more m USING (goid) WHERE l.goid = o.goid AND l.stack = m.stack AND l.missing = m.extra
  AND CASE WHEN o.stack LIKE '%runtime.asyncPreempt < %' THEN l.missing >= 2 ELSE l.missing = 0 AND (l.inlined OR t.stack LIKE 'time.now < %' OR t.stack LIKE 'runtime.nanotime1 < %') END)
 OR EXISTS (SELECT 1 FROM less l WHERE l.goid = o.goid AND l.stack = t.stack AND (l.missing > 2 OR (l.missing = 2 AND l.inlined)) AND o.stack LIKE '%runtime.asyncPreempt < %')
 OR EXISTS (SELECT 1 FROM more m WHERE m.goid = o.goid AND m.stack = o.stack AND m.extra >= 2 AND o.stack LIKE '%runtime.asyncPreempt < %')
 OR (t.stack LIKE '%runtime.newstack < %'
  AND substr(o.stack, -length(t.stack) + instr(t.stack, 'runtime.newstack < ') + length('runtime.newstack < ') - 1)
   = substr(t.stack, instr(t.stack, 'runtime.newstack < ') + length('runtime.newstack < ')))
 OR EXISTS (SELECT 1 FROM less l WHERE l.goid = o.goid AND (l.missing = 1 OR (l.missing = 0 AND l.inlined))
  AND t.stack LIKE '%runtime.sigtrampgo < %'
  AND l.stack = substr(t.stack, instr(t.stack, 'runtime.sigtrampgo < ') + length('runtime.sigtrampgo < ')))
 OR (o.stack LIKE 'runtime.sigpanic0 < %' AND substr(o.stack, -length(t.stack)) = t.stack)
 OR t.stack LIKE 'runtime.%igtramp%' AS known
FROM ours o LEFT JOIN theirs t USING (goid);
SELECT 'same ' || count(*) FROM judged WHERE same;
SELECT 'known ' || count(*) FROM judged WHERE known AND NOT same;
SELECT 'running ' || count(*) FROM judged WHERE same AND status = 'running';
SELECT 'unavailable ' || status || ' ' || stack_status FROM judged WHERE our IS NULL;
SELECT 'differs', goid, status, stack_status, depth, substr(our, 1, 400), 'Delve: ' || coalesce(their_depth || '|' || substr(their, 1, 400), 'NULL') FROM judged
WHERE our IS NOT NULL AND same IS NOT 1 AND known IS NOT 1;
