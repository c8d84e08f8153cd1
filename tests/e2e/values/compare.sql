-- SPDX-License-Identifier: BSD-2-Clause
-- From the program's expectations (a JSON array in truth.json) to a script that compares
-- them with the database `snapshot`: one line of output for each column that differs.
CREATE TABLE truth AS
SELECT key AS id, value->>'$.table' AS tab, value->>'$.column' AS col, value->>'$.kind' AS kind,
       value->>'$.value' AS value, value->>'$.status' AS status
FROM json_each(readfile('truth.json'));
CREATE TABLE got(id INTEGER, kind, value, status);
.mode list
.once compare-2.sql
SELECT printf('INSERT INTO got SELECT %d, typeof("%w"), "%w", "status_%w" FROM snapshot."%w";', id, col, col, col, tab) FROM truth;
.read compare-2.sql
.print expectations
SELECT count(*) FROM truth;
.print differences
SELECT t.tab, t.col, 'rows: ' || count(g.id) FROM truth t LEFT JOIN got g USING (id) GROUP BY id HAVING count(g.id) <> 1;
SELECT tab, col, 'status', g.status, 'instead of ' || t.status FROM truth t JOIN got g USING (id) WHERE g.status NOT GLOB t.status;
-- Scalars: the type and the value. Doubles pass through decimal text here, so the last bit is left out.
SELECT tab, col, g.kind, g.value, 'instead of ' || t.kind, t.value FROM truth t JOIN got g USING (id)
WHERE t.kind NOT IN ('json', 'entries') AND (g.kind <> t.kind OR CASE t.kind
  WHEN 'integer' THEN g.value <> CAST(t.value AS INTEGER)
  WHEN 'real' THEN abs(g.value - CAST(t.value AS REAL)) > abs(g.value) * 1e-15
  WHEN 'text' THEN g.value <> t.value
  ELSE g.value IS NOT NULL END);
SELECT tab, col, 'no JSON', g.kind, g.value FROM truth t JOIN got g USING (id)
WHERE t.kind = 'json' AND (g.kind <> 'text' OR NOT json_valid(g.value));
-- Maps whose keys have no order: the same entries, each once.
SELECT tab, col, 'entries', w.value, 'instead of ' || t.value FROM truth t JOIN got g USING (id),
  (SELECT g2.id, json_group_array(json(value)) AS value FROM (SELECT g.id, e.value FROM got g JOIN truth t USING (id), json_each(g.value, '$.entries') e
   WHERE t.kind = 'entries' AND json_valid(g.value) ORDER BY g.id, e.value) g2 GROUP BY g2.id) w
WHERE t.kind = 'entries' AND w.id = t.id AND w.value <> json(t.value);
SELECT tab, col, 'no entries', g.value FROM truth t JOIN got g USING (id)
WHERE t.kind = 'entries' AND (g.kind <> 'text' OR NOT json_valid(g.value) OR json_array_length(g.value, '$.entries') IS NOT json_array_length(t.value));
-- JSON: every leaf, both ways.
CREATE TABLE wanted AS SELECT t.id, j.fullkey, j.type, j.atom FROM truth t, json_tree(t.value) j WHERE t.kind = 'json';
CREATE TABLE found AS SELECT g.id, j.fullkey, j.type, j.atom FROM got g JOIN truth t USING (id), json_tree(g.value) j
WHERE t.kind = 'json' AND json_valid(g.value);
CREATE INDEX wanted_key ON wanted(id, fullkey);
CREATE INDEX found_key ON found(id, fullkey);
SELECT tab, col, 'missing', w.fullkey, w.atom FROM wanted w JOIN truth USING (id)
LEFT JOIN found f USING (id, fullkey) WHERE f.id IS NULL;
SELECT tab, col, 'unexpected', f.fullkey, f.atom FROM found f JOIN truth USING (id)
LEFT JOIN wanted w USING (id, fullkey) WHERE w.id IS NULL;
SELECT tab, col, w.fullkey, f.type, f.atom, 'instead of ' || w.type, w.atom
FROM wanted w JOIN found f USING (id, fullkey) JOIN truth USING (id)
WHERE CASE WHEN w.type IN ('integer', 'real') AND f.type IN ('integer', 'real')
      THEN abs(w.atom - f.atom) > CASE WHEN w.type = 'integer' THEN 0 ELSE abs(w.atom) * 1e-15 END
      ELSE w.type <> f.type OR w.atom IS NOT f.atom END;
