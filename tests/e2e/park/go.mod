module park

go 1.20
