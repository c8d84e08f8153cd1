module rehearse

go 1.20
