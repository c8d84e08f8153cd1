-- a text may hold a NUL byte
SELECT hex(s), status_s FROM holdNulString;
--> 610062|ok
-- the raw form says where a value lies
SELECT raw_v->>'$.__addr' GLOB '0x*', raw_v->>'$.__value.Value' FROM holdInlined;
--> 1|42
SELECT raw_s->>'$.__addr' GLOB '0x*', raw_s->>'$.len', raw_s->>'$.__value' FROM holdString;
--> 1|13|hello, 世界
SELECT raw_s->>'$.__addr' GLOB '0x*', raw_s->>'$.len', raw_s->>'$.cap', raw_s->'$.array' FROM holdSlice;
--> 1|3|3|[10,20,30]
-- an inlined function is a frame of its own, below the one it is inlined in
SELECT s.frame_idx = h.frame_idx - 1, f.inlined, f.function, g.inlined
FROM step s JOIN holdInlined h USING (process_id, goroutine_id) JOIN goroutines r USING (process_id, goroutine_id)
JOIN frames f ON f.stack_id = r.stack_id AND f.frame_idx = s.frame_idx
JOIN frames g ON g.stack_id = r.stack_id AND g.frame_idx = h.frame_idx;
--> 1|1|main.step|0
-- two pointers to one thing show it twice, with the same address
SELECT raw_v->>'$.__value.A.__addr' = raw_v->>'$.__value.B.__addr' FROM holdShared;
--> 1
-- columns are described
SELECT column_name, go_type FROM _columns WHERE table_name = 'holdDuration' AND column_name IN ('d', 'day') ORDER BY 1;
--> d|time.Duration
--> day|main.weekday
-- Go's types, SQL's types
SELECT count(*) FROM _columns WHERE table_name = 'holdFloats' AND column_name IN ('a', 'b', 'c') AND type = 'REAL';
--> 3
-- a sync.Map that was cut shows as many entries as `map` allows; `len` is true, or is not given where
-- Go up to 1.23 counts what was deleted
SELECT status_v_Large, v_Large->>'$.__status', json_array_length(v_Large, '$.entries') > 10, coalesce(v_Large->>'$.len.__status', v_Large->>'$.len') IN ('truncated', 2000)
FROM holdSyncMaps;
--> truncated|truncated|1|1
SELECT status_whole, whole->>'$.__status', json_array_length(whole, '$.entries'), whole->>'$.len',
       (SELECT count(DISTINCT value->>'$.key.int') FROM json_each(whole, '$.entries') WHERE value->>'$.value.int' = value->>'$.key.int')
FROM holdSyncMaps;
--> ok||2000|2000|2000
-- a type argument has its own name where it is known
SELECT column_name, go_type FROM _columns WHERE table_name IN ('holdOnly', 'holdPair') AND go_type IS NOT NULL AND column_name IN ('v', 'list', 'k') ORDER BY table_name, 1;
--> list|[]*main.node
--> v|*main.node
--> k|main.degrees
--> v|*main.node
-- and of two nothing is shown that might be the other's
SELECT v->>'$.__status', v->>'$.__type' FROM holdAmong;
--> unknown_type|go.shape.*uint8
-- NaN is a key as often as it was stored, and comes last
SELECT status_v_NaN, v_NaN->>'$.len', v_NaN->'$.entries[0]', v_NaN->>'$.entries[1].key', v_NaN->>'$.entries[2].key',
       v_NaN->>'$.entries[1].value' + v_NaN->>'$.entries[2].value' FROM holdUnordered;
--> ok|3|{"key":1,"value":2}|NaN|NaN|4
-- a map that was cut says so, and its true length
SELECT status_m, m->>'$.__status', m->>'$.len', json_array_length(m, '$.entries') BETWEEN 1 AND 2048 / 16 FROM holdCutMap;
--> truncated|truncated|5000|1
-- a type that was made at run time has no name, and no value that might be wrong
SELECT status_v_Made, v_Made, raw_v_Made->>'$.__word' GLOB '0x*' FROM holdInterfaces;
--> partial: unknown_type|{"__status":"unknown_type"}|1
-- a context with a deadline, and those that it was made from
SELECT v_Deadline->>'$."*context.timerCtx".deadline' GLOB '20??-??-??T??:??:??.?????????Z',
       json_type(v_Deadline, '$."*context.timerCtx".cancelCtx.Context."*context.valueCtx"') FROM holdInterfaces;
--> 1|object
