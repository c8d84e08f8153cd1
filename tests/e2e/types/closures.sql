-- captured by value and by reference
SELECT f->'$.captured.c' = (SELECT v FROM holdValue), f->'$.captured.v' = (SELECT v FROM holdValue) FROM holdFunc;
--> 1|1
