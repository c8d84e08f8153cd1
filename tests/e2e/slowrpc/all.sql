-- 8. variables that are there in both states
SELECT DISTINCT status_cs, status_request, status_seconds, status_processing, status_cs_clientID
FROM server_GetInfo JOIN goroutines USING (process_id, goroutine_id) WHERE status = 'waiting';
--> ok|ok|ok|ok|ok
-- 8. variables that cannot be there are NULL, with a reason
SELECT count(*) FROM server_GetInfo WHERE ctx IS NOT NULL OR raw_ctx IS NOT NULL OR r0 IS NOT NULL OR r1 IS NOT NULL OR s IS NOT NULL;
--> 0
SELECT count(*) FROM server_GetInfo
WHERE NOT (status_ctx GLOB 'unavailable*' OR status_ctx GLOB 'optimized_out*')
   OR NOT (status_r0 GLOB 'unavailable*' OR status_r0 GLOB 'optimized_out*')
   OR NOT (status_r1 GLOB 'unavailable*' OR status_r1 GLOB 'optimized_out*');
--> 0
-- paths give what the whole variable has
SELECT count(*) FROM server_GetInfo WHERE seconds <> request->>'$.RequestTimestamp.Seconds'
   OR processing <> cs->>'$.mu.processing' OR cs_clientID <> cs->>'$.clientID';
--> 0
SELECT count(*) FROM server_GetInfo WHERE processing;
--> 1
SELECT typeof(seconds), typeof(processing), typeof(cs_clientID) FROM server_GetInfo WHERE processing;
--> integer|integer|integer
SELECT cs_mu_lastBackgroundServiceStartTime = cs->>'$.mu.lastBackgroundServiceStartTime',
       cs_mu_lastBackgroundServiceStartTime GLOB '20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]*Z' FROM server_processClient;
--> 1|1
-- requests are recent
SELECT count(*) FROM server_GetInfo g JOIN processes c USING (process_id)
WHERE c.capture_time_ns / 1000000000 - g.seconds NOT BETWEEN 0 AND 120;
--> 0
