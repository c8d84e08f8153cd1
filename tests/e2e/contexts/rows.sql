-- a chain of one link
SELECT request_id, raw_request_id ->> '$.__type', raw_request_id ->> '$.__value.__value', status_request_id, length FROM handle WHERE name = 'plain';
--> r-1|string|r-1|ok|3
-- a chain of 31 links: cancel, timer, value and the program's own
SELECT request_id, status_request_id, user, typeof(user) FROM handle WHERE name = 'deep';
--> deep|ok|26|integer
-- the topmost one counts
SELECT request_id FROM handle WHERE name = 'topmost';
--> above
-- a value of another type does not count
SELECT request_id FROM handle WHERE name = 'wrong type';
--> below
-- no context, no value
SELECT name, request_id IS NULL AND raw_request_id IS NULL, status_request_id FROM handle WHERE name IN ('nil', 'background', 'todo', 'nil inside', 'nil pointer inside', 'int key') ORDER BY goroutine_id;
--> nil|1|nil: context
--> background|1|nil: no such value in the chain
--> todo|1|nil: no such value in the chain
--> int key|1|nil: no such value in the chain
--> nil inside|1|nil: no such value in the chain
--> nil pointer inside|1|nil: no such value in the chain
-- a value that is nil is found, and what is below the link too
SELECT request_id, user, status_user FROM handle WHERE name = 'nil value';
--> below||nil
-- by key alone: values of any type
SELECT name, user, typeof(user), raw_user ->> '$.__type', status_user FROM handle WHERE name LIKE 'key%' ORDER BY goroutine_id;
--> key|{"ID":7,"Name":"ada","Boss":{"ID":8,"Name":"boss","Boss":null}}|text|*main.user|ok
--> key, a number|1234567|integer|int|ok
--> key, a text|eve|text|string|ok
--> key, a struct|{"ID":9,"Name":"bob","Boss":null}|text|main.user|ok
--> key, a map|{"entries":[{"key":"a","value":1}],"len":1}|text|map[string]int|ok
--> key, a func|{"func":"main.park","captured":{}}|text|func()|ok
--> key, a nil pointer||null|*main.user|nil
-- raw values have addresses
SELECT raw_user ->> '$.__word' = raw_user ->> '$.__value.__addr', raw_user ->> '$.__value.__value.ID' FROM handle WHERE name = 'key';
--> 1|7
-- by an int key, a value beyond 63 bits
SELECT shardKey, raw_shardKey ->> '$.__value' FROM handle WHERE shardKey IS NOT NULL;
--> 9223372036854775813|9223372036854775813
-- by a key that is a pointer
SELECT name, tenant FROM handle WHERE tenant IS NOT NULL;
--> pointer key|acme
-- by value alone, whatever the key
SELECT name, trace, request_id, status_trace FROM handle WHERE trace IS NOT NULL ORDER BY goroutine_id;
--> value|{"Span":"leaf","Parent":{"Span":"root","Parent":null}}||ok
--> value, any key|{"Span":"here","Parent":null}|v|ok
-- contexts that the program made: embedded in an embedded pointer, a struct of one pointer
SELECT name, request_id FROM handle WHERE name IN ('one', 'pointer to user''s', 'after') ORDER BY goroutine_id;
--> one|one
--> pointer to user's|derived
--> after|after
-- what a link does not tell is not guessed; what is above it is there
SELECT request_id IS NULL, status_request_id, user FROM handle WHERE name = 'opaque';
--> 1|unavailable: the chain may go on behind *main.opaque|over it
-- a chain that bites its tail
SELECT request_id IS NULL, status_request_id FROM handle WHERE name = 'ring';
--> 1|unavailable: the chain of contexts has no end
-- the first parameter counts; a function without one has its first variable
SELECT request_id FROM outer WHERE request_id IS NOT NULL;
--> outer
--> outer
SELECT request_id FROM local;
--> local one
-- goroutines: the leaf-most frame that has one
SELECT h.name, g.request_id, g.raw_request_id ->> '$.__value.__value', g.status_request_id FROM goroutines g JOIN handle h USING (process_id, goroutine_id) WHERE h.name IN ('both', 'outer only', 'none', 'opaque') ORDER BY goroutine_id;
--> opaque|||unavailable: the chain may go on behind *main.opaque
--> both|inner|inner|ok
--> outer only|outer|outer|ok
--> none|||nil: context
SELECT DISTINCT g.request_id, g.status_request_id FROM goroutines g LEFT JOIN without w USING (process_id, goroutine_id) WHERE w.name = 'none' OR g.is_system;
--> |not_captured: no frame with a context
-- a function without a context has no such columns
SELECT count(*) FROM pragma_table_info('without') WHERE name LIKE '%request_id';
--> 0
-- of the functions of one table some have a context
SELECT DISTINCT request_id, status_request_id FROM patterns ORDER BY 2;
--> pattern|ok
--> |unavailable: this function has no context.Context
SELECT DISTINCT g.request_id, g.status_request_id FROM goroutines g JOIN patterns USING (process_id, goroutine_id) ORDER BY 2;
--> |not_captured: no frame with a context
--> pattern|ok
-- columns say what they are
SELECT table_name, column_name, type, go_type, expr FROM _columns WHERE column_name IN ('request_id', 'user', 'trace', 'raw_user') AND table_name IN ('handle', 'goroutines') ORDER BY table_name, rowid;
--> goroutines|request_id|TEXT|string|context.Value(main.requestIDKey).(string)
--> goroutines|user|TEXT|interface {}|context.Value(main.userKey)
--> goroutines|raw_user|JSON|interface {}|context.Value(main.userKey)
--> goroutines|trace|JSON|*main.trace|context.Value(_).(*main.trace)
--> handle|request_id|TEXT|string|context.Value(main.requestIDKey).(string)
--> handle|user|TEXT|interface {}|context.Value(main.userKey)
--> handle|raw_user|JSON|interface {}|context.Value(main.userKey)
--> handle|trace|JSON|*main.trace|context.Value(_).(*main.trace)
-- raw values are in the table of all of them
SELECT count(*) FROM all_captured_data WHERE expr = 'context.Value(main.requestIDKey).(string)' AND table_name = 'handle' AND value ->> '$.__value.__value' = 'r-1';
--> 1
SELECT count(*) FROM _problems;
--> 0
