-- every state: its function is on its stack, and the goroutine was started there
SELECT name FROM state s LEFT JOIN goroutines g ON goid = goroutine_id
WHERE name NOT LIKE 'cgo%' AND (created_by IS NOT 'main.start' OR stack_status NOT IN ('ok', 'cut')
OR NOT EXISTS (SELECT 1 FROM frames f WHERE f.stack_id = g.stack_id AND f.function = 'main.' || name));
-->|

-- what they do, in the runtime's words
SELECT name, status, coalesce(wait_reason, '') FROM state JOIN goroutines ON goid = goroutine_id
WHERE name NOT IN ('mutexLock', 'rwmutexRLock', 'groupWait') ORDER BY name;
--> blockingRead|syscall|
--> cgoCallback|waiting|chan receive
--> cgoSleep|syscall|
--> cgoThread|waiting|chan receive
--> chanRecv|waiting|chan receive
--> chanSelect|waiting|select
--> chanSend|waiting|chan send
--> child|waiting|chan receive
--> condWait|waiting|sync.Cond.Wait
--> deep|waiting|chan receive
--> deepLock|waiting|chan receive
--> deferBlock|waiting|chan receive
--> labelled|waiting|chan receive
--> lockedRecv|waiting|chan receive
--> nilDeref|waiting|chan receive
--> parent|waiting|chan receive
--> pipeRead|waiting|IO wait
--> sleep|waiting|sleep
--> socketAccept|waiting|IO wait
--> timerWait|waiting|chan receive

-- semaphores: the reason got names of its own in Go 1.21 (mutexes) and 1.25 (wait groups)
SELECT DISTINCT status FROM state JOIN goroutines ON goid = goroutine_id
WHERE name IN ('mutexLock', 'rwmutexRLock', 'groupWait') AND (wait_reason LIKE 'sync.%' OR wait_reason = 'semacquire');
--> waiting

-- Go, C, Go: the stack goes on across the callback; a thread of C's has its callback alone
SELECT name, group_concat(function, ' < ') FROM (SELECT name, function FROM state JOIN goroutines ON goid = goroutine_id JOIN frames USING (stack_id)
WHERE name LIKE 'cgoC%' OR name = 'cgoThread' AND function LIKE 'main.%' ORDER BY name, frame_idx) WHERE function LIKE 'main.%' OR function LIKE 'states/cstates.CallBack' GROUP BY name ORDER BY name;
--> cgoCallback|main.called < main.cgoStates.func1 < states/cstates.CallBack < main.start.func1
--> cgoThread|main.called < main.cgoStates.func1

-- a nil pointer's panic: the function that was interrupted
SELECT group_concat(function, ' < ') FROM (SELECT function FROM state JOIN goroutines ON goid = goroutine_id JOIN frames USING (stack_id)
WHERE name = 'nilDeref' AND (function LIKE 'main.%' OR function = 'runtime.sigpanic') ORDER BY frame_idx);
--> main.nilDeref.func1 < runtime.sigpanic < main.nilDeref < main.waiting.func15 < main.start.func1

-- the program's collections were long ago; whoever waits since has at most that
SELECT count(*) > 15 FROM goroutines WHERE wait_at_most_ns BETWEEN 1 AND 60000000000 OR wait_for_ns BETWEEN 1 AND 60000000000;
--> 1
