-- a map that is cut keeps its shape and its true length
SELECT status_m, m->>'$.len', m->>'$.__status', json_array_length(m->'$.entries') BETWEEN 20 AND 100,
(SELECT count(*) FROM json_each(m->'$.entries') e WHERE e.value->>'$.value' IS NOT 2 * (e.value->>'$.key')) FROM holdCut;
--> truncated|5000|truncated|1|0
-- a map in itself
SELECT m->>'$.entries[0].key', m->>'$.entries[0].value.int', m->>'$.entries[1].key',
m->>'$.entries[1].value."map[string]interface {}".__status', status_m FROM holdMapCycle;
--> n|1|self|cycle|ok
-- the raw forms have addresses
SELECT raw_m->>'$.__addr' GLOB '0x*0', raw_m->>'$.len' FROM holdMap;
--> 1|3
SELECT raw_a->>'$.__type', raw_a->>'$.__word' GLOB '0x*', raw_a->>'$.__value.X' FROM holdInterface;
--> main.point|1|9
SELECT raw_f->>'$.__addr' GLOB '0x*0', raw_f->>'$.func' FROM holdFunc;
--> 1|main.byValue.func1
SELECT raw_receivers->>'$.__addr' GLOB '0x*0' FROM holdWaiters;
--> 1
-- of a redacted value there is the type and the length
SELECT raw_password, raw_secret, raw_pin FROM holdPaths;
--> {"__status":"redacted","__type":"string","len":13}|{"__status":"redacted","__type":"[]uint8","len":7}|{"__status":"redacted","__type":"int"}
SELECT count(*) FROM all_captured_data WHERE value LIKE '%correct horse%' OR value LIKE '%battery%';
--> 0
