module survive

go 1.20
