-- 1. one row for each call under way, one for the background job
SELECT count(*) BETWEEN 99 AND 100 FROM server_GetInfo;
--> 1
SELECT count(*) FROM server_processClient;
--> 1

-- 2. the call that a background job holds up
SELECT count(*) FROM server_GetInfo WHERE cs->'$.mu.processing' = 'true';
--> 1

-- 3. it is the background job's client
SELECT g.cs_addr = p.cs_addr, g.cs->>'$.clientID' = p.cs->>'$.clientID', g.cs_addr GLOB '0x*'
FROM server_GetInfo g, server_processClient p WHERE g.cs->'$.mu.processing' = 'true';
--> 1|1|1
-- 3. the derived table says who waits for whom
SELECT count(*), min(b.waiter = g.goroutine_id), min(b.holder = p.goroutine_id), min(b.cs_addr = p.cs_addr)
FROM blocked_by b, server_GetInfo g, server_processClient p WHERE g.cs->'$.mu.processing' = 'true';
--> 1|1|1|1
-- 3. the link resolves from the call to the job
SELECT e.to_table, p.cs_addr = g.cs_addr FROM link_edges e
JOIN server_GetInfo g ON g.rowid = e.from_rowid JOIN server_processClient p ON p.rowid = e.to_rowid
WHERE e.from_table = 'server_GetInfo';
--> server_processClient|1
-- 3. and from the job to the call
SELECT e.from_table, g.cs->'$.mu.processing' FROM link_edges e
JOIN server_processClient p ON p.rowid = e.to_rowid JOIN server_GetInfo g ON g.rowid = e.from_rowid
WHERE e.to_table = 'server_processClient';
--> server_GetInfo|true
SELECT count(*) FROM links;
--> 1

-- 4. an address is found wherever it was captured
SELECT table_name, expr, count(*) FROM all_captured_data
WHERE value LIKE '%' || (SELECT cs_addr FROM server_processClient) || '%' GROUP BY 1, 2 ORDER BY 1, 2;
--> server_GetInfo|cs|1
--> server_processClient|cs|1

-- 5. the waiter's stack: GetInfo called Lock, which is inlined and called lockSlow
SELECT l.frame_idx = f.frame_idx - 1, l.inlined, f.inlined,
       (SELECT count(*) FROM frames s WHERE s.stack_id = f.stack_id AND s.function LIKE '%sync.(*Mutex).lockSlow'
        AND s.frame_idx < l.frame_idx AND NOT s.inlined)
FROM blocked_by b JOIN goroutines g ON g.goroutine_id = b.waiter
JOIN frames f ON f.stack_id = g.stack_id AND f.function = 'main.(*server).GetInfo'
JOIN frames l ON l.stack_id = g.stack_id AND l.function = 'sync.(*Mutex).Lock';
--> 1|1|0|1
-- 5. the others sleep
SELECT count(*) BETWEEN 98 AND 99 FROM server_GetInfo r JOIN goroutines g USING (process_id, goroutine_id)
JOIN frames s ON s.stack_id = g.stack_id AND s.function = 'time.Sleep' AND s.frame_idx = r.frame_idx - 1;
--> 1
-- 5. two ways to be in GetInfo
SELECT count(DISTINCT stack_id) FROM server_GetInfo JOIN goroutines USING (process_id, goroutine_id) WHERE status = 'waiting';
--> 2
-- 5. a row's frame is the function's frame
SELECT count(*) FROM server_GetInfo r JOIN goroutines g USING (process_id, goroutine_id)
JOIN frames f ON f.stack_id = g.stack_id AND f.frame_idx = r.frame_idx WHERE f.function <> 'main.(*server).GetInfo';
--> 0
-- 5. called from the connection's goroutine, which main started
SELECT DISTINCT f.function, g.created_by FROM server_GetInfo r JOIN goroutines g USING (process_id, goroutine_id)
JOIN frames f ON f.stack_id = g.stack_id AND f.frame_idx = r.frame_idx + 1;
--> main.(*server).serveConn|main.(*server).serve

-- 6. the job began within the last minute
SELECT c.capture_time_ns - p.last_background_service_time BETWEEN 0 AND 60000000000
FROM server_processClient p JOIN processes c USING (process_id);
--> 1

-- 7. nobody in a captured function has waited longer than the waiter and the holder
SELECT count(*) FROM (
  SELECT DISTINCT g.goroutine_id, g.wait_for_ns FROM goroutines g
  WHERE goroutine_id IN (SELECT goroutine_id FROM server_GetInfo UNION SELECT goroutine_id FROM server_processClient)
  ORDER BY g.wait_for_ns DESC LIMIT 2) t JOIN blocked_by b ON t.goroutine_id IN (b.waiter, b.holder);
--> 2
SELECT count(*) FROM goroutines g JOIN blocked_by b ON g.goroutine_id IN (b.waiter, b.holder)
WHERE g.wait_for_ns BETWEEN 1 AND 120000000000 AND g.status = 'waiting';
--> 2
SELECT g.wait_reason FROM goroutines g JOIN blocked_by b ON g.goroutine_id = b.holder;
--> sleep

-- 8. in both states both variables are there
SELECT status_cs, status_request, count(*) > 0 FROM server_GetInfo JOIN goroutines USING (process_id, goroutine_id)
WHERE status = 'waiting' GROUP BY 1, 2;
--> ok|ok|1
-- 8. and belong together
SELECT count(*) FROM server_GetInfo WHERE request->>'$.ClientID' <> cs->>'$.clientID';
--> 0
-- every client is there once
SELECT count(*) = count(DISTINCT request->>'$.ClientID'), min(request->>'$.ClientID') >= 1, max(request->>'$.ClientID') <= 100
FROM server_GetInfo;
--> 1|1|1
