module crowd

go 1.20
