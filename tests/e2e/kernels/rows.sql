-- each call is there once, with its client (on a slow machine many have not begun, or have ended)
SELECT count(*) BETWEEN 1 AND 100, count(*) = count(DISTINCT request->>'$.ClientID') FROM server_GetInfo;
--> 1|1
SELECT count(*) FROM server_GetInfo WHERE request->>'$.ClientID' <> cs->>'$.clientID';
--> 0
-- what sleeping calls hold is there (on a slow machine all of them may have been woken up)
SELECT count(*) FROM server_GetInfo JOIN goroutines USING (process_id, goroutine_id)
WHERE status = 'waiting' AND wait_reason = 'sleep' AND (status_cs <> 'ok' OR status_request <> 'ok');
--> 0
-- one call waits for the background job
SELECT count(*), min(b.cs_addr = p.cs_addr), min(g.cs->>'$.clientID' = p.cs->>'$.clientID'),
       min(g.cs->'$.mu.processing'), min(g.status_cs), min(g.status_request) FROM blocked_by b
JOIN server_GetInfo g ON g.goroutine_id = b.waiter JOIN server_processClient p ON p.goroutine_id = b.holder;
--> 1|1|1|true|ok|ok
-- and its stack says so
SELECT l.frame_idx = f.frame_idx - 1 FROM blocked_by b JOIN goroutines g ON g.goroutine_id = b.waiter
JOIN frames f ON f.stack_id = g.stack_id AND f.function = 'main.(*server).GetInfo'
JOIN frames l ON l.stack_id = g.stack_id AND l.function = 'sync.(*Mutex).Lock';
--> 1
