module http-demo

go 1.20
