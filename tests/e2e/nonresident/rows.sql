-- what was not resident is right all the same
SELECT s, status_s FROM holdText;
--> page 1. page 1. page 1. page 1. page 1. page 1. page 1. page|ok
SELECT b->>'$.text', b->>'$.len', b->>'$.cap', status_b FROM holdBytes;
--> page 2. page 2. |16|16|ok
SELECT r->>'$.Magic', r->>'$.Number', r->>'$.Letter', status_r, r_Number, status_r_Number FROM holdRecord;
--> 1234605616436508552|-33|6c65747465722121|ok|-33|ok
SELECT s, status_s FROM holdCrossing;
--> page 5. page 6. |ok
-- what cannot be read says so, and what stands beside it is there
SELECT before, s, r_Number, after FROM holdForbidden;
--> 1|||2
SELECT status_before, status_s GLOB 'read_failed*', status_r_Number GLOB 'read_failed*', status_after FROM holdForbidden;
--> ok|1|1|ok
SELECT (r IS NULL AND status_r GLOB 'read_failed*') OR (r->>'$.__status' = 'read_failed' AND status_r GLOB 'partial*') FROM holdForbidden;
--> 1
SELECT read_failures > 0 FROM snapshot_statistics;
--> 1
