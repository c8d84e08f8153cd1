-- every client has its connection, and it is idle
SELECT state, count(*), count(DISTINCT remote_addr) FROM http_connections GROUP BY 1;
--> idle|20|20
-- nobody asks for anything
SELECT (SELECT count(*) FROM http_server_requests), (SELECT count(*) FROM http_client_requests);
--> 0|0
SELECT count(*) FROM link_edges;
--> 0
SELECT state, connections FROM http_connection_states;
--> idle|20
SELECT DISTINCT status_remote_addr, status_server_addr, status_packed_state FROM http_connections;
--> ok|ok|ok
SELECT DISTINCT remote_addr GLOB '127.0.0.1:[1-9]*', server_addr GLOB '127.0.0.1:[1-9]*', count(DISTINCT server_addr) FROM http_connections;
--> 1|1|1
SELECT count(*) FROM http_connections c JOIN processes p USING (process_id)
WHERE p.capture_time_ns - c.state_since NOT BETWEEN 0 AND 120000000000;
--> 0
-- a connection's goroutine waits for the network
SELECT DISTINCT g.status, g.wait_reason FROM http_connections c JOIN goroutines g USING (process_id, goroutine_id);
--> waiting|IO wait
