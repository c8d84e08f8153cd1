module slow-rpc

go 1.20
