-- every client has its connection
SELECT count(*), count(DISTINCT remote_addr) FROM http_connections;
--> 20|20
-- and asks for a report that takes more than 100 ms
SELECT count(*) BETWEEN 16 AND 20, min(method), max(method), min(path), max(path), min(proto_major) FROM http_server_requests;
--> 1|GET|GET|/report|/report|1
SELECT count(*) BETWEEN 16 AND 20, count(*) = count(DISTINCT query), min(host GLOB '127.0.0.1:[1-9]*') FROM http_client_requests;
--> 1|1|1
-- what the client asked for is what the server works on
SELECT count(*) FROM http_server_requests s LEFT JOIN http_client_requests c USING (process_id, path, query)
WHERE c.query IS NULL OR s.query NOT GLOB 'ms=1[0-9][0-9]';
--> 0
-- a request came in on its goroutine's connection
SELECT count(*) FROM http_server_requests s JOIN http_connections c USING (process_id, goroutine_id)
WHERE s.remote_addr <> c.remote_addr OR c.state <> 'active';
--> 0
SELECT count(*) = (SELECT count(*) FROM http_server_requests) FROM http_requests;
--> 1
SELECT count(*) = (SELECT count(*) FROM http_server_requests) FROM link_edges;
--> 1
