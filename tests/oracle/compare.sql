-- SPDX-License-Identifier: BSD-2-Clause
-- Delve's frames.tsv and values.tsv against the database `snapshot`: one line for each difference.
CREATE TABLE frame(goid INTEGER, idx INTEGER, function, line INTEGER);
CREATE TABLE value(goid INTEGER, function, name, kind, text);
.mode ascii
.separator "\t" "\n"
.import frames.tsv frame
.import values.tsv value
.mode list
.separator |
-- Goroutines that wait: of others Delve knows registers that a stack does not have. Of
-- the leaf only the function: its PC is where a call returned to, and Delve names the line
-- there, but Go's own tracebacks and we that of the call.
CREATE TABLE theirs AS SELECT goid, group_concat(function || CASE idx WHEN 0 THEN '' ELSE ':' || line END, ' < ') AS stack
FROM (SELECT * FROM frame ORDER BY goid, idx) GROUP BY goid;
CREATE TABLE ours AS SELECT goroutine_id AS goid, group_concat(function || CASE frame_idx WHEN 0 THEN '' ELSE ':' || line END, ' < ') AS stack
FROM (SELECT g.goroutine_id, f.* FROM snapshot.goroutines g JOIN snapshot.frames f USING (stack_id)
      WHERE g.status = 'waiting' ORDER BY g.goroutine_id, f.frame_idx) GROUP BY goroutine_id;
-- What we have of each variable that Delve could read, as Delve writes it.
CREATE TABLE got(id INTEGER, text);
.once compare-2.sql
SELECT printf('INSERT INTO got SELECT %d, CASE %Q
  WHEN ''scalar'' THEN CASE %Q WHEN ''true'' THEN CASE "%w" WHEN 1 THEN ''true'' END WHEN ''false'' THEN CASE "%w" WHEN 0 THEN ''false'' END ELSE "%w" END
  WHEN ''string'' THEN "%w"
  WHEN ''pointer'' THEN CASE WHEN "status_%w" GLOB ''nil*'' AND "raw_%w" IS NULL THEN ''0x0'' ELSE coalesce("raw_%w"->>''$.__addr'', ''0x0'') END
  WHEN ''slice'' THEN ("raw_%w"->>''$.__addr'') || '' '' || ("raw_%w"->>''$.len'') || '' '' || ("raw_%w"->>''$.cap'') END
  FROM snapshot."%w" WHERE goroutine_id = %d;', v.rowid, kind, text, name, name, name, name, name, name, name, name, name, name, substr(function, 6), goid)
FROM value v WHERE EXISTS (SELECT 1 FROM pragma_table_info(substr(function, 6), 'snapshot') c WHERE c.name = v.name);
.read compare-2.sql
.print stacks
SELECT count(*) FROM ours JOIN theirs USING (goid);
.print values
SELECT count(*) FROM got;
.print differences
SELECT 'stack of', goid, ours.stack, 'Delve:', theirs.stack FROM ours LEFT JOIN theirs USING (goid) WHERE ours.stack IS NOT theirs.stack;
SELECT v.function, v.name, v.kind, coalesce(g.text, 'NULL'), 'Delve:', v.text FROM got g JOIN value v ON v.rowid = g.id
WHERE CAST(g.text AS TEXT) IS NOT CAST(v.text AS TEXT)
  -- bytes that are no UTF-8 have a form of their own
  AND g.text IS NOT '{"__bytes":"' || lower(hex(CAST(v.text AS BLOB))) || '"}';
