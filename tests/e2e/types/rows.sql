-- the same value, reached in every way
WITH want(j) AS (SELECT '{"clientID":7,"mu":{"processing":true},"parent":{"clientID":4,"parent":{"clientID":1}},' ||
'"password":{"__status":"redacted"},"token":{"__status":"redacted"},"pin":{"__status":"redacted"}}')
SELECT (SELECT v = j FROM holdValue), (SELECT p = j AND shallow = j FROM holdPointer), (SELECT s->'$.array[0]' = j FROM holdSlice),
(SELECT a->'$[2]' = j FROM holdArray), (SELECT "values"->'$.entries[0].value' = j FROM holdMaps), (SELECT pointers->'$.entries[0].value' = j FROM holdMaps),
(SELECT h->'$.late' = j FROM holdStruct), (SELECT value->'$."main.client"' = j FROM holdInterfaces), (SELECT c->'$.buffer[1]' = j FROM holdChan),
(SELECT p = j FROM holdAtomic), (SELECT c->'$.value' = j FROM holdBoxes) FROM want;
--> 1|1|1|1|1|1|1|1|1|1|1
-- values of the same type that end at nil
SELECT s->'$.array[1].parent', p->'$.array[0].parent.clientID', p->'$.array[1]' FROM holdSlice;
--> {"clientID":1,"parent":null}|1|null
SELECT p->'$.parent', status_p, n, status_n FROM holdNil;
--> null|ok|{"id":9,"next":null}|ok
-- pointers on the way cost nothing, the value itself does
SELECT none, status_none FROM holdPointer;
--> {"__status":"depth"}|ok
SELECT shallow->'$.late', shallow->'$.client.parent.clientID', shallow->>'$.id' FROM holdStruct;
--> {"__status":"depth"}|1|31
-- a type of which nothing is chosen
SELECT h->'$.gone' FROM holdStruct;
--> {}
-- what a capture names itself is there, and what it leads to obeys the list
SELECT cs_name, cs_mu->>'$.holder', cs_mu_holder, cs_mu->>'$.before' LIKE '4e4f542d%', cs_other->'$.parent', cs_other->'$.name' FROM holdExplicit;
--> NOT-CHOSEN-NAME|NOT-CHOSEN-HOLDER|NOT-CHOSEN-HOLDER|1|{"clientID":1,"parent":null}|
-- keys and values in the map itself
SELECT small FROM holdMaps;
--> {"entries":[{"key":1,"value":{"id":11}},{"key":2,"value":{"id":12}}],"len":2}
-- promoted fields stand where they are declared
SELECT s FROM holdEmbedded;
--> {"base":{"id":21},"client":{"clientID":7},"hits":5}
-- behind interfaces: a pointer, and a pointer-shaped struct
SELECT pointer->'$."*main.client".clientID', pointer->'$."*main.client".name', shaped FROM holdInterfaces;
--> 8||{"main.handle":{"to":{"clientID":7}}}
-- a ring, a tree, two types that name each other
SELECT json_remove(n, '$.next.next.next.__addr'), short FROM holdList;
--> {"id":1,"next":{"id":2,"next":{"id":3,"next":{"__status":"cycle"}}}}|{"id":1,"next":{"id":2,"next":{"__status":"depth"}}}
SELECT t FROM holdTree;
--> {"left":{"left":{"left":{"left":null,"right":null,"key":8},"right":{"key":9},"key":4},"right":{"key":5},"key":2},"right":{"key":3},"key":1}
SELECT l, r FROM holdPair;
--> {"id":41,"right":{"id":42,"left":{"id":41}}}|{"id":42,"left":{"id":41,"right":{"id":42,"left":{"id":41}}}}
-- each instantiation of a generic type
SELECT i, s, c->'$.count' FROM holdBoxes;
--> {"value":51,"count":1}|{"value":"shown","count":2}|3
-- of redacted fields there is the type, and the length where they have one
SELECT raw_v->'$.password', raw_v->'$.token', raw_v->'$.pin' FROM holdValue;
--> {"__status":"redacted","__type":"string","len":17}|{"__status":"redacted","__type":"[]uint8","len":14}|{"__status":"redacted","__type":"main.marker"}
-- raw values have no more fields
SELECT (SELECT group_concat(key) FROM json_each(raw_v)), (SELECT group_concat(key) FROM json_each(raw_v->'$.parent.__value')) FROM holdValue;
--> clientID,mu,parent,password,token,pin|clientID,parent
-- the columns keep the type's name
SELECT go_type FROM _columns WHERE table_name = 'holdValue' AND column_name = 'v';
--> main.client
-- nothing is lost
SELECT DISTINCT status_v FROM holdValue UNION SELECT status_c FROM holdChan UNION SELECT status_values FROM holdMaps UNION SELECT status_t FROM holdTree;
--> ok
