module values

go 1.20
