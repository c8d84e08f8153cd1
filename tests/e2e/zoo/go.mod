module zoo

go 1.20
