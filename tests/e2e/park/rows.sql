-- every goroutine's own item, and no other
SELECT count(*), count(DISTINCT id), min(id), max(id) FROM hold;
--> 500|500|0|499
SELECT count(*) FROM hold WHERE v->>'$.Check' <> 7919 * id OR v->>'$.X' <> id OR v->>'$.Y' <> -id
  OR v->'$.Next' <> 'null' OR v->'$.Flag' <> CASE WHEN id % 2 THEN 'true' ELSE 'false' END OR status_v <> 'ok';
--> 0
-- all of them wait in the same place
SELECT count(DISTINCT stack_id), min(status), max(status), min(wait_reason), max(wait_reason)
FROM hold JOIN goroutines USING (process_id, goroutine_id);
--> 1|waiting|waiting|chan receive|chan receive
-- under nine calls of descend and the one that holds
SELECT count(*) FROM frames WHERE function = 'main.descend' AND stack_id = (SELECT stack_id FROM hold JOIN goroutines USING (process_id, goroutine_id) LIMIT 1);
--> 10
SELECT group_concat(function, ' < ') FROM (SELECT function FROM frames WHERE function LIKE 'main.%' AND function <> 'main.descend'
 AND stack_id = (SELECT stack_id FROM hold JOIN goroutines USING (process_id, goroutine_id) LIMIT 1) ORDER BY frame_idx);
--> main.hold < main.worker < main.main.gowrap1
